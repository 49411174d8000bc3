{% include "data_type/" ~ cookiecutter.data_type ~ "/tests/test_importance.py" %}
