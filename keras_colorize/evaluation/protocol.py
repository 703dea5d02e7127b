"""Protocols: the tables and figures of the sources, as TOML files that `evaluate` carries out.

A protocol says on which photographs, at which size, which rows are scored by which metrics, how the
table and the figure look, and what the source reported. Nothing here imports Keras.
"""

import dataclasses
import math
from dataclasses import dataclass, field

from keras_colorize import errors
from keras_colorize.catalog import TomlCatalog

# In a checkout the protocols stand in `eval/`; a wheel brings them as `keras_colorize/protocols/`.
PROTOCOLS = TomlCatalog("protocol", "protocols", "eval")

TABLES = {
    "means": "a row for each model",
    "images": "a row for each photograph, then the means",
    "gallery": "photographs that have no true colors: only what needs none is measured",
    "losses": "the last losses of each run, from its history.csv",
}
FIGURES = {
    "grid": "photographs in rows, grey, models and truth in columns",
    "bars": "a panel for each metric; groups: `scenes`, then all photographs",
    "sweep": "a panel for each metric over the rows' temperature",
    "frontier": "a panel for each metric over the first of them; rows of one model joined",
    "curves": "a panel for each loss over the epochs",
}
_NO_INTERVAL = (math.nan, math.nan)  # of a single photograph
_GALLERY_METRICS = ("colorfulness", "chroma", "checkerboard", "bleeding")


@dataclass(frozen=True)
class Row:
    """A row of a protocol's table.

    Attributes:
        model: Which of the models given is meant; the row's own name when empty.
        says: What it is in the source.
        decoding: For models with classes; the head's own when empty.
        temperature: Of `mean` and `sample`; 0: the head's own.
        chroma: Factor on a* and b*.
        published: Metric, or loss → the source's number.
    """

    model: str = ""
    says: str = ""
    decoding: str = ""
    temperature: float = 0.0
    chroma: float = 1.0
    published: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Protocol:
    """One table and figure of a source.

    Attributes:
        source: The source and the place in it.
        table: One of `TABLES`.
        figure: One of `FIGURES`.
        rows: Name → `Row`.
        data: What `--data` takes, used unless the user gives other photographs.
        source_data: The photographs that the source used, which none of them names: what is scored
            here is always a substitute, and the table says so.
        size: Of the center crops, pixels.
        metrics: Columns of the table, of `summary.METRICS`; of the losses: columns of a history.
        scenes: Photographs that have bars of their own, by name; the first ones where missing.
        show: Photographs in the grid.
        remark: What there is to say of the source's numbers.
    """

    source: str
    table: str
    figure: str
    rows: dict[str, Row]
    data: str = "samples"
    source_data: str = ""
    size: int = 256
    metrics: list = field(default_factory=list)
    scenes: list = field(default_factory=list)
    show: int = 6
    remark: str = ""

    def __post_init__(self):
        for argument, choices in (("table", TABLES), ("figure", FIGURES)):
            if getattr(self, argument) not in choices:
                raise errors.unknown(argument, getattr(self, argument), choices)
        if not self.rows:
            raise errors.UsageError("A protocol needs `rows`. Received: rows={}.")

    @property
    def models(self) -> list[str]:
        """The names under which models are to be given."""
        return list(dict.fromkeys(row.model or name for name, row in self.rows.items()))

    @property
    def has_truth(self) -> bool:
        """Whether the photographs have colors to compare with."""
        return self.table != "gallery"


def read(name: str) -> Protocol:
    """Read a protocol.

    Args:
        name: A name of `PROTOCOLS.names()`, or the path of a TOML file.

    Raises:
        UsageError: There is none, or a key is unknown, missing or of the wrong type.
    """
    keys = PROTOCOLS.read(name)
    rows = keys.get("rows", {})
    if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
        raise errors.UsageError(
            f"Protocol key `rows` must be tables [rows.NAME]. Received: rows={rows!r}."
        )
    built = {row: _build(Row, "row key", given) for row, given in rows.items()}
    return _build(Protocol, "protocol key", {**keys, "rows": built})


