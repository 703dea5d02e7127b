"""`report.html`: the tables, plots and pictures of an evaluation in one file."""

import math
import os
import re
from collections.abc import Mapping

from keras_colorize import errors, files
from keras_colorize.evaluation.observers import Gallery
from keras_colorize.evaluation.pages.page import embed, escape, read, render
from keras_colorize.evaluation.request import CEILINGS, GREY, TRUTH
from keras_colorize.evaluation.scoring import Scores
from keras_colorize.evaluation.summary import AS_GREY, AS_TRUTH, HIGHER, LOWER, METRICS, ZERO
from keras_colorize.evaluation.tables import write as write_number

# The pictures take at most so many bytes of the file. Where they would take more they become
# smaller, then fewer: (pictures at each end of a row, their long side in pixels).
_BYTES = 8 * 2**20
_LADDER = ((6, 384), (6, 256), (3, 192), (1, 128), (0, 1))
SHOWN = _LADDER[0][0]
_PHOTOGRAPHS = 2000  # of more, an even selection is in the plot and the table of photographs

_BETTER = {
    HIGHER: ("↑", "higher is better"),
    LOWER: ("↓", "lower is better"),
    ZERO: ("→0", "best where nearest to zero"),
    AS_TRUTH: ("≈", "best where nearest to the truth row"),
    AS_GREY: ("≈ grey", "best where nearest to the grey row"),
}
_NAMED = 3  # more rows than these are counted in the title, not named


def write(path: str | os.PathLike, scores: Scores, result: Mapping, gallery: Gallery) -> None:
    """Write an evaluation's report as one HTML file, atomically.

    Args:
        path: The file.
        scores: What was scored.
        result: What `metrics.json` holds. Photographs without colors of their own have no truth
            row.
        gallery: The pictures to show.
    """
    means = result["rows"]
    models = [row for row in means if row not in (GREY, TRUTH, *CEILINGS)]
    if len(models) > _NAMED:
        models = [f"{len(models)} colorizations"]
    metrics = {name: METRICS[name] for name in means[GREY]}
    body = "\n".join(
        [
            _header(result, models),
            "<main>",
            _means(result, metrics),
            _tests(result),
            read("report.html"),
            _gallery(gallery, TRUTH in means),
            "</main>",
            _footer(result),
        ]
    )
    subject = ", ".join(models) or "Grey and truth"
    title = f"{subject} on {errors.counted(result['photographs'], 'photograph')}"
    files.write_text(path, render("report", title, body, _data(scores, result, metrics)))


