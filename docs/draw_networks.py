"""Draw every network as a row of blocks for docs/networks.md, from the Keras model itself.

Layers whose feature maps have the same shape share a block. The height of a block stands for the
size of its map and its width for the number of channels, both on a logarithmic scale.
"""

import itertools
import math
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import keras

from keras_colorize import models

FOLDER = Path(__file__).parent / "networks"
_PITCH, _MARGIN = 64, 16  # pixels from block to block, and around the figure
_COLORS = {
    "input": ("#8d8d8d", "L*"),
    "backbone": ("#cbbd9f", "ImageNet backbone"),
    "conv": ("#5b8def", "convolution"),
    "dilated": ("#8e6bd8", "dilated convolution"),
    "transposed": ("#2aa79b", "transposed convolution"),
    "dense": ("#eeb544", "dense"),
    "other": ("#c76b98", ""),  # its caption names it
    "color": ("url(#rainbow)", "color"),
}
_CONVOLUTIONS = {"Conv2D": "conv", "Conv2DTranspose": "transposed", "Dense": "dense"}
_NAMED = {"Canny": "Canny", "Sample": "sample"}
_RESIZED = {"MaxPooling2D": "pool", "Resize": "resize", "UpSampling2D": "↑2", "Upscale2x": "↑2"}


@dataclass(eq=False)
class Block:
    """Layers that are drawn as one.

    Attributes:
        kind: A key of `_COLORS`.
        shape: The shape of its feature map, without the batch.
        parents: The blocks that it reads.
        layers: A word for each layer.
        column: Its place from left to right.
        lane: 0 on the longest path from the input to the color, 1 and more on others.
    """

    kind: str
    shape: tuple
    parents: list["Block"] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    column: int = 0
    lane: int = 0

    @property
    def height(self) -> float:
        return 14 + 19 * math.log2(self.shape[0]) if len(self.shape) == 3 else 56

    @property
    def width(self) -> float:
        return 5 + 3.4 * math.log2(self.shape[-1])


# ---- from the model to blocks ----


class Tracer:
    """Follow a functional model, for inputs of one size, and gather its blocks.

    Args:
        network: The model.
        size: Height and width of its inputs, pixels.
    """

    def __init__(self, network: keras.Model, size: int):
        self.blocks: list[Block] = []
        self._origin = {}  # id of a tensor → the tensor, its blocks, and words for what followed
        self._backbone = None  # inside a backbone: size of the map → block
        self._ends = {tensor._keras_history.operation for tensor in network.outputs}

        def start(tensor):
            shape = (size, size, tensor.shape[-1])
            return self._remember(keras.KerasTensor((1, *shape)), [self._add("input", shape)])

        outputs = self._run(network, keras.tree.map_structure(start, network.input))
        for tensor in keras.tree.flatten(outputs):
            _, blocks, done = self._origin[id(tensor)]
            if done:
                self._add(blocks[0].kind, tensor.shape[1:], blocks, done)

    def _run(self, network, inputs):
        # Keras's own way to visit every layer; `keras.models.clone_model` is built on it.
        return network._run_through_graph(inputs, lambda layer: layer, self._visit)

    def _visit(self, layer, *args, **kwargs):
        if isinstance(layer, keras.Model):
            self._backbone = {} if layer.name == "backbone" else None
            outputs = self._run(layer, *args)
            self._backbone = None
            return outputs
        output = layer(*args, **kwargs)
        origins = [self._origin.get(id(x)) for x in keras.tree.flatten((args, kwargs))]
        origins = [origin for origin in origins if origin]
        blocks = list(dict.fromkeys(block for _, found, _ in origins for block in found))
        done = [word for _, _, words in origins for word in words]
        if not blocks:
            return output
        kind = type(layer).__name__
        if self._backbone is not None and kind in (*_CONVOLUTIONS, "MaxPooling2D"):
            block = self._in_backbone(layer, output.shape[1:], blocks)
        elif kind in _CONVOLUTIONS or kind in _NAMED:
            block = self._convolve(layer, output.shape[1:], blocks, done)
        elif kind in _RESIZED and self._backbone is None:
            return self._remember(output, blocks, [*done, _RESIZED[kind]])
        else:  # an activation, a concatenation, arithmetic: part of what comes next
            return self._remember(output, blocks, done)
        return self._remember(output, [block])

    def _in_backbone(self, layer, shape, blocks):
        if shape[0] not in self._backbone:
            self._backbone[shape[0]] = self._add("backbone", shape, blocks)
        block = self._backbone[shape[0]]
        block.shape = shape
        block.layers.append(_word(layer))
        return block

    def _convolve(self, layer, shape, blocks, done):
        kind = _CONVOLUTIONS.get(type(layer).__name__, "other")
        if getattr(layer, "dilation_rate", (1, 1)) != (1, 1):
            kind = "dilated"
        if layer.name == "color":
            kind = "color"
        elif layer in self._ends:
            return self._add("other", shape, blocks, [*done, layer.name.replace("_", " ")])
        block = blocks[-1]
        alike = block.kind == kind and block.shape[-1] == shape[-1] and len(blocks) == 1
        if alike and not done and getattr(layer, "strides", 0) == (1, 1) and kind != "dense":
            block.shape = shape
            block.layers.append(_word(layer))
            return block
        return self._add(kind, shape, blocks, [*done, _word(layer)])

    def _add(self, *arguments) -> Block:
        self.blocks.append(Block(*arguments))
        return self.blocks[-1]

    def _remember(self, tensor, blocks, done=()):
        self._origin[id(tensor)] = tensor, blocks, list(done)
        return tensor


