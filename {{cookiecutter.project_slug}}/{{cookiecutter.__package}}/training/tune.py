"""Tuning: try settings in the ranges of `tune` in config.yaml, and keep those with the lowest validation loss.

Out: runs/tune-<name>/ with the trials, table.csv, tune.png, and best.yaml, which `train --config` takes.
Trial 0 has today's settings. Optuna proposes those of the others by the results so far: TPE,
https://papers.nips.cc/paper/4443. It ends a trial whose loss is worse than the median of the others at its epoch.
The test split has no part in it. The same seed proposes the same settings, in one go or by several calls.
Read `main` first, then `run_trials` and `run_trial`. study.py has ranges, results and their figure.
"""

import shutil
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout
from jsonargparse import ArgumentParser

from ..config import (
    Config,
    UserError,
    add_settings,
    change_settings,
    counted,
    list_settings,
    load_config,
    save_config,
)
from ..data import load_splits
from ..data_info import DataInfo, load_info, save_info
from ..environment import require_packages
from ..runs import MAY_CHANGE, RUNS, check_data
from .series import ONE_DEVICE
from .study import best_trial, decode, describe, encode, make_space, now_of, write_results
from .train import train_model

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

SETTINGS = "settings.yaml"  # of a study: not config.yaml, which marks a run
STARTUP = 5  # trials that are trained to their end before others are compared with them


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `tune`."""
    add_settings(parser)
    parser.add_argument("--trials", type=int, default=20, help="how many in all, with those of earlier calls")
    parser.add_argument("--name", default="default", help="of the study, which is continued if it exists")
    parser.add_argument("--journal", action="store_true", help="let several processes share a new study")


def main(config: Config, trials: int = 20, name: str = "default", journal: bool = False) -> None:
    """Search the settings, and write the best ones.

    Args:
        config: the settings, and in `tune` what to search.
        trials: how many in all; a study that has them is printed again.
        name: of the study.
        journal: keep a new study in a journal, which several processes may write at once, not in SQLite.

    Raises:
        UserError: optuna is missing, a range or a name is wrong, or the study was begun with other settings or data.
    """
    require_packages("The command tune", ["optuna"], "tune")
    if trials < 1:
        raise UserError(f"--trials can't be {trials}: it must be at least 1.")
    if Path(name).name != name:
        raise UserError(f"The name {name!r} is a path: it must be the end of the name of a folder inside {RUNS}.")
    space = make_space(config)
    info = load_splits(config).info
    folder = RUNS / f"tune-{name}"
    if (folder / "config.yaml").exists():
        raise UserError(f"{folder} is a run: give the study another name with --name.")
    folder.mkdir(parents=True, exist_ok=True)
    journal = journal or (folder / "journal.log").exists()
    if journal and (folder / "study.db").exists():
        raise UserError(f"{folder} is in SQLite, which one process writes: give another --name to share a study.")
    try:
        with nullcontext() if journal else FileLock(folder / ".lock", timeout=0):
            with _turn(folder):
                check_study(folder, config, info)
                study = open_study(folder, config, journal=journal)
            run_trials(study, space, config, folder, trials)
            write_results(study, config, folder)
    except Timeout:
        raise UserError(
            f"{folder} is being written by another process: wait, or begin a study with --journal."
        ) from None
    except KeyboardInterrupt as stop:
        stop.args = (stop.args[0] if stop.args else 2, f"the same command goes on with {folder}")
        raise


def check_study(folder: Path, config: Config, info: DataInfo) -> None:
    """Note the settings and the data of a new study; those of an old one must be the same.

    Raises:
        UserError: they are others, so that its trials can't be compared with new ones.
    """
    if not (folder / SETTINGS).exists():
        save_info(info, folder / "data.json")
        save_config(config, folder / SETTINGS)
        return
    begun = load_config(folder / SETTINGS)
    before, now = list_settings(begun) | {"tune": begun.tune}, list_settings(config) | {"tune": config.tune}
    for name, value in before.items():
        may_change = name.startswith("hardware.") or (name in MAY_CHANGE and name != "training.epochs")
        if now[name] != value and not may_change:
            raise UserError(
                f"{folder} was begun with {name} {value}, and now it is {now[name]}: restore that, or begin another"
                " study with --name."
            )
    check_data(info, load_info(folder / "data.json"), folder)


def open_study(folder: Path, config: Config, *, journal: bool) -> "Study":
    """Open a study, a new one or that of earlier calls."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = folder / ("journal.log" if journal else "study.db")
    storage = JournalStorage(JournalFileBackend(str(path))) if journal else f"sqlite:///{path.as_posix()}"
    first = max(2, config.training.epochs // 4)  # epoch after which a trial may be ended
    pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=first)
    return optuna.create_study(study_name="study", storage=storage, pruner=pruner, load_if_exists=True)


