"""Training steps of four networks in PyTorch, for benchmarks/step.py to compare with.

The same layers, losses and optimizers as ours; NCHW, as PyTorch prefers. Run by step.py in an
environment that has torch: `step_torch.py ARCH SIZE BATCH STEPS` prints one line of JSON.
"""

import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional

RANGES = """-90 50 90|-80 20 90|-70 0 90|-60 -20 90|-50 -30 100|-40 -40 100|-30 -50 100|-20 -50 100
-10 -60 100|0 -70 100|10 -80 90|20 -80 90|30 -90 90|40 -100 90|50 -100 80|60 -110 80|70 -110 80
80 -110 70|90 -110 70|100 -90 0"""


# ---- zhang2016 ----


def zhang2016():
    layers, before = [], 1
    blocks = [(64, 2, 2, 1), (128, 2, 2, 1), (256, 3, 2, 1), (512, 3, 1, 1)]
    blocks += [(512, 3, 1, 2), (512, 3, 1, 2), (512, 3, 1, 1)]
    for filters, convolutions, stride, dilation in blocks:
        for j in range(convolutions):
            last = stride if j == convolutions - 1 else 1
            layers += [nn.Conv2d(before, filters, 3, last, dilation, dilation), nn.ReLU()]
            before = filters
        layers.append(nn.BatchNorm2d(filters))
    layers += [nn.ConvTranspose2d(512, 256, 4, 2, 1), nn.ReLU()]
    for _ in range(2):
        layers += [nn.Conv2d(256, 256, 3, 1, 1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(256, 313, 1))


def gamut():
    """Return the colors of the 313 classes, `(313, 2)`."""
    rows = [map(int, row.split()) for row in RANGES.replace("\n", "|").split("|")]
    centers = [(a, b) for a, first, last in rows for b in range(first, last + 1, 10)]
    return torch.tensor(centers, dtype=torch.float32)


def zhang2016_step(batch):
    network = zhang2016()
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    centers = gamut()
    weights = torch.ones(len(centers))

    def step():
        logits = network((batch[:, :1] - 50) / 100)
        ab = batch[:, 1:, ::4, ::4].permute(0, 2, 3, 1).reshape(-1, 2)
        near, index = torch.cdist(ab, centers).topk(10, largest=False)
        soft = torch.exp(-(near**2) / (2 * 5**2))
        target = torch.zeros(len(ab), len(centers))
        target.scatter_(1, index, soft / soft.sum(1, keepdim=True))
        logits = logits.permute(0, 2, 3, 1).reshape(-1, len(centers))
        loss = (
            weights[index[:, 0]] * functional.cross_entropy(logits, target, reduction="none")
        ).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step, [network]


# ---- resnet50_unet ----


class Bottleneck(nn.Module):
    """A block of ResNet50 as Keras has it."""

    def __init__(self, before, width, stride):
        super().__init__()
        after = 4 * width

        # Keras's ResNet50 has biases, and its stride in the first 1×1.
        def conv(i, o, kernel, stride=1):
            return [nn.Conv2d(i, o, kernel, stride, kernel // 2), nn.BatchNorm2d(o, eps=1.001e-5)]

        self.branch = nn.Sequential(
            *conv(before, width, 1, stride),
            nn.ReLU(),
            *conv(width, width, 3),
            nn.ReLU(),
            *conv(width, after, 1),
        )
        self.short = nn.Sequential(*conv(before, after, 1, stride)) if before != after else None

    def forward(self, x):
        return functional.relu(self.branch(x) + (x if self.short is None else self.short(x)))


class ResNet50UNet(nn.Module):
    """`resnet50_unet` with the regression head."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3), nn.BatchNorm2d(64, eps=1.001e-5), nn.ReLU()
        )
        self.pool = nn.MaxPool2d(3, 2, 1)
        stages, before = [], 64
        for width, count, stride in [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]:
            blocks = []
            for i in range(count):
                blocks.append(Bottleneck(before, width, stride if i == 0 else 1))
                before = 4 * width
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        ups, before = [], 2048
        for filters, skip in [(512, 1024), (256, 512), (128, 256), (64, 64)]:
            ups.append(
                nn.Sequential(
                    nn.ConvTranspose2d(before, filters, 3, 2, 1, 1, bias=False),
                    nn.BatchNorm2d(filters, eps=1e-3),
                    nn.ReLU(),
                )
            )
            before = filters + skip
        self.ups = nn.ModuleList(ups)
        self.color = nn.ConvTranspose2d(before, 2, 3, 2, 1, 1)

    def forward(self, lightness):
        mean = torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
        skips = [self.stem(2.55 * lightness - mean)]
        x = self.pool(skips[0])
        for stage in self.stages:
            x = stage(x)
            skips.append(x)
        skips.pop()
        for up in self.ups:
            x = torch.cat([up(x), skips.pop()], 1)
        return torch.tanh(self.color(x))


def resnet50_unet_step(batch):
    return regression_step(ResNet50UNet(), batch)


def regression_step(network, batch):
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)

    def step():
        loss = ((network(batch[:, :1]) - batch[:, 1:] / 110) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step, [network]


# ---- pix2pix ----


class Generator(nn.Module):
    """`pix2pix` with the regression head."""

    def __init__(self):
        super().__init__()
        widths = [64, 128, 256, 512, 512, 512, 512, 512]
        downs, before = [], 1
        for i, filters in enumerate(widths):
            bare = i in (0, 7)
            conv = nn.Conv2d(before, filters, 4, 2, 1, bias=bare)
            norm = [] if bare else [nn.BatchNorm2d(filters)]
            downs.append(nn.Sequential(conv, *norm, nn.LeakyReLU(0.2)))
            before = filters
        ups = []
        for i, filters in enumerate(widths[-2::-1]):
            dropout = [nn.Dropout(0.5)] if i < 3 else []
            conv = nn.ConvTranspose2d(before, filters, 4, 2, 1, bias=False)
            ups.append(nn.Sequential(conv, nn.BatchNorm2d(filters), *dropout, nn.ReLU()))
            before = 2 * filters
        self.downs, self.ups = nn.ModuleList(downs), nn.ModuleList(ups)
        self.color = nn.ConvTranspose2d(before, 2, 4, 2, 1)

    def forward(self, x):
        maps = []
        for down in self.downs:
            x = down(x)
            maps.append(x)
        maps.pop()
        for up in self.ups:
            skip = maps.pop()
            x = torch.cat([up(x)[:, :, : skip.shape[2], : skip.shape[3]], skip], 1)
        return torch.tanh(self.color(x))


def discriminator():
    layers, before = [], 3
    for i, (filters, stride) in enumerate([(64, 2), (128, 2), (256, 2), (512, 1)]):
        layers.append(nn.Conv2d(before, filters, 4, stride, 1, bias=i == 0))
        layers += [nn.BatchNorm2d(filters)] if i else []
        layers.append(nn.LeakyReLU(0.2))
        before = filters
    return nn.Sequential(*layers, nn.Conv2d(before, 1, 4, 1, 1))


def pix2pix_step(batch):
    network, judge = Generator(), discriminator()
    optimizer = torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999))
    judge_optimizer = torch.optim.Adam(judge.parameters(), 2e-4, (0.5, 0.999))
    grey, real = batch[:, :1] / 50 - 1, batch[:, 1:] / 110

    def step():
        # As ours: one forward pass of each, then both learn.
        fake = network(grey)
        judged = judge(torch.cat([grey, fake], 1))
        loss = functional.softplus(-judged).mean() + 100 * (real - fake).abs().mean()
        for parameter in judge.parameters():
            parameter.requires_grad_(False)
        optimizer.zero_grad()
        loss.backward()
        for parameter in judge.parameters():
            parameter.requires_grad_(True)
        judged_fake = judge(torch.cat([grey, fake.detach()], 1))
        judged_real = judge(torch.cat([grey, real], 1))
        judge_optimizer.zero_grad()
        (
            (functional.softplus(-judged_real).mean() + functional.softplus(judged_fake).mean()) / 2
        ).backward()
        optimizer.step()
        judge_optimizer.step()

    return step, [network]


# ---- vgg_fusion ----


def conv_bn_relu(before, filters, kernel):
    conv = nn.Conv2d(before, filters, kernel, 1, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(filters, eps=1e-3), nn.ReLU())


class Residual(nn.Module):
    """A branch of 3×3 convolutions of the same width, added."""

    def __init__(self, filters, convolutions):
        super().__init__()
        each = [conv_bn_relu(filters, filters, 3) for _ in range(convolutions)]
        self.branch = nn.Sequential(*each)

    def forward(self, x):
        return x + self.branch(x)


class VGGFusion(nn.Module):
    """`vgg_fusion` with the regression head."""

    def __init__(self):
        super().__init__()
        blocks, before = [], 3
        for i, (filters, convolutions) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3)]):
            layers = [nn.MaxPool2d(2)] if i else []
            for _ in range(convolutions):
                layers += [nn.Conv2d(before, filters, 3, 1, 1), nn.ReLU()]
                before = filters
            blocks.append(nn.Sequential(*layers))
        self.blocks = nn.ModuleList(blocks)
        self.high = conv_bn_relu(512, 256, 1)
        self.mid = nn.Sequential(conv_bn_relu(512, 128, 3), Residual(128, 1))
        self.low = nn.Sequential(conv_bn_relu(256, 64, 3), Residual(64, 3))
        self.full = nn.Sequential(conv_bn_relu(64, 32, 1), Residual(32, 3))
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")
        self.color = nn.Conv2d(32, 2, 3, 1, 1)

    def forward(self, lightness):
        x = 2.55 * lightness - torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
        maps = []
        for block in self.blocks:
            x = block(x)
            maps.append(x)
        x = self.up(self.high(maps[3]))
        x = self.up(self.mid(torch.cat([x, maps[2]], 1)))
        x = self.up(self.low(torch.cat([x, maps[1]], 1)))
        return torch.tanh(self.color(self.full(x)))


def vgg_fusion_step(batch):
    return regression_step(VGGFusion(), batch)


STEPS = {
    "zhang2016": zhang2016_step,
    "resnet50_unet": resnet50_unet_step,
    "pix2pix": pix2pix_step,
    "vgg_fusion": vgg_fusion_step,
}


def main() -> None:
    arch, size, batch, steps = sys.argv[1], *map(int, sys.argv[2:])
    lab = torch.rand(batch, 3, size, size) * 100
    step, networks = STEPS[arch](lab)
    step()
    step()
    times = []
    for _ in range(steps):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    trained = sum(p.numel() for network in networks for p in network.parameters())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report = {"times": times, "megabytes": peak, "trained": trained, "version": torch.__version__}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
