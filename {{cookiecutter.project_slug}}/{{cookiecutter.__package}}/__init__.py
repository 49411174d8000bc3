{% include cookiecutter.framework ~ "/__init__.py" %}
