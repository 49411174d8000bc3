{% include "drawing/" ~ cookiecutter.data_type ~ ".py" %}
