{% include "framework/" ~ cookiecutter.framework ~ "/package/training/batches.py" %}
