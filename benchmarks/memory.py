"""Does training from disk take more memory when there is more data? One epoch at 1, 4 and 16 times the data.

    make memory                    # both frameworks
    make memory ARGS=pytorch       # one framework, or one kind of data (images, recordings, array), or both

At 1x there are 2,000 images (a folder of classes of RGB PNGs, 64 x 64), 2,000 recordings (WAV files of a second in such
a folder, 32 MB), or 60 MB of vectors of 512 float32 (x.npy and y.npy). They are written to build/memory once: 1.8 GB, a
minute. Each epoch is a process of its own. From disk: `data.max_memory_mb` is 0. Held: it is larger than the data.

Out: a table, and benchmarks/memory.json, which keeps the rows that were not asked for. About 5 minutes on 2 CPU cores.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from projects import ANSWERS, BUILD, ROOT, bake, make, python
from results import machine

MEMORY = Path(__file__).parent / "memory.json"
DATA = BUILD / "memory"
TIMES = (1, 4, 16)

KINDS = {  # what is read: data type, megabytes that may be held, settings of a small model
    "images from disk": ("image", 0, {"data__shape": [64, 64, 3], "model__channels": [8, 16]}),
    "recordings from disk": ("audio", 0, {"model__channels": [8, 16]}),
    "array from disk": ("vector", 0, {"model__units": [64]}),
    "array held": ("vector", 100_000, {"model__units": [64]}),
}


def main(wanted: set[str]) -> None:
    """Run what is wanted, keep each row as soon as it is there."""
    rows = json.loads(MEMORY.read_text(encoding="utf-8")) if MEMORY.is_file() else {}
    for framework in ANSWERS["framework"]:
        for kind, (data_type, max_memory_mb, settings) in KINDS.items():
            if wanted <= {framework, kind.split()[0]}:
                rows[f"{framework}, {kind}"] = measure(framework, data_type, max_memory_mb, settings)
                MEMORY.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print_table(rows)


def measure(framework: str, data_type: str, max_memory_mb: int, settings: dict) -> dict:
    """Train a new project for one epoch with each size of data."""
    project = bake(framework, data_type)
    make(project, framework, "setup", quiet=True)
    row: dict = {"peak_memory_mb": {}, "machine": machine()}
    for times in TIMES:
        source = DATA / data_type / str(times)
        write = [python(framework), ROOT / "benchmarks" / "memory_data.py", data_type, source, str(times)]
        subprocess.run(write, check=True)
        run = train(project, framework, {"data__source": str(source), "data__max_memory_mb": max_memory_mb, **settings})
        row["peak_memory_mb"][str(times)] = run["peak_memory_mb"]
        row["seconds_per_1000_samples"] = run["seconds"] / run["samples"] * 1000  # of the last, the largest
    return row


def train(project: Path, framework: str, settings: dict) -> dict:
    """One epoch in a fresh process: its training.json, and how many samples it read for training and validation."""
    shutil.rmtree(project / "runs", ignore_errors=True)
    package = project.name.replace("-", "_")
    command = [python(framework), ROOT / "benchmarks" / "memory_train.py", package, json.dumps(settings)]
    subprocess.run(command, cwd=project, check=True)
    run = project / "runs" / "001"
    samples = json.loads((run / "data.json").read_text(encoding="utf-8"))["num_samples"]
    training = json.loads((run / "training.json").read_text(encoding="utf-8"))
    return {**training, "samples": samples["train"] + samples["validation"]}


def print_table(rows: dict[str, dict]) -> None:
    """The rows as Markdown."""
    print(f"| peak memory in MB | {' | '.join(f'{times}x' for times in TIMES)} | seconds for 1,000 samples at 16x |")
    print("|---|" + "---|" * (len(TIMES) + 1))
    for name, row in rows.items():
        memory = " | ".join(f"{row['peak_memory_mb'][str(times)]:,}" for times in TIMES)
        print(f"| {name} | {memory} | {row['seconds_per_1000_samples']:.3f} |")
    print(f"\n{', '.join(sorted({row['machine'] for row in rows.values()}))}")


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    main(set(sys.argv[1:]))
