"""ONNX Runtime beside Keras: how well the pictures agree, and what one photograph takes.

    python benchmarks/runtimes.py

measures the time, then the agreement of one model after the other. After each, runtimes.csv and
runtimes.md have all rows so far, so it may be interrupted. Models that are in the CSV already are
not measured again: remove their rows when they have changed.

Agreement is CIEDE2000 between the 8-bit pictures, over three photographs; networks without shipped
weights get random ones whose colors are of order ten. The time is that of `colorize` in a process
of its own, from its start to its end, the runtimes taking turns.
"""

import argparse
import csv
import itertools
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import skimage.data

REPETITIONS = 3
RUNTIMES = "keras", "onnx"
_COLUMNS = "model", "head", "MB", "mean", "99th percentile"
_HERE = Path(__file__)


def photographs() -> list[np.ndarray]:
    """Return three photographs in color; what is compared is made of their lightness."""
    wide = skimage.data.chelsea()[:150]
    return [skimage.data.coffee()[::2, ::2], wide, skimage.data.astronaut()[::3, 100:400:3]]


# ---- agreement ----


def with_random_weights(arch: str, head: str, folder: Path) -> str:
    """Write a Colorizer whose output is of order one before its head's activation."""
    import keras

    from keras_colorize import models
    from keras_colorize.colorizer import Colorizer

    options = {"backbone_weights": "none"} if "backbone_weights" in models.get(arch).options else {}
    keras.utils.set_random_seed(0)
    colorizer = Colorizer(arch, head, **options)
    layer = colorizer.network.get_layer("color")
    features = keras.Model(colorizer.network.input, layer.input)
    lightness = np.linspace(0, 100, colorizer.size**2, dtype="float32")
    seen = features({"lightness": lightness.reshape(1, colorizer.size, colorizer.size, 1)})
    kernel = keras.initializers.GlorotUniform(0)(layer.kernel.shape)
    layer.kernel.assign(kernel / np.std(seen))
    colorizer.save(folder / f"{arch}.{head}")
    return str(folder / f"{arch}.{head}")


def agreement(model: str) -> list[str]:
    """Return the cells of one model's row."""
    import keras
    import onnxruntime
    from skimage.color import deltaE_ciede2000, rgb2lab

    from keras_colorize.colorizer import load
    from keras_colorize.runtimes import onnx_files

    colorizer = load(model)
    content = onnx_files.pictures_of(colorizer)
    session = onnxruntime.InferenceSession(content)
    distances = []
    for photograph in photographs():
        (made,) = session.run(None, {"photograph": np.ascontiguousarray(photograph)})
        expected = colorizer.colorize(photograph)
        distances.append(deltaE_ciede2000(rgb2lab(expected), rgb2lab(made)).ravel())
    keras.backend.clear_session()
    distances = np.concatenate(distances)
    cells = len(content) / 1e6, distances.mean(), np.percentile(distances, 99)
    return [text.format(cell) for text, cell in zip(("{:.1f}", "{:.4f}", "{:.3f}"), cells)]


def models_of_the_table() -> list[tuple[str, str]]:
    """Return name and head of the default weights, then of each network, then of each head."""
    from keras_colorize import heads, models
    from keras_colorize.cli import DEFAULT_MODEL

    rows = [(arch, models.get(arch).head) for arch in models.list_models()]
    rows += [("unet_plain", head) for head in heads.list_heads() if head != "regression"]
    return [(DEFAULT_MODEL, ""), *rows]


