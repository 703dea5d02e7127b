"""Tables in Markdown: how numbers are written, and `table.md`."""

import math
from collections.abc import Iterable, Mapping

from keras_colorize import errors
from keras_colorize.evaluation import summary
from keras_colorize.evaluation.request import GREY
from keras_colorize.evaluation.scoring import Scores


def write(value: float | None, form: str) -> str:
    """Write a number for a table: ∞ and – where it is infinite or undefined."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return form.format(value)


def markdown(cells: list[list[str]]) -> str:
    """Lay out a Markdown table: a heading and rows, the first column left, the others right."""
    widths = [max(3, *map(len, column)) for column in zip(*cells)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def line(row):
        first, *others = row
        padded = [first.ljust(widths[0]), *(o.rjust(w) for o, w in zip(others, widths[1:]))]
        return f"| {' | '.join(padded)} |\n"

    return "".join(map(line, [cells[0], rule, *cells[1:]]))


def main_metrics(scores: Scores, means: Mapping) -> str:
    """Return a table of the main metrics, a line for each row.

    Args:
        scores: What was scored.
        means: What `Scores.means` returned.
    """
    names = [name for name in summary.MAIN if name in means[GREY]]
    cells = [["", *(summary.METRICS[name].heading for name in names)]]
    for row in scores.columns:
        numbers = (write(means[row][name], summary.METRICS[name].form) for name in names)
        cells.append([scores.label(row), *numbers])
    return markdown(cells)


def _every_metric(scores, means, intervals) -> str:
    """Return a table of every metric, a line for each, with its interval."""
    cells = [["", "better", *map(scores.label, means)]]
    for name, metric in summary.METRICS.items():
        if name not in means[GREY]:
            continue
        line = [metric.heading, metric.better]
        for row, values in means.items():
            text = write(values[name], metric.form)
            ends = [write(end, metric.form) for end in intervals[row].get(name, ())]
            line.append(f"{text} ({ends[0]}…{ends[1]})" if ends and text != "–" else text)
        cells.append(line)
    return markdown(cells)


def paired_tests(tests: Iterable[dict]) -> str:
    """Return a table of paired tests, as `Scores.tests` gives them."""
    cells = [["rows", "metric", "mean difference", "95 % interval", "p"]]
    for test in tests:
        metric = summary.METRICS[test["metric"]]
        signed = metric.form if "+" in metric.form else metric.form.replace(":", ":+")
        difference, *ends = (write(test[key], signed) for key in ("difference", "low", "high"))
        pair, p = " − ".join(test["rows"]), write(test["p"], "{:.4f}")
        cells.append([pair, metric.heading, difference, "…".join(ends), p])
    return markdown(cells)


def whole(scores: Scores, result: dict) -> str:
    """Return `table.md`: the main metrics, then every metric with its interval, then the tests.

    Args:
        scores: What was scored.
        result: What `metrics.json` holds.
    """
    said = f"{errors.counted(scores.count, 'photograph')} of {result['data']}"
    said += f", {result['skipped']} skipped" if result["skipped"] else ""
    left_out = len(result["left_out"])
    said += f", {left_out} left out for want of a picture" if left_out else ""
    said += f"; center crops of {result['size']}² ({result['crop']}). {result['color']}.\n"
    bootstrap = result["bootstrap"]
    parts = [
        main_metrics(scores, result["rows"]),
        said,
        "## Every metric\n\n"
        f"In brackets the {100 * bootstrap['confidence']:.0f} % percentile interval of "
        f"{bootstrap['replicates']} bootstrap draws of photographs (seed {result['seed']}). The "
        f"prior of the rebalanced AuC was measured on {result['prior']}.\n",
        _every_metric(scores, result["rows"], result["intervals"]),
        *(f"{name.upper()}: {result[name]}.\n" for name in ("fid", "lpips") if result[name]),
    ]
    if result["tests"]:
        parts.append(
            "## Paired tests\n\nMean difference between two rows on the same photographs, and the "
            "two-sided p of a sign-flip permutation test; not corrected for the number of tests.\n"
        )
        parts.append(paired_tests(result["tests"]))
    return "\n".join(parts)
