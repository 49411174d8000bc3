"""The report of a run: one HTML page that holds everything itself, to read, print or send.

In: what `evaluate` has computed and written. Out: report.html in the folder of the run. The page fetches nothing.
"""

import base64
import html
import io
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..baseline import find_best, with_samples
from ..config import Config, UserError, counted, list_settings, load_config
from ..data import Splits
from ..metrics import DIFFERENCE_UNIT, SHOWN, draw_metrics, format_metric, report_tables
from ..runs import load_run, read_history
from ..storage import read_json, whole_file
from ..task import METRIC, find_mistakes, target_warnings
from ..training.series import MODEL, format_spread, read_test_scores, series_of, summarize
from .plots import draw_learning_curves, draw_mistakes

if TYPE_CHECKING:  # else imported when called
    from matplotlib.figure import Figure

PAGE = Path(__file__).with_suffix(".html")
MOST_MISTAKES = 18


@dataclass
class Section:
    """A part of the page after the worst predictions."""

    title: str
    lines: list[str]  # of text
    figure: "Figure | None" = None
    alt: str = ""  # what the figure shows, in words
    is_drawing: bool = False  # lines and text, which suit SVG


def write_report(
    run: Path, splits: Splits, predictions: np.ndarray, results: dict[str, Any], sections: list[Section]
) -> Path:
    """Write the report of a run that was evaluated.

    Args:
        run: folder of the run.
        splits: the data.
        predictions: of the test split, as task.py defines them.
        results: of `collect_results`.
        sections: that the page has beside.

    Returns:
        The path of the page.
    """
    from jinja2 import Environment

    statistics = load_run(str(run))[2].target_statistics
    content = {
        **results,
        "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "tables": report_tables(splits.test.y, predictions, splits.target_names, statistics),
        "figures": draw_figures(run, splits, predictions, statistics),
        "worst": draw_worst(splits, predictions, statistics),
        "sections": [(section, *draw_section(section)) for section in sections],
    }
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        PAGE.read_text(encoding="utf-8")
    )
    target = run / "report.html"
    with whole_file(target) as path:
        path.write_text(page.render(content), encoding="utf-8")
    return target


def collect_results(run: Path, splits: Splits) -> dict[str, Any]:
    """Collect what report and model card tell of a run that was evaluated, ready to be shown."""
    metrics = read_json(run / "metrics.json")
    _, config, info = load_run(str(run))
    environment = read_json(run / "environment.json") if (run / "environment.json").is_file() else {}
    start = environment.get("start", {})  # the weights from which training began
    start_warning = start.get("warning", "")
    return {
        "title": f"{__package__.split('.')[0]}, run {run.name}",
        "verdict": describe_result(metrics),
        "series": describe_series(run),
        "samples": info.num_samples,
        "facts": {
            "source": config.data.source,
            "shape of a sample": " x ".join(map(str, info.input_shape)),
            "targets": ", ".join(info.target_names),
            "splits": f"given by the source, else {config.data.split_by}{describe_fold(config)}",
        },
        "target_names": info.target_names,
        "warnings": [*target_warnings(splits.train.y, info.target_names), *filter(None, [start_warning])],
        "start_warning": start_warning,
        "shown": SHOWN,
        "columns": [*SHOWN.values(), describe_column(metrics["primary_metric"])],
        "caption": describe_intervals(metrics),
        "test": metrics["test"],
        "scores": collect_scores(metrics),
        "published_source": metrics.get("published_source", ""),
        "details": tabulate_details(metrics["test"]["details"]),
        "changed": changed_settings(config),
        "settings": list_settings(config),
        "training": {**describe_start(start), **(metrics["training"] or {})},
        "environment": environment,
    }


def describe_start(start: dict[str, str]) -> dict[str, str]:
    """Name the weights from which a run has started; nothing for random ones. start: of environment.json."""
    if not start:
        return {}
    return {"starting_weights": start["weights"] + ("" if start["head"] == "kept" else ", with a new head")}


def describe_result(metrics: dict[str, Any]) -> str:
    """Say in a sentence how good the model is, and whether it is better than the best baseline."""
    key, test = metrics["primary_metric"], metrics["test"]
    interval = format_interval(test["intervals"][key])
    return (
        f"{SHOWN[key][0].upper()}{SHOWN[key][1:]} {format_metric(test[key])} on {test['samples']:,} test samples"
        f" ({f'95 % interval {interval}' if interval else 'no interval'}): {describe_difference(metrics)}."
    )


