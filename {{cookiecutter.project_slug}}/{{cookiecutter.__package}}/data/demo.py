{% include "task/" ~ cookiecutter.task ~ "/package/data/demo_" ~ ("spoken_digits" if cookiecutter.data_type == "audio" else "fashion_mnist") ~ ".py" %}
