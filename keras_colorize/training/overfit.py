"""The check that a network learns: let it overfit a few photographs.

[enhancing] "To be sure if our model learns properly, we let the model overfit on a small dataset";
[vgg-fusion] does the same. What it has to reach is chosen.
"""

import itertools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from keras_colorize.color import pixels
from keras_colorize.colorizer import Colorizer
from keras_colorize.evaluation import metrics

_MOST_ERROR, _LEAST_GAIN = 0.5, 3.0  # of grey's ab RMSE; dB over grey's PSNR


def whole_batches(
    colorizer: Colorizer, photographs: list[np.ndarray], batch_size: int
) -> Callable[[int], tf.data.Dataset]:
    """Return batches of whole photographs, over and over, just as the network sees them.

    Args:
        colorizer: Resizes them as it does for its network. If they keep their proportions, those of
            a batch are then filled up to a common size by reflection; one alone stays as it is.
        photographs: uint8 sRGB `(H, W, 3)` of any sizes.
        batch_size: Photographs in a batch.

    Returns:
        A function from a step to endless batches from that step on, like those of
        `pipeline.training_batches`.
    """
    seen = [
        np.array(colorizer.resize_to_network(pixels.to_lab(rgb[None])))[0] for rgb in photographs
    ]

    def batches(step: int) -> tf.data.Dataset:
        def labs():
            for first in itertools.count(step * batch_size, batch_size):
                numbers = range(first, first + batch_size)
                yield _filled([seen[number % len(seen)] for number in numbers])

        spec = tf.TensorSpec((batch_size, None, None, 3))
        stream = tf.data.Dataset.from_generator(labs, output_signature=spec)
        return stream.map(lambda lab: ({"lightness": lab[..., :1]}, {"color": lab}))

    return batches


def _filled(labs):
    """Stack maps, the smaller ones filled up to the size of the largest by reflection."""
    height, width = (max(lab.shape[axis] for lab in labs) for axis in (0, 1))
    padded = []
    for lab in labs:
        below, beside = height - lab.shape[0], width - lab.shape[1]
        padded.append(np.pad(lab, [(0, below), (0, beside), (0, 0)], mode="symmetric"))
    return np.stack(padded)


def judge(colorizer: Colorizer, photographs: list[np.ndarray]) -> dict:
    """Decide whether a Colorizer has learned these photographs, each at its own size.

    Args:
        colorizer: The Colorizer that was trained on them.
        photographs: uint8 sRGB `(H, W, 3)`.

    Returns:
        `passed`, and the means over the photographs on which it depends, beside grey's.
    """
    scores = [metrics.score(colorizer.colorize(rgb), metrics.Reference(rgb)) for rgb in photographs]
    grey = [metrics.score(pixels.to_grey(rgb), metrics.Reference(rgb)) for rgb in photographs]
    means = {
        prefix + name: float(np.mean([score[name] for score in rows]))
        for prefix, rows in (("", scores), ("grey_", grey))
        for name in ("ab_rmse", "psnr")
    }
    passed = (
        means["ab_rmse"] <= _MOST_ERROR * means["grey_ab_rmse"]
        and means["psnr"] >= means["grey_psnr"] + _LEAST_GAIN
    )
    return {"passed": passed, "photographs": len(photographs), **means}


def describe(verdict: dict) -> str:
    """Say what `judge` found, and what to do if the check failed."""
    text = (
        f"ab RMSE {verdict['ab_rmse']:.1f} (at most {_MOST_ERROR * verdict['grey_ab_rmse']:.1f}, "
        f"half of grey's), PSNR {verdict['psnr']:.1f} dB (at least "
        f"{verdict['grey_psnr'] + _LEAST_GAIN:.1f}, {_LEAST_GAIN:.0f} over grey's)"
    )
    if verdict["passed"]:
        return f"passed: {text}"
    return (
        f"FAILED: {text}\n"
        "If the loss in the curves still falls, the same command with more --epochs goes on from\n"
        "here. If not, try another --lr in another folder; a network that fails at every rate has\n"
        "a fault in its layers, its head or its loss."
    )
