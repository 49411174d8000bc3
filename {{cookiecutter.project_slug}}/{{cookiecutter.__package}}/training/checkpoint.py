{% include "framework/" ~ cookiecutter.framework ~ "/package/training/checkpoint.py" %}
