{% include (["hardware/" ~ cookiecutter.__backend ~ "/package/__init__.py", "framework/" ~ cookiecutter.framework ~ "/package/__init__.py"]) %}
