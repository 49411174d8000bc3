"""Train like an earlier run, by `train --like`: the same settings and seeds again, and what came out otherwise.

On the same data, machine and versions the numbers are the same. Where they are not, what differs is named.
"""

from pathlib import Path
from typing import Any

from ..config import Config, UserError, cut
from ..runs import check_data, load_run, read_history
from ..storage import read_json

FREE = ("--like", "--run")  # options that the settings of the run do not decide


def load_repeated(name: str, new_name: str, typed: list[str]) -> Config:
    """Load the settings of a run, to train by them again.

    Args:
        name: of the run to repeat.
        new_name: of the run to make.
        typed: the options as typed, of which none may be a setting.

    Raises:
        UserError: there is no such run, or a setting is typed.
    """
    run, config, _ = load_run(name)
    others = [word for word in typed if word.startswith("--") and word.split("=")[0] not in FREE]
    if others:
        raise UserError(
            f"--like repeats a run with its own settings: leave {others[0]} out, or change settings of that run with"
            f" --config {run / 'config.yaml'} {others[0]}."
        )
    config.run = new_name
    return config


def compare_with_repeated(name: str, run: Path) -> None:
    """Print in which data, environment and results a run differs from the one that it repeats."""
    before, _, info = load_run(name)
    lines = compare_environments(_read_environment(before), _read_environment(run))
    try:
        check_data(load_run(str(run))[2], info, before)
    except UserError as error:
        lines.append(str(error))
    old, new = read_history(before), read_history(run)
    numbers = [name for name in new[0] if name != "seconds"]
    pairs = zip(old, new, strict=False)
    epoch = next((b["epoch"] for a, b in pairs if any(a[name] != b[name] for name in numbers)), None)
    if epoch is None and len(old) == len(new):
        print(f"{run} repeats {before}: all {len(new)} epochs have the same numbers.")
    else:
        print(f"{run} has other numbers than {before} from epoch {epoch or min(len(old), len(new)) + 1} on.")
    print("\n".join(f"  {line}" for line in lines) or "  Data and environment are the same.")


def compare_environments(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """List what differs between two environments, a line each: "numpy: 2.3.4 -> 2.4.0"."""
    if not before:
        return ["The environment of the first run is not known: its environment.json is missing."]
    before, now = _flatten(before), _flatten(now)
    return [
        f"{key}: {cut(before.get(key, 'none'))} -> {cut(now.get(key, 'none'))}"
        for key in {**before, **now}
        if before.get(key) != now.get(key)
    ]


def _read_environment(run: Path) -> dict[str, Any]:
    """Read environment.json of a run; nothing if it has none."""
    path = run / "environment.json"
    return read_json(path) if path.is_file() else {}


def _flatten(environment: dict[str, Any]) -> dict[str, Any]:
    """Put versions of packages, and commit and state of the code, beside the rest."""
    inner = [value for value in environment.values() if isinstance(value, dict)]
    flat = {key: value for key, value in environment.items() if not isinstance(value, dict)}
    for values in inner:
        flat |= values
    return flat
