"""CPU time of the input pipeline for one photograph, beside a floor and a peer.

    python benchmarks/pipeline.py            # prints the table of benchmarks/pipeline.md
    python benchmarks/pipeline.py --write    # and writes it

The work: JPEGs of 0.2 megapixels → 224 × 224 training examples in CIELAB, batches of 8.

- floor: tf.data decodes and resizes; no crop, no mirror, no Lab. Nothing useful is cheaper.
- ours: `training_batches`: random crop, mirror, area resize, Lab.
- peer: as most colorization projects do it: Pillow opens and resizes, scikit-image's rgb2lab, in a
  Python loop; no crop, no mirror.

The photographs are crops of those that come with scikit-image and Matplotlib. The three take turns,
and the table gives medians over the rounds; ratios are taken within a round.
"""

import argparse
import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import skimage
import tensorflow as tf
from PIL import Image
from skimage.color import rgb2lab

from keras_colorize.data import pipeline, sources

SIZE, BATCH, PHOTOGRAPHS, ROUNDS = 224, 8, 400, 7
WIDTH, HEIGHT = 516, 387  # 0.2 megapixels


def make_photographs(folder: Path) -> list[str]:
    """Write JPEGs of 0.2 megapixels, each another part of a sample photograph."""
    samples = [Image.fromarray(rgb) for _, _, rgb in sources.open_source("samples").read_all()]
    draw = np.random.default_rng(0)
    for number in range(PHOTOGRAPHS):
        sample = samples[number % len(samples)]
        # Between 70 % of the sample's detail and all of it.
        scale = draw.uniform(0.7, 1.0) * min(sample.width / WIDTH, sample.height / HEIGHT)
        width, height = round(WIDTH * scale), round(HEIGHT * scale)
        left = draw.integers(0, sample.width - width + 1)
        top = draw.integers(0, sample.height - height + 1)
        crop = sample.resize((WIDTH, HEIGHT), box=(left, top, left + width, top + height))
        crop.save(folder / f"{number:04d}.jpg", quality=90)
    return sorted(str(path) for path in folder.glob("*.jpg"))


def floor(paths):
    def read(path):
        rgb = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.image.resize(rgb, (SIZE, SIZE))

    dataset = tf.data.Dataset.from_tensor_slices(paths).repeat()
    return iter(dataset.map(read, tf.data.AUTOTUNE).batch(BATCH, drop_remainder=True).prefetch(2))


def peer(paths):
    while True:
        for start in range(0, len(paths), BATCH):
            batch = []
            for path in paths[start : start + BATCH]:
                rgb = Image.open(path).convert("RGB").resize((SIZE, SIZE), Image.BILINEAR)
                batch.append(rgb2lab(np.asarray(rgb)).astype("float32"))
            yield np.stack(batch)


def cpu_ms(batches) -> float:
    """Return CPU milliseconds a photograph, over all threads, for one pass."""
    began = time.process_time()
    for _ in range(PHOTOGRAPHS // BATCH):
        next(batches)
    return 1000 * (time.process_time() - began) / PHOTOGRAPHS


def measure(folder: Path) -> str:
    """Run the three in turn and return the table."""
    paths = make_photographs(folder)
    source = sources.open_source(str(folder))
    ways = {
        "floor": floor(paths),
        "ours": iter(pipeline.training_batches(source, pipeline.BatchOptions(SIZE, BATCH))),
        "peer": peer(paths),
    }
    for batches in ways.values():  # compile, and fill the buffers
        cpu_ms(batches)
    rounds = [{name: cpu_ms(batches) for name, batches in ways.items()} for _ in range(ROUNDS)]

    def median(value):
        return statistics.median(value(times) for times in rounds)

    said = {
        "floor": "tf.data: decode, bilinear resize",
        "ours": "tf.data: decode, random crop, mirror, area resize, Lab",
        "peer": "Pillow + scikit-image: decode, bilinear resize, Lab",
    }
    lines = ["| | CPU ms a photograph | ratio to the floor |", "|---|---:|---:|"]
    for name, what in said.items():
        ms, ratio = median(lambda t, n=name: t[n]), median(lambda t, n=name: t[n] / t["floor"])
        lines.append(f"| {what} | {ms:.2f} | {ratio:.2f} |")
    lines.append("")
    faster = median(lambda times: times["peer"] / times["ours"])
    lines.append(f"Ours takes 1/{faster:.2f} of the peer's time.")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write benchmarks/pipeline.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = measure(Path(folder))
    heading = (
        "# The input pipeline\n\n"
        f"`python benchmarks/pipeline.py --write`: {PHOTOGRAPHS} JPEGs of 0.2 megapixels → "
        f"{SIZE}², medians of {ROUNDS} rounds in turn. {platform.machine()}, "
        f"Python {platform.python_version()}, TensorFlow {tf.__version__}, scikit-image "
        f"{skimage.__version__}.\n\n"
    )
    print(heading + table)
    if arguments.write:
        Path(__file__).with_suffix(".md").write_text(heading + table)


if __name__ == "__main__":
    main()
