"""Trainings that are killed, lose a worker or fill the disk; writes reliability.md.

    python benchmarks/reliability.py    # measures what reliability.csv lacks and writes the page

A training is disturbed and started again with the same command, until it comes to its end. The
model it leaves is compared with that of a training that nobody disturbed. Kills are SIGKILL. A
process that trains is forked from this one, which has imported TensorFlow and not used it: its life
lacks the seconds of imports, and nothing else. The full disk is a tmpfs, which only root can mount;
for others the row is left out. Moments are drawn with seeds, but how far a training is by then
depends on the machine.
"""

import csv
import itertools
import json
import multiprocessing
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np
import skimage.data
from PIL import Image

from keras_colorize import cli, plots, train

CSV = Path(__file__).with_suffix(".csv")
WORK = Path(tempfile.gettempdir()) / "keras_colorize_reliability"
ALONE, PAIR = "nobody", "nobody, two workers"  # who is killed
RANDOM, CHECKPOINT = "at a random moment", "while a checkpoint is written"
RECORD, MODEL = "while history, curves or pictures are written", "while the model is written"
DISK, WORKER = "while the disk is full", "one of two workers"
KILLS = {RANDOM: 18, CHECKPOINT: 14, RECORD: 5, MODEL: 3, DISK: 4, WORKER: 6}
PER_RUN = dict.fromkeys(KILLS, 4) | {WORKER: 2}  # disturbances of one training
EPOCHS, STEPS = 4, 2
TRAIN = f"--arch unet_vae --batch-size 2 --epochs {EPOCHS} --steps {STEPS}".split()
DISK_BYTES, CHECKPOINT_BYTES = 2**26, 12_000_000
LONG, PATIENCE = 900.0, 240.0  # seconds that a life may take, and a worker without its fellow
COLUMNS = ["kind", "run", "life", "end", "seconds", "step", "half_written", "noticed", "says"]
COLUMNS += ["differs", "losses"]
FORK = multiprocessing.get_context("fork")


# ---- a life: one process, or two, from its start to its end ----


def start(out: Path, workers: int = 1) -> list:
    """Start a training; return its processes, the chief first."""
    environments, argv = [{}], [*TRAIN, "--data", str(WORK / "photographs"), "-o"]
    if workers > 1:
        hosts = [f"127.0.0.1:{port}" for port in free_ports(workers)]
        tasks = [{"type": "worker", "index": index} for index in range(workers)]
        whole = [{"cluster": {"worker": hosts}, "task": task} for task in tasks]
        environments = [{"TF_CONFIG": json.dumps(one)} for one in whole]
        argv = ["--strategy", "multiworker", *argv]
    processes = []
    for number, environment in enumerate(environments):
        arguments = [*argv, str(out)], log_of(out, number), environment
        processes.append(FORK.Process(target=train_here, args=arguments))
        processes[-1].start()
    return processes


