"""Heads: how a network says color, and how that is turned back into ab.

A head owns the output layer, the loss with its target encoding, and the decoding. Networks know
nothing of ab; the rest of the package knows nothing of tanh or classes.

References:
    [1] R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from keras_colorize import errors
from keras_colorize.color import bins
from keras_colorize.color.lab import lab_to_rgb, rgb_to_lab

AB_SCALE = 110.0  # sRGB's a* and b* lie within ±108; 110 is the usual round figure [1]
DECODINGS = ("argmax", "mean", "sample")
LOSSES = ("huber", "l2")  # of the heads that predict one color
_DELTA = 0.1  # where Huber's loss becomes linear, in a head's own units: 10 or 11 of CIELAB


def _convolution(channels, kernel_size, strides, kernel_initializer, activation=None):
    layer = keras.layers.Conv2D if strides == 1 else keras.layers.Conv2DTranspose
    # Unless a source says otherwise kernels start a hundred times smaller than Glorot's, pictures
    # all but grey. Glorot's saturate tanh, and while a network unlearns that its features decay.
    faint = keras.initializers.VarianceScaling(1e-4, mode="fan_avg")
    # float32 whatever the policy: half precision has too few steps for smooth skies.
    return layer(
        channels,
        kernel_size,
        strides,
        padding="same",
        activation=activation,
        kernel_initializer=kernel_initializer or faint,
        dtype="float32",
        name="color",
    )


def _subsample(lab, color):
    # A network whose map is a quarter of the photograph is taught every fourth pixel [1].
    every = lab.shape[1] // color.shape[1]
    return lab if every == 1 else lab[:, ::every, ::every]


def _check_decoding(decoding: str, temperature: float) -> None:
    if decoding not in DECODINGS:
        raise errors.unknown("decoding", decoding, DECODINGS)
    if not temperature > 0:
        raise errors.UsageError(
            f"`temperature` must be positive. Received: temperature={temperature}."
        )


def _sample(logits, temperature, seed):
    """Draw a class for each pixel: `(..., Q)` → int32 `(...)`."""
    shape = ops.shape(logits)
    flat = ops.reshape(logits / temperature, (-1, shape[-1]))
    return ops.reshape(keras.random.categorical(flat, 1, seed=seed), shape[:-1])


class _OneColor:
    """A head that predicts one color for each pixel.

    Args:
        loss: `l2`, the sources'; or `huber`, squared for small errors and linear for large ones, so
            that a color which nobody could guess counts less.
    """

    name: str

    def __init__(self, loss: str = "l2"):
        if loss not in LOSSES:
            raise errors.unknown("loss", loss, LOSSES)
        self._loss = loss

    def loss(self, lab, color):
        """Return the error of each pixel, squared or Huber's; Keras takes the mean.

        Args:
            lab: float32 `(B, H, W, 3)`, the photograph in CIELAB. Where the network's map is
                smaller, its targets are every second or fourth pixel.
            color: `(B, h, w, C)`, the network's output.

        Returns:
            `(B, h, w)`, of errors in the head's own units.
        """
        error = ops.abs(self.target(lab, color) - color)
        if self._loss == "huber":  # P. J. Huber 1964; scaled to equal the square where it is one
            linear = _DELTA * (2 * error - _DELTA)
            return ops.mean(ops.where(error < _DELTA, ops.square(error), linear), axis=-1)
        return ops.mean(ops.square(error), axis=-1)

    def target(self, lab, color):
        """Return what `color` should be, in the head's own units."""
        raise NotImplementedError

    def check_decoding(self, **decoding) -> None:
        """Refuse any choice of decoding: there is no distribution to decode."""
        raise errors.UsageError(
            f"Head {self.name} predicts one color, not a distribution. Received: {decoding}."
        )

    def config(self) -> dict:
        """Return what `heads.create` needs to build this head again, as JSON types."""
        return {"name": self.name, "loss": self._loss}


class Regression(_OneColor):
    """Two tanh channels, ab scaled to [-1, 1], and the L2 loss.

    [vgg-fusion] "minimize the L2 distance between the generated colours and the ground truth".
    Out-of-range ab cannot occur: tanh bounds it to ±110.
    """

    name = "regression"

    def output(self, features, kernel_size: int, strides: int = 1, kernel_initializer=None):
        """Apply the output layer.

        Args:
            features: `(B, H, W, C)`, the network's last feature map.
            kernel_size: Size of the output convolution, as the paper has it.
            strides: More than 1 makes it a transposed convolution that enlarges so many times.
            kernel_initializer: As the paper has it; default: small, so that it starts all but grey.

        Returns:
            `(B, H, W, 2)` in [-1, 1].
        """
        return _convolution(2, kernel_size, strides, kernel_initializer, "tanh")(features)

    def target(self, lab, color):
        """Return ab scaled to [-1, 1], at the size of `color`."""
        return _subsample(lab, color)[..., 1:] / AB_SCALE

    def decode(self, color):
        """Turn the network's output `(B, H, W, 2)` into ab `(B, H, W, 2)` in CIELAB units."""
        return AB_SCALE * color


