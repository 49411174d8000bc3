"""What a study of `tune` searches, and what it found: ranges, the table of trials, their figure, the best settings."""

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from ..config import Config, UserError, change_settings, counted, list_settings, quoted, save_config
from ..data.plots import save_figure
from ..storage import whole_file

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

# Other settings change the data, or the loss by which trials are compared.
SEARCHED = (
    r"model\.\w+|training\.(batch_size|epochs)|compile\.(optimizer|learning_rate|weight_decay|schedule|warmup_fraction)"
)
DIGITS = 4  # of a number that is proposed
SHOWN = 5  # trials in the table that is printed
MIN_TRIALS = 6  # that were trained to their end, to say which settings mattered


def make_space(config: Config) -> dict[str, Any]:
    """Make Optuna's distributions of the ranges in the settings, by the names of settings.

    Today's value is one of the choices, whether they list it or not.

    Raises:
        UserError: a name or a range is wrong, or today's value is not in its range.
    """
    if not config.tune:
        raise UserError(
            "There is nothing to search: name settings and their ranges in the section tune of config.yaml."
        )
    now = list_settings(config)
    for name in config.tune:
        if name not in now:
            raise UserError(f"tune names {quoted(name)}, and there is no such setting: config.py lists all settings.")
        if not re.fullmatch(SEARCHED, name):
            raise UserError(
                f"tune can't search {name}, with which trials could not be compared by their validation loss: remove it"
                " from the section tune of config.yaml."
            )
    return {name: _make_distribution(config, name, wanted, now[name]) for name, wanted in config.tune.items()}


def _make_distribution(config: Config, name: str, wanted: dict[str, Any], now: Any) -> Any:
    """Make the distribution of a setting; now: its value today."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    def take(value: Any) -> Any:
        """The value as the setting takes it, such as 1.0 for 1."""
        return list_settings(change_settings(config, {name: value}))[name]

    if set(wanted) == {"choices"} and isinstance(wanted["choices"], list):
        choices = [take(value) for value in wanted["choices"]]
        if now not in choices:
            choices.append(now)
        return CategoricalDistribution(list(dict.fromkeys(map(json.dumps, choices))))
    if not {"low", "high"} <= set(wanted) <= {"low", "high", "log"}:
        raise UserError(f"tune needs low and high of {name}, and log if you like, or choices: a list of values.")
    if isinstance(now, bool) or not isinstance(now, int | float):
        raise UserError(f"tune has a range for {name}, which is no number: give choices, a list of values.")
    low, high, log = take(wanted["low"]), take(wanted["high"]), wanted.get("log", False)
    if not isinstance(log, bool):
        raise UserError(f"log of {name} in tune can't be {quoted(log)}: it must be true or false.")
    if low >= high:
        raise UserError(f"The range of {name} in tune is empty: low is {low} and high {high}.")
    if log and low <= 0:
        raise UserError(
            f"The range of {name} in tune begins at {low}, where none by orders of magnitude can: raise low."
        )
    if not low <= now <= high:
        raise UserError(
            f"{name} is {now} today, and its range in tune is {low} to {high}: widen the range, or change the setting."
        )
    return (IntDistribution if isinstance(now, int) else FloatDistribution)(low, high, log=log)


def now_of(config: Config) -> dict[str, Any]:
    """Give today's values of the settings that are searched."""
    settings = list_settings(config)
    return {name: settings[name] for name in config.tune}


def encode(values: dict[str, Any], config: Config) -> dict[str, Any]:
    """Turn values of settings into those that Optuna keeps: choices are text."""
    return {name: json.dumps(value) if "choices" in config.tune[name] else value for name, value in values.items()}


def decode(params: dict[str, Any], config: Config) -> dict[str, Any]:
    """Turn what Optuna keeps into values of settings, numbers rounded: these are trained with, and written."""
    now = now_of(config)
    chosen = {}
    for name in config.tune:
        value = params[name]
        if isinstance(value, str):
            value = json.loads(value)
        elif isinstance(value, float) and value != now[name]:
            value = float(f"{value:.{DIGITS}g}")
        chosen[name] = value
    return chosen


def describe(chosen: dict[str, Any]) -> str:
    """Write values of settings in a line, without their sections."""
    return "  ".join(f"{name.split('.')[-1]} {value}" for name, value in chosen.items())


def best_trial(trials: list["FrozenTrial"]) -> "FrozenTrial | None":
    """Find the trial with the lowest validation loss of those that were not ended early, the first of equals."""
    from optuna.trial import TrialState

    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    return min(complete, key=lambda trial: trial.values[0], default=None)


