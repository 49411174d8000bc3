"""The web page of a run in a browser: it says what Python says, refuses in a sentence, and asks nobody for anything."""

import csv
import json
import os
import signal
import subprocess
from contextlib import contextmanager

import pytest
from conftest import DESKTOP, KEPT, PHONE, open_page, requests, run, run_script

pytestmark = pytest.mark.slow

TOLERANCE = 1e-4  # of values above 1 relative to them
SECONDS = 0.1  # of the seconds since 1970 that are the target of one table
# Each data type in each framework, and each task. Those of test_report.py are trained there.
VARIANTS = {
    "pytorch-image-multiclass": "image",
    "keras-vector-multilabel": "vector",
    "pytorch-sequence-regression": "sequence",
    "pytorch-audio-binary": "audio",
    "pytorch-vector-regression": "houses",
    "keras-sequence-multiclass": "steps",
    "keras-vector-regression": "seconds",
}
# Own tables: the script that writes one, and the settings.
TABLES = {
    "houses": "--data.target_column answer --data.categories [zone,town] --data.id_column name",
    "steps": "--data.sequence_column recording --data.step_column time --data.target_column answer --data.pad true"
    " --data.fill_gaps last",
    "seconds": "--data.target_column answer",
}
# Every prediction that the page has, by name, sample by sample.
READ = """
const pick = document.getElementById("sample");
return [...pick.options].map((option) => {
  pick.value = option.value;
  pick.dispatchEvent(new Event("change"));
  const shown = document.querySelectorAll("#answer [data-name]");
  return Object.fromEntries([...shown].map((item) => [item.dataset.name, Number(item.dataset.value)]));
});
"""
FORGET = """for (const id of ["answer", "refusal", "notes"]) document.getElementById(id).replaceChildren();"""


@pytest.mark.parametrize("variant", VARIANTS)
def test_page_in_a_browser(trained, bake, environment, browser, variant, tmp_path):
    kind = VARIANTS[variant]
    project, python, package = train_on_table(bake, environment, variant) if kind in TABLES else trained(variant)
    run_script(python, "write_web_files.py", tmp_path / "files", kind, cwd=project)
    files = sorted((tmp_path / "files").iterdir())
    bad = [file for file in files if file.name.startswith("bad-")]
    good = [file for file in files if file not in bad]
    expected = json.loads(run_script(python, "predict_files.py", package, *good, cwd=project).splitlines()[-1])

    with served(project, python, package) as address:
        standalone = (project / "runs" / "001" / "web" / "standalone.html").as_uri()
        for url, width, scheme in ((address, DESKTOP, "light"), (standalone, PHONE, "dark")):
            open_page(browser, url, width, scheme)
            wait(browser, "return !document.getElementById('answer').textContent.includes('being loaded')")
            for file in good:
                check_answer(browser, file, expected, kind)
            for file in bad if width == PHONE else bad[:1]:
                check_refusal(browser, file)
            give(browser, good[0])
            check_look(browser, width, scheme)
            assert not browser.get_log("browser")
            assert not [asked for asked in requests(browser) if not asked.startswith((url, "blob:"))]
            if kept := os.environ.get("KEEP_REPORTS"):  # to look at them
                browser.save_screenshot(f"{kept}/web-{variant}-{width}.png")
        if kind == "image":
            check_drawing(browser)
        if kind == "houses":
            check_form(browser, project / "houses.csv", expected["files"]["houses.csv"]["predictions"][0])


def train_on_table(bake, environment, variant):
    framework, data_type, task = variant.split("-")
    project = bake(framework=framework, data_type=data_type, task=task, project_slug=f"web-{variant}")
    python, package = environment(framework) / "bin" / "python", f"web_{variant.replace('-', '_')}"
    kind = VARIANTS[variant]
    run_script(python, f"write_{kind}.py", f"{kind}.csv", cwd=project)
    options = f"--data.source {kind}.csv --training.epochs 2 --training.batch_size 32 {TABLES[kind]}"
    run([python, "-m", package, "train", *options.split()], cwd=project)
    return project, python, package


