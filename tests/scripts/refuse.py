"""Run commands that are refused, in one process: `refuse.py PACKAGE CASES`. Prints exit status and errors of each.

CASES: JSON, of each case variables of the environment and the words of the command.
"""

import importlib
import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

package, cases = sys.argv[1:]
main = importlib.import_module(f"{package}.__main__").main
found = []
for variables, words in json.loads(cases):
    os.environ |= variables
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as errors:
        status = main(words)
    for name in variables:
        del os.environ[name]
    found.append((status, errors.getvalue()))
print(json.dumps(found))
