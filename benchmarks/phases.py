"""Where do the CPU seconds of a whole training go? Imports, reading data, epochs, and the rest.

    make phases                        # both frameworks
    make phases ARGS=pytorch

The network is small, 64-128-64 units, so that what is not the network shows: vectors, batches of 128, 10 epochs, one
thread. Each phase is a process or the difference of two; user and system time, the least of three rounds:
  imports   `import` of all that the command train needs
  data      reading Fashion-MNIST and splitting it
  epochs    ten times a ninth of what ten epochs take longer than one
  rest      the run's files, checkpoints, comparison with the baselines, which are there already
"""

import os
import subprocess
import sys
from pathlib import Path

from projects import ANSWERS, BUILD, SHARED_DATA, bake, make, python

ROUNDS, EPOCHS = 3, 10
SMALL = ["--model.units", "[64,128,64]", "--model.members", "1", "--model.dropout", "0"]
SMALL += ["--training.early_stopping_patience", str(EPOCHS)]
IMPORTS = "import {package}.training.train"
DATA = (
    "from {package}.config import load_config; from {package}.training.train import load_splits;"
    " load_splits(load_config(data__data_dir={folder!r}))"
)


def main(wanted: set[str]) -> None:
    """Measure the frameworks that are wanted, and print a table."""
    print("| framework | whole training, CPU seconds | imports | data | epochs | rest |\n|---|---|---|---|---|---|")
    for framework in ANSWERS["framework"]:
        if not wanted or framework in wanted:
            whole, phases = measure(framework)
            cells = " | ".join(f"{seconds:.1f}" for seconds in phases)
            print(f"| {framework} | {whole:.1f} | {cells} |", flush=True)


def measure(framework: str) -> tuple[float, tuple[float, ...]]:
    """CPU seconds of a training, and of imports, data, epochs and rest."""
    project = bake(framework, "vector")
    package = project.name.replace("-", "_")
    make(project, framework, "setup", quiet=True)
    make(project, framework, "data", "baseline", quiet=True)

    def seconds(*arguments: str) -> float:
        """CPU seconds of a process of the project's Python; the least of the rounds."""
        return min(cpu_seconds([str(python(framework)), *arguments], project) for _ in range(ROUNDS))

    train = ["-m", package, "train", *SHARED_DATA.split(), *SMALL, "--training.epochs"]
    whole, one = seconds(*train, str(EPOCHS)), seconds(*train, "1")
    imports = seconds("-c", IMPORTS.format(package=package))
    data = seconds("-c", DATA.format(package=package, folder=str(BUILD / "fashion-mnist"))) - imports
    epochs = (whole - one) * EPOCHS / (EPOCHS - 1)
    return whole, (imports, data, epochs, whole - imports - data - epochs)


def cpu_seconds(command: list[str], folder: Path) -> float:
    """User and system seconds of a process with one thread."""
    one_thread = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    process = subprocess.Popen(command, cwd=folder, env=os.environ | one_thread, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed.")
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    main(set(sys.argv[1:]))
