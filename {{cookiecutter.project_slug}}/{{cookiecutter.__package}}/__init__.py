{% include cookiecutter.framework ~ ("/backend/" ~ cookiecutter.__backend if cookiecutter.framework == "keras" else "/__init__") ~ ".py" %}
