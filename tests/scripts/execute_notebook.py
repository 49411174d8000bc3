"""Run the notebook of a project from top to bottom; with its outputs it becomes reports/executed.ipynb."""

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read("notebooks/explore.ipynb", as_version=4)
nbformat.validate(notebook)
NotebookClient(notebook, timeout=300, resources={"metadata": {"path": "notebooks"}}).execute()
nbformat.write(notebook, "reports/executed.ipynb")
