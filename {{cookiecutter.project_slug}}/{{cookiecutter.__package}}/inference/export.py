"""Export: the best model of a run as files that run without this project, compared with the model.

An exported model takes samples as stored: normalization is inside. It gives `outputs`, as the model does, and
`predictions`, as task.py defines them.
Out: export/ in the folder of the run, with model.onnx and other formats, and metadata.json, which the files hold too.
Beside ONNX a program in C++.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from jsonargparse import ArgumentParser

from ..config import Config, UserError
from ..data import load_splits
from ..data.inputs import feature_names
from ..data_info import DataInfo
from ..environment import require_packages
from ..runs import check_data, load_run, warn_if_not_calibrated
from ..storage import write_json
from ..task import to_predictions
from ..training.checkpoint import run_model
from .cpp_files import write_cpp
from .formats import FORMATS, NEEDED, load_float32, write_formats

NUM_SAMPLES = 200  # of the test split, on which an exported model is compared with the model
TOLERANCE = 1e-4  # of an output, relative to outputs above 1
RUNTIMES = Path(__file__).with_name("runtimes.py")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command `export`."""
    parser.add_argument("--run", default="", help="name of the run; without it, the newest")
    parser.add_argument("--format", default="onnx", choices=[*FORMATS, "all"], help="format to export to")
    parser.add_argument("--output", default="", help="folder to write to; without it, export/ of the run")


def main(run: str = "", format: str = "onnx", output: str = "") -> None:  # noqa: A002  # the option --format
    """Export the best model of a run, and compare each file with the model.

    Args:
        run: name of the run; the newest if it is empty.
        format: one of FORMATS, or all.
        output: folder to write to; export/ in the folder of the run if it is empty.

    Raises:
        UserError: there is no such run, a package is missing, or an exported model computes something else.
    """
    formats = list(FORMATS) if format == "all" else [format]
    for name in formats:
        require_packages(f"The format {name}", NEEDED[name], "export")
    folder, config, info = load_run(run)
    splits = load_splits(config)
    check_data(splits.info, info, folder)
    warn_if_not_calibrated(folder, info)
    inputs = splits.test.x[:NUM_SAMPLES]

    model = load_float32(folder, config, info)
    on_cpu = replace(config, hardware=replace(config.hardware, accelerator="cpu"))  # other devices round otherwise
    expected = run_model(model, inputs, on_cpu)  # (n, outputs)
    target = Path(output) if output else folder / "export"
    target.mkdir(parents=True, exist_ok=True)
    metadata = describe_model(folder, config, info, inputs)
    with tempfile.TemporaryDirectory(prefix=".part-", dir=target) as scratch:
        files = {name: Path(scratch, FORMATS[name]) for name in formats}
        write_formats(model, files, inputs[:2], info.target_statistics, metadata)
        for file in files.values():
            difference = compare(file, inputs, expected, info)
            place = target / file.name
            if place.is_dir():
                shutil.rmtree(place)
            file.replace(place)
            agreement = f"within {difference:.1e} of the model on {len(inputs)} samples"
            print(f"Written: {place} ({describe_size(place)}), {agreement}")
    write_json(target / "metadata.json", metadata)
    if "onnx" in formats:
        write_cpp(target, inputs.dtype)


def describe_model(run: Path, config: Config, info: DataInfo, inputs: np.ndarray) -> dict[str, object]:
    """Collect what a program must know to use an exported model; plain types, ready for JSON."""
    predictions = to_predictions(np.zeros((1, info.num_outputs), np.float32), info.target_statistics)
    return {
        "version": 1,  # of these keys
        "run": run.name,
        "input_shape": info.input_shape,  # of a sample
        "input_dtype": str(inputs.dtype),
        "preprocessing": info.preprocessing,  # how files become samples
        "columns": {name: value for name, value in asdict(config.data).items() if name.endswith("_column") and value},
        "feature_names": feature_names(info.preprocessing),  # of the next three
        "input_mean": info.mean,
        "input_min": info.min,
        "input_max": info.max,
        "prediction_dtype": str(predictions.dtype),  # float64 where float32 has too few digits
        "target_names": info.target_names,
        "target_statistics": info.target_statistics,  # by which outputs become predictions, and these decisions
    }


def compare(path: Path, inputs: np.ndarray, expected: np.ndarray, info: DataInfo) -> float:
    """Compare an exported model with the model.

    Args:
        path: of the exported model.
        inputs: samples (n, *shape).
        expected: outputs (n, num_outputs) of the model.
        info: of its data.

    Returns:
        The largest difference of outputs and predictions, relative to those above 1.

    Raises:
        UserError: the file does not run, or the difference is too large.
    """
    results = run_exported(path, inputs)
    difference = 0.0
    wanted = {"outputs": expected, "predictions": to_predictions(expected, info.target_statistics)}
    for name, values in wanted.items():
        distance = np.abs(results[name].reshape(values.shape) - values) / np.maximum(1, np.abs(values))
        difference = max(difference, float(np.nan_to_num(distance, nan=np.inf).max()))
    if difference > TOLERANCE:
        raise UserError(
            f"{path.name} differs from the model by {difference:.1e}, more than {TOLERANCE:.0e}: it was removed."
        )
    if results["predictions"].dtype != wanted["predictions"].dtype:
        print(
            f"Warning: predictions of {path.name} are float32, which has too few digits for these targets: compute them"
            " from its outputs, in float64, by mean and std in target_statistics of metadata.json."
        )
    return difference


def run_exported(path: Path, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Run an exported model on samples (n, *shape), in a process of its own, with its own runtime.

    Raises:
        UserError: the file does not run.
    """
    with tempfile.TemporaryDirectory() as scratch:
        given, found = Path(scratch, "inputs.npy"), Path(scratch, "outputs.npz")
        np.save(given, inputs)
        command = [sys.executable, str(RUNTIMES), str(path), str(given), str(found)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason"])[-1]
            raise UserError(f"{path.name} was written, but its runtime does not run it: {reason}")
        with np.load(found) as arrays:
            return dict(arrays)


def describe_size(path: Path) -> str:
    """Measure a file, or all files of a folder: "1.2 MB"."""
    files = path.rglob("*") if path.is_dir() else [path]
    return f"{sum(file.stat().st_size for file in files) / 1e6:.1f} MB"