@contextmanager
def served(project, python, package):
    """Write the page and serve it, as `make web` does; its address. Where the runtime can't be had, skip."""
    command = [str(python), "-m", package, "web", "--serve", "--port", "0"]
    environ = {**os.environ, "XDG_CACHE_HOME": str(KEPT / "cache")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=project, env=environ, **pipes) as process:
        try:
            printed = ""
            while "Serving: " not in printed and (line := process.stdout.readline()):
                printed += line
            if "No source of onnxruntime-web" in printed:
                pytest.skip(printed)
            assert "Serving: " in printed, printed
            yield printed.split("Serving: ")[1].split()[0]
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


def check_answer(browser, file, expected, kind):
    """The page predicts what Python predicts, and gives the same warnings."""
    give(browser, file)
    assert not browser.execute_script("return document.getElementById('refusal').textContent"), file.name
    found = browser.execute_script(READ)
    wanted = expected["files"][file.name]
    assert len(found) == len(wanted["predictions"])
    for row, values in zip(found, wanted["predictions"], strict=True):
        names = expected["names"][-len(values) :]  # binary: one number, of the second class
        for name, value in zip(names, values, strict=True):
            tolerance = SECONDS if kind == "seconds" else TOLERANCE * max(1, abs(value))
            assert abs(row[name] - value) <= tolerance, (file.name, row, values)
    notes = browser.execute_script("return [...document.querySelectorAll('#notes p')].map((note) => note.textContent)")
    assert [note for note in notes if "in training" in note] == wanted["warnings"]
    if file.name == "other.tsv":
        assert wanted["warnings"] and any("Windows-1252" in note for note in notes)
        assert any(
            "New to the model, and counted as missing: 1 value of 'town', such as 'Linz'" in note for note in notes
        )


def check_refusal(browser, file):
    give(browser, file)
    sentence = browser.execute_script("return document.getElementById('refusal').textContent")
    assert sentence.endswith(".") and "\n" not in sentence and "did not work" not in sentence, (file.name, sentence)
    assert not browser.execute_script("return document.getElementById('answer').textContent")


def check_look(browser, width, scheme):
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    unnamed = "return document.querySelectorAll('canvas:not([aria-label]), svg:not([aria-label])').length"
    assert browser.execute_script(unnamed) == 0
    # Every field has a label.
    fields = "[...document.querySelectorAll('input, select, textarea')]"
    without_label = f"return {fields}.filter((field) => !field.labels.length).length"
    assert browser.execute_script(without_label) == 0


def check_drawing(browser):
    from selenium.webdriver import ActionChains

    browser.execute_script(FORGET)
    canvas = browser.find_element("css selector", "canvas.drawn")
    ActionChains(browser).move_to_element(canvas).click_and_hold().move_by_offset(40, 30).release().perform()
    wait(browser, "return document.querySelector('#answer [data-name]')")
    seen = "return document.querySelector('canvas.seen').getContext('2d').getImageData(0, 0, 28, 28).data"
    assert len(set(browser.execute_script(f"return [...{seen.removeprefix('return ')}]"))) > 2


def check_form(browser, table, expected):
    """Fill in the form with the first row of houses.csv, by keys; then something that is no number."""
    from selenium.webdriver import Keys
    from selenium.webdriver.support.ui import Select

    with table.open(encoding="utf-8", newline="") as file:
        values = next(csv.DictReader(file, delimiter=";"))
    labels = browser.find_elements("css selector", ".fields label")
    fields = {label.text: browser.find_element("id", label.get_attribute("for")) for label in labels}
    assert set(fields) == set(values) - {"name", "answer"}
    for name, field in fields.items():
        if field.tag_name == "select":
            Select(field).select_by_value(values[name])
        else:
            field.clear()
            field.send_keys(values[name])
    browser.execute_script(FORGET)
    fields["area"].send_keys(Keys.ENTER)
    wait(browser, "return document.querySelector('#answer [data-name]')")
    (found,) = browser.execute_script(READ)
    assert abs(found["answer"] - expected[0]) <= TOLERANCE * abs(expected[0])
    fields["area"].send_keys("x", Keys.ENTER)
    wait(browser, "return document.getElementById('refusal').textContent.startsWith(\"area is '\")")


def give(browser, file):
    """Choose a file, and wait for what the page says."""
    browser.execute_script(FORGET)
    browser.find_element("id", "file").send_keys(str(file))
    said = "return document.querySelector('#answer [data-name]') || document.getElementById('refusal').textContent"
    wait(browser, said)


def wait(browser, script):
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 30, 0.05).until(lambda browser: browser.execute_script(script))
