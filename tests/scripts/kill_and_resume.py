"""Kill trainings again and again, resume them, and compare each with one that was left alone.

cd PROJECT; python kill_and_resume.py PACKAGE KILLS [SEED]

The process imports the framework once and forks for each training. A forked process kills itself, by one of WAYS: so no
kill comes too late unseen. It saves at every chance. A training is resumed until it ends. Then its history, and weights
and optimizer in both checkpoints, must be those of the undisturbed one.

Out: a line of JSON for each kill, with its way, whether its training ended as it should, and the largest difference.
"""

import importlib
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np

package, kills, *seed = sys.argv[1:]
sys.path.insert(0, str(Path.cwd()))


def load(name):
    return importlib.import_module(f"{package}.{name}")


config_module, monitor, runs, train = (load(name) for name in ("config", "training.monitor", "runs", "training.train"))
if (Path(package) / "device.py").read_text(encoding="utf-8").count("lightning_fabric"):
    import lightning_fabric  # noqa: F401  # by the project imported late

SETTINGS = {
    "data__source": "tests/sample.npz",
    "model__units": [32],
    "training__batch_size": 8,  # 23 steps in an epoch: it is saved after 20, and at its end
    "training__epochs": 4,
    "training__save_minutes": 1e-9,
    "hardware__accelerator": "cpu",
}
WAYS = {
    "at a random moment": "SIGKILL, by a timer",
    "half of a file written": "a write ends half way",
    "before a file is renamed": "it is whole, beside the old one",
    "after a file was renamed": "the next one is not written yet",
    "by SIGTERM": "after a step; the state is saved first",
}
WRITES = 24  # of a training with four epochs, or a few more or less


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def prepare(way, chance, seconds):
    """Let this process kill itself; chance: from 0 to 1, when."""
    count, at = 0, int(chance * WRITES / 2)
    fsync, replace, step, enter = os.fsync, os.replace, monitor.Monitor.step, monitor.Monitor.__enter__

    def follow_fsync(file):
        nonlocal count
        count += 1
        if count > at and way == "half of a file written":
            os.ftruncate(file, os.fstat(file).st_size // 2)
            die()
        if count > at and way == "before a file is renamed":
            die()
        fsync(file)

    def follow_replace(*paths, **options):
        replace(*paths, **options)
        if count > at and way == "after a file was renamed":
            die()

    def follow_step(self, *arguments, **options):
        step(self, *arguments, **options)
        if len(self.history) >= int(chance * 3) and way == "by SIGTERM":
            signal.raise_signal(signal.SIGTERM)

    def follow_enter(self):
        if way == "at a random moment":
            signal.setitimer(signal.ITIMER_REAL, max(chance * seconds, 1e-4))  # its default action ends the process
        return enter(self)

    os.fsync, os.replace = follow_fsync, follow_replace
    monitor.Monitor.step, monitor.Monitor.__enter__ = follow_step, follow_enter


def train_in_fork(name, way="", chance=0.0, seconds=0.0):
    """Train, or go on; whether the process was killed, and the seconds that it has trained."""
    start = time.perf_counter()
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            log = os.open(f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            prepare(way, chance, seconds)
            config = config_module.load_config("config.yaml", run=name, **SETTINGS)
            train.train_model(config, resume=True)
            status = 0
        except KeyboardInterrupt:
            status = 128 + signal.SIGTERM
        finally:
            if status == 1:
                import traceback

                traceback.print_exc()
            sys.stdout.flush()
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    seconds = time.perf_counter() - start
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGALRM), status
        return True, seconds
    assert os.WEXITSTATUS(status) in (0, 128 + signal.SIGTERM), Path(f"{name}.log").read_text(encoding="utf-8")
    return os.WEXITSTATUS(status) > 0, seconds


def arrays(path):
    """All numbers of a checkpoint, by name."""
    if path.suffix == ".pt":
        import torch

        return dict(flatten(torch.load(path, weights_only=True)))
    from read_weights import read_weights  # here, because PyTorch's projects do not have h5py

    return read_weights(path)


def flatten(values, prefix=""):
    if isinstance(values, dict):
        for name, value in values.items():
            yield from flatten(value, f"{prefix}/{name}")
    elif isinstance(values, list):
        yield from flatten(dict(enumerate(values)), prefix)
    elif not isinstance(values, str | None):
        yield prefix, np.asarray(values)


def difference(name, expected):
    """The largest difference of a run from the undisturbed one; infinite if it has other parts."""
    run, other = Path("runs", name), Path("runs", expected)
    if list(run.glob("*.part*")) or list(run.glob(".*.part*")):
        return float("inf")
    pairs = []
    for row, right in zip(runs.read_history(run), runs.read_history(other), strict=True):
        pairs += [(row[key], right[key]) for key in row if key != "seconds"]
    for file in (*other.glob("best.*"), *other.glob("last.*")):
        left, right = arrays(run / file.name), arrays(file)
        if left.keys() != right.keys():
            return float("inf")
        pairs += [(left[key], right[key]) for key in right]
    return max(float(np.max(np.abs(np.subtract(a, b, dtype=np.float64)), initial=0)) for a, b in pairs)


def main():
    chances = random.Random(int(seed[0]) if seed else 0)
    shutil.rmtree("runs", ignore_errors=True)
    for log in Path().glob("*.log"):
        log.unlink()
    _, seconds = train_in_fork("undisturbed")
    ways = []  # of kills that hit, of all trainings
    number = 0
    while len(ways) < int(kills):
        number += 1
        name = f"drill-{number}"
        of_this = []
        while len(of_this) < 4 and len(ways) + len(of_this) < int(kills):
            way = list(WAYS)[(len(ways) + len(of_this)) % len(WAYS)]
            killed, _ = train_in_fork(name, way, chances.random(), seconds)
            if not killed:
                break
            of_this.append(way)
        train_in_fork(name)
        largest = difference(name, "undisturbed")
        for way in of_this:
            print(json.dumps({"way": way, "difference": largest, "training": name}), flush=True)
        ways += of_this
        shutil.rmtree(Path("runs", name))
        Path(f"{name}.log").unlink()


main()
