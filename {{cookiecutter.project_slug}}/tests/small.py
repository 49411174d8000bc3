{% include "data_type/" ~ cookiecutter.data_type ~ "/tests/small.py" %}
