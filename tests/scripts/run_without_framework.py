"""See that data, statistics and baselines of a project import no framework.

cd PROJECT; python run_without_framework.py PACKAGE
"""

import importlib
import sys

FRAMEWORKS = {"torch", "lightning_fabric", "keras", "tensorflow", "jax"}

main = importlib.import_module(f"{sys.argv[1]}.__main__").main
for command in ("data", "stats", "baseline"):
    assert main([command, "--data.source", "tests/sample.npz"]) == 0, command
assert "sklearn" in sys.modules
assert not FRAMEWORKS & set(sys.modules), FRAMEWORKS & set(sys.modules)
