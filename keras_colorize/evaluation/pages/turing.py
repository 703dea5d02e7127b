"""The colorization Turing test: pages for judges.

Zhang, Isola and Efros 2016, §3.1: a judge sees a photograph beside the same photograph colored by
one program, for one second, and then says, in any time, which colors the program made. Ten
practice pairs with feedback come first and are not counted; forty pairs without feedback follow.
One in ten of these has colors that anybody should find out, taken from another photograph, to see
whether the judge understood and paid attention. Who cannot tell is fooled in half of the pairs; the
paper's own network fooled people in 32 %.

A page is one file that needs no server, so it can be sent to judges; each sends back a CSV, which
`answers` pools.
"""

import math
import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import numpy as np

from keras_colorize import errors, files
from keras_colorize.color import pixels
from keras_colorize.evaluation import answers
from keras_colorize.evaluation.observers import Sample
from keras_colorize.evaluation.pages.page import embed, read, render
from keras_colorize.evaluation.request import TRUTH

_PRACTICE = 10
PAIRS = _PRACTICE + 40  # photographs in a test
_SIDE = 256  # pixels, as in the paper; larger pictures are reduced to it
_SHOWN = 1000  # milliseconds


def write(folder: str | os.PathLike, sample: Sample, rows: Iterable[str]) -> None:
    """Write one page for each row, atomically; a judge's session tests a single program.

    With fewer than fifty photographs a fifth of them is practice. Which photographs are practice,
    test and check is the same on every page; order and sides differ from judge to judge, by the
    session's number, which is in the answers.

    Args:
        folder: An existing folder, which gets `ROW.html`.
        sample: The photographs, up to `PAIRS` of them.
        rows: The rows to test.

    Raises:
        UsageError: Fewer than two photographs.
    """
    if len(sample.kept) < 2:
        raise errors.UsageError(
            "`turing` needs at least 2 photographs: a check borrows another's colors. "
            f"Received: {len(sample.kept)}."
        )
    order = np.random.default_rng(0).permutation(len(sample.kept))
    photographs = [sample.kept[i] for i in order]
    practice = min(_PRACTICE, len(photographs) // 5)
    checks = math.ceil((len(photographs) - practice) / 10)
    for row in rows:
        trials = []
        for number, (image, pictures) in enumerate(photographs):
            kind = "practice" if number < practice else "check"
            if number >= practice + checks:
                kind = "test"
            made = pictures[row]
            if kind == "check":
                made = _borrow(pictures[TRUTH], photographs[number - 1][1][TRUTH])
            pair = [embed(picture, _SIDE) for picture in (pictures[TRUTH], made)]
            trials.append({"kind": kind, "image": image, "pair": pair})
        data = {"model": row, "trials": trials, "columns": answers.COLUMNS}
        data |= {"shown": _SHOWN, "z": answers.Z}
        page = Path(folder) / f"{quote(row, safe=' =,+@()')}.html"
        # The title names no program: a judge should not know whose pictures these are.
        text = render("turing", "Which one was colored?", read("turing.html"), data)
        files.write_text(page, text)


def _borrow(rgb, other):
    """Give a photograph the a*b* of another: uint8 `(H, W, 3)` both, of one shape."""
    mixed = pixels.to_lab(other)
    mixed[..., :1] = pixels.lightness_of(rgb)
    return pixels.to_rgb(mixed)
