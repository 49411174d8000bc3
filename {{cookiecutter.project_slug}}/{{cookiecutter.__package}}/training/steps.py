{% include "framework/" ~ cookiecutter.framework ~ "/package/training/steps.py" %}
