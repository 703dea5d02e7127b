"""The colorization Turing test: pages for judges, and the pooling of their answers.

Zhang, Isola and Efros 2016, §3.1: a judge sees a photograph beside the same photograph colored by
one program, for one second, and then says, in any time, which colors the program made. Ten
practice pairs with feedback come first and are not counted; forty pairs without feedback follow.
One in ten of these has colors that anybody should find out, taken from another photograph, to see
whether the judge understood and paid attention. Who cannot tell is fooled in half of the pairs; the
paper's own network fooled people in 32 %.

A page is one file that needs no server, so it can be sent to judges; each sends back a CSV.
"""

import csv
import math
import os
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from keras_colorize import errors, files
from keras_colorize.evaluation.pages.page import embed, render

_PRACTICE, _TEST = 10, 40
_SIDE = 256  # pixels, as in the paper; larger pictures are reduced to it
_SHOWN = 1000  # milliseconds
_Z = statistics.NormalDist().inv_cdf(0.975)

COLUMNS = (
    *("session", "judge", "model", "trial", "kind", "image"),
    *("colored_side", "answer", "fooled", "shown_ms", "response_ms"),
)


class Sample:
    """A sample without preference of the photographs that pass by, as many as a test needs.

    Every photograph has the same chance, however many come (Vitter 1985, algorithm R); memory does
    not grow with them.
    """

    def __init__(self, seed: int = 0):
        self._random = np.random.default_rng(seed)
        self._seen = 0
        self.kept: list[tuple[str, dict[str, np.ndarray]]] = []

    def add(self, image: str, pictures: Mapping) -> None:
        """Look at one photograph: its name, and row → uint8 `(H, W, 3)`, truth among them."""
        self._seen += 1
        place = len(self.kept)
        if place == _PRACTICE + _TEST:
            place = int(self._random.integers(self._seen))
            if place >= len(self.kept):
                return
        # Copies, since a slice of a batch would keep the whole batch.
        copies = {row: np.array(picture) for row, picture in pictures.items()}
        self.kept[place : place + 1] = [(image, copies)]


