"""Heads that predict a distribution over classes of color for each pixel.

References:
    [1] R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016.
    [2] A. K. Menon, S. Jayasumana, A. S. Rawat, H. Jain, A. Veit, S. Kumar, "Long-tail learning via
        logit adjustment", ICLR 2021.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from keras_colorize.color import bins
from keras_colorize.heads.base import Head, subsample
from keras_colorize.heads.regression import AB_SCALE


class ClassHead(Head):
    """A head whose output is a distribution.

    Attributes:
        method: How it is decoded unless told otherwise.
        temperature: At which, unless told otherwise; 1 leaves the distribution as it is.
        prior: The share of the training pixels in each class; None if it is not known.
    """

    has_classes = True
    method: str
    temperature: float
    prior: list[float] | None
    _log_prior: np.ndarray

    @property
    def has_prior(self) -> bool:
        """Whether the share of the training pixels in each class is known."""
        return self.prior is not None

    def count(self, ab: np.ndarray) -> np.ndarray:
        """Return how often each class occurs in `ab`, float32 `(..., 2)`: int64 `(classes,)`."""
        raise NotImplementedError

    def with_prior(self, counts: np.ndarray) -> "ClassHead":
        """Return this head for data in which its classes occur `counts` times."""
        raise NotImplementedError

    def rebalance(self, color, amount):
        """Make rare colors more probable by logit adjustment [2, equation 9].

        Args:
            color: `(B, h, w, C)`, the network's output.
            amount: Each class's probability is divided by its share of the training pixels to this
                power; a number or a scalar tensor. Below 0 rare colors become rarer.

        Returns:
            `(B, h, w, C)`.
        """
        return color - amount * ops.convert_to_tensor(self._log_prior)

    def tilt(self, color, direction: tuple[float, float]):
        """Make colors in one direction more probable.

        Exponential tilting: the probability of a class at (a*, b*) is multiplied by the exponential
        of its product with `direction`. Where the network is sure, this changes little.

        Args:
            color: `(B, h, w, C)`, the network's output.
            direction: A direction in the plane of a* and b*, per CIELAB unit.

        Returns:
            `(B, h, w, C)`.
        """
        raise NotImplementedError

    def _decoding(self, method, temperature):
        return method or self.method, self.temperature if temperature is None else temperature


class Bins64(ClassHead):
    """64 classes for each pixel and each of a* and b*: two softmaxes, cross-entropy.

    [vgg-fusion] "segment the image into 64 classes, per pixel, per output channel", decoded by "the
    index of the color class with the highest probability". Chosen: classes of equal width over
    ±110, so 3.4 units each. The paper finds the picked classes vibrant but "unnaturally sharp" at
    their borders, so the mean at a temperature is offered as well.

    Args:
        prior: The share of the training pixels in each class of a*, then of b*, which `rebalance`
            needs; `training.prior.measure` measures it.
    """

    name = "bins64"
    method, temperature = "argmax", 1.0
    _COUNT = 64
    _channels = 2 * _COUNT  # logits of a*, then of b*
    _WIDTH = 2 * AB_SCALE / _COUNT
    _CENTERS = (np.arange(_COUNT, dtype="float32") + 0.5) * _WIDTH - AB_SCALE

    def __init__(self, prior: list[float] | None = None):
        self.prior = prior
        if prior is not None:
            halves = np.split(np.array(prior), 2)
            found = [bins.log_prior(half, self._CENTERS[:, None]) for half in halves]
            self._log_prior = np.concatenate(found)

    def count(self, ab):
        """Return how often each class occurs, those of a* first; see `ClassHead.count`."""
        index = np.floor((ab + AB_SCALE) / self._WIDTH).clip(0, self._COUNT - 1).astype("int64")
        channels = [index[..., channel].ravel() for channel in (0, 1)]
        return np.concatenate([np.bincount(one, minlength=self._COUNT) for one in channels])

    def with_prior(self, counts):
        """Return this head with its classes' shares of the pixels; see `ClassHead.with_prior`."""
        shares = 2 * counts / counts.sum()
        return type(self)([float(f"{share:.3g}") for share in shares])

    def loss(self, lab, color):
        """Return the mean of the two cross-entropies for each pixel; see `Head.loss`."""
        ab = subsample(lab, color)[..., 1:]
        index = ops.floor((ab + AB_SCALE) / self._WIDTH)
        index = ops.cast(ops.clip(index, 0, self._COUNT - 1), "int32")
        losses = [
            ops.sparse_categorical_crossentropy(index[..., i], logits, from_logits=True)
            for i, logits in enumerate(ops.split(color, 2, axis=-1))
        ]
        return (losses[0] + losses[1]) / 2

    def decode(self, color, method=None, temperature=None, seed=0):
        """Turn logits into ab, by argmax as in the paper unless told otherwise."""
        method, temperature = self._decoding(method, temperature)
        centers = ops.convert_to_tensor(self._CENTERS)
        logits = color if method == "argmax" else color / temperature
        logits = ops.reshape(logits, (*ops.shape(color)[:-1], 2, self._COUNT))
        if method == "mean":
            return ops.matmul(ops.softmax(logits, axis=-1), centers)
        if method == "argmax":
            return ops.take(centers, _most_probable(logits))
        drawn = [_sample(logits[..., i, :], 1.0, seed + i) for i in (0, 1)]
        return ops.take(centers, ops.stack(drawn, axis=-1))

    def tilt(self, color, direction):
        a, b = direction
        return color + np.concatenate([a * self._CENTERS, b * self._CENTERS])

    def config(self) -> dict:
        return {"name": self.name} | ({} if self.prior is None else {"prior": self.prior})


