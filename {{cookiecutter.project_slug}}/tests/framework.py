{% include cookiecutter.framework ~ "/tests/framework.py" %}
