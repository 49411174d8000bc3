{% include "data_type/" ~ cookiecutter.data_type ~ "/package/evaluation/importance.py" %}