def _build(kind, argument, keys):
    fields = {field.name: field for field in dataclasses.fields(kind)}
    checked = {}
    for key, value in keys.items():
        if key not in fields:
            raise errors.unknown(argument, key, fields)
        wanted = dict if key == "rows" else fields[key].type
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            raise errors.UsageError(
                f"Protocol key `{key}` must be of type {wanted.__name__}. "
                f"Received: {key}={value!r}."
            )
        checked[key] = value
    for key in ("source", "table", "figure", "rows"):
        if kind is Protocol and key not in checked:
            raise errors.UsageError(f"A protocol needs the key `{key}`. Received: {list(keys)}.")
    return kind(**checked)


# ---- table ----


def table(protocol: Protocol, scores, values: dict, names: list[str]) -> str:
    """Return the table, with the source's numbers in columns beside ours.

    Args:
        protocol: Which.
        scores: A `scoring.Scores`.
        values: Row → metric → value.
        names: Those of the protocol's rows that were scored.
    """
    from keras_colorize.evaluation import summary

    shown = metrics_of(protocol)
    reported = [m for m in shown if any(m in row.published for row in protocol.rows.values())]
    heading, columns = [""], []
    for metric in shown:
        heading.append(summary.METRICS[metric].heading)
        columns.append((metric, False))
        if metric in reported:
            heading.append("source")
            columns.append((metric, True))

    def line(label, numbers, row):
        cells = [label]
        for metric, is_source in columns:
            form = summary.METRICS[metric].form
            if is_source:
                published = protocol.rows[row].published if row in protocol.rows else {}
                cells.append(str(published[metric]) if metric in published else "")
            else:
                cells.append(summary.write(numbers.get(metric), form))
        return cells

    lines = [line(scores.label(row), values[row], row) for row in scores.row_names]
    text = summary.markdown([heading, *lines])
    if protocol.table == "images":
        text += "\n" + _per_image(protocol, scores, names, shown)
    return text


def _per_image(protocol, scores, names, shown):
    from keras_colorize.evaluation import summary

    shown = [m for m in shown if m in scores.image_metrics]
    metrics = [(summary.METRICS[m], m, row) for m in shown for row in names]
    cells = [["photograph", *(f"{metric.heading}, {row}" for metric, _, row in metrics)]]
    for number, image in enumerate(scores.images):
        numbers = (
            summary.write(scores.columns[row][m][number], metric.form) for metric, m, row in metrics
        )
        cells.append([image, *numbers])
    return summary.markdown(cells)


def loss_table(protocol: Protocol, histories: dict[str, list[dict]]) -> str:
    """Return the last epoch of each run, with the source's losses beside them.

    Args:
        protocol: Which.
        histories: Row → the rows of its `history.csv`.
    """
    from keras_colorize.evaluation import summary

    names = dict.fromkeys(n for rows in histories.values() for n in rows[-1] if n.endswith("loss"))
    # A source's loss has no column where no run here knows it by that name.
    names |= dict.fromkeys(n for row in histories for n in protocol.rows[row].published)
    cells = [["", "epochs", *(text for name in names for text in (name, "source"))]]
    for row, history in histories.items():
        line = [row, str(len(history))]
        for name in names:
            published = protocol.rows[row].published
            line.append(summary.write(history[-1].get(name), "{:.4f}"))
            line.append(str(published.get(name, "")))
        cells.append(line)
    return summary.markdown(cells)


def notes(protocol: Protocol, data: str, count: int, missing: list[str]) -> str:
    """Return what stands below a table: the source, the photographs, the remark.

    Args:
        protocol: Which.
        data: The photographs used.
        count: How many.
        missing: Rows for which no model was given.
    """
    said = [f"Source: {protocol.source}"]
    if protocol.table != "losses":
        said.append(
            f"{count} photographs of {data}, center crops of {protocol.size}². "
            f"A substitute: the source used {protocol.source_data}."
        )
    said += [f"{name}: {row.says}." for name, row in protocol.rows.items() if row.says]
    if missing:
        said.append(f"Not given, so without a row: {', '.join(missing)}.")
    if protocol.remark:
        said.append(" ".join(protocol.remark.split()))
    return "\n\n".join(said) + "\n"


