"""`protocol.md` and `figure.png`: a paper's table and figure, its numbers beside ours."""

import math
from collections.abc import Mapping

import numpy as np

from keras_colorize import errors, plots
from keras_colorize.evaluation.observers import Grid
from keras_colorize.evaluation.protocol import Protocol
from keras_colorize.evaluation.request import GREY, TRUTH
from keras_colorize.evaluation.scoring import Scores
from keras_colorize.evaluation.summary import METRICS
from keras_colorize.evaluation.tables import markdown, write

_NO_INTERVAL = (math.nan, math.nan)  # a single photograph has none


def text(plan: Protocol, scores: Scores, result: Mapping) -> str:
    """Return the table, with the paper's numbers in columns beside ours, and the notes below it.

    Args:
        plan: The protocol.
        scores: What was scored.
        result: What `metrics.json` holds.
    """
    reported = {metric for row in plan.rows.values() for metric in row.published}
    cells = [["", *_headings(plan.columns, reported, lambda metric: METRICS[metric].heading)]]
    for name, values in result["rows"].items():
        published = plan.rows[name].published if name in plan.rows else {}
        line = [scores.label(name)]
        for metric in plan.columns:
            line.append(write(values.get(metric), METRICS[metric].form))
            line += [str(published.get(metric, ""))] if metric in reported else []
        cells.append(line)
    said = markdown(cells)
    given = [name for name in plan.rows if name in scores.columns]
    if plan.table == "images":
        said += "\n" + _per_image(plan, scores, given)
    photographs = (
        f"{errors.counted(scores.count, 'photograph')} of {result['data']}, center crops of "
        f"{result['size']}². A substitute: the paper used {plan.paper_data}."
    )
    return f"{said}\n{_notes(plan, photographs, given)}"


def loss_text(plan: Protocol, histories: dict[str, list[dict]]) -> str:
    """Return a table of each run's last epoch, with the paper's losses beside it, and the notes.

    Args:
        plan: The protocol.
        histories: Row → the rows of its `history.csv`.
    """
    names = [n for rows in histories.values() for n in rows[-1] if n.endswith("loss")]
    # A paper's loss needs a column even where no run here knows it by that name.
    names += [n for row in histories for n in plan.rows[row].published]
    names = list(dict.fromkeys(names))
    cells = [["", "epochs", *_headings(names, names, str)]]
    for row, history in histories.items():
        line = [row, str(len(history))]
        for name in names:
            line.append(write(history[-1].get(name), "{:.4f}"))
            line.append(str(plan.rows[row].published.get(name, "")))
        cells.append(line)
    return f"{markdown(cells)}\n{_notes(plan, '', histories)}"


def _headings(names, reported, heading):
    return [text for n in names for text in (heading(n), *(["paper"] if n in reported else []))]


def _per_image(plan, scores, given):
    shown = [(m, row) for m in plan.columns if m in scores.image_metrics for row in given]
    cells = [["photograph", *(f"{METRICS[metric].heading}, {row}" for metric, row in shown)]]
    for number, image in enumerate(scores.images):
        numbers = (write(scores.columns[row][m][number], METRICS[m].form) for m, row in shown)
        cells.append([image, *numbers])
    return markdown(cells)


def _notes(plan, photographs, given) -> str:
    said = [f"Paper: {plan.paper}", photographs]
    said += [f"{name}: {row.says}." for name, row in plan.rows.items() if row.says]
    if missing := [name for name in plan.rows if name not in given]:
        said.append(f"Not given, so without a row: {', '.join(missing)}.")
    said.append(" ".join(plan.remark.split()))
    return "\n\n".join(filter(None, said)) + "\n"


# ---- figures ----


def figure(plan: Protocol, scores: Scores, result: Mapping, grid: Grid) -> np.ndarray:
    """Draw the figure.

    Args:
        plan: The protocol.
        scores: What was scored.
        result: What `metrics.json` holds.
        grid: The pictures of the first photographs.

    Returns:
        uint8 `(H, W, 3)`.
    """
    if plan.figure == "grid":
        return plots.grid(grid.columns)
    values = result["rows"]
    panels = {METRICS[metric].heading: metric for metric in plan.columns}
    rows = {name: row for name, row in plan.rows.items() if name in values}
    if plan.figure == "sweep":
        ends = [end(row.temperature for row in rows.values()) for end in (min, max)]
        across = {name: [row.temperature] for name, row in rows.items()}
        across |= {GREY: ends, TRUTH: ends}
        drawn = {title: _joined(rows, across, values, m) for title, m in panels.items()}
        return plots.lines(drawn, "temperature")
    if plan.figure == "frontier":
        label, first = next(iter(panels.items()))
        del panels[label]
        across = {name: [values[name][first]] for name in (*rows, GREY)}
        drawn = {title: _joined(rows, across, values, m, True) for title, m in panels.items()}
        return plots.lines(drawn, label, upright={TRUTH: values[TRUTH][first]})
    scenes, drawn = _scenes(plan, scores), {}
    # With scenes the models alone are compared, as in the paper; else truth is the measure.
    compared = list(rows) if scenes else [*rows, *([TRUTH] if plan.has_truth else [])]
    for title, metric in panels.items():
        drawn[title] = {
            scene: {row: (scores.columns[row][metric][number], *_NO_INTERVAL) for row in compared}
            for number, scene in scenes.items()
        }
        drawn[title]["all"] = {
            row: (values[row][metric], *result["intervals"][row].get(metric, _NO_INTERVAL))
            for row in compared
        }
    return plots.bars(drawn)


def loss_figure(histories: dict[str, list[dict]]) -> np.ndarray:
    """Draw every loss over the epochs, a line for each run.

    Args:
        histories: Row → the rows of its `history.csv`.

    Returns:
        uint8 `(H, W, 3)`.
    """
    panels = {}
    for row, history in histories.items():
        for name, line in plots.losses(history).items():
            panels.setdefault(name, {})[row] = line
    return plots.lines(panels, "epoch")


def _joined(rows, across, values, metric, named=False):
    """Return a line for each model, joining its rows in their order; grey and truth."""
    lines = {}
    for name, row in rows.items():
        x, y, texts = lines.setdefault(row.model or name, ([], [], []))
        x += across[name]
        y.append(values[name][metric])
        texts.append(name.removeprefix(row.model).strip() if row.model else "")
    for name in (GREY, TRUTH):
        if name in across and math.isfinite(values[name][metric]):
            lines[name] = (across[name], [values[name][metric]] * len(across[name]))
    return lines if named else {name: line[:2] for name, line in lines.items()}


def _scenes(plan, scores) -> dict[int, str]:
    """Return the numbers and names of the photographs that have bars of their own."""
    if not set(plan.scenes) <= set(scores.images):
        return dict(enumerate(scores.images[: len(plan.scenes)]))
    return {scores.images.index(scene): scene for scene in plan.scenes}
