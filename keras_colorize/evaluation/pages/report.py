"""`report.html`: the tables, plots and pictures of an evaluation in one file."""

import bisect
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from keras_colorize import files
from keras_colorize.evaluation.pages.page import embed, escape, render

_GREY, _TRUTH = "grey", "truth"
_GAIN = "psnr"  # best and worst are those with the most and the least of it above grey

# The pictures take at most so many bytes of the file. Where they would take more they become
# smaller, then fewer: (pictures at each end of a row, their long side in pixels).
_BYTES = 8 * 2**20
_LADDER = ((6, 384), (6, 256), (3, 192), (1, 128), (0, 1))
_KEPT = _LADDER[0][0]
_PHOTOGRAPHS = 2000  # of more, an even selection is in the plot and the table of photographs

_BETTER = {
    "higher": ("↑", "higher is better"),
    "lower": ("↓", "lower is better"),
    "as the truth row": ("≈", "best where nearest to the truth row"),
}
_NAMED = 3  # more rows than these are counted in the title, not named


@dataclass(frozen=True)
class Card:
    """One photograph as one row has it.

    Attributes:
        image: The photograph's name.
        before: PSNR of the grey picture, dB.
        after: PSNR of the row's picture, dB.
        pictures: Grey, the row's, and the photograph itself: uint8 `(H, W, 3)`.
    """

    image: str
    before: float
    after: float
    pictures: tuple[np.ndarray, np.ndarray, np.ndarray]

    @property
    def gain(self) -> float:
        """What the row adds to grey; 0 where both are perfect, on a photograph without color."""
        return 0.0 if self.before == self.after else self.after - self.before


