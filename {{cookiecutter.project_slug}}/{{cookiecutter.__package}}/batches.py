{% include cookiecutter.framework ~ "/batches.py" %}