def write(
    folder: str | os.PathLike, sample: Sample, rows: Iterable[str], seed: int = 0
) -> list[Path]:
    """Write one page for each row, atomically; a judge's session tests a single program.

    With fewer than fifty photographs a fifth of them is practice. Which photographs are practice,
    test and check depends on the seed; order and sides differ from judge to judge, by a number that
    stands in the answers.

    Args:
        folder: Where the pages go, which exists.
        sample: The photographs.
        rows: The rows to test.
        seed: Of the choice of photographs.

    Returns:
        The pages.

    Raises:
        UsageError: Fewer than two photographs.
    """
    if len(sample.kept) < 2:
        raise errors.UsageError(
            "`turing` needs at least 2 photographs: a check borrows another's colors. "
            f"Received: {len(sample.kept)}."
        )
    order = np.random.default_rng(seed).permutation(len(sample.kept))
    photographs = [sample.kept[i] for i in order]
    practice = min(_PRACTICE, len(photographs) // 5)
    checks = math.ceil((len(photographs) - practice) / 10)
    pages = []
    for row in rows:
        trials = []
        for number, (image, pictures) in enumerate(photographs):
            kind = "practice" if number < practice else "check"
            if number >= practice + checks:
                kind = "test"
            made = pictures[row]
            if kind == "check":
                made = _borrow(pictures["truth"], photographs[number - 1][1]["truth"])
            pair = [embed(picture, _SIDE) for picture in (pictures["truth"], made)]
            trials.append({"kind": kind, "image": image, "pair": pair})
        data = {"model": row, "trials": trials, "columns": COLUMNS, "shown": _SHOWN, "z": _Z}
        page = Path(folder) / f"{quote(row, safe=' =,+@()')}.html"
        # The title names no program: a judge should not know whose pictures these are.
        files.write_text(page, render("turing", "Which one was colored?", _BODY, data))
        pages.append(page)
    return pages


def _borrow(rgb, other):
    """Give a photograph the a*b* of another: uint8 `(H, W, 3)` both, of one shape."""
    from keras_colorize.color import lab

    mixed = np.array(lab.rgb_to_lab(other))
    mixed[..., 0] = np.asarray(lab.rgb_to_lab(rgb))[..., 0]
    return np.rint(255 * np.asarray(lab.lab_to_rgb(lab.fit_gamut(mixed)))).astype("uint8")


_BODY = """<main>
<section id="intro"><h1>Which one was colored?</h1>
<p>You will see a photograph twice, side by side, for one second. One of the two has its own
colors. The other was made black and white, and colored again by a computer program.</p>
<p>Then say which one <strong>the program colored</strong>: click on its frame, or press
<kbd>←</kbd> or <kbd>→</kbd>. Take your time to answer, and guess where you cannot tell.</p>
<p id="plan"></p>
<label>Your name or initials, if you like
<input id="judge" autocomplete="off" maxlength="60"></label>
<button type="button" id="begin" class="primary" disabled>Preparing the pictures…</button></section>
<section id="trial" hidden><p id="progress"></p>
<div id="pair">
<button type="button" class="frame" aria-label="The left one" disabled><canvas></canvas></button>
<span id="cross" aria-hidden="true">+</span>
<button type="button" class="frame" aria-label="The right one" disabled><canvas></canvas></button>
</div>
<p id="prompt" role="status"></p></section>
<section id="pause" hidden><h1>That was the practice</h1><p id="pause-text"></p>
<button type="button" id="go" class="primary">Begin</button></section>
<section id="end" hidden><h1>Thank you</h1><p class="rate" id="rate"></p><p id="interval"></p>
<p id="checks"></p><a id="save" class="primary">Save the answers (CSV)</a>
<p class="note">Nothing has been sent anywhere: the answers are in this page until you save
them.</p>
</section>
<noscript><p>This test needs JavaScript.</p></noscript></main>"""


@dataclass(frozen=True)
class Verdict:
    """What judges said of one program.

    Attributes:
        model: Its row's name.
        judges: Sessions.
        judgments: Pairs that count: neither practice nor check.
        fooled: Those in which the true photograph was taken for the colored one.
        low: Lower end of the rate's 95 % interval, 0…1.
        high: Its upper end.
        checks: Pairs with borrowed colors.
        caught: Those that were found out.
        shown: Median time that a pair was shown, milliseconds.
    """

    model: str
    judges: int
    judgments: int
    fooled: int
    low: float
    high: float
    checks: int
    caught: int
    shown: float


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a rate, without continuity correction.

    Wilson 1927. It keeps within 0…1, and near 95 % for few trials too, where the usual ± 1.96
    standard errors collapse: at 0 of 36 fooled they would claim certainty. It takes judgments as
    independent; those of one judge are not quite.

    Raises:
        ValueError: No trials.
    """
    if trials < 1:
        raise ValueError(f"An interval needs at least one trial. Received: trials={trials}.")
    rate, share = successes / trials, _Z * _Z / trials
    middle = (rate + share / 2) / (1 + share)
    half = _Z * math.sqrt(rate * (1 - rate) / trials + share / (4 * trials)) / (1 + share)
    return max(0.0, middle - half), min(1.0, middle + half)


def pool(answers: Iterable[str | os.PathLike]) -> list[Verdict]:
    """Pool the answers of any number of judges, for each program by itself.

    Args:
        answers: CSV files that the pages have saved.

    Returns:
        A verdict for each program, in the order of their names.

    Raises:
        UsageError: A file that no page saved, or a session that is given twice.
    """
    origin: dict[str, str] = {}
    by_model: dict[str, list[dict]] = {}
    for path in map(str, answers):
        for line in _read(path):
            if origin.setdefault(line["session"], path) != path:
                raise errors.UsageError(
                    f"The same session is in two files, {origin[line['session']]!r} and {path!r}: "
                    "its judge would count twice."
                )
            by_model.setdefault(line["model"], []).append(line)
    verdicts = []
    for model, lines in sorted(by_model.items()):
        fooled = [int(line["fooled"]) for line in lines if line["kind"] == "test"]
        missed = [int(line["fooled"]) for line in lines if line["kind"] == "check"]
        if not fooled:
            continue
        verdicts.append(
            Verdict(
                model=model,
                judges=len({line["session"] for line in lines}),
                judgments=len(fooled),
                fooled=sum(fooled),
                low=wilson(sum(fooled), len(fooled))[0],
                high=wilson(sum(fooled), len(fooled))[1],
                checks=len(missed),
                caught=len(missed) - sum(missed),
                shown=statistics.median(float(line["shown_ms"]) for line in lines),
            )
        )
    return verdicts


def table(verdicts: Iterable[Verdict]) -> str:
    """Return verdicts as a Markdown table."""
    lines = [
        "| | judges | judgments | fooled | 95 % interval (Wilson) | checks found out | shown |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for v in verdicts:
        cells = [
            *(v.model, v.judges, v.judgments, f"{v.fooled} ({v.fooled / v.judgments:.1%})"),
            *(f"{v.low:.1%} – {v.high:.1%}", f"{v.caught} of {v.checks}", f"{v.shown:.0f} ms"),
        ]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def _read(path: str) -> list[dict]:
    """Read one file of answers, checked."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = sorted(set(COLUMNS) - set(reader.fieldnames or ()))
            lines = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise errors.UsageError(
            f"These answers cannot be read ({error}). Received: turing_answers={path!r}."
        ) from error
    if missing:
        raise errors.UsageError(
            f"These are no answers of a Turing test: {missing} are missing. "
            f"Received: turing_answers={path!r}."
        )
    for number, line in enumerate(lines, 2):
        if (
            line["kind"] not in ("practice", "test", "check")
            or line["fooled"] not in ("0", "1")
            or not _is_number(line["shown_ms"])
        ):
            raise errors.UsageError(
                f"Line {number} is no answer: kind={line['kind']!r}, fooled={line['fooled']!r}, "
                f"shown_ms={line['shown_ms']!r}. Received: turing_answers={path!r}."
            )
    return lines


def _is_number(text) -> bool:
    try:
        return math.isfinite(float(text))
    except (TypeError, ValueError):
        return False