class Sigmoid(_OneColor):
    """Two sigmoid channels, ab normalized to [0, 1], and the L2 loss.

    [comparative] after Iizuka 2016, §3.4: "a sigmoid transfer function", ab "normalised ... to lie
    in the [0, 1] range". Chosen, since the range is not stated: ±100, as their code decodes it. Of
    a photograph's colors only the bluest lie beyond; they are cut off.
    """

    name = "sigmoid"
    _SCALE = 100.0

    def output(self, features, kernel_size: int, strides: int = 1, kernel_initializer=None):
        """Apply the output layer: `(B, H, W, 2)` in 0…1; arguments as of `Regression`."""
        return _convolution(2, kernel_size, strides, kernel_initializer, "sigmoid")(features)

    def target(self, lab, color):
        """Return ab normalized to [0, 1], at the size of `color`."""
        return ops.clip(_subsample(lab, color)[..., 1:] / self._SCALE, -1.0, 1.0) / 2 + 0.5

    def decode(self, color):
        """Turn the network's output `(B, H, W, 2)` into ab `(B, H, W, 2)` in CIELAB units."""
        return self._SCALE * (2 * color - 1)


class Rgb(_OneColor):
    """Three tanh channels, sRGB scaled to [-1, 1], and the L2 loss.

    [enhancing] and [edge-saliency] predict the whole picture. What they say of lightness is
    discarded when it is decoded: the photograph's own is known.
    """

    name = "rgb"

    def output(self, features, kernel_size: int, strides: int = 1, kernel_initializer=None):
        """Apply the output layer: `(B, H, W, 3)` in [-1, 1]; arguments as of `Regression`."""
        return _convolution(3, kernel_size, strides, kernel_initializer, "tanh")(features)

    def target(self, lab, color):
        """Return sRGB scaled to [-1, 1], at the size of `color`."""
        return 2 * lab_to_rgb(_subsample(lab, color)) - 1

    def decode(self, color):
        """Turn the network's output `(B, H, W, 3)` into ab `(B, H, W, 2)` in CIELAB units."""
        return rgb_to_lab(ops.cast(color, "float32") / 2 + 0.5)[..., 1:]


class Bins64:
    """64 classes for each pixel and each of a* and b*: two softmaxes, cross-entropy.

    [vgg-fusion] "segment the image into 64 classes, per pixel, per output channel", decoded by "the
    index of the color class with the highest probability". Chosen: classes of equal width over
    ±110, so 3.4 units each. The source finds the picked classes vibrant but "unnaturally sharp" at
    their borders, so the mean at a temperature is offered as well.
    """

    name = "bins64"
    _COUNT = 64
    _WIDTH = 2 * AB_SCALE / _COUNT

    def output(self, features, kernel_size: int, strides: int = 1, kernel_initializer=None):
        """Apply the output layer: logits `(B, H, W, 128)`, those of a* first."""
        return _convolution(2 * self._COUNT, kernel_size, strides, kernel_initializer)(features)

    def loss(self, lab, color):
        """Return the mean of the two cross-entropies for each pixel: `(B, H, W)`.

        Args:
            lab: float32 `(B, H, W, 3)`, the photograph in CIELAB.
            color: `(B, H, W, 128)`, logits.
        """
        ab = _subsample(lab, color)[..., 1:]
        index = ops.floor((ab + AB_SCALE) / self._WIDTH)
        index = ops.cast(ops.clip(index, 0, self._COUNT - 1), "int32")
        losses = [
            ops.sparse_categorical_crossentropy(index[..., i], logits, from_logits=True)
            for i, logits in enumerate(ops.split(color, 2, axis=-1))
        ]
        return (losses[0] + losses[1]) / 2

    def decode(self, color, decoding="argmax", temperature=1.0, seed=0):
        """Turn logits into ab.

        Args:
            color: `(B, H, W, 128)`, logits.
            decoding: `argmax`, the source's; `mean`, the expectation at `temperature`; `sample`.
            temperature: Above 0; 1 leaves the distribution as it is.
            seed: Of `sample`.

        Returns:
            ab float32 `(B, H, W, 2)` in CIELAB units.
        """
        centers = ops.convert_to_tensor(
            (np.arange(self._COUNT, dtype="float32") + 0.5) * self._WIDTH - AB_SCALE
        )
        channels = []
        for i, logits in enumerate(ops.split(color, 2, axis=-1)):
            if decoding == "mean":
                probabilities = ops.softmax(logits / temperature, axis=-1)
                channels.append(ops.sum(probabilities * centers, axis=-1))
            elif decoding == "argmax":
                channels.append(ops.take(centers, ops.argmax(logits, axis=-1)))
            else:
                channels.append(ops.take(centers, _sample(logits, temperature, seed + i)))
        return ops.stack(channels, axis=-1)

    def check_decoding(self, decoding: str = "argmax", temperature: float = 1.0) -> None:
        """Raise a UsageError unless `decode` can be called so."""
        _check_decoding(decoding, temperature)

    def config(self) -> dict:
        """Return what `heads.create` needs to build this head again, as JSON types."""
        return {"name": self.name}


