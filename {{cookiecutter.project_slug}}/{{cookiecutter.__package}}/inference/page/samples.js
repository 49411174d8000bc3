{% include "data_type/" ~ cookiecutter.data_type ~ "/package/inference/page/samples.js" %}
