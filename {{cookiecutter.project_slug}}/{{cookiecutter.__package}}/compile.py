{% include "framework/" ~ cookiecutter.framework ~ "/package/compile.py" %}
