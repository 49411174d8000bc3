{% include "framework/" ~ cookiecutter.framework ~ "/package/training/train.py" %}
