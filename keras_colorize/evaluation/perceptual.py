"""Distances in the features of trained networks: FID and LPIPS. Their weights are downloaded.

References:
    [1] M. Heusel et al., "GANs Trained by a Two Time-Scale Update Rule …", NeurIPS 2017 (FID).
    [2] R. Zhang et al., "The Unreasonable Effectiveness of Deep Features …", CVPR 2018 (LPIPS).
"""

import warnings
from collections.abc import Callable

import keras
import numpy as np

from keras_colorize import downloads, errors
from keras_colorize.evaluation.observers import Batch
from keras_colorize.evaluation.request import TRUTH

_INCEPTION_SIDE = 299
_INCEPTION_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
INCEPTION = (
    "InceptionV3 of keras.applications, ImageNet weights, 2048 pooled features at 299². Not the "
    "2015 TensorFlow graph of most published figures, which are therefore not comparable"
)
LPIPS = "lpips package, version 0.1 weights on torchvision's AlexNet"


def frechet_distance(mean1, covariance1, mean2, covariance2) -> float:
    """Return the squared Fréchet distance between two Gaussians.

    [1, equation 6]: |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2·(Σ₁Σ₂)^½). The trace of that root is the sum of
    the roots of the eigenvalues of Σ₁^½ Σ₂ Σ₁^½, which is symmetric, so nothing becomes complex.

    Args:
        mean1: `(D,)`.
        covariance1: `(D, D)`.
        mean2: `(D,)`.
        covariance2: `(D, D)`.
    """
    values, vectors = np.linalg.eigh(covariance1)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    middle = np.linalg.eigvalsh(root @ covariance2 @ root)
    traces = np.trace(covariance1) + np.trace(covariance2)
    overlap = 2 * np.sum(np.sqrt(np.maximum(middle, 0)))
    return float(np.sum((mean1 - mean2) ** 2) + max(traces - overlap, 0))


class Fid:
    """The Fréchet distance between rows of pictures: an observer of scoring.

    Each row keeps a sum and a matrix of products, whatever the number of pictures. With few
    pictures FID is too large, by an amount that depends on their number: compare equal numbers.

    Args:
        features: uint8 `(B, H, W, 3)` → `(B, D)`, as `inception` returns it.
    """

    def __init__(self, features: Callable[[np.ndarray], np.ndarray]):
        self._features = features
        self._rows = {}

    def see(self, batch: Batch) -> None:
        """Take in the pictures of every row."""
        for row, pictures in batch.pictures.items():
            found = np.asarray(self._features(pictures), "float64")
            count, total, products = self._rows.get(row, (0, 0.0, 0.0))
            total, products = total + found.sum(axis=0), products + found.T @ found
            self._rows[row] = count + len(found), total, products

    def distances(self) -> dict[str, float]:
        """Return row → its distance to the truth row; NaN for fewer than two pictures."""
        if self._rows[TRUTH][0] < 2:
            return dict.fromkeys(self._rows, float("nan"))
        truth = self._gaussian(TRUTH)
        return {row: frechet_distance(*self._gaussian(row), *truth) for row in self._rows}

    def _gaussian(self, row):
        count, total, products = self._rows[row]
        mean = total / count
        return mean, (products - count * np.outer(mean, mean)) / (count - 1)


class Lpips:
    """Adds the metric `lpips`, the distance to the photograph: an observer of scoring.

    Args:
        distance: Two batches uint8 `(B, H, W, 3)` → a distance for each pair; see `lpips`.
    """

    def __init__(self, distance: Callable[[np.ndarray, np.ndarray], list[float]]):
        self._distance = distance

    def see(self, batch: Batch) -> None:
        """Add the metric to every picture's values."""
        for row, pictures in batch.pictures.items():
            for values, found in zip(batch.values, self._distance(pictures, batch.pictures[TRUTH])):
                values[row]["lpips"] = found


def inception() -> Callable[[np.ndarray], np.ndarray]:
    """Return the features of FID: uint8 `(B, H, W, 3)` → float32 `(B, 2048)`.

    Raises:
        WeightsUnavailable: They can be neither found nor downloaded.
    """
    try:
        weights = downloads.imagenet_weights(_INCEPTION_FILE, "inception_v3")
        network = keras.applications.InceptionV3(
            include_top=False, weights=weights, pooling="avg", input_shape=(None, None, 3)
        )
    except Exception as error:  # Keras raises a bare Exception when the download fails
        raise errors.WeightsUnavailable(
            f"--fid needs InceptionV3's ImageNet weights, which could not be loaded ({error}). "
            f"Connect to the internet once, or put the file {_INCEPTION_FILE} into "
            f"{downloads.keras_folder()}."
        ) from None

    def features(pictures):
        pixels = keras.ops.image.resize(
            keras.ops.cast(pictures, "float32"), (_INCEPTION_SIDE,) * 2, antialias=True
        )
        return network.predict_on_batch(pixels / 127.5 - 1)

    return features


def lpips(random: bool = False) -> Callable[[np.ndarray, np.ndarray], list[float]]:
    """Return LPIPS: two batches uint8 `(B, H, W, 3)` → a distance for each pair.

    Args:
        random: Whether AlexNet is random, for tests.

    Raises:
        UsageError: The extra `perceptual` is not installed.
        WeightsUnavailable: AlexNet's weights can be neither found nor downloaded.
    """
    try:
        import lpips as package
        import torch
    except ImportError as error:
        raise errors.UsageError(
            f'--lpips needs the extra: pip install "keras_colorize[perceptual]" ({error}).'
        ) from error
    try:
        with warnings.catch_warnings():
            # The package calls torchvision in a way that it has renamed.
            warnings.simplefilter("ignore", UserWarning)
            network = package.LPIPS(net="alex", pnet_rand=random, verbose=False).eval()
    except Exception as error:  # urllib's, mostly
        raise errors.WeightsUnavailable(
            f"--lpips needs torchvision's AlexNet weights, which could not be loaded ({error}). "
            "Connect to the internet once; torch keeps them."
        ) from error

    def distance(pictures, truth):
        one, other = (
            torch.from_numpy(np.moveaxis(np.asarray(p, "float32"), -1, 1) / 127.5 - 1)
            for p in (pictures, truth)
        )
        with torch.no_grad():
            return network(one, other).flatten().tolist()

    return distance
