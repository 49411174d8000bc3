"""Send the service requests that its own schema allows, and others: `fuzz_service.py SOURCE DTYPE SETTINGS`.

Every answer must be one that the schema describes, and what the schema forbids must be refused. Runs in the tests/ of a
project, with schemathesis on PYTHONPATH. The model is a stand-in: what is tried is how requests are read.
"""

import json
import sys

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from serving import make_app, serve

EXAMPLES = 30  # for each operation, right and wrong

statuses: dict[int, int] = {}  # how often each was answered


def fuzz(operation, mode, left_out):
    """Send requests that the schema allows, or forbids."""

    @settings(
        max_examples=EXAMPLES, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        response = case.call_and_validate(excluded_checks=left_out)
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1

    ask()


source, dtype, options = sys.argv[1:]
app = make_app(serve(source, dtype, **json.loads(options)), max_mb=1)
for result in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations():
    operation = result.ok()
    # A file of noise is refused, and a sequence of padding alone, which no schema can tell.
    left_out = [positive_data_acceptance] if operation.path == "/predict/file" or "pad" in options else []
    fuzz(operation, GenerationMode.POSITIVE, left_out)
    if operation.method == "post":  # the other takes nothing that could be wrong
        fuzz(operation, GenerationMode.NEGATIVE, left_out)
print(json.dumps(statuses))
