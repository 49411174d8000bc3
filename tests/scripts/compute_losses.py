"""Compute what test_losses.py compares: losses with gradients, metrics over batches, learning rates and optimizers.

    python compute_losses.py pytorch plan.json inputs.npz results.npz

losses_<framework>.py has what differs by framework. Arrays of results.npz: loss0, gradient0, ... in the order of the
plan's cases, metric0, ... in that of its metrics, and one of the name of each schedule and optimizer.
"""

import importlib
import itertools
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np


def main(framework: str, plan_file: str, inputs_file: str, results_file: str) -> None:
    os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")  # read when the framework is imported
    library = importlib.import_module(f"losses_{framework}")
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    arrays = dict(np.load(inputs_file))
    ends = list(itertools.accumulate(plan["batches"]))[:-1]
    results = {}
    for task, folder in plan["projects"].items():
        sys.path.insert(0, folder)
        package = Path(folder).name.replace("-", "_")
        losses = importlib.import_module(f"{package}.losses")
        config = importlib.import_module(f"{package}.config").load_config(f"{folder}/config.yaml")
        original, statistics = config.compile, plan["statistics"][task]
        for number, case in enumerate(plan["cases"]):
            if case["task"] == task:
                config.compile = replace(original, **case["settings"])
                loss_function = losses.make_loss(config, statistics)
                outputs, targets = arrays[case["outputs"]], arrays[case["targets"]]
                loss, gradient = library.compute_loss(loss_function, outputs, targets)
                results[f"loss{number}"], results[f"gradient{number}"] = loss, gradient
        for number, case in enumerate(plan["metrics"]):
            if case["task"] == task:
                batches = zip(
                    np.split(arrays[case["outputs"]], ends), np.split(arrays[case["targets"]], ends), strict=True
                )
                results[f"metric{number}"] = library.compute_metric(losses.make_metric(statistics), batches)
    # Schedules and optimizers are the same in every task: those of the last one.
    compile_step = importlib.import_module(f"{package}.compile")
    for name in plan["schedules"]:
        settings = replace(original, schedule=name, **plan["schedule_settings"])
        schedule = compile_step.Schedule(settings, total_steps=plan["steps"])
        results[name] = library.learning_rates(schedule, settings.learning_rate, plan["steps"])
    for name in plan["optimizers"]:
        config.compile = replace(original, optimizer=name, schedule="cosine", **plan["schedule_settings"])
        results[name] = library.descend(compile_step.make_optimizer, config, arrays["gradients"])
    np.savez(results_file, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
