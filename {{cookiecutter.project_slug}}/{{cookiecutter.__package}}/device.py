{% include cookiecutter.framework ~ "/device/" ~ cookiecutter.__backend ~ ".py" %}
