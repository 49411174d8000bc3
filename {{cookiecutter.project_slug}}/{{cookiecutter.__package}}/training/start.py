{% include ["data_type/" ~ cookiecutter.data_type ~ "/package/training/start_" ~ cookiecutter.framework ~ ".py", "framework/" ~ cookiecutter.framework ~ "/package/training/start.py"] %}
