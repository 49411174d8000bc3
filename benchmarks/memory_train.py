"""Train one epoch for memory.py, in a process of its own, inside the project: PACKAGE SETTINGS (JSON, by name).

It is what the command `train` does, without the baselines that it is compared with afterwards.
"""

import importlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))
package, settings = sys.argv[1], json.loads(sys.argv[2])
train, config = (importlib.import_module(f"{package}.{name}") for name in ("training.train", "config"))
train.train_model(config.load_config("config.yaml", training__epochs=1, **settings))