def _word(layer) -> str:
    kind = type(layer).__name__
    if kind in _NAMED or kind in _RESIZED:
        return _NAMED.get(kind) or _RESIZED[kind]
    if kind == "Dense":
        return "dense"
    side, stride = layer.kernel_size[0], layer.strides[0]
    arrow = "↑" if kind == "Conv2DTranspose" else "↓"
    return f"{side}×{side}" + (f" {arrow}{stride}" if stride > 1 else "")


# ---- from blocks to places ----


def place(blocks: list[Block]) -> None:
    """Give each block its column and its lane.

    Args:
        blocks: In an order in which parents come first.
    """
    for block in blocks:
        block.column = 1 + max((parent.column for parent in block.parents), default=-1)
    path = [next(block for block in reversed(blocks) if block.kind == "color")]
    while path[-1].parents:
        path.append(max(path[-1].parents, key=lambda parent: parent.column))
    aside = [block for block in blocks if block not in path]
    for block in reversed(aside):  # as far to the right as those that read it allow
        readers = [other for other in blocks if block in other.parents]
        if readers and block.parents:
            block.column = min(reader.column for reader in readers) - 1
    taken = {(block.column, 0) for block in path}
    for block in aside:
        block.lane = max([1, *(parent.lane for parent in block.parents)])
        before = [parent.column for parent in block.parents if parent.lane != block.lane]
        needed = range(min(before, default=block.column - 1) + 1, block.column + 1)
        while any((column, block.lane) in taken for column in needed):
            block.lane += 1
        taken |= {(column, block.lane) for column in needed}


# ---- from places to SVG ----


def draw(blocks: list[Block], title: str) -> str:
    """Return the figure as SVG; `place` comes before."""
    skips = [
        (parent, block)
        for block in blocks
        for parent in block.parents
        if parent.lane == block.lane and block.column - parent.column > 1
    ]
    skips.sort(key=lambda pair: pair[1].column - pair[0].column)
    lanes = range(1 + max(block.lane for block in blocks))
    middles, bottom = {}, 0.0
    for lane in lanes:
        tallest = max(block.height for block in blocks if block.lane == lane)
        arcs = sum(block.lane == lane for _, block in skips)
        middles[lane] = bottom + _MARGIN + 10 * arcs + 6 + tallest / 2
        rows = max(len(_caption(block)) for block in blocks if block.lane == lane)
        bottom = middles[lane] + tallest / 2 + 12 + 12 * rows
    kinds = {block.kind for block in blocks}
    used = [kind for kind, (_, words) in _COLORS.items() if kind in kinds and words]
    width = 2 * _MARGIN + _PITCH * (1 + max(block.column for block in blocks))
    width = max(width, 2 * _MARGIN + sum(26 + 6.2 * len(_COLORS[kind][1]) for kind in used))
    height = bottom + 34
    drawing = _Drawing(middles)
    for parent, block in ((p, b) for b in blocks for p in b.parents):
        if parent.lane != block.lane:
            drawing.cross(parent, block)
        elif block.column - parent.column == 1:
            drawing.step(parent, block)
    for lane in lanes:
        tallest = max(block.height for block in blocks if block.lane == lane)
        for level, (parent, block) in enumerate(p for p in skips if p[0].lane == lane):
            drawing.arc(parent, block, middles[lane] - tallest / 2 - 8 - 10 * level)
    for block in blocks:
        tallest = max(other.height for other in blocks if other.lane == block.lane)
        drawing.block(block, middles[block.lane] + tallest / 2 + 14)
    drawing.legend(used, height - 14)
    return _SVG.format(
        width=round(width), height=round(height), title=escape(title), body="\n".join(drawing.parts)
    )


