{% include "items/" ~ cookiecutter.data_type ~ ".py" %}
