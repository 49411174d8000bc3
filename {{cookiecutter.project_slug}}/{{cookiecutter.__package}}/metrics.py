{% include "metrics/" ~ cookiecutter.task ~ ".py" %}
