{% include "task/" ~ cookiecutter.task ~ "/package/losses_" ~ cookiecutter.framework ~ ".py" %}
