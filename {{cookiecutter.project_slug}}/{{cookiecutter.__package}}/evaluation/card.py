"""The model card of a run: what the model takes and gives, what it was trained on, and how good it is.

In: what `evaluate` has computed. Out: MODEL_CARD.md in the folder of the run: Markdown, whose head is metadata as the
Hugging Face Hub reads it (https://huggingface.co/docs/hub/model-cards). To change its words, edit model_card.md here.
"""

from pathlib import Path
from typing import Any

from ..storage import whole_file

TEMPLATE = Path(__file__).with_name("model_card.md")


def write_card(run: Path, results: dict[str, Any]) -> Path:
    """Write the card of a run that was evaluated.

    Args:
        run: folder of the run.
        results: of `collect_results` in report.py.

    Returns:
        The path of the card.
    """
    from jinja2 import Environment

    environment = Environment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["cell"] = _to_cell
    card = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    target = run / "MODEL_CARD.md"
    with whole_file(target) as path:
        path.write_text(card.render(results, run=run) + "\n", encoding="utf-8")
    return target


def _to_cell(value: object) -> str:
    """Write a value so that it stays in its cell of a table."""
    return " ".join(str(value).replace("|", "\\|").split())
