"""Two processes on one machine train what one process trains, in PyTorch: on the CPU, joined by gloo."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import DATA_TYPES, SCRIPTS, run, run_script

pytestmark = pytest.mark.slow

WITHOUT_SOUND = [name for name in DATA_TYPES if name != "audio"]  # its network is that of images, behind fixed filters

# 180 samples to train, 20 to validate. Of batches of 9 two processes get 5 and 4.
SAMPLE = "--hardware.accelerator cpu --data.source tests/sample.npz --training.batch_size 9 --training.epochs"
PLAIN = "--compile.optimizer sgd --compile.schedule constant --compile.warmup_fraction 0 --compile.learning_rate 0.01"
LOST = "Error: another process of this training has ended"


@pytest.fixture
def project(bake, environment):
    """Where a project for a cluster lies; its environment as .venv, where train.slurm looks for it."""

    def make(data_type: str, name: str = "cluster") -> Path:
        folder = bake(framework="pytorch", data_type=data_type, hardware="cluster", project_slug=f"{name}-{data_type}")
        if not (folder / ".venv").exists():
            (folder / ".venv").symlink_to(environment("pytorch", "cluster"))
        return folder

    return make


def command(project: Path, options: str, *, processes: int = 1) -> list[str]:
    """Train, in processes that torchrun starts where there are several."""
    package = project.name.replace("-", "_")
    if processes == 1:
        return [".venv/bin/python", "-m", package, "train", *options.split()]
    torchrun = [".venv/bin/torchrun", "--standalone", "--nproc-per-node", str(processes), "-m", "--"]
    return [*torchrun, package, "train", *options.split()]


def compute_in_double(project: Path) -> None:
    """In float32 a rounding error may move a maximum, from where it spreads; in float64 only a mistake is seen."""
    package = project / project.name.replace("-", "_")
    for name, old, new in (
        ("device", "    seed_everything(", "    torch.set_default_dtype(torch.float64)\n    seed_everything("),
        ("model", ".float()", ".double()"),
        ("losses", ".float()", ".double()"),
    ):
        text = (package / f"{name}.py").read_text(encoding="utf-8")
        assert old in text
        (package / f"{name}.py").write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("data_type", WITHOUT_SOUND)
def test_pytorch_weights_do_not_depend_on_the_number_of_processes(project, data_type):
    folder = project(data_type, "double")
    compute_in_double(folder)
    unchanged = "" if data_type == "vector" else "--model.shift 0 --model.test_time_augmentation false"
    unchanged += " --model.horizontal_flip false" if data_type == "image" else ""
    options = f"{SAMPLE} 1 {PLAIN} --model.dropout 0 {unchanged}"
    run(command(folder, f"{options} --run one"), cwd=folder)
    ways = {"ddp": command(folder, f"{options} --run ddp", processes=2)}
    if data_type == "image":  # the others would show nothing more
        ways["fsdp"] = command(folder, f"{options} --run fsdp --hardware.strategy fsdp", processes=2)
        ways["own"] = command(folder, f"{options} --run own --hardware.devices 2")  # processes that the project starts
    one = last_row(folder, "one")
    for name, words in ways.items():
        output = run(words, cwd=folder)
        assert "on 2 x cpu" in output
        row = last_row(folder, name)
        assert row["val_accuracy"] == pytest.approx(one["val_accuracy"], abs=1e-7)  # each sample counted once
        assert row["val_loss"] == pytest.approx(one["val_loss"], abs=1e-7)
        assert row["accuracy"] == pytest.approx(one["accuracy"], abs=1e-7)
    python = folder / ".venv" / "bin" / "python"
    others = [*ways]
    if data_type == "vector":  # the test can fail: another order of samples gives other weights
        run(command(folder, f"{options} --run other --seed 1"), cwd=folder)
        others.append("other")
    differences = json.loads(run_script(python, "compare_weights.py", "one", *others, cwd=folder))
    assert differences.pop("other", 1) > 1e-2
    assert max(differences.values()) < 1e-12, differences  # after 20 steps


def last_row(project: Path, name: str) -> dict[str, float]:
    names, *rows = (project / "runs" / name / "history.csv").read_text(encoding="utf-8").splitlines()
    return dict(zip(names.split(","), map(float, rows[-1].split(",")), strict=True))


def test_pytorch_first_process_alone_speaks_and_writes(project):
    folder = project("vector")
    output = run(command(folder, f"{SAMPLE} 1 --run spoken", processes=2), cwd=folder)
    assert len(re.findall(r"^epoch +1/1 ", output, flags=re.MULTILINE)) == 1
    assert output.count("Written: runs/spoken") == 1
    assert not list((folder / "runs" / "spoken").glob("*.part"))
    assert "cpu" in json.loads((folder / "runs" / "spoken" / "training.json").read_text())["device"]


@pytest.mark.parametrize(
    ("options", "cure"),
    [("--training.batch_size 2", "raise training.batch_size"), ("--data.validation_fraction 0.01", "add samples")],
    ids=["train", "validation"],
)
def test_pytorch_batches_too_small_to_share_are_refused(project, options, cure):
    folder = project("vector")
    words = command(folder, f"{SAMPLE} 1 {options}", processes=3)
    done = subprocess.run(words, cwd=folder, text=True, capture_output=True, timeout=60)
    assert done.returncode != 0
    assert f"Error: 3 processes can't share batches of 2: use fewer of them, or {cure}" in done.stderr


def test_pytorch_processes_seeds_and_epochs_share_no_dropout(project, environment):
    folder = project("vector")
    python = environment("pytorch") / "bin" / "python"
    printed = run_script(python, "draw_dropout_pytorch.py", folder.name.replace("-", "_"), cwd=folder)
    assert printed.strip() == str([1] * 16)


@pytest.mark.parametrize("victim", [0, 1])
def test_pytorch_killed_process_ends_the_others_and_resume_goes_on(project, victim):
    folder = project("vector")
    name = f"killed-{victim}"
    words = command(folder, f"{SAMPLE} 100000 --training.early_stopping_patience 100000 --run {name}", processes=2)
    process = subprocess.Popen(words, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    history = folder / "runs" / name / "history.csv"
    deadline = time.monotonic() + 60
    while not history.is_file() and time.monotonic() < deadline:
        time.sleep(0.1)
    pids = {rank(pid): pid for pid in children(process.pid)}
    os.kill(pids[victim], signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert output.count(LOST) == 1  # said by the one that was left
    if victim == 1:  # to go on is the same, whichever was killed
        before = len(history.read_text(encoding="utf-8").splitlines()) - 1
        more = f"{SAMPLE} {before + 2} --training.early_stopping_patience 100000 --run {name} --resume"
        run(command(folder, more, processes=2), cwd=folder)
        assert len(history.read_text(encoding="utf-8").splitlines()) - 1 == before + 2


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def rank(pid: int) -> int:
    variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return next(int(variable.split(b"=")[1]) for variable in variables if variable.startswith(b"RANK="))


def test_pytorch_script_for_slurm(project):
    folder = project("vector")
    slurm = {"SLURM_SUBMIT_DIR": folder, "SLURM_JOB_ID": "7", "SLURM_NNODES": "2", "SLURM_JOB_NODELIST": "two"}
    environ = {
        **os.environ,
        "PATH": f"{SCRIPTS / 'slurm'}{os.pathsep}{os.environ['PATH']}",
        **{k: str(v) for k, v in slurm.items()},
    }
    small = f"--model.members 1 --model.units [16] {SAMPLE}"
    output = run(["bash", "train.slurm", *f"{small} 1".split()], cwd=folder, env=environ)
    assert "on 2 x cpu" in output
    assert (folder / "runs" / "job-7" / "metrics.json").is_file()
    output = run(["bash", "train.slurm", *f"{small} 2".split()], cwd=folder, env=environ)  # the job starts again
    assert "epoch  2/2" in output and "epoch  1/2" not in output
