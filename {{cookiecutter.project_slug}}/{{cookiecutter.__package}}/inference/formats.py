{% include "framework/" ~ cookiecutter.framework ~ "/package/inference/formats.py" %}
