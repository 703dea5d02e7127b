"""What hints, a reference and a second model bring on photographs whose colors are known.

    python benchmarks/choice.py --data photographs/ [--vivid MODEL]    # prints benchmarks/choice.md

Hints are simulated as a person would give them: one after the other, each on an even surface near
the worst error, in its true color. The reference of one half of a photograph is its other half.
"""

import argparse

import cv2
import numpy as np

import keras_colorize
from keras_colorize import Bounded, Hints, Reference
from keras_colorize.cli import DEFAULT_MODEL
from keras_colorize.color import pixels
from keras_colorize.data import photographs, sources
from keras_colorize.evaluation import metrics

SIDE = 384  # pixels; photographs are squares
HINTS = (1, 3)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="samples", help="photographs in color, as for evaluate")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--vivid", help="a second, more vivid model")
    arguments = parser.parse_args()
    natural = keras_colorize.load(DEFAULT_MODEL)
    vivid = keras_colorize.load(arguments.vivid) if arguments.vivid else None
    rows: dict[str, list] = {}
    source = sources.open_source(arguments.data)
    for number, (_, _, rgb) in zip(range(arguments.count), source.read_all()):
        rgb = photographs.center_crop(rgb, SIDE)
        measure(rgb, natural, vivid, rows)
        print(f"\r{number + 1}", end="", flush=True)
    print(f"\r{number + 1} photographs of {source.name}, {SIDE} × {SIDE} pixels.\n")
    print("| picture | PSNR, dB | better, share | colorfulness |\n|---|--:|--:|--:|")
    plain = np.array(rows["as predicted"])
    for name, scores in rows.items():
        scores = np.array(scores)
        better = "" if name in ("as predicted", "truth") else f"{(scores > plain)[:, 0].mean():.2f}"
        decibels = "" if name == "truth" else f"{scores[:, 0].mean():.2f}"
        print(f"| {name} | {decibels} | {better} | {scores[:, 1].mean():.1f} |")


def measure(rgb, natural, vivid, rows) -> None:
    """Add the scores of one photograph's pictures."""
    lab = pixels.to_lab(rgb)
    lightness, truth = lab[..., 0], lab[..., 1:]
    size, reference = rgb.shape[:2], metrics.Reference(rgb)
    ab = natural.predict_ab(lightness[None, ..., None])[0]

    def add(name, made):
        picture = pixels.to_rgb(np.dstack([lightness, made]))
        scores = metrics.score(picture, reference)
        rows.setdefault(name, []).append((scores["psnr"], scores["colorfulness"]))

    add("as predicted", ab)
    made, points = ab, []
    for number in range(1, max(HINTS) + 1):
        points.append(hint(lightness, truth, made))
        made = Hints(points).apply(lightness, ab, size)
        if number in HINTS:
            add("1 hint" if number == 1 else f"{number} hints", made)
    halves = slice(None, SIDE // 2), slice(SIDE // 2, None)
    made = np.empty_like(ab)
    for mine, other in (halves, halves[::-1]):
        half = Reference(np.ascontiguousarray(rgb[:, other]))
        made[:, mine] = half.apply(
            np.ascontiguousarray(lightness[:, mine]), ab[:, mine], (SIDE, SIDE // 2)
        )
    add("each half by the other", made)
    add("chroma 1.4", 1.4 * ab)
    if vivid:
        add("two models, bounded", Bounded(vivid).apply(lightness, ab, size))
        other = vivid.predict_ab(lightness[None, ..., None])[0]
        add("two models, averaged", (ab + other) / 2)
        add("the vivid one alone", other)
    add("truth", truth)


def hint(lightness, truth, made) -> tuple[int, int, str]:
    """Return the place of a large error on an even surface, and its true color."""
    error = cv2.GaussianBlur(((made - truth) ** 2).sum(-1), (0, 0), 0.04 * SIDE)
    slope = np.hypot(*np.gradient(cv2.GaussianBlur(lightness, (0, 0), 1)))
    place = error / (1 + cv2.GaussianBlur(slope, (0, 0), 2))
    y, x = np.unravel_index(place.argmax(), place.shape)
    around = np.dstack([lightness, cv2.blur(truth, (5, 5))])[y : y + 1, x : x + 1]
    red, green, blue = pixels.to_rgb(np.ascontiguousarray(around))[0, 0]
    return int(x), int(y), f"#{red:02x}{green:02x}{blue:02x}"


if __name__ == "__main__":
    main()
