"""Swap 500 of the 54,000 labels of Fashion-MNIST's train split, and count which of them are listed as doubtful.

    make labels              # 5 epochs of the network
    make labels ARGS=15

Out: the table of docs/trust.md, and benchmarks/labels.json. A few minutes on 2 CPU cores.
What is found: benchmarks/labels_find.py.
"""

import json
import subprocess
import sys
from pathlib import Path

from projects import BUILD, bake, make, python
from results import machine

LABELS = Path(__file__).parent / "labels.json"
SCRIPT = Path(__file__).parent / "labels_find.py"


def main(epochs: str = "5") -> None:
    """Run it in a new project of vectors, and print the table."""
    project = bake("pytorch", "vector")
    make(project, "pytorch", "setup", arguments=" ")
    command = [python("pytorch"), SCRIPT, project.name.replace("-", "_"), BUILD / "fashion-mnist", epochs]
    done = subprocess.run([str(part) for part in command], cwd=project, text=True, stdout=subprocess.PIPE, check=True)
    rows = json.loads(done.stdout.splitlines()[-1]) | {"machine": machine()}
    LABELS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print_table(rows)


def print_table(rows: dict) -> None:
    """Print the rows as Markdown."""
    print("\n| by | listed | of them swapped: precision | of 500 swapped: recall | among the 500 first | seconds |")
    print("|---|---|---|---|---|---|")
    for name, row in rows["ways"].items():
        print(
            f"| {name} | {row['listed']:,} | {row['precision']:.1%} | {row['recall']:.1%} "
            f"| {row['precision_of_first']:.1%} | {row['seconds']:.0f} |"
        )
    print(rows["machine"])


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    main(*sys.argv[1:])
