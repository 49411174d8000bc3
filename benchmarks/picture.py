"""Draw what a command prints as docs/run.svg: `make demo 2>&1 | tee log`, then `python benchmarks/picture.py log`."""

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 100


def main(log: Path) -> None:
    """From the first epoch on; what made the environment is left out."""
    lines = log.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if re.match(r"epoch +1/", line))
    lines = [line for line in lines[first:] if not line.startswith(("make", "Fitting", "/", "."))]
    console = Console(record=True, width=WIDTH, file=io.StringIO())  # recorded, not shown
    console.print(Text("$ make train evaluate", style="bold"))
    for line in lines:
        console.print(Text(line, style="bold" if "this model" in line else ""))
    target = Path(__file__).parent.parent / "docs" / "run.svg"
    target.parent.mkdir(exist_ok=True)
    console.save_svg(str(target), title="a new project")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
