"""The report of a run in a browser: nothing is fetched or logged, and a phone scrolls one way. The model card."""

import json
import os
import shutil
from pathlib import Path

import pytest
from conftest import DESKTOP, PHONE, open_page, requests, run
from huggingface_hub import ModelCard

pytestmark = pytest.mark.slow

# Each data type and each task.
VARIANTS = """
    pytorch-image-multiclass keras-vector-multilabel pytorch-sequence-regression pytorch-audio-binary
""".split()
SECONDS_OF_A_CLIP = """
const [clip, done] = [document.querySelector("audio"), arguments[0]];
clip.addEventListener("durationchange", () => done(clip.duration));
clip.addEventListener("error", () => done(0));
clip.load();
clip.play().catch(() => {});
"""


@pytest.mark.parametrize("variant", VARIANTS)
def test_report_in_a_browser(trained, request, variant):
    project, python, package = trained(variant)
    assert "Report: runs/001/report.html" in run([python, "-m", package, "evaluate"], cwd=project)

    check_card(project / "runs" / "001")

    browser = request.getfixturevalue("browser")
    page = project / "runs" / "001" / "report.html"
    if kept := os.environ.get("KEEP_REPORTS"):  # to look at them
        shutil.copy(page, f"{kept}/{variant}.html")
    for scheme, width in (("light", DESKTOP), ("dark", PHONE)):
        open_page(browser, page.as_uri(), width, scheme)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") == (scheme == "light")
        assert not browser.get_log("browser")
        assert requests(browser) == {page.as_uri()}
    images = "svg[aria-label], img[alt]"
    assert browser.execute_script(f"return document.querySelectorAll('{images}').length") >= 2
    assert browser.execute_script("return document.querySelectorAll('img:not([alt])').length") == 0
    if "audio" in variant:
        assert 0 < browser.execute_async_script(SECONDS_OF_A_CLIP) <= 1


def check_card(run_folder: Path) -> None:
    """The model card, as the library of the Hugging Face Hub reads it."""
    card = ModelCard.load(run_folder / "MODEL_CARD.md")
    metrics = json.loads((run_folder / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert card.data.license == "mit"
    assert len(card.data.eval_results) >= 3
    for result in card.data.eval_results:
        assert result.metric_value == metrics[result.metric_type]