class GamutBins(ClassHead):
    """One class for each bin of ab, weighted cross-entropy; the base of two heads.

    Args:
        kept: Which of the grid's bins are classes; all when None.
        prior: The share of the training pixels in each class, measured by `with_prior`; without it
            all classes weigh the same.
        mix: λ of [1, equation 4], the share of a uniform distribution in the prior from which the
            weights are made; 0.5 in the paper, and 1 weighs all classes the same.
    """

    method, temperature = "mean", 0.38
    _grid: Callable[[], np.ndarray]
    _soft: bool  # targets: the nearest bin, or a Gaussian over ten
    _drops_unseen: bool  # whether bins that never occur in the data are no classes

    def __init__(
        self,
        kept: list[int] | None = None,
        prior: list[float] | None = None,
        mix: float = bins.MIX,
    ):
        self.kept = list(range(len(self._grid()))) if kept is None else list(kept)
        self.prior = None if prior is None else list(prior)
        self.mix, self.centers = mix, self._grid()[self.kept]
        self._channels = len(self.kept)
        if prior is None:
            self._weights = np.ones(self._channels, "float32")
        else:
            self._weights = bins.class_weights(np.array(prior), self.centers, mix)
            self._log_prior = bins.log_prior(np.array(prior), self.centers)

    def count(self, ab):
        """Return how often each class is the nearest; see `ClassHead.count`."""
        classes = bins.nearest_on_lattice(ab, self.centers)
        return np.bincount(classes.ravel(), minlength=len(self.centers))

    def with_prior(self, counts):
        """Return this head for data in which the bins of its whole grid occur `counts` times."""
        kept = np.flatnonzero(counts) if self._drops_unseen else np.arange(len(counts))
        return type(self)(kept.tolist(), (counts[kept] / counts.sum()).tolist(), self.mix)

    def nearest(self, ab):
        """Return the class of each color: `(..., 2)` → int32 `(...)`."""
        return bins.nearest(ab, self.centers)

    def loss(self, lab, color):
        """Return the weighted cross-entropy of each pixel; see `Head.loss`.

        Photographs without any |a*| or |b*| above 5 teach nothing [1, the authors' code].
        """
        ab = subsample(lab, color)[..., 1:]
        nearest = self.nearest(ab)
        if self._soft:
            target = bins.soft_encode(ab, self.centers)
            entropy = ops.categorical_crossentropy(target, color, from_logits=True)
        else:
            entropy = ops.sparse_categorical_crossentropy(nearest, color, from_logits=True)
        weight = ops.take(ops.convert_to_tensor(self._weights), nearest)
        colored = ops.any(ops.abs(lab[..., 1:]) > 5.0, axis=(1, 2, 3), keepdims=True)
        return entropy * weight * ops.cast(colored[..., 0], entropy.dtype)

    def decode(self, color, method=None, temperature=None, seed=0):
        """Turn logits into ab: the annealed mean [1, equation 5] at 0.38 unless told otherwise.

        [unet-resnet] samples, best at a temperature of 0.05.
        """
        method, temperature = self._decoding(method, temperature)
        if method == "mean":
            return bins.annealed_mean(color, self.centers, temperature)
        drawn = _sample(color, temperature, seed) if method == "sample" else _most_probable(color)
        return ops.take(ops.convert_to_tensor(self.centers), drawn, axis=0)

    def tilt(self, color, direction):
        return color + self.centers.astype("float32") @ np.array(direction, "float32")

    def config(self) -> dict:
        mix = {} if self.mix == bins.MIX else {"mix": self.mix}
        return {"name": self.name, "kept": self.kept, "prior": self.prior, **mix}


class Gamut(GamutBins):
    """The bins of a 25 × 25 grid that occur in the training data; the nearest is the target.

    [unet-resnet] §5: "we restrict the labels to the bins which have nonzero probability", 243 of
    625 there; weights as in [1].
    """

    name = "gamut"
    _grid = staticmethod(bins.grid)
    _soft = False
    _drops_unseen = True


class Gamut313(GamutBins):
    """The 313 bins of [1], soft targets over the ten nearest; their count never changes."""

    name = "gamut313"
    _grid = staticmethod(bins.gamut313)
    _soft = True
    _drops_unseen = False


def _most_probable(logits):
    """Return the first of the most probable classes: `(..., Q)` → int32 `(...)`.

    Keras's `argmax` minds the sign of zero by a cast that ONNX does not have.
    """
    return ops.top_k(logits, 1)[1][..., 0]


def _sample(logits, temperature, seed):
    """Draw a class for each pixel: `(..., Q)` → int32 `(...)`."""
    shape = ops.shape(logits)
    flat = ops.reshape(logits / temperature, (-1, shape[-1]))
    return ops.reshape(keras.random.categorical(flat, 1, seed=seed), shape[:-1])
