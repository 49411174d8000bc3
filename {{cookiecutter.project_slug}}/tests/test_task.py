{% include "tests/task/" ~ cookiecutter.task ~ ".py" %}