def format_interval(interval: list[float]) -> str:
    """Write an interval of a metric; "" if it is not known, as of a single sample or group."""
    low, high = interval
    return f"{format_metric(low)} to {format_metric(high)}" if low <= high else ""


def describe_difference(metrics: dict[str, Any]) -> str:
    """Say whether the model is better than the best baseline, and by how much.

    It is if 0 lies outside of the interval of the difference, and if the paired test agrees. There is such a test of
    metrics that are means over samples: the stricter one where few samples decide.
    """
    key = metrics["primary_metric"]
    best = find_best(metrics["baselines"], key)
    against = f"the best baseline, {best} ({format_metric(metrics['baselines'][best][key])}),"
    difference = metrics["better_by"][best]
    low, high = difference["interval"]
    p = difference["p_values"].get(key, 0)
    is_outside = low > 0 or high < 0
    if is_outside and p < 0.05 and difference["value"] < 0:
        value, interval = format_difference(-difference["value"], [-high, -low])
        return f"worse than {against} by {value} (95 % {interval})"
    value, interval = format_difference(difference["value"], difference["interval"])
    if is_outside and p < 0.05:
        return f"better than {against} by {value} (95 % {interval})"
    samples = f"{metrics['test']['samples']:,} samples"
    if metrics["drawn"]["kind"] == "groups":
        samples += f" of {counted(metrics['drawn']['number'], 'group')}"
    sure = f", 95 % {interval}" if interval else ""
    doubt = f", but p = {p:.2g} by a paired test" if is_outside else ""
    return f"no difference from {against} that these {samples} could show ({value}{sure}{doubt})"


def format_difference(value: float, interval: list[float]) -> tuple[str, str]:
    """Write a difference with its unit, and its interval: with so many decimals that this has two digits.

    The interval is "" if it is not known, as of a single sample or group.
    """
    factor, unit = DIFFERENCE_UNIT
    values = [factor * number for number in (value, *interval)]
    width = values[2] - values[1]
    is_seen = width > 1e-9 * max(map(abs, values))  # beyond rounding errors
    decimals = max(0, 1 - math.floor(math.log10(width))) if is_seen else 1
    text, low, high = (f"{round(number, decimals) + 0.0:,.{decimals}f}" for number in values)  # + 0.0: no -0.0
    return f"{text} {unit}".rstrip(), f"{low} to {high}" if interval[0] <= interval[1] else ""


def describe_fold(config: Config) -> str:
    """Say which part of a cross-validation is the validation split; nothing without one."""
    data = config.data
    return f"; validation: fold {data.fold} of {data.folds}" if data.folds else ""


def describe_series(run: Path) -> dict[str, Any] | None:
    """Say how a run compares with the others of its series, in a sentence and a table; None if it stands alone."""
    series = series_of(run)
    if series is None:
        return None
    scores = read_test_scores(series)
    if not scores:
        sentence = f"One of {series.size}: evaluate --run {series.folder.name} gives their mean and standard deviation."
        return {"sentence": sentence, "rows": []}
    numbers = [each[MODEL] for each in scores]  # metrics of each run
    key = next(iter(SHOWN))
    spread = {name: format_spread(**values) for name, values in summarize(scores)[MODEL].items()}
    own = format_metric(numbers[series.runs.index(run)][key])
    rows = [
        (each.name, [format_metric(values[name]) for name in SHOWN])
        for each, values in zip(series.runs, numbers, strict=True)
    ]
    return {
        "sentence": f"Mean of {series.size}: {SHOWN[key]} {spread[key]} (this run {own}).",
        "rows": [*rows, ("mean ± standard deviation", list(spread.values()))],
        "this": run.name,
    }


