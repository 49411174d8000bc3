{% include "task/" ~ cookiecutter.task ~ "/package/metrics.py" %}
