{% include cookiecutter.framework ~ "/compile.py" %}
