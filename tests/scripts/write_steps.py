"""Write a table with a row for each step of some sequences, in no order, of 5 to 12 steps: `write_steps.py FILE`."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

random = np.random.default_rng(0)
lines = []
for number in range(90):
    answer = number % 3
    steps = int(random.integers(5, 13))
    start = datetime(2024, 1, 1) + timedelta(days=number)
    for step in range(steps):
        time = start + timedelta(minutes=step)
        wave = np.sin(step * (answer + 1) / 2) + random.normal(0, 0.1)
        level = "" if step == 2 and number % 7 == 1 else f"{1000 * answer + 37.5 * step:.2f}".replace(".", ",")
        lines.append(f"r{number};{time:%Y-%m-%d %H:%M};{wave:.4f};{level};{'abc'[answer]}\n")
random.shuffle(lines)
with Path(sys.argv[1]).open("w", encoding="utf-8") as file:
    file.writelines(["recording;time;wave;level;answer\n", *lines])
