{% include "hardware/" ~ cookiecutter.__backend ~ "/package/device.py" %}
{% if cookiecutter.__backend in ("cuda", "cluster") %}


{% include "hardware/shared/nvidia.py" %}
{% endif %}
{% if cookiecutter.__backend in ("cuda", "cluster", "tensorflow", "jax") %}


{% include "hardware/shared/driver.py" %}
{% endif %}
