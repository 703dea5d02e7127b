"""What each choice of lite_unet's design does to unseen photographs; writes design.md.

    python benchmarks/design.py --data "shards/train-*.tar" --val-data shards/val.tar

One choice at a time is made otherwise; every network is trained on the same crops with the same
seed and scored on the same photographs. A row that is done is not repeated, one that was stopped
goes on.
"""

import argparse
import dataclasses
import functools
import json
import subprocess
import sys
from pathlib import Path

from trained import of_run, table

CROPS, BATCH = 6_400, 32
RECIPE = ["--recipe", "lite_unet_regression", "--epochs", "1", "--ema", "0"]
RECIPE += ["--steps", str(CROPS // BATCH), "--batch-size", str(BATCH)]


@dataclasses.dataclass(frozen=True)
class Design:
    """One row: arguments of the network's function, and flags of `train`."""

    network: dict = dataclasses.field(default_factory=dict)
    flags: tuple[str, ...] = ()


DESIGNS = {
    "as it is": Design(),
    "another seed": Design(flags=("--seed", "1")),
    "half the width: 80, 48, 32, 24": Design({"widths": (80, 48, 32, 24)}),
    "1.5 times the width: 240, 144, 96, 72": Design({"widths": (240, 144, 96, 72)}),
    "no context branch": Design({"context": False}),
    "color at stride 4": Design({"widths": (160, 96, 64)}),
    "color at stride 1": Design({"widths": (160, 96, 64, 48, 32)}),
    "crops of 96²": Design(flags=("--size", "96")),
    "the encoder locked": Design(flags=("--no-trainable-backbone", "--encoder-lr", "0")),
    "the encoder from random weights": Design(
        flags=("--backbone-weights", "none", "--encoder-lr", "1e-3")
    ),
    "64 classes of a* and of b*": Design(flags=("--head", "bins64", "--loss", "l2")),
}


def run(name: str, data: str, val_data: str, out: Path) -> None:
    """Train and score one network, in this process."""
    from keras_colorize import evaluate, train
    from keras_colorize.models import lite_unet as module
    from keras_colorize.models.architectures import ARCHITECTURES

    design = DESIGNS[name]
    # The verbs find the network by name: here they find it in this script.
    global lite_unet
    lite_unet = functools.partial(module.designed, **design.network)
    ARCHITECTURES["lite_unet"] = dataclasses.replace(ARCHITECTURES["lite_unet"], module=__name__)

    photographs = ["--data", data, "--val-data", val_data]
    if train.main([*RECIPE, *photographs, *design.flags, "-o", str(out)]):
        raise SystemExit(f"{name}: training failed")
    model = ["--model", f"model={out}", "--data", val_data, "--pictures", "0"]
    if evaluate.main([*model, "-o", str(out / "scored")]):
        raise SystemExit(f"{name}: scoring failed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--val-data", required=True)
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/design"))
    parser.add_argument("--only", choices=DESIGNS, help="train and score this row in this process")
    arguments = parser.parse_args()
    folders = {name: arguments.out / f"{i:02d}" for i, name in enumerate(DESIGNS)}
    if arguments.only:
        return run(arguments.only, arguments.data, arguments.val_data, folders[arguments.only])

    rows = {}
    for name, folder in folders.items():
        scored = folder / "scored/metrics.json"
        if not scored.exists():
            subprocess.run([sys.executable, *sys.argv, "--only", name], check=True)
        result = json.loads(scored.read_text())
        rows = {"grey": result["rows"]["grey"]} | rows
        rows[name] = result["rows"]["model"] | of_run(folder)
    rows["truth"] = result["rows"]["truth"]
    columns = ["parameters", "PSNR dB", "ab RMSE", "AuC", "CIEDE2000", "colorfulness", "minutes"]
    text = (
        "# The design of `lite_unet`\n\n"
        f"`python benchmarks/design.py`: one choice made otherwise, {CROPS:,} crops of 64² with "
        "the recipe `lite_unet_regression`, the same crops and seed for all; scored on "
        f"{result['photographs']} other photographs, center crops of 256². The second row "
        "tells how much chance does. Minutes of training on a shared machine.\n\n"
        f"{table(rows, columns)}\n"
    )
    print(text)
    Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
