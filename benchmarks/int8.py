"""The default network in int8 beside floats, in ONNX Runtime and LiteRT; writes int8.md.

    python benchmarks/int8.py PHOTOGRAPHS.tar

Photographs of the tar calibrate, 30 others are colored. The pictures are those of `colorize.onnx`
and `colorize.tflite`, which have the whole way of a photograph in their graph; the time is that of
`colorize` for a photograph of the size that the network sees, whose way from pixels to L* and back
is short.
"""

import argparse
import os
import platform
import statistics
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np
import runtimes
from skimage.color import deltaE_ciede2000, rgb2lab

from keras_colorize.cli import DEFAULT_MODEL
from keras_colorize.colorizer import load
from keras_colorize.data import photographs
from keras_colorize.runtimes import calibration, choice, portable_files

TEST, REPETITIONS = 30, 25
_RUN = {"onnx": runtimes.run_onnx, "litert": runtimes.run_litert}


def read(path: str) -> list[np.ndarray]:
    """Return photographs of a tar between those that calibrate."""
    with tarfile.open(path) as tar:
        members = [member for member in tar if member.name.endswith(".jpg")]
        every = max(1, len(members) // calibration.COUNT)
        between = [member for at, member in enumerate(members) if at % every == every // 2]
        return [photographs.read(tar.extractfile(member).read()) for member in between[:TEST]]


def quality(rgbs: list[np.ndarray], labs: list[np.ndarray], floats: list[np.ndarray]) -> list[str]:
    """Return the cells that say how far pictures are from those of floats and from photographs."""
    apart = np.concatenate([deltaE_ciede2000(*pair).ravel() for pair in zip(floats, labs)])
    errors = np.concatenate([(lab - rgb2lab(rgb)).reshape(-1, 3) for lab, rgb in zip(labs, rgbs)])
    rmse = np.sqrt(np.mean(errors[:, 1:] ** 2))
    return [f"{cell:.2f}" for cell in (apart.mean(), np.percentile(apart, 99), rmse)]


def milliseconds(loaded: list, photograph: np.ndarray) -> list[float]:
    """Return the processor time that each takes, as a median of repetitions in turn."""
    taken = [[] for _ in loaded]
    for _ in range(REPETITIONS):
        for colorizer, times in zip(loaded, taken):
            started = time.process_time()
            colorizer.colorize(photograph)
            times.append(1000 * (time.process_time() - started))
    return [statistics.median(times) for times in taken]


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tar", help="a tar of color photographs")
    tar = parser.parse_args().tar
    colorizer, rgbs, labs = load(DEFAULT_MODEL), read(tar), {}
    loaded, rows = [], []
    with tempfile.TemporaryDirectory() as out:
        for name, kind in choice.PORTABLE.items():
            for numbers, data in (("float", None), ("int8", tar)):
                folder = portable_files.export(DEFAULT_MODEL, out, kind.format, data=data)
                loaded.append(kind(folder))
                content = (folder / kind.format.pictures).read_bytes()
                color = _RUN[name](content, colorizer)
                labs[numbers] = [rgb2lab(color(rgb)) for rgb in rgbs]
                cells = quality(rgbs, labs[numbers], labs["float"])
                megabytes = (folder / kind.format.network).stat().st_size / 1e6
                rows.append([name, numbers, f"{megabytes:.1f}", *cells])
    small = calibration.photographs("samples", colorizer.size)[0]
    lines = [
        "# The network in int8",
        "",
        f"`python benchmarks/int8.py PHOTOGRAPHS.tar`: {DEFAULT_MODEL} as `export --int8` "
        f"writes it; {calibration.COUNT} photographs calibrate, {len(rgbs)} others are colored. "
        "CIEDE2000 is from the pictures of the float file, ab RMSE from the photographs. MB: 10⁶ "
        f"bytes of the network's file. ms: processor time of `colorize` for {len(small)}² "
        f"pixels, median of {REPETITIONS} in turn; {platform.machine()}, {os.cpu_count()} cores.",
        "",
        "| runtime | numbers | MB | CIEDE2000 mean | 99th percentile | ab RMSE | ms |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for row, taken in zip(rows, milliseconds(loaded, small)):
        lines.append(f"| {' | '.join(row)} | {taken:.0f} |")
    text = "\n".join(lines) + "\n"
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
