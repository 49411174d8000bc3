"""Train every variant with three seeds, evaluate it, and print the tables of the README and of docs/benchmarks.md.

    make results                               # all
    make results ARGS="keras image binary"     # only what has all of these answers
    make results ARGS="keras image --seeds 1"  # in a third of the time, and without a std

Out: benchmarks/results.json, which keeps the rows of the variants that were not asked for. Every row is
`make train ARGS="--repeats 3"` and `make evaluate` in a new project, with one thread and the defaults. But the other
tasks than multiclass have four epochs of Fashion-MNIST. Of sound, a twentieth as many samples, they have all epochs.
CPU seconds are user and system time of `train`, by run; environment, data and baselines are there before.
"""

import argparse
import itertools
import json
import os
import platform
import resource
import shutil
import statistics
from pathlib import Path

from projects import ANSWERS, BUILD, SHARED_DATA, bake, make

RESULTS = Path(__file__).parent / "results.json"
SHORT = 4  # epochs of the tasks but the first, on Fashion-MNIST
ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


def main(wanted: set[str], seeds: int) -> None:
    """Run what is wanted, keep each row as soon as it is there."""
    os.environ.update(ONE_THREAD)
    for answers in itertools.product(ANSWERS["framework"], ANSWERS["data_type"], ANSWERS["task"]):
        if wanted <= set(answers):
            row = measure(answers, seeds)
            rows = read_rows()  # anew: another `make results` may run beside this one
            rows[" ".join(answers)] = row
            RESULTS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print_tables(read_rows())


def read_rows() -> dict[str, dict]:
    """The rows that were measured, by framework, data type and task."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}


def measure(answers: tuple[str, str, str], seeds: int) -> dict:
    """Train and evaluate a new project with each seed; what the files of its runs say, in short."""
    framework, data_type, task = answers
    project = bake(*answers)
    make(project, framework, "setup", "data")
    short = f" --training.epochs {SHORT}" if task != "multiclass" and data_type != "audio" else ""
    return train_seeds(project, framework, f"{SHARED_DATA}{short}", seeds)


def train_seeds(project: Path, framework: str, options: str, seeds: int) -> dict:
    """Fit the baselines, then train and evaluate each seed; what the files of the runs say, in short."""
    for folder in ("runs", "reports"):  # of an older project
        shutil.rmtree(project / folder, ignore_errors=True)
    make(project, framework, "baseline", arguments=options)
    before = cpu_seconds()
    several = f" --repeats {seeds}" if seeds > 1 else ""
    make(project, framework, "train", arguments=f"{options}{several}")
    seconds = (cpu_seconds() - before) / seeds
    make(project, framework, "evaluate", arguments=" ")
    found = [json.loads(run.read_text(encoding="utf-8")) for run in project.glob("runs/*/metrics.json")]
    metric = found[0]["primary_metric"]
    tested = [metrics["test"][metric] for metrics in found]
    baselines = [scores[metric] for scores in found[0]["baselines"].values()]
    return {
        "primary_metric": metric,
        "test": statistics.mean(tested),
        "std": statistics.stdev(tested) if seeds > 1 else None,
        "seeds": seeds,
        "validation": statistics.mean(metrics["validation"][metric] for metrics in found),
        "baseline": min(baselines) if metric == "mae" else max(baselines),
        "parameters": found[0]["training"]["parameters"],
        "epochs": max(metrics["training"]["epochs"] for metrics in found),
        "cpu_seconds": round(seconds, 1),
        "peak_memory_mb": max(metrics["training"]["peak_memory_mb"] for metrics in found),
        "machine": machine(),
    }


def cpu_seconds() -> float:
    """User and system seconds of all commands so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def machine() -> str:
    """The processor, in words."""
    info = Path("/proc/cpuinfo")
    models = [line.split(": ")[1] for line in info.read_text().splitlines() if line.startswith("model name")]
    return f"{len(models)} cores of {models[0]}" if models else platform.processor()


def print_tables(rows: dict[str, dict]) -> None:
    """The rows as Markdown."""
    print("| variant | test accuracy | seeds | validation | parameters | epochs | CPU seconds | peak memory |")
    print("|---|---|---|---|---|---|---|---|")
    for framework, data_type in itertools.product(ANSWERS["framework"], ANSWERS["data_type"]):
        if row := rows.get(f"{framework} {data_type} multiclass"):
            print(
                f"| {framework} {data_type} | {spread(row)} | {row['seeds']} | {row['validation']:.4f} "
                f"| {row['parameters']:,} | {row['epochs']} | {row['cpu_seconds']:.0f} | {row['peak_memory_mb']:,} MB |"
            )
    print("\n| task, data type | metric | best baseline | PyTorch | Keras |\n|---|---|---|---|---|")
    for task, data_type in itertools.product(ANSWERS["task"], ANSWERS["data_type"]):
        found = [rows.get(f"{framework} {data_type} {task}") for framework in ("pytorch", "keras")]
        if task != "multiclass" and any(found):
            first = next(filter(None, found))
            metric = first["primary_metric"]
            models = (spread(row) if row else "" for row in found)
            print(f"| {task} {data_type} | {metric} | {first['baseline']:.4f} | {' | '.join(models)} |")
    print(f"\n{', '.join(sorted({row['machine'] for row in rows.values()}))}")


def spread(row: dict) -> str:
    """Mean and std on the test split, or the result of one seed."""
    return f"{row['test']:.4f}" + (f" ± {row['std']:.4f}" if row["std"] is not None else "")


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    parser = argparse.ArgumentParser()
    parser.add_argument("answers", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    main(set(options.answers), options.seeds)