class GamutBins:
    """One class for each bin of ab, weighted cross-entropy; the base of two heads.

    Args:
        kept: Which of the grid's bins are classes; all when None.
        prior: The share of the training pixels in each class, measured by `with_prior`; without it
            all classes weigh the same.
    """

    name: str
    _grid: Callable[[], np.ndarray]
    _soft: bool  # targets: the nearest bin, or a Gaussian over ten
    _drops_unseen: bool  # whether bins that never occur in the data are no classes

    def __init__(self, kept: list[int] | None = None, prior: list[float] | None = None):
        self.kept = list(range(len(self._grid()))) if kept is None else list(kept)
        self.prior = None if prior is None else list(prior)
        self.centers = self._grid()[self.kept]
        count = len(self.kept)
        if prior is None:
            self._weights = np.ones(count, "float32")
        else:
            self._weights = bins.class_weights(np.array(prior), self.centers)

    def with_prior(self, counts: np.ndarray) -> "GamutBins":
        """Return this head for data whose pixels fall into the bins of its grid `counts` times."""
        kept = np.flatnonzero(counts) if self._drops_unseen else np.arange(len(counts))
        return type(self)(kept.tolist(), (counts[kept] / counts.sum()).tolist())

    def nearest(self, ab):
        """Return the class of each color: `(..., 2)` → int32 `(...)`."""
        return bins.nearest(ab, self.centers)

    def output(self, features, kernel_size: int, strides: int = 1, kernel_initializer=None):
        """Apply the output layer: logits `(B, H, W, Q)`."""
        return _convolution(len(self.kept), kernel_size, strides, kernel_initializer)(features)

    def loss(self, lab, color):
        """Return the weighted cross-entropy of each pixel: `(B, h, w)`.

        Photographs without any |a*| or |b*| above 5 teach nothing [1, the authors' code].

        Args:
            lab: float32 `(B, H, W, 3)`, the photograph in CIELAB. Where the network's map is
                smaller, its targets are every fourth pixel (or however many times smaller it is).
            color: `(B, h, w, Q)`, logits.
        """
        ab = _subsample(lab, color)[..., 1:]
        nearest = self.nearest(ab)
        if self._soft:
            target = bins.soft_encode(ab, self.centers)
            entropy = ops.categorical_crossentropy(target, color, from_logits=True)
        else:
            entropy = ops.sparse_categorical_crossentropy(nearest, color, from_logits=True)
        weight = ops.take(ops.convert_to_tensor(self._weights), nearest)
        colored = ops.any(ops.abs(lab[..., 1:]) > 5.0, axis=(1, 2, 3), keepdims=True)
        return entropy * weight * ops.cast(colored[..., 0], entropy.dtype)

    def decode(self, color, decoding="mean", temperature=0.38, seed=0):
        """Turn logits into ab.

        Args:
            color: `(B, h, w, Q)`, logits.
            decoding: `mean`, the annealed mean [1, equation 5]; `argmax`; or `sample`, which
                [unet-resnet] does, best at 0.05.
            temperature: Above 0; 0.38 is [1]'s.
            seed: Of `sample`.

        Returns:
            ab float32 `(B, h, w, 2)` in CIELAB units.
        """
        if decoding == "mean":
            return bins.annealed_mean(color, self.centers, temperature)
        if decoding == "argmax":
            classes = ops.argmax(color, axis=-1)
        else:
            classes = _sample(color, temperature, seed)
        return ops.take(ops.convert_to_tensor(self.centers), classes, axis=0)

    def check_decoding(self, decoding: str = "mean", temperature: float = 0.38) -> None:
        """Raise a UsageError unless `decode` can be called so."""
        _check_decoding(decoding, temperature)

    def config(self) -> dict:
        """Return what `heads.create` needs to build this head again, as JSON types."""
        return {"name": self.name, "kept": self.kept, "prior": self.prior}


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


Head = Regression | Sigmoid | Rgb | Bins64 | GamutBins
_HEADS = {head.name: head for head in (Regression, Sigmoid, Rgb, Bins64, Gamut, Gamut313)}


def list_heads() -> list[str]:
    """Return the names that `create` takes."""
    return sorted(_HEADS)


def create(name: str, **constants) -> Head:
    """Build a head by name; `constants` are those of its `config()`."""
    if name not in _HEADS:
        raise errors.unknown("head", name, _HEADS)
    return _HEADS[name](**constants)


def get(head: str | Head) -> Head:
    """Return a head as it is, or build the one of this name."""
    return create(head) if isinstance(head, str) else head
