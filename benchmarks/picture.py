"""Draw what the first project of `make results` printed as docs/run.svg, the picture in the README.

make results ARGS="pytorch image multiclass" 2>&1 | tee log && .venv/bin/python benchmarks/picture.py log
"""

import io
import re
import sys
from itertools import dropwhile, takewhile
from pathlib import Path

from rich.console import Console
from rich.text import Text


def main(log: Path) -> None:
    """From the first epoch to the end of the evaluation; what make and pip say in between is left out."""
    lines = dropwhile(lambda line: not re.match(r"epoch +1/", line), log.read_text(encoding="utf-8").splitlines())
    lines = takewhile(lambda line: not line.strip().startswith("Each class"), lines)
    console = Console(record=True, width=90, file=io.StringIO())  # recorded, not shown
    console.print(Text("$ make train evaluate", style="bold"))
    for line in lines:
        if not line.startswith(("make", "Fitting", "/")):
            console.print(Text(line, style="bold green" if "this model" in line else ""))
    svg = console.export_svg(title="a new project")
    svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)  # the reader's own font, none from elsewhere
    svg = re.sub(r"[ \t]+\n", "\n", svg).rstrip() + "\n"
    target = Path(__file__).parent.parent / "docs" / "run.svg"
    target.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
