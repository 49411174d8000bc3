"""Does training spend its time in the model? A whole epoch beside the bare steps that it is made of.

    make bench                          # all variants
    make bench ARGS="pytorch vector"

For each variant, in one process and in turn, so that a change of the machine's speed meets all alike:
  epoch       what the project does: batches, steps, figures for the monitor
  bare        as many forward-backward-update steps on one batch that stays in memory
  compiled    the same, compiled: torch.compile in PyTorch (hardware.jit), XLA in Keras; compiling is not counted
  per sample  the usual other way: samples one by one through a Dataset (worker processes in PyTorch, tf.data in Keras)
Prints the ratios to `bare`: median of the rounds, and min to max.
"""

import json
import statistics
import subprocess
import sys

from projects import BUILD, ROOT, bake, make, python, variants

ROUNDS, STEPS = 4, 60


def main(wanted: set[str]) -> None:
    """Measure what is wanted and print a table."""
    print("| variant | bare, ms a step | epoch / bare | compiled / bare | per sample / bare |")
    print("|---|---|---|---|---|")
    for framework, data_type in variants():
        if wanted <= {framework, data_type}:
            rounds = measure(framework, data_type)
            bare = statistics.median(times["bare"] for times in rounds) * 1000
            ways = ("epoch", "compiled", "per sample")
            ratios = [spread([times[way] / times["bare"] for times in rounds]) for way in ways]
            print(f"| {framework} {data_type} | {bare:.1f} | {' | '.join(ratios)} |", flush=True)


def measure(framework: str, data_type: str) -> list[dict[str, float]]:
    """Seconds a step of each way in each round, in the project's own environment."""
    project = bake(framework, data_type)
    make(project, framework, "setup", quiet=True)
    make(project, framework, "data", quiet=True)
    script = ROOT / "benchmarks" / f"epoch_{framework}.py"
    arguments = [project.name.replace("-", "_"), str(BUILD / "fashion-mnist"), str(ROUNDS), str(STEPS)]
    done = subprocess.run([python(framework), script, *arguments], cwd=project, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def spread(values: list[float]) -> str:
    """Median, min and max."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    BUILD.mkdir(exist_ok=True)
    main(set(sys.argv[1:]))