def metrics_of(protocol: Protocol) -> list[str]:
    """Return the metrics of a protocol's table."""
    return list(protocol.metrics or (_GALLERY_METRICS if not protocol.has_truth else ["psnr"]))


# ---- figure ----


def draw(protocol: Protocol, path, scores, values: dict, sure: dict, names: list[str]) -> None:
    """Draw the figure as PNG.

    Args:
        protocol: Which.
        path: Where to.
        scores: A `scoring.Scores`.
        values: Row → metric → value.
        sure: Row → metric → interval.
        names: Those of the protocol's rows that were scored.
    """
    from keras_colorize import plots
    from keras_colorize.evaluation import summary

    if protocol.figure == "grid":
        plots.save(path, plots.grid({row: scores.pictures[row] for row in scores.row_names}))
        return
    panels = {summary.METRICS[metric].heading: metric for metric in metrics_of(protocol)}
    rows = {name: row for name, row in protocol.rows.items() if name in names}
    if protocol.figure == "sweep":
        ends = [function(row.temperature for row in rows.values()) for function in (min, max)]
        across = {name: [row.temperature] for name, row in rows.items()}
        across |= {"grey": ends, "truth": ends}
        drawn = {title: _joined(rows, across, values, m) for title, m in panels.items()}
        plots.lines(path, drawn, "temperature")
        return
    if protocol.figure == "frontier":
        label, first = next(iter(panels.items()))
        del panels[label]
        across = {name: [values[name][first]] for name in (*rows, "grey")}
        drawn = {title: _joined(rows, across, values, m, True) for title, m in panels.items()}
        plots.lines(path, drawn, label, upright={"truth": values["truth"][first]})
        return
    scenes, drawn = _scenes(protocol, scores), {}
    # With scenes the models alone are compared, as the source has it; else truth is the measure.
    compared = list(names) if scenes else [*names, *(["truth"] if protocol.has_truth else [])]
    for title, metric in panels.items():
        drawn[title] = {
            scene: {row: (scores.columns[row][metric][number], *_NO_INTERVAL) for row in compared}
            for number, scene in scenes.items()
        }
        drawn[title]["all"] = {row: (values[row][metric], *sure[row][metric]) for row in compared}
    plots.bars(path, drawn)


def _joined(rows, across, values, metric, named=False):
    """Return a line for each model, joining its rows in their order; grey and truth."""
    lines = {}
    for name, row in rows.items():
        x, y, texts = lines.setdefault(row.model or name, ([], [], []))
        x += across[name]
        y.append(values[name][metric])
        texts.append(name.removeprefix(row.model).strip() if row.model else "")
    for name in ("grey", "truth"):
        if name in across and math.isfinite(values[name][metric]):
            lines[name] = (across[name], [values[name][metric]] * len(across[name]))
    return lines if named else {name: line[:2] for name, line in lines.items()}


def draw_losses(path, histories: dict[str, list[dict]]) -> None:
    """Draw every loss over the epochs, a line for each run.

    Args:
        path: Where to, a PNG file.
        histories: Row → the rows of its `history.csv`.
    """
    from keras_colorize import plots

    panels = {}
    for row, history in histories.items():
        for name in (n for n in history[0] if n.endswith("loss")):
            points = [(r["epoch"], r[name]) for r in history]
            panels.setdefault(name, {})[row] = tuple(zip(*points))
    plots.lines(path, panels, "epoch")


def _scenes(protocol, scores) -> dict[int, str]:
    """Return the numbers and names of the photographs that have bars of their own."""
    found = [
        next((i for i, image in enumerate(scores.images) if image == scene), None)
        for scene in protocol.scenes
    ]
    if None in found:
        found = list(range(min(len(protocol.scenes), scores.count)))
    return {number: scores.images[number] for number in found}
