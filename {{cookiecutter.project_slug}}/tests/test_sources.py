{% include "tests/sources/" ~ cookiecutter.data_type ~ ".py" %}
