{% include "framework/" ~ cookiecutter.framework ~ "/package/inference/runtimes.py" %}
