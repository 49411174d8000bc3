"""The package of this project: `python -m PACKAGE --help` lists the commands."""
