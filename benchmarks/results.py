"""Train every variant, evaluate it, and print the tables of the README.

    make results                             # all
    make results ARGS="keras image binary"   # only what has all of these answers

Out: benchmarks/results.json, which keeps the rows of the variants that were not asked for. One seed. Every run is
`make train evaluate` in a new project: with the defaults for multiclass (ten minutes for all six on 2 CPU cores), four
epochs for the other tasks (a quarter of an hour for all 18).
"""

import itertools
import json
import platform
import shutil
import sys
from pathlib import Path

from projects import ANSWERS, BUILD, SHARED_DATA, bake, make

RESULTS = Path(__file__).parent / "results.json"
SHORT = 4  # epochs of the tasks but the first


def main(wanted: set[str]) -> None:
    """Run what is wanted, keep each row as soon as it is there."""
    rows = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    for answers in itertools.product(ANSWERS["framework"], ANSWERS["data_type"], ANSWERS["task"]):
        if wanted <= set(answers):
            rows[" ".join(answers)] = measure(*answers)
            RESULTS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print_tables(rows)


def measure(framework: str, data_type: str, task: str) -> dict:
    """Train and evaluate a new project; what its metrics.json says, in short."""
    project = bake(framework, data_type, task)
    for folder in ("runs", "reports"):  # of an older project
        shutil.rmtree(project / folder, ignore_errors=True)
    short = f"{SHARED_DATA} --training.epochs {SHORT}" if task != "multiclass" else ""
    make(project, framework, "train", arguments=short)
    make(project, framework, "evaluate", arguments=" ")
    metrics = json.loads((project / "runs" / "001" / "metrics.json").read_text(encoding="utf-8"))
    training, metric = metrics["training"], metrics["primary_metric"]
    baselines = [scores[metric] for scores in metrics["baselines"].values()]
    return {
        "primary_metric": metric,
        "test": metrics["test"][metric],
        "interval": metrics["test"]["intervals"][metric],
        "validation": metrics["validation"][metric],
        "baseline": min(baselines) if task == "regression" else max(baselines),
        "parameters": training["parameters"],
        "epochs": training["epochs"],
        "seconds": training["seconds"],
        "peak_memory_mb": training["peak_memory_mb"],
        "machine": machine(),
    }


def machine() -> str:
    """The processor, in words."""
    info = Path("/proc/cpuinfo")
    models = [line.split(": ")[1] for line in info.read_text().splitlines() if line.startswith("model name")]
    return f"{len(models)} cores of {models[0]}" if models else platform.processor()


def print_tables(rows: dict[str, dict]) -> None:
    """The rows as Markdown."""
    print("| variant | test accuracy | 95 % interval | validation | parameters | epochs | seconds | peak memory |")
    print("|---|---|---|---|---|---|---|---|")
    for name, row in rows.items():
        if name.endswith(" multiclass"):
            low, high = row["interval"]
            print(
                f"| {name.removesuffix(' multiclass')} | **{row['test']:.4f}** | {low:.3f} to {high:.3f} "
                f"| {row['validation']:.4f} | {row['parameters']:,} | {row['epochs']} | {row['seconds']:.0f} "
                f"| {row['peak_memory_mb']:,} MB |"
            )
    print("\n| task, data type | metric | best baseline | PyTorch | Keras |\n|---|---|---|---|---|")
    for task, data_type in itertools.product(ANSWERS["task"], ANSWERS["data_type"]):
        found = [rows.get(f"{framework} {data_type} {task}") for framework in ("pytorch", "keras")]
        if task != "multiclass" and any(found):
            first = next(filter(None, found))
            metric = first["primary_metric"]
            models = (f"{row['test']:.4f}" if row else "" for row in found)
            print(f"| {task} {data_type} | {metric} | {first['baseline']:.4f} | {' | '.join(models)} |")
    print(f"\n{', '.join(sorted({row['machine'] for row in rows.values()}))}")


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    main(set(sys.argv[1:]))
