"""Time and memory of a training step of every architecture, beside PyTorch for four of them.

    python benchmarks/step.py                               # prints the table of benchmarks/step.md
    python benchmarks/step.py --torch ENV/bin/python --write  # an environment that has torch

Each architecture takes its published head, its own way of training (a GAN's step trains both
networks) and its whole network, backbone included. Every measurement is a process of its own, so
that its peak memory is its own; ours and PyTorch's take turns, and ratios are taken within a round.
"""

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_colorize import models
from keras_colorize.colorizer import Colorizer
from keras_colorize.training import loop, trainers
from keras_colorize.training.recipe import Recipe

SIZE, BATCH, STEPS, ROUNDS = 96, 4, 5, 3
SIZES = {"pix2pix": 256}  # PyTorch's takes no smaller photographs
PEERS = ("pix2pix", "resnet50_unet", "vgg_fusion", "zhang2016")


def prepare(arch: str, size: int, batch: int):
    """Return a training step of one architecture, and the number of parameters that it trains."""
    options = {}
    if "backbone_weights" in models.get(arch).options:
        options = {"backbone_weights": "none", "trainable_backbone": True}
    colorizer = Colorizer(arch, None, size, **options)
    recipe = Recipe(arch=arch)
    trainer = trainers.make(recipe, colorizer)
    trainers.prepare(trainer, colorizer, recipe, 1e-3, 100)
    loop.state_of(trainer)
    lab = np.random.default_rng(0).uniform(0, 100, (batch, size, size, 3)).astype("float32")
    inputs, target = {"lightness": tf.constant(lab[..., :1])}, {"color": tf.constant(lab)}
    if "saliency" in colorizer.network.output:
        target["saliency"] = tf.constant(lab[..., :1] / 50 - 1)
    step = tf.function(lambda: trainer.train_step((inputs, target)))
    trained = sum(int(np.prod(v.shape)) for v in colorizer.network.trainable_variables)
    return lambda: float(step()["loss"]), trained


def ours(arch: str, size: int, batch: int, steps: int) -> None:
    """Measure one architecture in this process; print a line of JSON."""
    step, trained = prepare(arch, size, batch)
    step()
    step()
    times = []
    for _ in range(steps):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report = {"times": times, "megabytes": peak, "trained": trained, "version": tf.__version__}
    print(json.dumps(report))


def run(*command) -> dict:
    """Run one measurement and read its line."""
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(torch: str | None) -> str:
    """Measure everything in turn; return the table."""
    lines = [
        "| | size | parameters trained | s a step | s a photograph | peak MB | PyTorch s a step "
        "| PyTorch peak MB | time, ours / PyTorch | memory, ours / PyTorch |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for arch in models.list_models():
        build = models.get(arch)
        size = build.size if build.stride is None else SIZES.get(arch, SIZE)
        here, there = [], []
        for _ in range(ROUNDS):
            arguments = (arch, size, BATCH, STEPS)
            here.append(run(sys.executable, __file__, "--one", *arguments))
            if torch and arch in PEERS:
                peer = Path(__file__).with_name("step_torch.py")
                there.append(run(torch, peer, *arguments))
        print(arch, here, there, file=sys.stderr)
        seconds = [statistics.median(report["times"]) for report in here]
        memory = [report["megabytes"] for report in here]
        row = [
            f"`{arch}`",
            f"{size}²",
            f"{here[0]['trained']:,}",
            f"{statistics.median(seconds):.2f}",
            f"{statistics.median(seconds) / BATCH:.3f}",
            f"{statistics.median(memory):,.0f}",
        ]
        if there:
            assert there[0]["trained"] == here[0]["trained"], "the two networks differ"
            theirs = [statistics.median(report["times"]) for report in there]
            row += [
                f"{statistics.median(theirs):.2f}",
                f"{statistics.median(report['megabytes'] for report in there):,.0f}",
                f"{statistics.median(a / b for a, b in zip(seconds, theirs)):.2f}",
                f"{statistics.median(a / b['megabytes'] for a, b in zip(memory, there)):.2f}",
            ]
        else:
            row += [""] * 4
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write benchmarks/step.md")
    parser.add_argument("--torch", help="the Python of an environment that has torch")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        arch, *numbers = arguments.one
        return ours(arch, *map(int, numbers))
    table = measure(arguments.torch)
    heading = (
        "# A training step\n\n"
        f"`python benchmarks/step.py --torch PYTHON --write`: batches of {BATCH}, float32, the "
        f"whole network trained; medians of {STEPS} steps in {ROUNDS} processes each, ours and "
        "PyTorch's in turn. Memory is the whole process's, imports included. "
        f"{platform.machine()}, Python {platform.python_version()}.\n\n"
    )
    print(heading + table)
    if arguments.write:
        Path(__file__).with_suffix(".md").write_text(heading + table)


if __name__ == "__main__":
    main()