class Extremes:
    """The photographs on which each row gains most and least over grey.

    Memory is bounded: whatever number passes by, a few of each row are kept.
    """

    def __init__(self):
        self._seen = 0
        self._best: dict[str, list] = {}
        self._worst: dict[str, list] = {}

    def add(self, image: str, pictures: Mapping, values: Mapping) -> None:
        """Look at one photograph.

        Args:
            image: Its name.
            pictures: Row → uint8 `(H, W, 3)`; grey and truth are among them.
            values: Row → metric → value; `psnr` is among them.
        """
        self._seen += 1
        for row in pictures:
            if row in (_GREY, _TRUTH):
                continue
            # Copies, since a slice of a batch would keep the whole batch.
            shown = tuple(np.array(pictures[name]) for name in (_GREY, row, _TRUTH))
            card = Card(image, values[_GREY][_GAIN], values[row][_GAIN], shown)
            entry = (card.gain, -self._seen, card)  # of equals, the earlier is the better
            best, worst = self._best.setdefault(row, []), self._worst.setdefault(row, [])
            bisect.insort(best, entry)
            bisect.insort(worst, entry)
            del best[:-_KEPT], worst[_KEPT:]

    def ends(self, count: int = _KEPT) -> dict[str, tuple[list[Card], list[Card]]]:
        """Return up to `count` best and worst of each row; no photograph is among both."""
        best, worst = min(count, (self._seen + 1) // 2), min(count, self._seen // 2)
        return {
            row: (
                [card for *_, card in reversed(self._best[row])][:best],
                [card for *_, card in self._worst[row]][:worst],
            )
            for row in self._best
        }


def write(
    path: str | os.PathLike,
    result: dict,
    per_image: Iterable[dict],
    extremes: Extremes,
    headings: Mapping,
) -> None:
    """Write an evaluation's report as one HTML file, atomically.

    Args:
        path: The file.
        result: What `metrics.json` holds: `rows`, `photographs`, `data`, `size`, `crop`, `color`,
            `version`, `date` and, where there are any, `skipped`, `trained_on`, `intervals` (row →
            metric → its lower and upper end), and `tests` of pairs of rows. Photographs without
            colors of their own have no truth row.
        per_image: One record for each photograph and row: `image`, `row` and the metrics.
        extremes: The pictures to show.
        headings: Metric → its `heading`, its `form`, and what is `better`: `higher`, `lower`, `as
            the truth row`. A metric that is not among them gets a column all the same.
    """
    shown = [row for row in result["rows"] if row not in (_GREY, _TRUTH)]
    rows = [_GREY, *shown, *([_TRUTH] if _TRUTH in result["rows"] else [])]
    means = {row: result["rows"][row] for row in rows}
    metrics = {}
    for name in dict.fromkeys(name for values in means.values() for name in values):
        unknown = SimpleNamespace(heading=name, form="{:.4g}", better="")
        metrics[name] = headings.get(name, unknown)
    subject = ", ".join(shown) if len(shown) <= _NAMED else f"{len(shown)} colorizations"
    body = "\n".join(
        [
            _header(result, shown),
            "<main>",
            _means(result, means, metrics),
            _tests(result, metrics),
            _SECTIONS,
            _gallery(extremes, _TRUTH in means),
            "</main>",
            _footer(result),
        ]
    )
    title = f"{subject or 'Grey and truth'} on {result['photographs']} photographs"
    page = render("report", title, body, _data(means, metrics, per_image))
    files.write_text(path, page)


def _header(result, shown) -> str:
    facts = {
        "Photographs": f"{result['photographs']:,}",
        "Data": result["data"],
        "Crop": f"{result['size']} × {result['size']} pixels: {result['crop']}",
        "Color": result["color"],
        "Date": result["date"],
        "Version": f"keras_colorize {result['version']}",
    }
    if result.get("skipped"):
        facts["Photographs"] += f" ({result['skipped']:,} files could not be used)"
    items = "".join(f"<div><dt>{k}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    names = ", ".join(f"<b>{escape(name)}</b>" for name in shown)
    if len(shown) > _NAMED:
        names = f"<b>{len(shown)} colorizations</b>"
    if _TRUTH not in result["rows"]:
        subtitle = f"{names} on photographs without color"
    else:
        subtitle = f"{names} beside the grey and the true photographs"
    if not shown:
        subtitle = "Grey and truth"
    return (
        '<header class="top"><p class="kicker">Colorization, evaluated</p>'
        f"<h1>{subtitle}</h1><dl>{items}</dl></header>"
    )


def _means(result, means, metrics) -> str:
    heads = ['<th scope="col" class="name"><button type="button">Row</button></th>']
    for name, metric in metrics.items():
        mark, meaning = _BETTER.get(metric.better, ("", ""))
        mark = f'<span class="way" aria-hidden="true">{mark}</span>' if mark else ""
        title = ": ".join(filter(None, (metric.heading, getattr(metric, "says", ""), meaning)))
        heads.append(
            f'<th scope="col" data-metric="{escape(name)}" title="{escape(title)}">'
            f'<button type="button">{escape(metric.heading)}{mark}</button></th>'
        )
    best = {name: _best(means, name, metric.better) for name, metric in metrics.items()}
    lines = []
    for number, (row, values) in enumerate(means.items()):
        kind = row if row in (_GREY, _TRUTH) else "model"
        cells = []
        for name, metric in metrics.items():
            value, form = values.get(name), metric.form
            interval = result.get("intervals", {}).get(row, {}).get(name)
            low_high = (
                f'<span class="interval">{"…".join(_number(end, form) for end in interval)}</span>'
                if interval and row != _TRUTH
                else ""
            )
            mark = ' class="best"' if row in best[name] else ""
            key = "" if value is None or math.isnan(value) else value
            cells.append(f'<td{mark} data-value="{key}">{_number(value, form)}{low_high}</td>')
        seen = result.get("trained_on", {}).get(row, 0)
        note = f"<small>trained on {seen} of these {result['photographs']}</small>" if seen else ""
        lines.append(
            f'<tr class="{kind}"><th scope="row" class="name" data-value="{number}">'
            f'<i class="dot c{number % 8}"></i>{escape(row)}{note}</th>{"".join(cells)}</tr>'
        )
    legend = ". ".join(
        f'<span class="way">{mark}</span>{meaning}'
        for mark, meaning in (
            _BETTER[b] for b in _BETTER if b in {m.better for m in metrics.values()}
        )
    )
    intervals = "Below each mean: its 95&nbsp;% interval. " if result.get("intervals") else ""
    return (
        '<section id="means"><h2>Means over the photographs</h2>'
        '<div class="scroll" tabindex="0" role="region" aria-label="Means">'
        f'<table class="sortable"><thead><tr>{"".join(heads)}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
        f'<p class="note">{legend}. {intervals}The best row but truth is set in bold. '
        "A heading sorts.</p></section>"
    )


def _best(means, metric, better) -> set[str]:
    """Return the rows, truth aside, whose value no other row beats."""
    values = {row: v[metric] for row, v in means.items() if row != _TRUTH and metric in v}
    values = {row: v for row, v in values.items() if v is not None and not math.isnan(v)}
    truth = means.get(_TRUTH, {}).get(metric)
    if better == "as the truth row" and truth is not None:
        values = {row: abs(value - truth) for row, value in values.items()}
    elif better not in ("higher", "lower"):
        return set()
    top = (max if better == "higher" else min)(values.values(), default=None)
    return {row for row, value in values.items() if value == top}


def _tests(result, metrics) -> str:
    """Return the table of paired tests between rows, if there are any."""
    lines = []
    for test in result.get("tests", ()):
        metric = metrics[test["metric"]]
        difference, *ends = (
            _number(test[key], metric.form) for key in ("difference", "low", "high")
        )
        pair = " − ".join(map(escape, test["rows"]))
        lines.append(
            f'<tr><th scope="row" class="name" data-value="{pair}">{pair}</th>'
            f'<td data-value="{escape(metric.heading)}">{escape(metric.heading)}</td>'
            f'<td data-value="{test["difference"]}">{difference}</td>'
            f'<td data-value="{test["low"]}">{"…".join(ends)}</td>'
            f'<td data-value="{test["p"]}">{_number(test["p"], "{:.2g}")}</td></tr>'
        )
    if not lines:
        return ""
    heads = "".join(
        f'<th scope="col"{kind}><button type="button">{head}</button></th>'
        for head, kind in (
            *(("Rows", ' class="name"'), ("metric", ""), ("mean difference", "")),
            *(("95&nbsp;% interval", ""), ("p", "")),
        )
    )
    return (
        '<section id="tests"><h2>Pair by pair</h2><div class="scroll tall" tabindex="0" '
        'role="region" aria-label="Paired tests"><table class="sortable">'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
        '<p class="note">Differences on the same photographs; p is two-sided, and not corrected '
        "for the number of tests.</p></section>"
    )


def _number(value, form) -> str:
    if value is None or math.isnan(value):
        return "–"
    return ("∞" if value > 0 else "−∞") if math.isinf(value) else form.format(value)


_SECTIONS = """<section id="spread"><div class="bar"><h2>From photograph to photograph</h2>
<label>Metric <select id="metric"></select></label></div>
<noscript><p class="note">The plots and the table of photographs need JavaScript.</p></noscript>
<div id="distribution" class="plot"></div>
<p class="note" id="distribution-note"></p></section>
<section id="frontier" hidden><h2>Accuracy against color</h2><div id="scatter" class="plot"></div>
<p class="note">Each row's mean. Grey is accurate and dull: a colorizer has gained something when it
moves toward the truth's colorfulness (dashed) without falling.</p></section>
<section id="photographs"><h2>Every photograph, <span id="metric-name"></span></h2>
<div class="scroll tall" tabindex="0" role="region" aria-label="Every photograph">
<table class="sortable" id="images"></table></div>
<p class="note" id="images-note"></p></section>"""


def _gallery(extremes, has_truth) -> str:
    for count, side in _LADDER:
        sections, total = [], 0
        for row, (best, worst) in extremes.ends(count).items():
            # Without true colors nothing is best or worst, and these are the first and the last.
            ends = (("Best against grey", best), ("Worst against grey", worst))
            parts = []
            for title, cards in ends if has_truth else (("", best), ("", worst)):
                figures = [_figure(card, row, side, has_truth) for card in cards]
                total += sum(map(len, figures))
                if figures:
                    title = f"<h4>{title}</h4>" if title else ""
                    parts.append(f'{title}<div class="cards">{"".join(figures)}</div>')
            if parts:
                sections.append(f"<h3>{escape(row)}</h3>{''.join(parts)}")
        if total <= _BYTES:
            break
    if not sections:
        return ""
    choice = (
        '<div class="pair" role="group" aria-label="Compare">'
        '<button type="button" aria-pressed="true" data-pair="before">grey | colored</button>'
        '<button type="button" aria-pressed="false" data-pair="after">colored | truth</button>'
        "</div>"
    )
    choice, heading = (choice, "Best and worst") if has_truth else ("", "Pictures")
    return (
        '<section id="pictures" data-pair="before"><div class="bar">'
        f"<h2>{heading}</h2>{choice}</div>"
        f'<p class="note">{"By PSNR above that of the grey picture. " if has_truth else ""}'
        "Drag across a picture, or focus it and use the arrow keys.</p>"
        f"{''.join(sections)}</section>"
    )


def _figure(card, row, side, has_truth) -> str:
    grey, made, truth = (embed(picture, side) for picture in card.pictures)
    name = escape(card.image)
    sign = "+" if card.gain >= 0 else "−"
    gain = f"{sign}{_number(abs(card.gain), '{:.2f}')} dB"
    values = f"{_number(card.before, '{:.2f}')} → {_number(card.after, '{:.2f}')} dB"
    height, width = card.pictures[2].shape[:2]
    size = f'width="{width}" height="{height}" decoding="async" draggable="false"'
    last = f'<img class="truth" alt="" {size} src="{truth}">' if has_truth else ""
    told = f'<span class="gain">{gain}</span><span class="values">{values}</span>'
    told = told if has_truth else ""
    return (
        f'<figure><div class="compare"><img class="grey" alt="" {size} src="{grey}">'
        f'<img class="made" alt="{name}, colored by {escape(row)}" {size} src="{made}">'
        f"{last}"
        '<span class="line" aria-hidden="true"></span>'
        '<input type="range" min="0" max="100" step="any" value="50" '
        f'aria-label="Divide the two pictures of {name}"></div>'
        f'<figcaption><span class="image">{name}</span>{told}</figcaption></figure>'
    )


def _footer(result) -> str:
    print_ = escape(str(result.get("fingerprint", ""))[:16])
    fingerprint = f" Data fingerprint {print_}." if print_ else ""
    return (
        f"<footer><p>Written by keras_colorize {escape(result['version'])}, "
        f"{escape(result['date'])}.{fingerprint} "
        "This page is one file and loads nothing.</p></footer>"
    )


def _data(means, metrics, per_image) -> dict:
    """Return what the page's script draws: every value once, rounded to five digits."""
    images, values = [], {row: {} for row in means}
    for record in per_image:
        if record["row"] == _GREY:  # every photograph has one; two may have the same name
            images.append(record["image"])
        for name in metrics.keys() & record.keys():
            values[record["row"]].setdefault(name, []).append(_short(record[name]))
    step = math.ceil(len(images) / _PHOTOGRAPHS) or 1
    return {
        "metrics": [
            {"name": name, "heading": metric.heading, "form": metric.form, "better": metric.better}
            for name, metric in metrics.items()
        ],
        "rows": list(means),
        "means": {row: {m: _short(v) for m, v in vs.items()} for row, vs in means.items()},
        "images": images[::step],
        "count": len(images),
        "values": {
            row: {name: column[::step] for name, column in columns.items()}
            for row, columns in values.items()
        },
    }


def _short(value):
    """Round a number for JSON, which has no infinity: "∞" stands for it, null for nothing."""
    if value is None or math.isnan(value):
        return None
    return "∞" if math.isinf(value) else float(f"{value:.5g}")
