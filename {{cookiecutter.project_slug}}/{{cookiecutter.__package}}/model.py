{% include "data_type/" ~ cookiecutter.data_type ~ "/package/model_" ~ cookiecutter.framework ~ ".py" %}
