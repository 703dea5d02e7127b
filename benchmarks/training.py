"""What each choice of a training recipe does to unseen photographs: one change at a time.

    python benchmarks/training.py --data "shards/train-*.tar" --val-data shards/val.tar
    python benchmarks/training.py … --write        # also writes benchmarks/training.md

All runs take the same number of photographs and the same seed. A run that is done is not repeated,
one that was stopped goes on; so the list below may grow.
"""

import argparse
import json
from pathlib import Path

from trained import of_run, score, table, train

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--val-data", required=True)
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/compared"))
    parser.add_argument("--write", action="store_true", help="write benchmarks/training.md")
    arguments = parser.parse_args()

    runs = {}
    for name, change in CHANGES.items():
        flags = BASE | {"data": arguments.data, "val-data": arguments.val_data} | change
        flags["steps"] = PHOTOGRAPHS // flags["batch-size"]
        runs[name] = arguments.out / "-".join(["base", *(f"{k}-{v}" for k, v in change.items())])
        train(runs[name], flags)

    result = score(runs, arguments.val_data, arguments.out / "scored")
    rows = {name: result["rows"][name] for name in ("grey", *runs, "truth")}
    rows |= {name: rows[name] | of_run(out) for name, out in runs.items()}
    photographs = json.loads((runs[name] / "run.json").read_text())["photographs"]["data"]
    columns = ["PSNR dB", "ab RMSE", "colorfulness", "val loss", "minutes"]
    base = ", ".join(f"{key} {value}" for key, value in BASE.items())
    heading = (
        "# Choices of a recipe\n\n"
        f"`python benchmarks/training.py`: {PHOTOGRAPHS:,} photographs shown in each run, "
        f"{photographs:,} to choose from; scored on {result['photographs']} "
        "others, center crops of 256². One change at a time; another seed tells how much chance "
        "does. Validation losses of other sizes and losses do not compare. In runs this short an "
        "average lags behind the weights.\n\n"
        f"**{base}**, and\n\n"
    )
    text = heading + table(rows, columns) + "\n"
    print(text)
    if arguments.write:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
