{% include cookiecutter.framework ~ "/model/" ~ cookiecutter.data_type ~ ".py" %}