def run_trials(study: "Study", space: dict[str, Any], config: Config, folder: Path, most: int) -> None:
    """Run trials until the study has `most`, those of other processes among them.

    The process of a trial holds its lock. So a trial that seems to run, and whose lock is free, was killed: it does not
    count, and its settings are tried again.
    """
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    print(f"{folder}: {len(_counting(study))} of {counted(most, 'trial')} so far.")
    while True:
        with _turn(folder):
            _give_up_killed(study, folder)
            number = len(_counting(study))
            if number >= most:
                return
            going = (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)
            if not study.get_trials(deepcopy=False, states=going):
                study.enqueue_trial(encode(now_of(config), config))
            # A seed for each trial: a sampler that goes on with the first one would repeat itself.
            seed = np.random.SeedSequence([config.seed, number]).generate_state(1)
            study.sampler = TPESampler(seed=int(seed[0]))
            trial = study.ask(space)
            lock = _lock(folder, trial.number)
            lock.acquire(timeout=0)
        with lock:
            run_trial(study, trial, config, folder)
        keep_best_weights(study, folder)


def run_trial(study: "Study", trial: "Trial", config: Config, folder: Path) -> None:
    """Train with the settings of a trial, and tell the study its lowest validation loss.

    A trial that fails is noted with the reason, and the study goes on. But with today's settings training must run.
    """
    from optuna import TrialPruned
    from optuna.trial import TrialState

    chosen = decode(trial.params, config)
    losses = []  # on the validation split, of each epoch
    pruned = False

    def watch(row: dict[str, float]) -> None:
        losses.append(row["val_loss"])
        trial.report(min(losses), len(losses))
        if trial.should_prune():
            raise TrialPruned

    try:
        changes = {**chosen, **ONE_DEVICE, "run": _name(trial.number)}
        train_model(change_settings(config, changes), watch=watch, runs=folder)
    except TrialPruned:
        pruned = True
    except (KeyboardInterrupt, OSError):  # OSError: a full disk, or no permission
        _give_up(study, trial.number, folder)
        raise
    except Exception as error:  # of many kinds: a network may be too large for the memory
        sentence = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        trial.set_user_attr("error", sentence)
        study.tell(trial, state=TrialState.FAIL)
        print(f"trial {trial.number:>3}  failed  {describe(chosen)}: {sentence}")
        if chosen == now_of(config):
            raise
        return
    trial.set_user_attr("epochs", len(losses))
    if pruned:
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, min(losses))
    end = f"ended after epoch {len(losses)}  " if pruned else ""
    print(f"trial {trial.number:>3}  val_loss {min(losses):.4f}  {end}{describe(chosen)}")


def keep_best_weights(study: "Study", folder: Path) -> None:
    """Remove the checkpoints of all trials that have ended, but the best one's."""
    trials = study.get_trials(deepcopy=False)  # once: another process may end a better one meanwhile
    best = best_trial(trials)
    for trial in trials:
        if trial.state.is_finished() and trial is not best:
            for path in (folder / _name(trial.number)).glob("[bl][ea]st.*"):  # best and last
                path.unlink(missing_ok=True)  # another process may have been here


def _counting(study: "Study") -> list["FrozenTrial"]:
    """List the trials that count: those that ended, failed or are running, but none that was killed or is waiting."""
    from optuna.trial import TrialState

    states = (TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    trials = study.get_trials(deepcopy=False, states=states)
    return [trial for trial in trials if trial.state != TrialState.FAIL or "error" in trial.user_attrs]


def _give_up_killed(study: "Study", folder: Path) -> None:
    """Give up the trials whose process has ended: it seems to run, and nobody has its lock."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        with suppress(Timeout), _lock(folder, trial.number).acquire(timeout=0):
            _give_up(study, trial.number, folder)


def _give_up(study: "Study", number: int, folder: Path) -> None:
    """Close a trial that did not end, and let a later one try its settings."""
    from optuna.trial import TrialState

    (params,) = (trial.params for trial in study.get_trials(deepcopy=False) if trial.number == number)
    study.tell(number, state=TrialState.FAIL)
    study.enqueue_trial(params)
    shutil.rmtree(folder / _name(number), ignore_errors=True)


def _name(number: int) -> str:
    """The name of the folder of a trial."""
    return f"{number:03d}"


def _lock(folder: Path, number: int) -> FileLock:
    """The lock that the process of a trial holds."""
    return FileLock(folder / f".{_name(number)}.lock")


def _turn(folder: Path) -> FileLock:
    """The lock for what one process does at a time: to look for a trial and begin it."""
    return FileLock(folder / ".turn.lock")