def measure_agreement(path: Path) -> Iterator[None]:
    """Add to a CSV file the rows that it does not have, and yield after each."""
    if not path.exists():
        path.write_text(f"{','.join(_COLUMNS)}\n", encoding="utf-8")
    measured = {(row["model"], row["head"]) for row in rows_of(path)}
    for name, head in models_of_the_table():
        if (name, head) in measured:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                cells = agreement(with_random_weights(name, head, Path(folder)) if head else name)
            except Exception as error:  # a table of what works tells what does not, too
                cells = [f"{type(error).__name__}: {error}".splitlines()[0][:120], "", ""]
        with open(path, "a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow([name, head, *cells])
        yield


def rows_of(path: Path) -> list[dict]:
    """Return the rows that are measured."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def agreement_table(path: Path) -> list[str]:
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---|---|---:|---:|---:|"]
    measured = {(row["model"], row["head"]): list(row.values()) for row in rows_of(path)}
    missing = ["not measured yet", "", ""]
    for name, head in models_of_the_table():
        lines.append(f"| {' | '.join(measured.get((name, head), [name, head, *missing]))} |")
    return lines


# ---- time ----


def seconds(runtime: str, photograph: Path, out: Path) -> tuple[float, float, float]:
    """Color one photograph; return seconds, processor seconds and the peak memory in GiB."""
    command = [sys.executable, "-m", "keras_colorize", "colorize", photograph, "-o", out]
    command += ["--overwrite", "--runtime", runtime]
    started = time.monotonic()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(list(map(str, command)), **quiet)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.monotonic() - started
    assert status == 0, status
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20


def time_table() -> list[str]:
    """Return a row for each runtime, and their ratio."""
    taken = {runtime: [] for runtime in RUNTIMES}
    with tempfile.TemporaryDirectory() as folder:
        photograph = Path(folder) / "photograph.jpg"
        grey = cv2.cvtColor(skimage.data.coffee(), cv2.COLOR_RGB2GRAY)
        cv2.imwrite(str(photograph), cv2.resize(grey, (1224, 816), interpolation=cv2.INTER_CUBIC))
        for runtime in RUNTIMES:  # files are read once, and the ONNX file is made if need be
            seconds(runtime, photograph, Path(folder) / "out.jpg")
        for _ in range(REPETITIONS):
            for runtime in RUNTIMES:
                taken[runtime].append(seconds(runtime, photograph, Path(folder) / "out.jpg"))
    lines = ["| runtime | s | processor s | peak memory GiB |", "|---|---:|---:|---:|"]
    medians = {name: list(map(statistics.median, zip(*rows))) for name, rows in taken.items()}
    lines += [
        f"| {name} | {s:.2f} | {processor:.2f} | {memory:.2f} |"
        for name, (s, processor, memory) in medians.items()
    ]
    ratios = [keras / onnx for keras, onnx in zip(medians["keras"], medians["onnx"])]
    return [*lines, "| keras : onnx | " + " | ".join(f"{ratio:.1f}" for ratio in ratios) + " |"]


def page(load: float, times: list[str], agreements: list[str]) -> str:
    """Return the text of runtimes.md."""
    lines = [
        "# ONNX Runtime beside Keras",
        "",
        f"`python benchmarks/runtimes.py`: {platform.machine()}, {os.cpu_count()} cores, no GPU; "
        f"load average before the run, of other work: {load:.0f}.",
        "",
        "## One photograph from start to end",
        "",
        "`colorize` of a grey JPEG of 1 megapixel with the default weights, in a process of its "
        f"own; medians of {REPETITIONS}, the runtimes taking turns. On a busy machine only "
        "processor seconds and memory mean something.",
        "",
        *times,
        "",
        "## Agreement",
        "",
        "CIEDE2000 between the pictures of `Colorizer.colorize` and those of `colorize.onnx`, "
        "which has the whole way of a photograph in its graph. MB: 10⁶ bytes; the kernels of the "
        "default weights are kept in half precision, random ones are not. The rows are in "
        "`runtimes.csv`.",
        "",
        *agreements,
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the page after each row."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    load, times, rows = os.getloadavg()[0], time_table(), _HERE.with_suffix(".csv")
    for _ in itertools.chain([None], measure_agreement(rows)):
        text = page(load, times, agreement_table(rows))
        _HERE.with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
