{% include cookiecutter.framework ~ "/device/" ~ cookiecutter.__backend ~ ".py" %}
{% if cookiecutter.__backend in ("cuda", "cluster") %}


{% include "pytorch/device/nvidia.py" %}
{% endif %}
{% if cookiecutter.__backend in ("cuda", "cluster", "tensorflow", "jax") %}


{% include "device/driver.py" %}
{% endif %}
