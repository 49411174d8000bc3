"""The report: whole, self-contained, and safe whatever names the data holds."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import yaml

from {{ cookiecutter.__package }}.config import Config
from {{ cookiecutter.__package }}.evaluation import evaluate
from {{ cookiecutter.__package }}.metrics import SHOWN
from {{ cookiecutter.__package }}.runs import load_run
from {{ cookiecutter.__package }}.training import train

VOID = {"meta", "link", "img", "br"}  # elements without an end


class Page(HTMLParser):
    """Check that elements are closed in order, and collect what the page would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_evaluate_writes_a_report(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    run, _ = train.train_model(config)
    metrics = evaluate.main()
    text = (run / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    assert all(address.startswith(("data:", "#")) for address in page.fetched)
    assert not re.search(r"url\((?!#)|@import|<script", text)
    assert len(text) < {{ "2_300_000" if cookiecutter.data_type == "audio" else "300_000" }}
    assert "What the model " in text
    words = re.sub(r"<[^>]+>", " ", text)
    verdict = capsys.readouterr().out.splitlines()[-1]
    assert verdict.startswith(SHOWN[metrics["primary_metric"]].capitalize()[:1]) and verdict.endswith(").")
    assert f'class="verdict">{verdict}<' in html.unescape(text)
    assert verdict in (run / "MODEL_CARD.md").read_text(encoding="utf-8")
    for name in (*metrics["baselines"], *load_run()[2].target_names, "95 % interval"):
        assert name.replace("&", "&amp;") in words
    assert words.count("training.epochs") == 2  # differs from config.yaml, and among all settings

    _, head, card = (run / "MODEL_CARD.md").read_text(encoding="utf-8").split("---\n", 2)
    (result,) = yaml.safe_load(head)["model-index"][0]["results"]
    written = {entry["type"]: entry["value"] for entry in result["metrics"]}
    assert written == {key: metrics["test"][key] for key in SHOWN}
    assert all(name in card for name in (*metrics["baselines"], *load_run()[2].target_names))
    for table in re.findall(r"(?:^\|.*\n)+", card, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


def test_names_are_text(config: Config, sample: Path) -> None:
    """A class or target with such a name must not become an element of the page."""
    with np.load(sample) as arrays:
        content = dict(arrays)
    content["class_names"] = np.array([f"<b>{name}" for name in content["class_names"]])
    np.savez("marked.npz", **content)
    config.data.source = "marked.npz"
    config.training.epochs = 1
    run, _ = train.train_model(config)
    evaluate.main()
    text = (run / "report.html").read_text(encoding="utf-8")
    assert "<b>" not in text
    assert text.count("&lt;b&gt;") >= 2 * len(content["class_names"])
