"""Kill trainings at random moments and at each write, resume them, and compare them with one that was left alone.

    make drills                       # both frameworks, 200 kills each
    make drills ARGS="pytorch 20"     # one framework, or another number of kills

Out: the table of docs/trust.md, and benchmarks/drills.json, which keeps the rows that were not asked for. A few minutes
for PyTorch and a quarter of an hour for Keras on 2 CPU cores. The kills themselves: tests/scripts/kill_and_resume.py.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from projects import ANSWERS, ROOT, bake, make, python
from results import machine

DRILLS = Path(__file__).parent / "drills.json"
SCRIPT = ROOT / "tests" / "scripts" / "kill_and_resume.py"
KILLS = 200


def main(wanted: list[str]) -> None:
    """Run what is wanted, keep each row as soon as it is there."""
    kills = next((int(word) for word in wanted if word.isdecimal()), KILLS)
    rows = json.loads(DRILLS.read_text(encoding="utf-8")) if DRILLS.is_file() else {}
    for framework in [name for name in ANSWERS["framework"] if name in wanted] or ANSWERS["framework"]:
        project = bake(framework, "vector")
        make(project, framework, "setup", arguments=" ")
        rows[framework] = drill(project, python(framework), kills)
        DRILLS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print_table(rows)


def drill(project: Path, interpreter: Path, kills: int) -> dict:
    """Kill so often; of each way how many were tried and survived, and the largest difference."""
    package = project.name.replace("-", "_")
    command = [str(interpreter), str(SCRIPT), package, str(kills)]
    process = subprocess.Popen(
        command, cwd=project, text=True, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    ways: dict[str, dict] = {}
    for number, line in enumerate(process.stdout, start=1):
        kill = json.loads(line)
        row = ways.setdefault(kill["way"], {"tried": 0, "survived": 0, "difference": 0.0})
        row["tried"] += 1
        row["survived"] += kill["difference"] == 0
        row["difference"] = max(row["difference"], kill["difference"])
        print(f"{project.name}: {number} of {kills} kills", end="\r", file=sys.stderr)
    if process.wait():
        sys.exit(f"{SCRIPT.name} failed in {project}: see above.")
    return {"ways": ways, "machine": machine()}


def print_table(rows: dict[str, dict]) -> None:
    """Print a row for each way, and the sum."""
    print(f"\n| killed | {' | '.join(f'{name}: survived' for name in rows)} | largest difference |")
    print("|---|" + "---|" * (len(rows) + 1))
    for way in next(iter(rows.values()))["ways"]:
        print_row(way, [row["ways"][way] for row in rows.values()])
    sums = []
    for row in rows.values():
        ways = row["ways"].values()
        sums.append({key: sum(way[key] for way in ways) for key in ("tried", "survived")})
        sums[-1]["difference"] = max(way["difference"] for way in ways)
    print_row("**all**", sums)
    for name, row in rows.items():
        print(f"{name}: {row['machine']}")


def print_row(name: str, cells: list[dict]) -> None:
    """Print a row of the table."""
    survived = " | ".join(f"{cell['survived']} of {cell['tried']}" for cell in cells)
    print(f"| {name} | {survived} | {max(cell['difference'] for cell in cells):g} |")


if __name__ == "__main__":
    main(sys.argv[1:])
