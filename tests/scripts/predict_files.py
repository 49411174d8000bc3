"""Export the newest run, and predict files with it: `predict_files.py PACKAGE FILE...`.

It prints names, predictions and warnings as JSON. Both in one process, because to import the framework takes long.
"""

import importlib
import json
import sys
from pathlib import Path

import numpy as np

package, *files = sys.argv[1:]
importlib.import_module(f"{package}.inference.export").main()
predict = importlib.import_module(f"{package}.inference.predict")
ranges = importlib.import_module(f"{package}.inference.ranges")
run, config, info = importlib.import_module(f"{package}.runs").load_run()
found = {}
for file in files:
    x = np.concatenate([block for _, block in predict.read_file(file, config, info)])
    rows = predict.predict(run, x).reshape(len(x), -1)
    found[Path(file).name] = {"predictions": rows.tolist(), "warnings": ranges.range_warnings(x, info)}
print("\n" + json.dumps({"names": info.target_names, "files": found}))
