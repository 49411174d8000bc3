{% include "framework/" ~ cookiecutter.framework ~ "/tests/framework.py" %}
