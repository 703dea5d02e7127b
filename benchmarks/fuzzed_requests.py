"""Thousands of damaged and hostile requests to an exported model; writes fuzzed_requests.md.

    python benchmarks/fuzzed_requests.py [COUNT]

Each file is sent between two good photographs. Either all three are answered, and the good ones
with the same bytes as always, or the request is refused with a sentence that names the file. The
files are those of tests/hostile_requests.py. The network is a small one with random weights: what
is tried here is the same around every network.
"""

import collections
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import hostile_requests
from encoded import encode

from keras_colorize.colorizer import Colorizer
from keras_colorize.runtimes import saved_model

_AT = 100  # memory is compared with that after so many requests


def main(count: int) -> None:
    """Send the requests and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        saved_model.save(Colorizer("vgg_fusion", size=32, backbone_weights="none"), folder)
        served = tf.saved_model.load(folder)
    colorize = served.signatures["serving_default"]
    neighbor = encode(np.random.default_rng(0).integers(0, 256, (24, 32, 3)).astype("uint8"))
    (expected,) = colorize(image_bytes=tf.constant([neighbor]))["png_bytes"].numpy()
    rows, wrong, taken = collections.defaultdict(collections.Counter), [], []
    for number, (kind, content) in enumerate(hostile_requests.requests(count, seed=1)):
        if number == min(_AT, count - 1):
            before = _peak()
        started = time.perf_counter()
        try:
            fate = hostile_requests.fate(content, colorize, neighbor, expected)
        except (AssertionError, tf.errors.OpError) as error:
            fate = "wrong"
            wrong.append(f"{number}, {kind}: {error}")
        taken.append(time.perf_counter() - started)
        rows[kind][fate if fate in ("colored", "wrong") else "refused"] += 1
    (again,) = colorize(image_bytes=tf.constant([neighbor]))["png_bytes"].numpy()
    _write(rows, count, taken, before, wrong, again == expected)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # GiB, on Linux


def _write(rows, count, taken, before, wrong, unchanged):
    middle, slow, slowest = 1000 * np.percentile(taken, [50, 99, 100])
    lines = [
        "# Damaged and hostile requests",
        "",
        f"`python benchmarks/fuzzed_requests.py {count}`: {count:,} files of "
        "`tests/hostile_requests.py`, each sent to a SavedModel between two good photographs, all "
        "in one process.",
        "",
        "| kind | all three colored | refused, with a sentence that names the file | neither |",
        "|---|---:|---:|---:|",
    ]
    for kind, fates in rows.items():
        lines.append(f"| {kind} | {fates['colored']} | {fates['refused']} | {fates['wrong']} |")
    total = sum(rows.values(), collections.Counter())
    lines += [
        f"| all | {total['colored']} | {total['refused']} | {total['wrong']} |",
        "",
        "A request counts as colored only if both neighbors became the same bytes as always, and "
        "the picture has the size that Pillow reads, where Pillow reads the file. After all of "
        f"them the good photograph is answered {'as before' if unchanged else 'DIFFERENTLY'}.",
        "",
        f"Milliseconds a request on a busy machine: median {middle:.0f}, 99th percentile "
        f"{slow:.0f}, longest {slowest:.0f}. Peak memory {_peak():.2f} GiB, {before:.2f} GiB after "
        f"{_AT} requests.",
        "",
        "Whole files that are refused are animated WebPs, which are not read.",
    ]
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines), *wrong, sep="\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