def train_here(argv, log, environment):
    os.environ.update(environment)
    with open(log, "wb", 0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.exit(train.main(argv))


def log_of(out: Path, number: int) -> Path:
    return WORK / f"{out.parent.name}.{number}.log"


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait(processes, is_time) -> bool:
    """Wait until it is time to strike; False if a process ended before."""
    while all(process.is_alive() for process in processes):
        if is_time():
            return True
        time.sleep(0.001)
    return False


def after(seconds: float):
    """Tell when so many seconds have passed."""
    began = time.monotonic()
    return lambda: time.monotonic() >= began + seconds


def appears(*patterns: str, folder: Path, number: int = 1):
    """Tell when the number-th new path of these patterns has appeared in a folder."""
    found = lambda: {path for pattern in patterns for path in folder.glob(pattern)}  # noqa: E731
    before, seen = found(), set()

    def is_time():
        seen.update(found() - before)
        return len(seen) >= number

    return is_time


# ---- what is done to it ----


def strike(kind, out, processes, random, usual) -> float | str:
    """Disturb one life in the way of its kind.

    Returns:
        The seconds in which the other worker, if there is one, noticed that its fellow was gone.
    """
    victim, delay, nth = processes[0], random.uniform(0, 0.3), int(random.integers(1, 4))
    if kind == RANDOM:
        is_time, delay = after(random.uniform(0, usual)), 0
    elif kind == CHECKPOINT:
        is_time = appears("checkpoints/.tmp-*", folder=out, number=nth)
    elif kind == RECORD:
        is_time, delay = appears(".tmp-*", "samples/.tmp-*", folder=out, number=1 + nth), delay / 10
    elif kind == MODEL:
        is_time, delay = appears(".tmp-*/model.weights.h5", folder=out), delay / 3
    elif kind == DISK:
        if wait(processes, appears("checkpoints/step-*", folder=out, number=nth)):
            fill(out.parent, int(random.integers(2) * random.integers(CHECKPOINT_BYTES)))
        is_time = appears("checkpoints/.tmp-*", folder=out)
    else:
        victim = processes[random.integers(len(processes))]
        wait(processes, appears("checkpoints/step-00000000", "*/.tmp-*", folder=out))
        is_time, delay = after(random.uniform(0, usual / 2)), 0
    if not wait(processes, is_time) or (delay and not wait(processes, after(delay))):
        return ""
    victim.kill()
    victim.join()
    began = time.monotonic()
    for other in processes:
        other.join(PATIENCE)
    return round(time.monotonic() - began, 1) if len(processes) > 1 else ""


def fill(folder: Path, leave: int) -> None:
    """Fill a file system until so many bytes are left."""
    with open(folder / "filler", "wb", 0) as file:
        while (space := shutil.disk_usage(folder).free - leave) > 0:
            file.write(bytes(min(space, 2**20)))


# ---- a training, from its first life to its last ----


def lives(kind: str, number: int, strikes: int, usual: float):
    """Yield a row for each life of one training, of which so many are disturbed."""
    kinds = [ALONE, PAIR, *KILLS]
    random = np.random.default_rng([kinds.index(kind), number])
    folder, workers = WORK / f"{kinds.index(kind)}-{number}", 1 + (kind in (PAIR, WORKER))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    out = folder / "run"
    if kind == DISK:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "reliability", folder]
        subprocess.run(mount, check=True)
    try:
        for life in itertools.count(1):
            began, processes = time.monotonic(), start(out, workers)
            noticed = strike(kind, out, processes, random, usual) if life <= strikes else ""
            for process in processes:
                process.join(LONG)
                process.kill()
                process.join()
            seconds = round(time.monotonic() - began, 1)
            row = {"kind": kind, "run": str(number), "life": life, "seconds": seconds}
            row |= left_by([process.exitcode for process in processes], out, workers)
            (folder / "filler").unlink(missing_ok=True)
            yield row | {"noticed": noticed}
            if row["end"] == "finished":
                return
    finally:
        if kind == DISK:
            subprocess.run(["umount", folder], check=True)


def left_by(codes, out, workers) -> dict:
    """Return how a life ended and what it has left."""
    steps = sorted(int(path.name[5:]) for path in out.glob("checkpoints/step-*"))
    row = {"step": steps[-1] if steps else "", "half_written": half_written(out)}
    row["says"] = " / ".join(filter(None, (last_words(out, n) for n in range(workers))))
    if set(codes) != {0}:
        return row | {"end": "killed" if -9 in codes else "stopped"}
    expected = WORK / f"{workers - 1}-0" / "run"  # what nobody has disturbed
    mine, other = weights_of(out), weights_of(expected)
    apart = max(
        float(np.abs(mine[name] - other[name]).max()) for name in mine.keys() | other.keys()
    )
    same = "same" if losses(out) == losses(expected) else "other"
    return row | {"end": "finished", "differs": apart, "losses": same}


def half_written(out: Path) -> str:
    """Name the files and folders that are not whole."""
    paths = [*out.rglob(".tmp-*"), *out.rglob(".old-*")]
    kinds = (path.relative_to(out).with_name(path.name[:4]) for path in paths)
    return " ".join(sorted(map(str, kinds)))


def last_words(out: Path, number: int) -> str:
    """Return the message with which a process ended, if it had one."""
    lines = log_of(out, number).read_text(errors="replace").splitlines()
    words = [line.split(": ", 1)[1] for line in lines if line.startswith("keras-colorize train:")]
    return words[-1].replace(str(out), "RUN") if words else ""


def weights_of(out: Path) -> dict:
    """Return a model's arrays by their names."""
    values = {}
    with h5py.File(out / "model" / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: values.update({name: item[()]}) if hasattr(item, "dtype") else None
        )
    return values


def losses(out: Path) -> list[str]:
    """Return the loss of each epoch as it was written."""
    with open(out / "history.csv") as file:
        return [row["loss"] for row in csv.DictReader(file)]


# ---- the table ----


def measure(rows: list[dict]) -> None:
    """Add to the rows what they lack, and to the file."""

    def run(kind, number, strikes, usual=0.0):
        rows[:] = [r for r in rows if (r["kind"], r["run"]) != (kind, str(number))]
        for row in lives(kind, number, strikes, usual):
            rows.append(row)
            write_rows(rows)
            print(row, flush=True)

    def done(kind):
        return len({row["run"] for row in rows if row["kind"] == kind})

    for kind, number in ((ALONE, 0), (ALONE, 1), (PAIR, 0)):
        if done(kind) <= number or not (WORK / f"{(ALONE, PAIR).index(kind)}-0").is_dir():
            run(kind, number, 0)
    while missing := {
        kind: missing for kind, goal in KILLS.items() if (missing := goal - killed(rows, kind)) > 0
    }:
        # One training of each kind in turn.
        kind = min(missing, key=lambda kind: (done(kind), list(KILLS).index(kind)))
        like = (PAIR, WORKER) if kind == WORKER else (ALONE, RANDOM, CHECKPOINT, RECORD, DISK)
        ends = [r["seconds"] for r in rows if r["end"] == "finished" and r["kind"] in like]
        usual = float(ends[-1])  # of late, because a busy machine takes longer
        run(kind, done(kind), min(PER_RUN[kind], missing[kind]), usual)


