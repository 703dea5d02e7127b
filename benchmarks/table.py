"""One table of what takes how long, beside what people use elsewhere.

    python benchmarks/table.py --torch ENV/bin/python             # writes table.csv and table.md
    python benchmarks/table.py --torch ENV/bin/python inference   # one section, the others stay

ENV has torch, torchvision, timm, Pillow and scikit-image. In each group of rows all processes are
alive at once and take turns, one repetition after the other; the table has medians, and medians of
the ratios within a round.
"""

import argparse
import csv
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import cv2
import table_text
from colorize import photograph

HERE = Path(__file__)
ROOT = HERE.parent.parent
OURS = [sys.executable, str(HERE.with_name("table_ours.py"))]
CORES = len(os.sched_getaffinity(0))
STEPS = {"pix2pix": 256, "resnet50_unet": 96, "vgg_fusion": 96, "zhang2016": 96}
BATCH = 4
COLUMNS = (
    "section",
    "group",
    "row",
    "per",
    "seconds",
    "processor seconds",
    "peak memory GiB",
    "peer",
    "seconds : peer",
    "processor seconds : peer",
)


@dataclass
class Group:
    """Rows that take turns.

    Attributes:
        name: What they have in common.
        rows: The name of each row and the command of its process.
        per: What one unit of the work is.
        units: How many of them a repetition is.
        rounds: How often each row has its turn.
        peer: The row with which the others are compared.
        serves: Whether a process repeats its work when asked, or does it once.
    """

    name: str
    rows: dict[str, list]
    per: str
    units: int = 1
    rounds: int = 5
    peer: str = ""
    serves: bool = True
    measured: dict[str, list[dict]] = field(default_factory=dict)

    def measure(self) -> None:
        """Let the rows take turns."""
        if self.serves:
            workers = {name: Worker(command) for name, command in self.rows.items()}
            said = []
            for name, worker in list(workers.items()):
                try:
                    said.append(worker.answer())
                except RuntimeError as error:  # the other rows are measured nevertheless
                    print(f"{self.name}, {name} fails: {error}", file=sys.stderr)
                    del workers[name]
            assert len({str(each.get("trained")) for each in said}) == 1, said
            turns = {name: worker.again for name, worker in workers.items()}
        else:
            turns = {name: lambda c=command: once(c) for name, command in self.rows.items()}
        self.measured = {name: [] for name in turns}
        for _ in range(self.rounds):
            for name, turn in turns.items():
                self.measured[name].append(turn())
        if self.serves:
            for worker in workers.values():
                worker.end()

    def lines(self, section: str) -> list[dict]:
        """Return the lines of the CSV file."""
        lines = []
        for name, took in self.measured.items():
            line = dict.fromkeys(COLUMNS, "")
            line |= {"section": section, "group": self.name, "row": name, "per": self.per}
            for column, key in (("seconds", "seconds"), ("processor seconds", "processor")):
                line[column] = f"{statistics.median(t[key] for t in took) / self.units:.6g}"
                if self.peer:
                    pairs = zip(took, self.measured[self.peer])
                    ratio = statistics.median(mine[key] / other[key] for mine, other in pairs)
                    line["peer"], line[f"{column} : peer"] = self.peer, f"{ratio:.3g}"
            if "memory" in took[0]:
                line["peak memory GiB"] = f"{statistics.median(t['memory'] for t in took):.3g}"
            lines.append(line)
        return lines


class Worker:
    """A process that repeats its work when asked."""

    def __init__(self, command: list):
        self._process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,  # a few lines
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            text=True,
        )

    def answer(self) -> dict:
        """Wait for an answer."""
        said = self._process.stdout.readline()
        if not said:
            raise RuntimeError(self._process.stderr.read()[-2000:])
        return json.loads(said)

    def again(self) -> dict:
        """Let it do its work; return what it took."""
        print(file=self._process.stdin, flush=True)
        return self.answer()

    def end(self) -> None:
        """Let it end."""
        self._process.stdin.close()
        self._process.wait()


def once(command: list) -> dict:
    """Run a process from its start to its end; return what it took, or what it says it took."""
    began = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        text=True,
    )
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    took = time.perf_counter() - began
    if said.startswith("{"):
        return json.loads(said)
    return {"seconds": took, "processor": usage.ru_utime + usage.ru_stime}


# ---- sections ----


