{% include cookiecutter.framework ~ "/predict.py" %}
