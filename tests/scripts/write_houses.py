"""Write a made-up table of houses: numbers, categories, prices in German, dates as seconds: `write_houses.py FILE`.

Every kind of column is in it: numbers with an offset, numbers in another notation, missing values, categories of
words, of digits, and of true and false.
"""

import sys
from pathlib import Path

import numpy as np

random = np.random.default_rng(0)
count = 240
area = random.uniform(30, 200, count).round(1)
rooms = random.integers(1, 9, count)
rent = 8.5 * area + 60 * rooms + random.normal(0, 40, count)
built = 1_700_000_000 + random.integers(0, 100, count)  # seconds that float32 can't tell apart
town = random.choice(["Ulm", "Wien", 'Bad "Ems"', "Köln, Süd"], count)
zone = random.choice(["1", "2", "3"], count)
garden = random.choice(["True", "False"], count)
with Path(sys.argv[1]).open("w", encoding="utf-8") as file:
    file.write("name;area;rooms;fee;built;town;zone;garden;answer\n")
    for row in range(count):
        fee = f"{1000 + 7.25 * row:,.2f} €".replace(",", "x").replace(".", ",").replace("x", ".")  # 1.493,87 €
        shown = "" if row % 17 == 3 else f"{area[row]:.1f}"
        quoted = town[row].replace('"', '""')
        where = "" if row % 23 == 5 else f'"{quoted}"'
        values = [f"h{row}", shown, rooms[row], fee, built[row], where, zone[row], garden[row], f"{rent[row]:.2f}"]
        file.write(";".join(map(str, values)) + "\n")
