"""Run the set-up cell of the notebook as Colab does, or Jupyter, and print where it leads.

    python set_up_notebook.py CELL.py PYTHON colab|jupyter

PYTHON stands for the interpreter that the cell calls to install the project.
"""

import sys
import types
from pathlib import Path

cell, python, place = sys.argv[1:]
if place == "colab":
    sys.modules["google.colab"] = types.ModuleType("google.colab")
sys.executable = python
exec(Path(cell).read_text(encoding="utf-8"))
print(Path.cwd(), sys.path[0])
