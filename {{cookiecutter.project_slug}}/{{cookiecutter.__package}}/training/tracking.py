"""Tracking: settings and epochs of a run in MLflow, Weights & Biases or Trackio, by the setting training.tracking.

history.csv and TensorBoard have the same numbers. Where they go is up to the library, by its own variables, such as
MLFLOW_TRACKING_URI, WANDB_MODE=offline or TRACKIO_DIR. A resumed run goes on in the one that tracking.json names.
"""

import importlib
import uuid
from pathlib import Path
from typing import Any

from ..config import UserError, list_settings, load_config
from ..environment import require_packages
from ..runs import RUNS
from ..storage import read_json, write_json

PROJECT = __package__.split(".")[0]


def require_tracker(name: str) -> None:
    """Raise UserError if the library of a tracker is missing."""
    if name != "none":
        require_packages("training.tracking", [name], name)


class Tracker:
    """Hands the settings of a run and its epochs to a library.

    Args:
        name: of the library: mlflow, wandb or trackio.
        run: folder of the run.

    Raises:
        UserError: the library does not start, such as without an account.
    """

    def __init__(self, name: str, run: Path) -> None:
        self.name = name
        self.library: Any = importlib.import_module(name)  # None once it has failed
        note = run / "tracking.json"
        stored = read_json(note).get(name) if note.is_file() else None
        settings = list_settings(load_config(run / "config.yaml"))
        try:
            identity = self._start(run.relative_to(RUNS).as_posix(), settings, stored)
        except Exception as error:  # of many kinds: no account, no server
            raise UserError(
                f"training.tracking: {name} did not start: {error}: cure that, or set it to none."
            ) from error
        write_json(note, {name: identity})

    def _start(self, title: str, settings: dict[str, Any], stored: str | None) -> str:
        """Start a run, or go on with the stored one; return what names it."""
        if self.name == "mlflow":
            self.library.set_experiment(PROJECT)
            identity = self.library.start_run(run_id=stored, run_name=title).info.run_id
            if not stored:  # they can't be changed later
                self.library.log_params(settings)
            return identity
        identity = stored or uuid.uuid4().hex[:8]
        options: dict[str, Any] = {"resume": "allow" if stored else "never"}
        if self.name == "wandb":
            options["id"] = identity
        self.library.init(project=PROJECT, name=title, config=settings, **options)
        return identity

    def add(self, row: dict[str, float]) -> None:
        """Add an epoch; row: with the keys of HISTORY."""
        values = {name: value for name, value in row.items() if name != "epoch"}
        log = "log_metrics" if self.name == "mlflow" else "log"
        self._call(log, values, step=int(row["epoch"]))

    def finish(self, *, failed: bool) -> None:
        """End the run."""
        if self.name == "mlflow":
            self._call("end_run", "FAILED" if failed else "FINISHED")
        elif self.name == "wandb":
            self._call("finish", exit_code=int(failed))
        else:
            self._call("finish")

    def _call(self, function: str, *arguments: Any, **options: Any) -> None:
        """Call a function of the library. What fails, such as a lost connection, is said once; training goes on."""
        if self.library is None:
            return
        try:
            getattr(self.library, function)(*arguments, **options)
        except Exception as error:  # of many kinds
            self.library = None
            print(f"Warning: {self.name} failed, and gets no more epochs of this training: {error}")
