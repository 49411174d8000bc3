{% include "task/" ~ cookiecutter.task ~ "/package/inference/page/answer.js" %}
