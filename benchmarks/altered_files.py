"""Altered weights, altered checkpoints and damaged photographs; writes altered_files.md.

    python benchmarks/altered_files.py

One bit of a file is flipped, or the file is cut, at random places; then it is read. It is refused,
or what is read is what was written: the bit was in a place that means nothing. Then a training gets
folders in which one photograph in a hundred is damaged.
"""

import contextlib
import io
import json
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

import numpy as np
import skimage.data
from PIL import Image

from keras_colorize import cli, train

TRIES = 40  # of each kind, on each file
PHOTOGRAPHS = 400
TRAIN = ["--arch", "unet_vae", "--batch-size", "2", "--epochs", "1", "--steps", "2"]


# ---- altered files ----


def flipped(content: bytes, random) -> bytes:
    """Flip one bit."""
    changed = bytearray(content)
    changed[random.integers(len(content))] ^= 1 << int(random.integers(8))
    return bytes(changed)


def cut(content: bytes, random) -> bytes:
    """Keep the beginning."""
    return content[: random.integers(len(content))]


def readers(folder: Path):
    """Yield for each kind of file its name, the file, and what reads it.

    A reader returns what it has read, to compare, or raises.
    """
    import keras

    from keras_colorize.colorizer import load, pretrained
    from keras_colorize.models.backbones import efficientnet_lite
    from keras_colorize.runtimes.onnx_runtime import ONNX, OnnxColorizer
    from keras_colorize.training.checkpoints import Checkpoints, Progress

    model = shutil.copytree(pretrained.locate(cli.DEFAULT_MODEL), folder / "model")
    yield "weights of a model", model / "model.weights.h5", lambda: values(load(model))
    network = model / "onnx" / ONNX.network

    def load_network():
        OnnxColorizer(network.parent)
        return network.read_bytes()

    yield "network for ONNX Runtime", network, load_network

    found = efficientnet_lite.ENCODERS.find("efficientnet_lite0")
    copy = shutil.copytree(found.parent, folder / "encoder") / found.name

    def load_encoder():
        with mock.patch.object(efficientnet_lite.ENCODERS, "find", return_value=copy):
            encoder = efficientnet_lite.efficientnet_lite0()
        return [np.asarray(weight) for weight in encoder.weights]

    yield "weights of an encoder", copy, load_encoder

    variables = [keras.Variable(np.full((64, 64), 0.5, "float32"), name=f"w{n}") for n in range(9)]
    checkpoints = Checkpoints(folder / "checkpoints", variables)
    history = [{"epoch": 1, "step": 4, "seconds": 2.5, "loss": 0.125}]
    checkpoints.save(Progress(7, 3.5, {"loss": 0.375}, history))

    def restore():
        for variable in variables:
            variable.assign(np.zeros(variable.shape))
        with contextlib.redirect_stderr(io.StringIO()) as said:
            try:
                progress = checkpoints.restore()
            except Exception as error:
                raise RuntimeError(said.getvalue().strip()) from error
        return progress, [np.asarray(variable) for variable in variables]

    for name, path in (
        ("variables of a checkpoint", "variables.data-00000-of-00001"),
        ("index of a checkpoint", "variables.index"),
        ("progress in a checkpoint", "progress.json"),
    ):
        yield name, checkpoints.folder / "step-00000007" / path, restore


def values(made):
    """Return the weights of a Colorizer."""
    return [np.asarray(weight) for weight in made.network.weights]


def altered(folder: Path) -> list[str]:
    """Return the rows of the first table."""
    random, rows = np.random.default_rng(0), []
    for name, path, read in readers(folder):
        whole, expected = path.read_bytes(), read()
        for how, change in (("one bit flipped", flipped), ("cut", cut)):
            fates, messages = Counter(), Counter()
            for _ in range(TRIES):
                path.write_bytes(change(whole, random))
                try:
                    fates["as written" if same(read(), expected) else "wrong"] += 1
                except Exception as error:
                    fates["refused"] += 1
                    messages[sentence(error, folder)] += 1
            path.write_bytes(whole)
            counts = " | ".join(str(fates[fate]) for fate in ("refused", "as written", "wrong"))
            said = messages.most_common(1)[0][0] if messages else ""
            rows.append(f"| {name} | {how} | {counts} | {said} |")
            print(rows[-1], flush=True)
    return rows