def write_results(study: "Study", config: Config, folder: Path) -> None:
    """Write table.csv, tune.png and best.yaml into the folder of a study, and print what was found."""
    with FileLock(folder / ".results.lock"):  # processes that share a study may end at once
        trials = [trial for trial in study.get_trials(deepcopy=False) if trial.params and trial.state.is_finished()]
        best = best_trial(trials)
        if best is None:  # other processes have not finished one yet
            print("No trial has ended yet.")
            return
        rows = [_describe_trial(trial, config) for trial in trials]
        rows.sort(key=lambda row: (row["state"] != "complete", row["val_loss"] is None, row["val_loss"]))
        with whole_file(folder / "table.csv") as path, path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        save_figure(draw_study(trials, find_importances(study)), folder / "tune.png")
        save_config(change_settings(config, {**decode(best.params, config), "run": ""}), folder / "best.yaml")
    _print_results(rows, config, folder)


def _describe_trial(trial: "FrozenTrial", config: Config) -> dict[str, Any]:
    """Collect a row of the table."""
    losses = list(trial.intermediate_values.values())
    return {
        "trial": trial.number,
        "val_loss": min(losses, default=None),
        "state": trial.state.name.lower(),
        "epochs": len(losses),
        "seconds": round(trial.duration.total_seconds(), 1) if trial.duration else None,
        **decode(trial.params, config),
        "error": trial.user_attrs.get("error", ""),
    }


def _print_results(rows: list[dict[str, Any]], config: Config, folder: Path) -> None:
    """Print the best trials, how many ended otherwise, and what to do next. rows: the best first."""
    states = [row["state"] for row in rows]
    shown = rows[: min(SHOWN, states.count("complete"))]
    table = Table(title=f"The best trials of {folder}")
    for name in ("trial", *(str(row["trial"]) for row in shown)):
        table.add_column(name, justify="left" if name == "trial" else "right")
    table.add_row("validation loss", *(f"{row['val_loss']:.4f}" for row in shown), style="bold")
    for name in ("epochs", "seconds", *config.tune):
        table.add_row(name.split(".")[-1], *(str(row[name]) for row in shown))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(table)
    best, now = rows[0], now_of(config)
    today = next((row["val_loss"] for row in rows if all(row[name] == value for name, value in now.items())), None)
    words = "" if today is None else f"; with today's settings {today:.4f}"
    console.print(
        f"{counted(states.count('complete'), 'trial')} to the end, {states.count('pruned')} ended early,"
        f" {states.count('fail')} failed or killed. The lowest validation loss: {best['val_loss']:.4f}{words}."
    )
    console.print(f"Written: {folder}/best.yaml, table.csv and tune.png. Next: train --config {folder}/best.yaml")
    console.print("The best of many is lucky too: the test split decides, which no trial has seen.")


def find_importances(study: "Study") -> dict[str, float]:
    """Find how much of the differences of trials each setting explains (fANOVA, arXiv:1307.3467 has the idea).

    None are found of few trials.
    """
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances
    from optuna.trial import TrialState

    if len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) < MIN_TRIALS:
        return {}
    try:
        return get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    except (RuntimeError, ValueError):  # all trials are equal
        return {}


def draw_study(trials: list["FrozenTrial"], importances: dict[str, float]) -> Figure:
    """Draw the validation loss of each trial with the lowest so far, and how much each setting mattered."""
    figure = Figure(figsize=(11, 4), layout="constrained")
    history, bars = figure.subplots(1, 2, width_ratios=(3, 2))
    for state, marker in (("COMPLETE", "o"), ("PRUNED", "x")):
        some = [trial for trial in trials if trial.state.name == state and trial.intermediate_values]
        losses = [min(trial.intermediate_values.values()) for trial in some]
        label = "trained to the end" if state == "COMPLETE" else "ended early"
        history.plot([trial.number for trial in some], losses, marker, label=label)
        if state == "COMPLETE":
            lowest = [min(losses[: number + 1]) for number in range(len(losses))]
            history.step([trial.number for trial in some], lowest, where="post", label="lowest so far")
    history.set(title="Lowest validation loss of each trial", xlabel="trial", yscale="log")
    history.xaxis.get_major_locator().set_params(integer=True)
    history.legend(fontsize=8)
    names = sorted(importances, key=lambda name: importances[name])
    bars.barh([name.split(".")[-1] for name in names], [importances[name] for name in names])
    bars.set(title="How much each setting mattered", xlabel="fraction of the differences")
    if not names:
        bars.text(0.5, 0.5, "too few trials to say", ha="center", va="center", transform=bars.transAxes)
    return figure