def groups(section: str, torch: str, folder: Path) -> Iterator[Group]:
    """Yield the groups of a section."""
    theirs = [torch, HERE.with_name("table_torch.py")]
    if section == "pipeline":
        import pipeline  # brings TensorFlow

        given = folder / "examples"
        given.mkdir()
        pipeline.make_photographs(given)
        batches = [CORES, "batches"]
        rows = {
            "ours: tf.data": [*OURS, *batches, "tf.data", given],
            "Pillow + scikit-image": [*OURS, *batches, "pillow", given],
            "OpenCV": [*OURS, *batches, "opencv", given],
            "torch DataLoader": [*theirs, *batches, given, pipeline.SIZE, pipeline.BATCH],
        }
        count, peer = pipeline.PHOTOGRAPHS, "Pillow + scikit-image"
        yield Group(f"{CORES} threads", rows, "photograph", count, peer=peer)
    elif section == "step":
        for arch, size in STEPS.items():
            work = [CORES, "step", arch, size, BATCH]
            rows = {"ours: TensorFlow": [*OURS, *work], "PyTorch": [*theirs, *work]}
            yield Group(f"{arch}, {size}²", rows, "step", 1, 7, "PyTorch")
    elif section == "inference":
        for cores in (1, 2):
            ours, network = [*OURS, cores, "network"], [*theirs, cores, "network"]
            rows = {
                f"{name}, {size}²": [*ours, runtime, size]
                for size in (256, 128)
                for runtime, name in (MODELS | {"compiled": "Keras, compiled"}).items()
            }
            rows |= {
                "Zhang 2016, PyTorch eager, 256²": [*network, "zhang2016", "eager", 256],
                "Zhang 2016, PyTorch compiled, 256²": [*network, "zhang2016", "compiled", 256],
                "DDColor-T-sized, PyTorch eager, 256²": [*network, "ddcolor", "eager", 256],
            }
            peer = "Zhang 2016, PyTorch eager, 256²"
            yield Group(f"{cores} thread{'s' * (cores > 1)}", rows, "picture", 1, 9, peer)
    elif section == "profile":
        yield Profile("256², 1 thread", {}, "picture")
    elif section == "folders":
        for size, count in ((1, 8), (12, 2)):
            given, out = some_photographs(folder, size, count)
            rows = {
                "ours: colorize, ONNX Runtime": [*OURS, CORES, "folder", given, out / "ours"],
                "the JPEG codec alone, 1 thread": [*OURS, CORES, "codec", given, out],
                "Zhang 2016, PyTorch + scikit-image": [*theirs, CORES, "folder", given, out],
            }
            peer = "Zhang 2016, PyTorch + scikit-image"
            yield Group(megapixels(size), rows, "photograph", count, 3, peer)
    elif section == "start":
        given, out = some_photographs(folder, 1, 1)
        (path,) = given.iterdir()
        command = [sys.executable, "-m", "keras_colorize", "colorize", path, "-o", out / "a.jpg"]
        rows = {
            f"ours: {MODELS[runtime]}": [*command, "--overwrite", "--runtime", runtime]
            for runtime in MODELS
        }
        once([*theirs, CORES, "weights", folder / "zhang.pt"])
        peer = "Zhang 2016, PyTorch eager"
        rows[peer] = [*theirs, CORES, "one", folder / "zhang.pt", path, out / "b.jpg"]
        yield Group(megapixels(1), rows, "process", 1, 3, peer, serves=False)
    elif section == "memory":
        for size in (1, 12, 50, 100):
            given, out = some_photographs(folder, size, 1)
            (path,) = given.iterdir()
            rows = {
                f"ours: {MODELS[runtime]}": [*OURS, CORES, "one", runtime, path, out / "a.jpg"]
                for runtime in ("onnx", "keras")
            }
            yield Group(megapixels(size), rows, "process", 1, 3, serves=False)
    elif section == "cost":
        for name, sizes in COSTS.items():
            rows = {}
            for size, count in sizes:
                given, out = some_photographs(folder, size, count)
                rows[f"{count} × {megapixels(size)}"] = [
                    *OURS,
                    CORES,
                    "folder",
                    given,
                    out / "ours",
                ]
            yield Cost(name, rows, "folder", 1, 2, amounts=[a * b for a, b in sizes])


