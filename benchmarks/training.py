"""What each choice of a training recipe does to unseen photographs: one change at a time.

    python benchmarks/training.py --data "shards/train-*.tar" --val-data shards/val.tar
    python benchmarks/training.py … --write        # also writes benchmarks/training.md

All runs take the same number of photographs and the same seed. A run that is done is not repeated,
one that was stopped goes on; so the list below may grow.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

BASE = {"arch": "vgg_fusion", "size": 64, "batch-size": 32, "lr": 1e-3, "precision": "bfloat16"}
BASE |= {"backbone-weights": "none", "batch-norm": True, "epochs": 1}
PHOTOGRAPHS = 6_400
CHANGES = {  # what the table calls it → flags
    "nothing else": {},
    "another seed": {"seed": 1},
    "VGG16 without batch norm": {"batch-norm": False},
    "VGG16 without batch norm, half the rate": {"batch-norm": False, "lr": 5e-4},
    "Huber's loss": {"loss": "huber"},
    "crops of 50 to 88 % of the short side": {"crop": 0.5},
    "the average of the weights at 0.99": {"ema": 0.99},
    "a constant rate": {"schedule": "constant"},
    "at 32²": {"size": 32},
    "batches of 8": {"batch-size": 8},
}


def _flag(key, value) -> list[str]:
    if isinstance(value, bool):
        return [f"--{key}" if value else f"--no-{key}"]
    return [f"--{key}", str(value)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--val-data", required=True)
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/compared"))
    parser.add_argument("--write", action="store_true", help="write benchmarks/training.md")
    arguments = parser.parse_args()
    verb = [sys.executable, "-m"]

    runs = {}
    for name, change in CHANGES.items():
        flags = BASE | {"data": arguments.data, "val-data": arguments.val_data} | change
        flags["steps"] = PHOTOGRAPHS // flags["batch-size"]
        out = arguments.out / "-".join(["base", *(f"{k}-{v}" for k, v in change.items())])
        written = out / "run.json"
        if not written.exists() or json.loads(written.read_text())["status"] != "done":
            flags = [part for item in flags.items() for part in _flag(*item)]
            subprocess.run([*verb, "keras_colorize.train", "-o", str(out), *flags], check=True)
        runs[name] = out

    # All in one pass over the same photographs.
    scored = arguments.out / "scored"
    models = [f"--model={name}={out}" for name, out in runs.items()]
    command = [*verb, "keras_colorize.evaluate", "--data", arguments.val_data, *models]
    subprocess.run([*command, "--pictures", "0", "-o", str(scored)], check=True)
    result = json.loads((scored / "metrics.json").read_text())

    lines = [
        "| | PSNR dB | ab RMSE | colorfulness | val loss | minutes |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in ("grey", *runs, "truth"):
        row = result["rows"][name]
        psnr = "∞" if row["psnr"] is None else f"{row['psnr']:.2f}"
        cells = [name, psnr, f"{row['ab_rmse']:.2f}", f"{row['colorfulness']:.1f}", "", ""]
        if name in runs:
            record = json.loads((runs[name] / "run.json").read_text())
            cells[4:] = f"{record['history'][-1]['val_loss']:.4f}", f"{record['seconds'] / 60:.1f}"
        lines.append(f"| {' | '.join(cells)} |")
    base = ", ".join(f"{key} {value}" for key, value in BASE.items())
    heading = (
        "# Choices of a recipe\n\n"
        f"`python benchmarks/training.py`: {PHOTOGRAPHS:,} photographs shown in each run, "
        f"{record['photographs']['data']:,} to choose from; scored on {result['photographs']} "
        "others, center crops of 256². One change at a time; another seed tells how much chance "
        "does. Validation losses of other sizes and losses do not compare. In runs this short an "
        "average lags behind the weights.\n\n"
        f"**{base}**, and\n\n"
    )
    text = heading + "\n".join(lines) + "\n"
    print(text)
    if arguments.write:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