_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
width="{width}" height="{height}" font-family="Helvetica, Arial, sans-serif" font-size="10">
<title>{title}</title>
<defs>
<linearGradient id="rainbow" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#e5484d"/>\
<stop offset=".35" stop-color="#f5c242"/><stop offset=".65" stop-color="#46a758"/>\
<stop offset="1" stop-color="#3e63dd"/></linearGradient>
<marker id="tip" viewBox="0 0 6 6" refX="5.5" refY="3" markerWidth="6" markerHeight="6" \
orient="auto"><path d="M0 0 6 3 0 6z" fill="#777"/></marker>
</defs>
<rect width="{width}" height="{height}" rx="6" fill="#fff"/>
<g fill="none" stroke="#777" stroke-linejoin="round">
{body}
</svg>
"""


class _Drawing:
    """The parts of a figure: arrows first, then blocks and text."""

    def __init__(self, middles: dict[int, float]):
        self.parts, self._middles, self._arrows_end = [], middles, False

    def _x(self, block):
        return _MARGIN + _PITCH * (block.column + 0.5)

    def _arrow(self, path):
        self.parts.append(f'<path d="{path}" marker-end="url(#tip)"/>')

    def step(self, parent, block):
        y = self._middles[block.lane]
        start, end = self._x(parent) + parent.width / 2, self._x(block) - block.width / 2
        self._arrow(f"M{start:.1f} {y:.1f}H{end - 1:.1f}")

    def arc(self, parent, block, y):
        middle = self._middles[block.lane]
        start, end = self._x(parent) + 3, self._x(block) - 3
        top, down = middle - parent.height / 2, middle - block.height / 2
        self._arrow(
            f"M{start:.1f} {top:.1f}V{y + 4:.1f}q0 -4 4 -4H{end - 4:.1f}q4 0 4 4V{down - 1:.1f}"
        )

    def cross(self, parent, block):
        start, end = self._x(parent) + parent.width / 2, self._x(block) - block.width / 2
        bend = end - 10 if parent.lane > block.lane else self._x(parent) + _PITCH / 2
        y, to = self._middles[parent.lane], self._middles[block.lane]
        to += 7 if parent.lane > block.lane else 0
        self._arrow(f"M{start:.1f} {y:.1f}H{bend:.1f}V{to:.1f}H{end - 1:.1f}")

    def block(self, block, y):
        self._close_arrows()
        x, middle = self._x(block), self._middles[block.lane]
        left, top = x - block.width / 2, middle - block.height / 2
        self.parts.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{block.width:.1f}" '
            f'height="{block.height:.1f}" rx="2" fill="{_COLORS[block.kind][0]}"/>'
        )
        for row, (words, weight) in enumerate(_caption(block)):
            self.parts.append(
                f'<text x="{x:.1f}" y="{y + 12 * row:.1f}" text-anchor="middle"{weight}>'
                f"{escape(words)}</text>"
            )

    def legend(self, kinds, y):
        x = _MARGIN
        for kind in kinds:
            color, words = _COLORS[kind]
            self.parts.append(
                f'<rect x="{x:.0f}" y="{y - 9:.0f}" width="10" height="10" rx="2" fill="{color}"/>'
                f'<text x="{x + 14:.0f}" y="{y:.0f}" fill="#555">{escape(words)}</text>'
            )
            x += 26 + 6.2 * len(words)

    def _close_arrows(self):
        if not self._arrows_end:
            self.parts.append("</g>")
            self._arrows_end = True


def _caption(block) -> list[tuple[str, str]]:
    """Return the lines below a block: size, channels, layers; each with its attributes."""
    grey = ' fill="#666"'
    size = f"{block.shape[0]}²" if len(block.shape) == 3 else ""
    lines = [(size, ' font-weight="bold"'), (f"{block.shape[-1]:,} ch", "")]
    if block.kind == "backbone" and len(block.layers) > 5:
        return [*lines, (f"{len(block.layers)} layers", grey)]
    for word, same in itertools.groupby(block.layers):
        count = len(list(same))
        lines.append((word if count == 1 else f"{count} · {word}", grey))
    return lines


def figure(name: str) -> str:
    """Return the figure of one architecture, built as published but without its weights."""
    architecture = models.get(name)
    options = {"backbone_weights": "none"} if "backbone_weights" in architecture.options else {}
    blocks = Tracer(models.create(name, **options), architecture.size).blocks
    place(blocks)
    return draw(blocks, name)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in models.list_models():
        (FOLDER / f"{name}.svg").write_text(figure(name), encoding="utf-8")
