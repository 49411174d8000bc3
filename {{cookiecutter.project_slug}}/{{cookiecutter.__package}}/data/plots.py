{% include "data_type/" ~ cookiecutter.data_type ~ "/package/data/plots.py" %}
