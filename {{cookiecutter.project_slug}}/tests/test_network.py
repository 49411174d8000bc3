{% include "data_type/" ~ cookiecutter.data_type ~ "/tests/test_network.py" %}