def collect_scores(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Collect the rows of the table of baselines: name, kind of row, and formatted metrics, the difference last."""
    test = metrics["test"]
    rows = []
    for name, scores in metrics["baselines"].items():
        difference = metrics["better_by"][name]
        value, interval = format_difference(difference["value"], difference["interval"])
        rows.append(
            {
                "name": with_samples(name, scores["train_samples"], metrics["train_samples"]),
                "kind": "baseline",
                "values": [
                    *(format_metric(scores[key]) for key in SHOWN),
                    f"{value.split()[0]} ({interval or 'unsure'})",
                ],
            }
        )
    rows.append({"name": "this model", "kind": "model", "values": [*(format_metric(test[key]) for key in SHOWN), ""]})
    intervals = [format_interval(test["intervals"][key]) for key in SHOWN]
    rows.append({"name": "95 % interval", "kind": "interval", "values": [*intervals, ""]})
    empty = [""] * len(SHOWN)
    for name, value in metrics.get("published", {}).items():
        rows.append({"name": name, "kind": "published", "values": [f"{value:.3f}", *empty]})
    return rows


def describe_column(metric: str) -> str:
    """Name the column that says how much better the model is than each baseline."""
    _, unit = DIFFERENCE_UNIT
    return f"model better in {SHOWN[metric]}{', ' * bool(unit)}{unit}"


def describe_intervals(metrics: dict[str, Any]) -> str:
    """Say what the intervals are of, and how often the test split was looked at if that was more than once."""
    drawn = metrics["drawn"]
    words = (
        f"The 95 % intervals are of the test samples: {drawn['number']:,} {drawn['kind']}, drawn anew"
        f" {drawn['draws']:,} times. How another seed of the training would differ, they do not say."
    )
    if drawn["number"] < 2:
        words = (
            f"There are no intervals: the test split is a single {drawn['kind'].removesuffix('s')}, which does not show"
            " how others differ. A larger data.test_fraction gives it more."
        )
    times = metrics["test_evaluations"]
    if times > 1:
        words += f" The test split of this run was evaluated {times} times: what is chosen by it looks too good."
    return words


def tabulate_details(details: dict[str, dict[str, float]]) -> dict[str, Any]:
    """Tabulate the metrics of each class, label or target: header and rows of text."""
    columns = list(next(iter(details.values())))
    rows = [
        [name, *(f"{value:,}" if isinstance(value, int) else format_metric(value) for value in scores.values())]
        for name, scores in details.items()
    ]
    return {"header": ["", *columns], "rows": rows}


def changed_settings(config: Config) -> dict[str, tuple[Any, Any]]:
    """Find the settings of the run that differ from config.yaml: the value of the run, and that of the file."""
    try:
        now = list_settings(load_config())
    except UserError:  # there is none, or it is being edited
        return {}
    return {
        name: (value, now[name])
        for name, value in list_settings(config).items()
        if value != now.get(name, value) and name != "run"
    }


def draw_figures(run: Path, splits: Splits, predictions: np.ndarray, statistics: dict[str, Any]) -> dict[str, str]:
    """Draw the figures as SVG, each with what it shows. Text and axes take the color of the page."""
    import matplotlib

    test = splits.test
    style: dict[Any, Any] = {
        "legend.facecolor": "none",
        "legend.edgecolor": "none",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
    }
    with matplotlib.rc_context(style):
        figures = {"Learning curves": draw_learning_curves(read_history(run), METRIC)}
        for name, figure in draw_metrics(test.y, predictions, splits.target_names, statistics).items():
            if name != "confusion_matrix":  # a table in the report
                figures[name.replace("_", " ").capitalize()] = figure
        return {title: to_svg(figure, title) for title, figure in figures.items()}


def draw_worst(splits: Splits, predictions: np.ndarray, statistics: dict[str, Any]) -> str:
    """Draw the worst predictions, as the address of an image that the page holds: curves would be large as SVG."""
    mistakes = find_mistakes(splits.test.y, predictions, splits.target_names, statistics, most=MOST_MISTAKES)
    return to_image(draw_mistakes(splits.test.x, mistakes))


def draw_section(section: Section) -> tuple[str, str]:
    """Draw the figure of a section: as SVG, and as the address of an image; one of them or both are empty."""
    import matplotlib

    if section.figure is None:
        return "", ""
    if not section.is_drawing:
        return "", to_image(section.figure)
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        return to_svg(section.figure, section.alt), ""


def to_image(figure: "Figure") -> str:
    """Draw a figure as WebP, as the address of an image that the page holds."""
    buffer = io.BytesIO()
    small = {"quality": 60, "method": 6}  # half the size that the default gives
    figure.savefig(buffer, format="webp", dpi=80, pil_kwargs=small)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def to_svg(figure: "Figure", title: str) -> str:
    """Draw a figure as an `<svg>` element whose black is the color of the text around it."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": title}):  # names inside must differ between the figures of a page
        figure.savefig(buffer, format="svg", dpi=100, transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace("#000000", "currentColor")
    svg = re.sub(' d="[^"]*"', _round_path, svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(title)}" ', 1)


def _round_path(path: re.Match[str]) -> str:
    """Round the coordinates of an SVG path to a tenth of a point: a third of the size."""
    return re.sub(r"\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", path[0])