def _header(result, models) -> str:
    facts = {
        "Photographs": f"{result['photographs']:,}",
        "Data": result["data"],
        "Crop": f"{result['size']} × {result['size']} pixels: {result['crop']}",
        "Color": result["color"],
        "Date": result["date"],
        "Version": f"keras_colorize {result['version']}",
    }
    if result["skipped"]:
        facts["Photographs"] += f" ({result['skipped']:,} files could not be used)"
    items = "".join(f"<div><dt>{k}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    names = ", ".join(f"<b>{_breakable(name)}</b>" for name in models)
    beside = "beside the grey and the true photographs"
    beside = beside if TRUTH in result["rows"] else "on photographs without color"
    subtitle = f"{names} {beside}" if models else "Grey and truth"
    return (
        '<header class="top"><p class="kicker">Colorization, evaluated</p>'
        f"<h1>{subtitle}</h1><dl>{items}</dl></header>"
    )


def _breakable(name) -> str:
    """Return a name for HTML that may go on in a new line after a dot, a comma or an underscore."""
    return re.sub(r"([._,])(?=[^\W\d])", r"\1<wbr>", escape(name))


def _means(result, metrics) -> str:
    means = result["rows"]
    heads = [_head("Row", ' class="name"')]
    for name, metric in metrics.items():
        mark, meaning = _BETTER[metric.better]
        title = escape(f"{metric.heading}: {metric.says}: {meaning}")
        way = f'<span class="way" aria-hidden="true">{mark}</span>'
        text = f"{escape(metric.heading)}{way}"
        heads.append(_head(text, f' data-metric="{name}" title="{title}"'))
    best = {name: _best(means, name, metric.better) for name, metric in metrics.items()}
    lines = []
    for number, (row, values) in enumerate(means.items()):
        kind = "ceiling" if row in CEILINGS else row if row in (GREY, TRUTH) else "model"
        cells = []
        for name, metric in metrics.items():
            value, form = values.get(name), metric.form
            interval = result["intervals"].get(row, {}).get(name)
            ends = "…".join(write_number(end, form) for end in interval or ())
            ends = f'<span class="interval">{ends}</span>' if ends and row != TRUTH else ""
            mark = ' class="best"' if row in best[name] else ""
            key = "" if value is None or math.isnan(value) else value
            text = write_number(value, form)
            cells.append(f'<td{mark} data-value="{key}">{text}{ends}</td>')
        seen = result["trained_on"].get(row, 0)
        note = f"<small>trained on {seen} of these {result['photographs']}</small>" if seen else ""
        lines.append(
            f'<tr class="{kind}"><th scope="row" class="name" data-value="{number}">'
            f'<i class="dot c{number % 8}"></i>{_breakable(row)}{note}</th>{"".join(cells)}</tr>'
        )
    used = {metric.better for metric in metrics.values()}
    legend = ". ".join(
        f'<span class="way">{mark}</span>{meaning}'
        for better, (mark, meaning) in _BETTER.items()
        if better in used
    )
    return (
        '<section id="means"><h2>Means over the photographs</h2>'
        '<div class="scroll" tabindex="0" role="region" aria-label="Means">'
        f'<table class="sortable"><thead><tr>{"".join(heads)}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
        f'<p class="note">{legend}. Below each mean: its 95&nbsp;% interval. The best row is set '
        "in bold; truth and rows made of it do not compete. A heading sorts.</p></section>"
    )


def _head(text, attributes="") -> str:
    """Return the heading of a column that sorts its table."""
    return f'<th scope="col"{attributes}><button type="button">{text}</button></th>'


def _best(means, metric, better) -> set[str]:
    """Return the rows that no other row beats; truth and what is made of it do not compete."""
    measure = {AS_TRUTH: TRUTH, AS_GREY: GREY}.get(better)
    target = means.get(measure, {}).get(metric) if measure else 0.0
    if target is None:
        return set()
    distances = {}
    for row, values in means.items():
        value = values.get(metric, math.nan)
        if row not in (TRUTH, *CEILINGS, measure) and not math.isnan(value):
            ordered = {HIGHER: -value, LOWER: value}
            distances[row] = ordered.get(better, abs(value - target))
    least = min(distances.values(), default=None)
    return {row for row, distance in distances.items() if distance == least}


def _tests(result) -> str:
    """Return the table of paired tests between rows, if there are any."""
    lines = []
    for test in result["tests"]:
        metric = METRICS[test["metric"]]
        difference, *ends = (
            write_number(test[key], metric.form) for key in ("difference", "low", "high")
        )
        pair = " − ".join(map(escape, test["rows"]))
        lines.append(
            f'<tr><th scope="row" class="name" data-value="{pair}">{pair}</th>'
            f'<td data-value="{escape(metric.heading)}">{escape(metric.heading)}</td>'
            f'<td data-value="{test["difference"]}">{difference}</td>'
            f'<td data-value="{test["low"]}">{"…".join(ends)}</td>'
            f'<td data-value="{test["p"]}">{write_number(test["p"], "{:.2g}")}</td></tr>'
        )
    if not lines:
        return ""
    heads = map(_head, ("metric", "mean difference", "95&nbsp;% interval", "p"))
    heads = "".join([_head("Rows", ' class="name"'), *heads])
    return (
        '<section id="tests"><h2>Pair by pair</h2><div class="scroll tall" tabindex="0" '
        'role="region" aria-label="Paired tests"><table class="sortable">'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
        '<p class="note">Differences on the same photographs; p is two-sided, and not corrected '
        "for the number of tests.</p></section>"
    )


def _gallery(gallery, has_truth) -> str:
    # Without true colors nothing is best or worst: these are the first photographs and the last.
    titles = ("Best against grey", "Worst against grey") if has_truth else ("", "")
    for count, side in _LADDER:
        sections, total = [], 0
        for row, extremes in gallery.rows.items():
            parts = []
            for title, cards in zip(titles, extremes.ends()):
                figures = [_figure(card, row, side) for card in cards[:count]]
                total += sum(map(len, figures))
                if figures:
                    title = f"<h4>{title}</h4>" if title else ""
                    parts.append(f'{title}<div class="cards">{"".join(figures)}</div>')
            if parts:
                sections.append(f"<h3>{_breakable(row)}</h3>{''.join(parts)}")
        if total <= _BYTES:
            break
    if not sections:
        return ""
    choice, heading, rule = "", "Pictures", ""
    if has_truth:
        heading, rule = "Best and worst", "By PSNR above that of the grey picture. "
        choice = (
            '<div class="pair" role="group" aria-label="Compare">'
            '<button type="button" aria-pressed="true" data-pair="before">grey | colored</button>'
            '<button type="button" aria-pressed="false" data-pair="after">colored | truth</button>'
            "</div>"
        )
    return (
        '<section id="pictures" data-pair="before"><div class="bar">'
        f'<h2>{heading}</h2>{choice}</div><p class="note">{rule}'
        "Drag across a picture, or focus it and use the arrow keys.</p>"
        f"{''.join(sections)}</section>"
    )


def _figure(card, row, side) -> str:
    grey, made, *truth = (embed(picture, side) for picture in card.pictures)
    name = escape(card.image)
    height, width = card.pictures[0].shape[:2]
    size = f'width="{width}" height="{height}" decoding="async" draggable="false"'
    last = told = ""
    if truth:
        last = f'<img class="truth" alt="" {size} src="{truth[0]}">'
        before, after = (write_number(card.values[r]["psnr"], "{:.2f}") for r in (GREY, row))
        gain = f"{'+' if card.gain >= 0 else '−'}{write_number(abs(card.gain), '{:.2f}')} dB"
        told = f'<span class="gain">{gain}</span><span class="values">{before} → {after} dB</span>'
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
    return (
        f"<footer><p>Written by keras_colorize {escape(result['version'])}, "
        f"{escape(result['date'])}. Data fingerprint {escape(result['fingerprint'][:16])}. "
        "This page is one file and loads nothing.</p></footer>"
    )


def _data(scores, result, metrics) -> dict:
    """Return what the page's script draws: every value once, rounded to five digits."""
    means = result["rows"]
    step = math.ceil(scores.count / _PHOTOGRAPHS) or 1
    return {
        "metrics": [
            {"name": name, "heading": metric.heading, "form": metric.form, "better": metric.better}
            for name, metric in metrics.items()
        ],
        "rows": list(means),
        "means": {row: {m: _short(v) for m, v in vs.items()} for row, vs in means.items()},
        "images": scores.images[::step],
        "count": scores.count,
        "values": {
            row: {m: [_short(value) for value in columns[m][::step]] for m in scores.image_metrics}
            for row, columns in scores.columns.items()
        },
    }


def _short(value):
    """Round a number for JSON, which has no infinity: "∞" stands for it, null for nothing."""
    if math.isnan(value):
        return None
    return "∞" if math.isinf(value) else float(f"{value:.5g}")
