{% include "task/" ~ cookiecutter.task ~ "/package/task.py" %}