def killed(rows, kind) -> int:
    """Count the kills of a kind."""
    return sum(row["kind"] == kind and row["end"] == "killed" for row in rows)


def read_rows() -> list[dict]:
    """Return the rows of trainings that came to their end, or none."""
    if not CSV.exists():
        return []
    with open(CSV, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    whole = {(row["kind"], row["run"]) for row in rows if row["end"] == "finished"}
    return [row for row in rows if (row["kind"], row["run"]) in whole]


def write_rows(rows) -> None:
    """Write the CSV."""
    with open(CSV, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def table_row(rows, kind) -> str:
    """Return a row of the table."""
    mine = [row for row in rows if row["kind"] == kind]
    ends = [row for row in mine if row["end"] == "finished"]
    half = sum(bool(row["half_written"]) for row in mine if row["end"] == "killed")
    stopped = sum(row["end"] == "stopped" for row in mine)
    apart = max(float(row["differs"]) for row in ends)
    same = sum(row["losses"] == "same" for row in ends)
    left = sum(bool(row["half_written"]) for row in ends)
    return (
        f"| {kind} | {killed(rows, kind)} | {half} | {stopped} | {len(ends)} | {apart:g} | "
        f"{same} of {len(ends)} | {left} |"
    )


def sayings(rows, kind) -> str:
    """Return what processes of a kind said in the end, and how often."""
    counts = Counter(
        re.sub(r"\.tmp-\w+", ".tmp", re.sub(r"\{\{.*?\}\} ", "", row["says"]))
        for row in rows
        if row["kind"] == kind and row["says"]
    )
    return "\n".join(f"- {count} ×: {text}" for text, count in counts.most_common())


def page(rows) -> str:
    """Return the page."""
    kinds = [kind for kind in (ALONE, PAIR, *KILLS) if any(row["kind"] == kind for row in rows)]
    steps = Counter(str(row["step"]) for row in rows if row["end"] == "killed")
    at = ", ".join(f"{steps[key]} × {key or 'none'}" for key in sorted(steps))
    noticed = [float(row["noticed"]) for row in rows if row["noticed"] not in ("", None)]
    return f"""\
# Killed trainings

`python benchmarks/reliability.py`: a `unet_vae` of 878,275 parameters is trained on three \
photographs for {EPOCHS} epochs of {STEPS} steps, with `keras-colorize train` in a process of its \
own. It is killed with SIGKILL and started again with the same command, at most \
{max(PER_RUN.values())} times, and then left alone. Its weights are compared with those of a \
training that nobody disturbed. \
[reliability.csv](reliability.csv) has each process. {platform.machine()}, {os.cpu_count()} cores, \
TensorFlow {version("tensorflow")}, on a busy machine.

| killed | kills | left something half-written | stopped by themselves | trainings that ended | \
weights, largest difference | losses equal | half-written in the end |
|---|---:|---:|---:|---:|---:|---:|---:|
{chr(10).join(table_row(rows, kind) for kind in kinds)}

{killed_in_all(rows)} kills. The newest checkpoint after a kill was that of step: {at}. A \
difference of 0 means the same bytes.

## A full disk

The run's folder is on a file system of {DISK_BYTES >> 20} MiB, which is filled at a random \
moment. A training that is not killed before says:

{sayings(rows, DISK)}

It is started again when there is room. Before this benchmark a disk that filled between two \
checkpoints was told without the folder (`[Errno 28]` alone), and the record said that the run \
went on.

## A lost worker

The other worker ended by itself after {np.median(noticed):.1f} s (median; longest \
{max(noticed):.1f} s), and said:

{sayings(rows, WORKER)}
"""


def killed_in_all(rows) -> int:
    """Count the kills."""
    return sum(row["end"] == "killed" for row in rows)


def main() -> None:
    """Measure and write."""
    (WORK / "photographs").mkdir(parents=True, exist_ok=True)
    for name in ("astronaut", "chelsea", "coffee"):
        crop = Image.fromarray(getattr(skimage.data, name)()[100:164, 150:214])
        crop.save(WORK / "photographs" / f"{name}.png")
    cli.start_keras()
    from keras_colorize.training import run  # noqa: F401, what every life would import

    plots.curves([{"epoch": 1, "step": 1, "loss": 1.0}])  # matplotlib looks for its fonts once
    rows = read_rows()
    measure(rows)
    CSV.with_suffix(".md").write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
