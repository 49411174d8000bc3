"""Train every variant with its defaults to the end, evaluate it, and print the table of the README.

    make results                       # all six
    make results ARGS="keras image"    # one framework, or one data type, or both

Out: benchmarks/results.json, which keeps the rows of the variants that were not asked for. One seed. About an hour on
2 CPU cores. Every run is `make train evaluate` in a new project.
"""

import json
import platform
import shutil
import sys
from pathlib import Path

from projects import BUILD, bake, make, variants

RESULTS = Path(__file__).parent / "results.json"


def main(wanted: set[str]) -> None:
    """Run what is wanted, keep each row as soon as it is there."""
    rows = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    for framework, data_type in variants():
        if wanted <= {framework, data_type}:
            rows[f"{framework} {data_type}"] = measure(framework, data_type)
            RESULTS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print_table(rows)


def measure(framework: str, data_type: str) -> dict:
    """Train and evaluate a new project; what its metrics.json says, in short."""
    project = bake(framework, data_type)
    for folder in ("runs", "reports"):  # of an older project
        shutil.rmtree(project / folder, ignore_errors=True)
    make(project, framework, "train")
    make(project, framework, "evaluate", arguments=" ")
    metrics = json.loads((project / "runs" / "001" / "metrics.json").read_text(encoding="utf-8"))
    training = metrics["training"]
    return {
        "test": metrics["test"]["accuracy"],
        "interval": metrics["test"]["accuracy_interval"],
        "validation": metrics["validation"]["accuracy"],
        "parameters": training["parameters"],
        "epochs": training["epochs"],
        "seconds": training["seconds"],
        "memory_mb": training["peak_memory_mb"],
        "machine": machine(),
    }


def machine() -> str:
    """The processor, in words."""
    info = Path("/proc/cpuinfo")
    models = [line.split(": ")[1] for line in info.read_text().splitlines() if line.startswith("model name")]
    return f"{len(models)} cores of {models[0]}" if models else platform.processor()


def print_table(rows: dict[str, dict]) -> None:
    """The rows as Markdown."""
    print("| variant | test accuracy | 95 % interval | validation | parameters | epochs | seconds | peak memory |")
    print("|---|---|---|---|---|---|---|---|")
    for name, row in rows.items():
        low, high = row["interval"]
        print(
            f"| {name} | **{row['test']:.4f}** | {low:.3f} to {high:.3f} | {row['validation']:.4f} "
            f"| {row['parameters']:,} | {row['epochs']} | {row['seconds']:.0f} | {row['memory_mb']:,} MB |"
        )
    print(f"\n{', '.join(sorted({row['machine'] for row in rows.values()}))}")


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    main(set(sys.argv[1:]))
