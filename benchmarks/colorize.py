"""Time and memory of `colorize`, from 1 to 100 megapixels, and photographs a minute.

    python benchmarks/colorize.py            # prints benchmarks/colorize.md
    python benchmarks/colorize.py --write    # and writes it

The size table colors one gray JPEG in a process of its own. The rate is that of the verb, folder to
folder, without its start: the time of all photographs less that of one. Beside it stands what the
codec alone takes: the package's own reading of each photograph and writing of its picture, one
after the other, on one core.
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from keras_colorize.cli import DEFAULT_MODEL

SIZES = 1, 4, 12, 36, 100  # megapixels
RATES = ((1, 60), (12, 12))  # megapixels, photographs


def photograph(megapixels: float, seed: int = 0) -> np.ndarray:
    """Return a gray photograph of 3:2, enlarged, with the noise of a scan."""
    height = int((megapixels * 1e6 / 1.5) ** 0.5)
    gray = cv2.cvtColor(skimage.data.coffee(), cv2.COLOR_RGB2GRAY)
    large = cv2.resize(gray, (int(1.5 * height), height), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(seed).integers(-3, 4, large.shape, "int8")
    return cv2.add(large, noise, dtype=cv2.CV_8U)


def one(path: str, out: str) -> None:
    """Color one photograph; print seconds, processor seconds and peak memory."""
    from keras_colorize.runtimes.color_files import color_files

    started = time.monotonic()
    outcome = color_files([path], out, DEFAULT_MODEL)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    assert not outcome.failed, outcome.failed
    print(time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20)


def rate(folder: Path, out: Path) -> tuple[float, float]:
    """Return photographs a minute of `colorize`, and of the codec alone."""
    from keras_colorize.data import photographs

    def seconds(given: Path, made: Path) -> float:
        verb = [sys.executable, "-m", "keras_colorize.colorize", str(given), "-o", str(made)]
        started = time.monotonic()
        subprocess.run(verb, capture_output=True, check=True)
        return time.monotonic() - started

    paths = sorted(folder.iterdir())
    alone = min(seconds(paths[0], out / f"first{number}") for number in range(3))
    ours = (seconds(folder, out / "all") - alone) / (len(paths) - 1)
    pictures = [photographs.File(out / "all" / path.name).read().pixels for path in paths]
    started = time.monotonic()
    for path, picture in zip(paths, pictures):
        photographs.File(path).read()
        photographs.write(out / "codec.jpg", picture)
    return 60 / ours, 60 * len(paths) / (time.monotonic() - started)


def main(write: bool) -> None:
    lines = [
        "# Time and memory of `colorize`",
        "",
        f"`python benchmarks/colorize.py`: {DEFAULT_MODEL}, gray JPEGs of 3:2. "
        f"{platform.machine()}, {os.cpu_count()} cores, no GPU; load average before the run, of "
        f"other work: {os.getloadavg()[0]:.0f}.",
        "",
        "| megapixels | s | processor s | peak memory GiB |",
        "|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for size in SIZES:
            path = folder / f"{size}.jpg"
            cv2.imwrite(str(path), photograph(size))
            command = [sys.executable, __file__, "--one", str(path), str(folder / "out")]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds, processor, memory = map(float, done.stdout.split()[-3:])
            lines.append(f"| {size} | {seconds:.1f} | {processor:.1f} | {memory:.2f} |")
        lines += [
            "",
            "Start, imports and the weights included; they are most of the first row.",
            "",
            "| megapixels | photographs a minute | the codec alone | share |",
            "|---:|---:|---:|---:|",
        ]
        for size, count in RATES:
            given, out = folder / f"given{size}", folder / f"out{size}"
            given.mkdir()
            out.mkdir()
            for number in range(count):
                cv2.imwrite(str(given / f"{number}.jpg"), photograph(size, number))
            ours, codec = rate(given, out)
            lines.append(f"| {size} | {ours:.0f} | {codec:.0f} | {ours / codec:.2f} |")
        lines += [
            "",
            "Reading, coloring and writing overlap, on both cores. At 1 megapixel the network is "
            "most of the work. At 12, a photograph takes 0.24 s of processor time: 0.07 the codec, "
            "0.04 the network, the rest L\\*, contours and color. A share of 0.8 allows 0.19 s.",
        ]
    text = "\n".join(lines) + "\n"
    print(text)
    if write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one", nargs=2)
    arguments = parser.parse_args()
    one(*arguments.one) if arguments.one else main(arguments.write)
