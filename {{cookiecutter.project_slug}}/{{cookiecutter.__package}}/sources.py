{% include "sources/" ~ cookiecutter.data_type ~ ".py" %}