MODELS = {"onnx": "ONNX Runtime", "litert": "LiteRT", "keras": "Keras"}
COSTS = {
    "pixels": [(4, 1), (12, 1), (36, 1), (100, 1)],
    "photographs": [(0.25, 4), (0.25, 16), (0.25, 64)],
}


def megapixels(count: float) -> str:
    """Return a number of megapixels in words."""
    return f"{count:g} megapixel{'s' * (count != 1)}"


def some_photographs(folder: Path, size: float, count: int) -> tuple[Path, Path]:
    """Write gray JPEGs; return their folder, and one for what becomes of them."""
    given, out = (folder / f"{name}{size}x{count}" for name in ("given", "out"))
    given.mkdir()
    out.mkdir()
    for number in range(count):
        cv2.imwrite(str(given / f"{number}.jpg"), photograph(size, number))
    return given, out


@dataclass
class Cost(Group):
    """Rows of growing work, and the exponent of the straight line through their logarithms."""

    amounts: list[float] = field(default_factory=list)

    def lines(self, section):
        lines = super().lines(section)
        exponents = dict.fromkeys(COLUMNS, "") | {"section": section, "group": self.name}
        exponents |= {"row": "exponent", "per": "folder"}
        for column in ("seconds", "processor seconds"):
            x = [math.log(amount) for amount in self.amounts]
            y = [math.log(float(line[column])) for line in lines]
            exponents[column] = f"{statistics.linear_regression(x, y).slope:.2f}"
        return [*lines, exponents]


class Profile(Group):
    """The seconds of each kind of operation, by ONNX Runtime's profiler."""

    def measure(self):
        self.measured = once([*OURS, 1, "profile", 256])

    def lines(self, section):
        lines = []
        for kind, (count, seconds) in sorted(self.measured.items(), key=lambda kind: -kind[1][1]):
            line = dict.fromkeys(COLUMNS, "") | {"section": section, "group": self.name}
            line |= {"row": f"{count} {kind}", "per": self.per}
            line |= {"processor seconds": f"{seconds:.3g}"}
            lines.append(line)
        return lines


# ---- the page ----


def machine() -> str:
    """Return what the numbers were measured on."""
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("model name")[2]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    names = ["tensorflow", "keras", "onnxruntime", "ai-edge-litert", "numpy", "pillow"]
    names += ["scikit-image", "opencv-contrib-python-headless"]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in names)
    return (
        f"{cpu.partition(':')[2].partition(chr(10))[0].strip()}, {CORES} cores, "
        f"{memory:.0f} GiB, no GPU, {platform.system()} {platform.release()}; Python "
        f"{platform.python_version()}, {versions}"
    )


def versions_of(torch: str) -> str:
    """Return the versions of the peer's environment."""
    program = "import torch, timm, skimage; print(torch.__version__, timm.__version__)"
    done = subprocess.run([torch, "-c", program], capture_output=True, text=True, check=True)
    return "torch {}, timm {}".format(*done.stdout.split()[-2:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    choices = list(table_text.SECTIONS)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(choices))
    parser.add_argument("--torch", required=True, help="the Python of an environment with torch")
    parser.add_argument("--page", action="store_true", help="only render the page anew")
    arguments = parser.parse_args()
    asked = arguments.sections or choices
    assert set(asked) <= set(choices), choices
    path = HERE.with_suffix(".csv")
    lines, about = [], ""
    if path.exists():
        with open(path, encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
        about = next((line["row"] for line in lines if line["section"] == "machine"), "")
    if not arguments.page:
        load = os.getloadavg()[0]
        about = (
            f"{machine()}; {versions_of(arguments.torch)}. Load average before the run, of other "
            f"work: {load:.1f}."
        )
        once([*OURS, CORES, "translate"])
        for section in asked:
            began, found = time.monotonic(), []
            with tempfile.TemporaryDirectory() as folder:
                for group in groups(section, arguments.torch, Path(folder)):
                    group.measure()
                    found += group.lines(section)
            print(f"{section}: {time.monotonic() - began:.0f} s", file=sys.stderr)
            lines = [line for line in lines if line["section"] not in (section, "machine")] + found
            lines.sort(key=lambda line: choices.index(line["section"]))
            lines.append(dict.fromkeys(COLUMNS, "") | {"section": "machine", "row": about})
            with open(path, "w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(lines)
    HERE.with_suffix(".md").write_text(table_text.page(lines, about), encoding="utf-8")


if __name__ == "__main__":
    main()
