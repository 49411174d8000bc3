{% include "data_type/" ~ cookiecutter.data_type ~ "/package/data/inputs.py" %}
