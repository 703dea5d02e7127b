"""How time and memory of training grow, and what the second process costs.

    python benchmarks/scaling.py            # prints the tables of benchmarks/scaling.md
    python benchmarks/scaling.py --write    # and writes them

`vgg_fusion` with its whole backbone trained (8,793,730 parameters), random photographs, the step
that `train` takes. Each row is a process of its own, so that its peak of memory is its own. CPU
time is counted, since other programs on the machine would disturb wall time.
The last table is arithmetic: bytes of gradients, and what links of nominal speed make of them.
"""

import argparse
import json
import math
import os
import platform
import resource
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_colorize import models
from keras_colorize.colorizer import Colorizer
from keras_colorize.training import distribution, loop, trainers
from keras_colorize.training.recipe import Recipe

STEPS = {64: 8, 128: 5, 224: 3}  # counted, by size; the first step, which compiles, is not
SIZES = [(64, 8), (128, 2), (128, 8), (128, 16), (224, 8)]
WORKERS = (64, 8)
# Bytes a second, nominal: Ethernet's by definition, NVLink's in one direction of an A100 [vendor].
LINKS = {"10 Gb/s": 1.25e9, "100 Gb/s": 12.5e9, "NVLink 3": 300e9}


def take_steps(size: int, batch: int, workers: int) -> dict:
    """Train for a few steps in this process; return what they took."""
    strategy = distribution.make_strategy("multiworker" if workers > 1 else "none")
    keras.utils.set_random_seed(0)
    with strategy.scope():
        options = {"backbone_weights": "none", "trainable_backbone": True}
        colorizer = Colorizer("vgg_fusion", "regression", size, **options)
        trainer = trainers.make(Recipe(), colorizer)
        trainers.prepare(trainer, colorizer, Recipe(), 1e-3, 100)
        loop.state_of(trainer)
    distribution.synchronize_batch_norm(strategy, trainer)
    lab = np.random.default_rng(0).uniform(0, 90, (batch // workers, size, size, 3))
    lab = tf.constant(lab.astype("float32"))
    pair = {"lightness": lab[..., :1]}, {"color": lab}
    dataset = tf.data.Dataset.from_tensors(pair).repeat()
    batches = iter(distribution.distribute(strategy, dataset))

    @tf.function
    def step(some):
        logs = strategy.run(trainer.train_step, args=(some,))
        return strategy.reduce("MEAN", logs["loss"], axis=None)

    float(step(next(batches)))
    cpu, wall = time.process_time(), []
    for _ in range(STEPS[size]):
        began = time.perf_counter()
        float(step(next(batches)))
        wall.append(time.perf_counter() - began)
    cpu = (time.process_time() - cpu) / STEPS[size]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
    return {"cpu": cpu, "wall": statistics.median(wall), "memory": memory}


def start(size, batch, workers=1):
    ports = []
    for _ in range(workers):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            ports.append(one.getsockname()[1])
    children = []
    for index in range(workers):
        cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
        config = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        command = [sys.executable, __file__, "--child", json.dumps([size, batch, workers])]
        environment = os.environ | {"TF_CONFIG": json.dumps(config), "TF_CPP_MIN_LOG_LEVEL": "3"}
        children.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        )
    return [json.loads(child.communicate()[0].splitlines()[-1]) for child in children]


def measure() -> str:
    lines = [
        "| size | batch | CPU s a step | CPU ms a photograph | CPU ns a pixel | peak memory GB |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for size, batch in SIZES:
        (one,) = start(size, batch)
        each = one["cpu"] / batch
        lines.append(
            f"| {size} | {batch} | {one['cpu']:.2f} | {1e3 * each:.0f} | "
            f"{1e9 * each / size**2:.0f} | {one['memory'] / 1e9:.2f} |"
        )
        print(lines[-1], file=sys.stderr)
    lines += [
        "",
        f"The same batch of {WORKERS[1]} at {WORKERS[0]}² in one process and shared by two on this "
        "machine, joined by the loopback interface:",
        "",
        "| processes | CPU s a step, over all | s a step | peak memory GB, each |",
        "|---:|---:|---:|---:|",
    ]
    for workers in (1, 2):
        some = start(*WORKERS, workers)
        lines.append(
            f"| {workers} | {sum(one['cpu'] for one in some):.2f} | "
            f"{max(one['wall'] for one in some):.2f} | "
            f"{max(one['memory'] for one in some) / 1e9:.2f} |"
        )
    return "\n".join(lines) + "\n"


def count_gradients() -> str:
    """Bytes of gradients of each architecture, and the time of their ring all-reduce."""
    lines = [
        "| network | trained parameters | gradients MB | " + " | ".join(LINKS) + " |",
        "|---|---:|---:|" + "---:|" * len(LINKS),
    ]
    for arch in models.list_models():
        options = {"backbone_weights": "none", "trainable_backbone": True}
        if "backbone_weights" not in models.get(arch).options:
            options = {}
        network = models.create(arch, **options)
        count = sum(math.prod(variable.shape) for variable in network.trainable_variables)
        times = [f"{1e3 * 2 * 7 / 8 * 4 * count / speed:.2f} ms" for speed in LINKS.values()]
        row = [f"`{arch}`", f"{count:,}", f"{4 * count / 1e6:.1f}", *times]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write benchmarks/scaling.md")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(take_steps(*json.loads(arguments.child))))
        return
    text = (
        "# How training grows\n\n"
        f"`python benchmarks/scaling.py --write`: `vgg_fusion`, whole backbone trained, float32. "
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"TensorFlow {tf.__version__}. Other programs ran on the machine: CPU seconds are to be "
        f"trusted, seconds are not.\n\n{measure()}\n"
        "## Gradients\n\n"
        "Of the generator alone where there is a discriminator too; 4 bytes a parameter. A ring "
        "all-reduce among n devices sends 2 (n − 1) / n times the bytes over each link; times are "
        f"for n = 8, at the links' nominal speed and without latency.\n\n{count_gradients()}"
    )
    print(text)
    if arguments.write:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
