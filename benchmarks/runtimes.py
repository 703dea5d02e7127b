"""Exported models beside Keras: how well pictures agree, what one photograph takes.

    python benchmarks/runtimes.py

measures the time, then the agreement of one model after the other, in each format. After each,
runtimes.csv and runtimes.md have all rows so far, so it may be interrupted. Rows that are in the
CSV already are not measured again: remove them when their model has changed. `--agreement NAME`
measures one model's agreement alone, and leaves the times on the page as they are.

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
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import skimage.data

REPETITIONS = 3
RUNTIMES = "keras", "onnx", "litert"
FORMATS = "savedmodel", "onnx", "litert"
_COLUMNS = "model", "head", "format", "MB", "mean", "99th percentile"
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


def agreement(model: str, format: str) -> list[str]:
    """Return the cells of one model's row in one format."""
    import keras
    from skimage.color import deltaE_ciede2000, rgb2lab

    from keras_colorize.colorizer import load
    from keras_colorize.runtimes import choice, portable_files

    colorizer = load(model)
    if format == "savedmodel":
        size, run = run_saved_model(colorizer)
    else:
        content = portable_files.pictures_of(colorizer, choice.PORTABLE[format].format)
        size, run = (
            len(content),
            {"onnx": run_onnx, "litert": run_litert}[format](content, colorizer),
        )
    distances = []
    for photograph in photographs():
        made = run(np.ascontiguousarray(photograph))
        expected = colorizer.colorize(photograph)
        distances.append(deltaE_ciede2000(rgb2lab(expected), rgb2lab(made)).ravel())
    keras.backend.clear_session()
    distances = np.concatenate(distances)
    cells = size / 1e6, distances.mean(), np.percentile(distances, 99)
    return [text.format(cell) for text, cell in zip(("{:.1f}", "{:.4f}", "{:.3f}"), cells)]


def run_saved_model(colorizer) -> tuple[int, Callable[[np.ndarray], np.ndarray]]:
    """Return the bytes of a SavedModel, and what makes a photograph a picture with it."""
    import tensorflow as tf

    from keras_colorize.runtimes import saved_model

    with tempfile.TemporaryDirectory() as folder:
        saved_model.save(colorizer, folder)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        served = tf.saved_model.load(folder)

    def run(photograph):
        sent = tf.constant([cv2.imencode(".png", photograph[..., ::-1])[1].tobytes()])
        (answer,) = served.signatures["serving_default"](image_bytes=sent)["png_bytes"].numpy()
        return cv2.imdecode(np.frombuffer(answer, "uint8"), cv2.IMREAD_COLOR)[..., ::-1]

    return size, run


def run_onnx(content: bytes, colorizer) -> Callable[[np.ndarray], np.ndarray]:
    """Return what makes a photograph a picture in ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content)
    return lambda photograph: session.run(None, {"photograph": photograph})[0]


def run_litert(content: bytes, colorizer) -> Callable[[np.ndarray], np.ndarray]:
    """Return what makes a photograph a picture in LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    signature = Interpreter(model_content=content).get_signature_runner()
    choices = {"chroma": np.float32(1)}
    if "temperature" in signature.get_input_details():
        own = colorizer.decoding.temperature or colorizer.head.temperature
        choices["temperature"] = np.float32(own)
    return lambda photograph: signature(photograph=photograph, **choices)["picture"]


def models_of_the_table() -> list[tuple[str, str]]:
    """Return name and head of the shipped weights, then of each network, then of each head."""
    from keras_colorize import heads, models
    from keras_colorize.colorizer import pretrained

    rows = [(name, "") for name in pretrained.list_pretrained()]
    rows += [(arch, models.get(arch).head) for arch in models.list_models()]
    return rows + [("unet_plain", head) for head in heads.list_heads() if head != "regression"]


