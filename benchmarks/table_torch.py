"""PyTorch's part of benchmarks/table.py, in an environment of its own: `CORES WORK ARGUMENT…`.

It takes torch, timm, Pillow and scikit-image. All weights are random.
"""

import os
import sys
from pathlib import Path

import numpy as np
import table_worker
import torch
from step_torch import STEPS, gamut, zhang2016
from torch import nn
from torch.nn import functional

# ---- networks: L* of one size → ab ----


class Zhang2016(nn.Module):
    """`zhang2016` with the annealed mean of its classes, as its authors publish it."""

    def __init__(self):
        super().__init__()
        self.network = zhang2016()
        self.centers = nn.Parameter(gamut().T[:, :, None, None], requires_grad=False)

    def forward(self, lightness):
        logits = self.network((lightness - 50) / 100)
        ab = functional.conv2d(torch.softmax(logits / 0.38, 1), self.centers)
        return functional.interpolate(ab, scale_factor=4, mode="bilinear")


def _conv(before, filters, kernel=3):
    return nn.Sequential(nn.Conv2d(before, filters, kernel, 1, kernel // 2), nn.ReLU())


def _shuffle(before, filters, factor):
    """Enlarge by a convolution and a pixel shuffle."""
    return nn.Sequential(_conv(before, filters * factor**2, 1), nn.PixelShuffle(factor))


class DDColorSized(nn.Module):
    """A network of the parts and the size of DDColor-T (Kang et al. 2023): 55 M parameters.

    It is not DDColor: the order of layers within a block and the norms are not the authors'.
    """

    def __init__(self):
        super().__init__()
        import timm

        self.encoder = timm.create_model("convnext_tiny", pretrained=False, features_only=True)
        self.ups = nn.ModuleList()
        self.joins = nn.ModuleList()
        before = 768
        for filters, skip in [(512, 384), (512, 192), (256, 96)]:
            self.ups.append(_shuffle(before, filters, 2))
            self.joins.append(_conv(filters + skip, filters))
            before = filters
        self.pixels = _shuffle(256, 256, 4)
        self.queries = nn.Parameter(torch.randn(100, 256))
        self.scales = nn.ModuleList(nn.Conv2d(width, 256, 1) for width in (512, 512, 256))
        self.layers = nn.ModuleList(
            nn.TransformerDecoderLayer(256, 8, 2048, 0.0, batch_first=True) for _ in range(9)
        )
        self.color = nn.Conv2d(103, 2, 1)

    def forward(self, lightness):
        rgb = (lightness / 50 - 1).repeat(1, 3, 1, 1)
        *skips, x = self.encoder(rgb)
        maps = []
        for up, join in zip(self.ups, self.joins):
            x = join(torch.cat([up(x), skips.pop()], 1))
            maps.append(x)
        seen = [scale(x).flatten(2).transpose(1, 2) for scale, x in zip(self.scales, maps)]
        queries = self.queries.expand(len(rgb), -1, -1)
        for i, layer in enumerate(self.layers):
            queries = layer(queries, seen[i % 3])
        channels = torch.einsum("bqc,bchw->bqhw", queries, self.pixels(x))
        return 110 * torch.tanh(self.color(torch.cat([channels, rgb], 1)))


NETWORKS = {"zhang2016": (Zhang2016, 32_236_011), "ddcolor": (DDColorSized, 54_770_224)}


def build(name: str) -> nn.Module:
    """Build a network for inference."""
    make, count = NETWORKS[name]
    network = make().eval()
    found = sum(parameter.numel() for parameter in network.parameters())
    assert found == count, found
    return network


def network(name: str, how: str, size: str):
    """Return a network's answer to a picture, run eagerly or compiled."""
    module = build(name)
    parameters = sum(parameter.numel() for parameter in module.parameters())
    run = torch.compile(module) if how == "compiled" else module
    lightness = np.random.default_rng(0).uniform(0, 100, (1, 1, int(size), int(size)))
    lightness = lightness.astype("float32")

    @torch.inference_mode()
    def answer():
        return run(torch.from_numpy(lightness)).numpy()

    return answer, parameters


# ---- photographs ----


@torch.inference_mode()
def color(network: nn.Module, given: Path, out: Path) -> None:
    """Color one file with the steps of Zhang's published demonstration."""
    from PIL import Image
    from skimage.color import lab2rgb, rgb2lab

    photograph = Image.open(given).convert("RGB")
    seen = rgb2lab(np.asarray(photograph.resize((256, 256), Image.BICUBIC)))[..., :1]
    lightness = rgb2lab(np.asarray(photograph))[..., :1]
    ab = network(torch.from_numpy(seen.astype("float32")).permute(2, 0, 1)[None])
    ab = functional.interpolate(ab, size=lightness.shape[:2], mode="bilinear")
    whole = np.concatenate([lightness, ab[0].permute(1, 2, 0).numpy()], axis=-1)
    rgb = np.clip(np.rint(255 * lab2rgb(whole)), 0, 255).astype("uint8")
    Image.fromarray(rgb).save(out, quality=95)


def folder(given: str, out: str):
    """Return what colors a folder with Zhang's network."""
    network = build("zhang2016")

    def color_all():
        for path in sorted(Path(given).iterdir()):
            color(network, path, Path(out) / path.name)

    return color_all


def weights(path: str) -> None:
    """Write random weights of Zhang's network."""
    torch.save(build("zhang2016").state_dict(), path)


def one(path: str, given: str, out: str) -> None:
    """Load weights and color one photograph."""
    network = build("zhang2016")
    network.load_state_dict(torch.load(path))
    color(network, Path(given), Path(out))


# ---- training ----


class _Examples(torch.utils.data.Dataset):
    def __init__(self, paths, size):
        self.paths, self.size, self.draw = paths, size, np.random.default_rng(0)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        from pillow_examples import example

        return example(self.paths[index], self.size, self.draw)


def batches(folder: str, size: str, batch: str):
    """Return a pass of a DataLoader with a worker for each core."""
    paths = sorted(map(str, Path(folder).glob("*.jpg")))
    loader = torch.utils.data.DataLoader(
        _Examples(paths, int(size)),
        int(batch),
        num_workers=len(os.sched_getaffinity(0)),
        persistent_workers=True,
    )
    return lambda: sum(len(some) for some in loader)


def step(arch: str, size: str, batch: str):
    """Return a training step of a network, and the number of parameters that it trains."""
    lab = torch.rand(int(batch), 3, int(size), int(size)) * 100
    run, networks = STEPS[arch](lab)
    return run, sum(p.numel() for network in networks[:1] for p in network.parameters())


def main() -> None:
    cores, work, *arguments = sys.argv[1:]
    table_worker.take_cores(int(cores))
    torch.set_num_threads(int(cores))
    if work == "network":
        run, parameters = network(*arguments)
        table_worker.serve(run, parameters=parameters)
    elif work == "step":
        run, trained = step(*arguments)
        table_worker.serve(run, trained=trained)
    elif work in ("one", "weights"):
        {"one": one, "weights": weights}[work](*arguments)
    else:
        table_worker.serve({"folder": folder, "batches": batches}[work](*arguments))


if __name__ == "__main__":
    main()
