"""Three ways to enlarge predicted color, at 1,024 pixels and at 12 megapixels; writes upscale.md.

    python benchmarks/upscale.py                # photographs of scikit-image and Matplotlib
    python benchmarks/upscale.py PHOTOGRAPHS    # a folder of your own, best of 1,024 pixels or more

Center squares are brought to 1,024², so the color that `lite_unet` predicts, at 64 pixels on the
short side, is enlarged sixteenfold. Times are processor seconds of `colorize` on a gray photograph
of 12 megapixels, medians of three, the ways taking turns.
"""

import argparse
import os
import platform
import time
from pathlib import Path

import cv2
import numpy as np
from colorize import photograph

import keras_colorize
from keras_colorize import Decoding
from keras_colorize.cli import DEFAULT_MODEL
from keras_colorize.data import photographs, sources
from keras_colorize.evaluation.rows import Painter
from keras_colorize.evaluation.scoring import Photograph, score

WAYS = "bilinear", "bicubic", "guided"
METRICS = "psnr", "ab_rmse", "bleeding", "ignored_edges"
SIDE, MEGAPIXELS, REPETITIONS = 1024, 12, 3


def squares(name: str):
    """Yield the center square of each photograph, enlarged or reduced to `SIDE`."""
    for file, digest, rgb in sources.open_source(name).read_all():
        square = photographs.center_crop(rgb, min(rgb.shape[:2]))
        way = cv2.INTER_AREA if len(square) > SIDE else cv2.INTER_CUBIC
        yield Photograph(file, digest, cv2.resize(square, (SIDE, SIDE), interpolation=way))


def seconds(model) -> dict[str, float]:
    """Return the processor seconds of coloring a large photograph in each way."""
    gray = np.repeat(photograph(MEGAPIXELS)[..., None], 3, axis=-1)
    taken = {way: [] for way in WAYS}
    for _ in range(REPETITIONS):
        for way in WAYS:
            started = time.process_time()
            model.colorize(gray, Decoding(upscale=way))
            taken[way].append(time.process_time() - started)
    return {way: float(np.median(each)) for way, each in taken.items()}


def main(name: str) -> None:
    model = keras_colorize.load(DEFAULT_MODEL)
    taken = seconds(model)
    rows = {way: Painter(model, Decoding(upscale=way)) for way in WAYS}
    given = list(squares(name))
    means = score(rows, given).means()
    lines = [
        "# Enlarging predicted color",
        "",
        f"`python benchmarks/upscale.py`: {DEFAULT_MODEL} on {len(given)} photographs, "
        f"{'those of scikit-image and Matplotlib' if name == 'samples' else 'of a folder'}, center "
        f"squares brought to {SIDE}². {platform.machine()}, {os.cpu_count()} cores.",
        "",
        f"| way | PSNR dB | ab RMSE | bleeding | borders of color lost | {MEGAPIXELS} megapixels, "
        "processor s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row, metrics in means.items():
        found = [metrics[metric] for metric in METRICS]
        values = " | ".join("" if np.isnan(value) else f"{value:.3g}" for value in found)
        lines.append(f"| {row} | {values} | {f'{taken[row]:.1f}' if row in taken else ''} |")
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", nargs="?", default="samples")
    main(parser.parse_args().photographs)
