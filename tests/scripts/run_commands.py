"""Run commands of a README in one process, which imports once: `run_commands.py PACKAGE`, each a line of the input.

make TARGET ... ARGS="OPTIONS" stands for `python -m PACKAGE TARGET OPTIONS`, as the Makefile has it.
"""

import importlib
import shlex
import sys

(package,) = sys.argv[1:]
main = importlib.import_module(f"{package}.__main__").main

for line in sys.stdin:
    print(line, end="", flush=True)
    words = shlex.split(line, comments=True)
    if words[0] == "make":
        options = [option for word in words if word.startswith("ARGS=") for option in shlex.split(word[len("ARGS=") :])]
        commands = [[word, *options] for word in words[1:] if not word.startswith("ARGS=")]
    else:  # python -m PACKAGE COMMAND
        commands = [words[words.index(package) + 1 :]]
    for command in commands:
        if status := main(command):
            sys.exit(status)
