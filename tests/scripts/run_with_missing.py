"""Run a command of a project where a library is not installed.

cd PROJECT; python run_with_missing.py LIBRARY PACKAGE COMMAND [OPTION...]
"""

import importlib
import sys

library, package, *arguments = sys.argv[1:]
sys.modules[library] = None  # an import of it now fails as if it were absent
sys.exit(importlib.import_module(f"{package}.__main__").main(arguments))
