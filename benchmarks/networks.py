"""All networks under equal conditions: the same photographs, equally many crops of each.

    python benchmarks/networks.py --data "shards/train-*.tar" --val-data shards/val.tar
    python benchmarks/networks.py … --write        # also writes benchmarks/networks.md

Every network has its paper's head and loss and starts from random weights, `lite_unet` once more
from ImageNet's; crops of 64², or of the only size that a network takes. A run that is done is not
repeated, one that was stopped goes on.
"""

import argparse
import json
from pathlib import Path

from trained import of_run, score, table, train

CROPS, BATCH = 6_400, 32
BASE = {"steps": CROPS // BATCH, "batch-size": BATCH, "epochs": 1}
RANDOM = {"backbone-weights": "none"}
NETWORKS = {  # what the table calls it → flags
    "`vgg_fusion`": {"arch": "vgg_fusion", "batch-norm": True, **RANDOM},
    "`resnet50_unet`": {"arch": "resnet50_unet", **RANDOM},
    "`unet_plain`": {"arch": "unet_plain"},
    "`unet_vae`": {"arch": "unet_vae"},
    "`vgg_embedding`": {"arch": "vgg_embedding", "batch-norm": True, **RANDOM},
    "`iizuka2016`": {"arch": "iizuka2016"},
    "`zhang2016`": {"arch": "zhang2016"},
    "`zhang_small`": {"arch": "zhang_small"},
    # Adversaries learn at their papers' rates.
    "`pix2pix`": {"arch": "pix2pix", "lr": 2e-4, "discriminator-lr": 2e-4, "beta-1": 0.5},
    "`scgan`": {"arch": "scgan", "lr": 2e-4, "discriminator-lr": 1e-3},
    "`edge_saliency_gan`": {
        "arch": "edge_saliency_gan", "lr": 1e-4, "discriminator-lr": 1e-5, **RANDOM
    },
    "`lite_unet`": {"arch": "lite_unet", **RANDOM},
    "`lite_unet` with ImageNet's features": {
        "arch": "lite_unet", "trainable-backbone": True, "encoder-lr": 3e-4
    },
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--val-data", required=True)
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/networks"))
    parser.add_argument("--write", action="store_true", help="write benchmarks/networks.md")
    arguments = parser.parse_args()

    rows = {}
    for number, (name, flags) in enumerate(NETWORKS.items()):
        run = arguments.out / f"{number:02d}"
        train(run, BASE | {"data": arguments.data, "val-data": arguments.val_data} | flags)
        result = score({"model": run}, arguments.val_data, run / "scored")
        made = result["rows"]["model"] | of_run(run)
        rows = {"grey": result["rows"]["grey"]} | rows | {name: made}
    rows["truth"] = result["rows"]["truth"]
    columns = ["parameters", "PSNR dB", "ab RMSE", "AuC", "CIEDE2000", "colorfulness", "minutes"]
    record = json.loads((run / "run.json").read_text())
    text = (
        "# All networks under equal conditions\n\n"
        f"`python benchmarks/networks.py`: each network with its paper's head and loss, from "
        f"random weights, {CROPS:,} crops in batches of {BATCH} out of "
        f"{record['photographs']['data']:,} photographs, the same seed; crops of 64², for "
        "`unet_plain` and `unet_vae` of 150². Adam at 1e-3 with a warm-up and a cosine; networks "
        f"with an adversary at their papers' rates. Scored on {result['photographs']} other "
        "photographs, center crops of 256². Minutes of training on a shared machine with two "
        "cores.\n\n"
        f"{table(rows, columns)}\n"
    )
    print(text)
    if arguments.write:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