def rows_of_the_table(only: str | None = None) -> list[tuple[str, str, str]]:
    """Return name, head and format of each row, or of one model's rows."""
    models = dict.fromkeys(row for row in models_of_the_table() if only in (None, row[0]))
    return [(*row, format) for row in models for format in FORMATS]


def measure_agreement(path: Path, only: str | None = None) -> Iterator[None]:
    """Add to a CSV file the rows that it does not have, and yield after each."""
    if not path.exists():
        path.write_text(f"{','.join(_COLUMNS)}\n", encoding="utf-8")
    measured = {(row["model"], row["head"], row["format"]) for row in rows_of(path)}
    for name, head, format in rows_of_the_table(only):
        if (name, head, format) in measured:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                model = with_random_weights(name, head, Path(folder)) if head else name
                cells = agreement(model, format)
            except Exception as error:  # a table of what works tells what does not, too
                cells = [f"{type(error).__name__}: {error}".splitlines()[0][:120], "", ""]
        with open(path, "a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow([name, head, format, *cells])
        yield


def rows_of(path: Path) -> list[dict]:
    """Return the rows that are measured."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def agreement_table(path: Path) -> list[str]:
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---|---|---|---:|---:|---:|"]
    measured = {tuple(row.values())[:3]: list(row.values()) for row in rows_of(path)}
    for row in rows_of_the_table():
        cells = measured.get(row, [*row, "not measured yet", "", ""])
        lines.append(f"| {' | '.join(cells)} |")
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
    """Return a row for each runtime, and their ratios."""
    taken = {runtime: [] for runtime in RUNTIMES}
    with tempfile.TemporaryDirectory() as folder:
        photograph = Path(folder) / "photograph.jpg"
        grey = cv2.cvtColor(skimage.data.coffee(), cv2.COLOR_RGB2GRAY)
        cv2.imwrite(str(photograph), cv2.resize(grey, (1224, 816), interpolation=cv2.INTER_CUBIC))
        for runtime in RUNTIMES:  # files are read once, and translated if need be
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
    for name in RUNTIMES[1:]:
        ratios = [f"{keras / light:.1f}" for keras, light in zip(medians["keras"], medians[name])]
        lines.append(f"| keras : {name} | {' | '.join(ratios)} |")
    return lines


def timing() -> str:
    """Return the page's part about time."""
    load = os.getloadavg()[0]
    lines = [
        f"`python benchmarks/runtimes.py`: {platform.machine()}, {os.cpu_count()} cores, no GPU; "
        f"load average before the run, of other work: {load:.0f}.",
        "",
        "## One photograph from start to end",
        "",
        "`colorize` of a grey JPEG of 1 megapixel with the default weights, in a process of its "
        f"own; medians of {REPETITIONS}, the runtimes taking turns. On a busy machine only "
        "processor seconds and memory mean something.",
        "",
        *time_table(),
    ]
    return "\n".join(lines)


def agreeing(path: Path) -> str:
    """Return the page's part about agreement."""
    lines = [
        "## Agreement",
        "",
        "CIEDE2000 between the pictures of `Colorizer.colorize` and those of a SavedModel, of "
        "`colorize.onnx` or of `colorize.tflite`, which have the whole way of a photograph in "
        "their graph. MB: 10⁶ bytes; in the last two, kernels of shipped weights are in half "
        "precision, random ones are not. "
        "The rows are in `runtimes.csv`.",
        "",
        *agreement_table(path),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the page after each row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agreement", metavar="NAME", help="measure one model's agreement alone")
    only = parser.parse_args().agreement
    page, rows = _HERE.with_suffix(".md"), _HERE.with_suffix(".csv")
    if only:
        start = page.read_text(encoding="utf-8").partition("## Agreement")[0]
    else:
        start = f"# ONNX Runtime and LiteRT beside Keras\n\n{timing()}\n\n"
    for _ in itertools.chain([None], measure_agreement(rows, only)):
        page.write_text(start + agreeing(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