def same(one, other) -> bool:
    """Tell whether two things that were read are equal."""
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return np.array_equal(one, other)


def sentence(error, folder) -> str:
    """Return what a refusal says, without what differs from file to file."""
    text = str(error).splitlines()[0].replace(f"{folder}/", "")
    return re.sub(r"[0-9a-f]{64}", "…", text).replace("|", "\\|")[:240]


# ---- damaged photographs ----

DAMAGES = {
    "cut": lambda content, random: content[: len(content) // 2],
    "its second half zeros": lambda content, random: content[: len(content) // 2].ljust(
        len(content), b"\0"
    ),
    "empty": lambda content, random: b"",
    "something else": lambda content, random: random.bytes(len(content)),
}


def photographs(folder: Path) -> dict[str, str]:
    """Fill a folder; return what was done to the damaged ones, by their names."""
    random, done = np.random.default_rng(1), {}
    pictures = [getattr(skimage.data, name)() for name in ("astronaut", "chelsea", "coffee")]
    bad = random.choice(PHOTOGRAPHS, len(DAMAGES), replace=False).tolist()
    folder.mkdir()
    for number in range(PHOTOGRAPHS):
        picture, kind = pictures[number % 3], ("JPEG", "PNG")[number % 2]
        top, left = (int(random.integers(side - 64)) for side in picture.shape[:2])
        name, content = f"{number:03d}.{kind.lower()}", io.BytesIO()
        Image.fromarray(picture[top : top + 64, left : left + 64]).save(content, kind)
        content = content.getvalue()
        if number in bad:
            done[name] = list(DAMAGES)[bad.index(number)]
            content = DAMAGES[done[name]](content, random)
        (folder / name).write_bytes(content)
    return done


def damaged(folder: Path) -> tuple[list[str], str]:
    """Return the rows of the second table, and how the training ended."""
    done, out = photographs(folder / "photographs"), folder / "run"
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = train.main([*TRAIN, "--data", str(folder / "photographs"), "-o", str(out)])
    record = json.loads((out / "run.json").read_text())
    skipped = dict(record["skipped"])
    rows = []
    for name, how in done.items():
        named = "yes" if f"  {name}: " in said.getvalue() else "NO"
        rows.append(f"| {name.split('.')[1]} | {how} | {named} | {skipped.get(name, '')} |")
    others = Counter(reason for name, reason in skipped.items() if name not in done)
    end = (
        f"The training ended with exit code {code} and the status `{record['status']}`, on "
        f"{sum(record['photographs'].values())} photographs. Whole ones that were skipped: "
        f"{', '.join(f'{count} ({reason})' for reason, count in others.items()) or 'none'}."
    )
    return rows, end


def main() -> None:
    """Measure and write the page."""
    cli.start_keras()
    with tempfile.TemporaryDirectory() as folder:
        weights, (data, end) = altered(Path(folder)), damaged(Path(folder))
    page = f"""\
# Altered weights and damaged photographs

`python benchmarks/altered_files.py`: each file is altered {TRIES} times in each way, at random \
places, and read.

| file | altered | refused | read as it was written | read otherwise | most frequent message |
|---|---|---:|---:|---:|---|
{chr(10).join(weights)}

Where a checkpoint is refused, the run goes on from the one before; here there was none.

## One photograph in a hundred

A training gets {PHOTOGRAPHS} photographs, of which {len(DAMAGES)} are damaged.

| file | damage | named | reason |
|---|---|---|---|
{chr(10).join(data)}

{end}
"""
    Path(__file__).with_suffix(".md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
