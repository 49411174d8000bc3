{% include cookiecutter.framework ~ "/losses/" ~ cookiecutter.task ~ ".py" %}
