"""What a GAN adds to a network: the discriminator that judges it, and how much that counts."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import ops


def critic(fake, real):
    """Return the losses of [edge-saliency]: plain differences of mean judgments.

    [edge-saliency] §4: the discriminator's loss is E[D(fake)] − E[D(real)], the generator's
    −E[D(fake)]. This is the loss of a Wasserstein GAN, but with sigmoid judgments, which bound it
    to ±1. A discriminator that is certain therefore has no gradient left, neither for itself nor
    for the generator.

    Args:
        fake: `(B, h, w, 1)`, judgments of generated pictures, 0…1.
        real: `(B, h, w, 1)`, judgments of true pictures, 0…1.

    Returns:
        The generator's and the discriminator's loss, `(B,)` each.
    """
    fake, real = _mean(fake), _mean(real)
    return -fake, fake - real


def cross_entropy(fake, real):
    """Return the losses of a discriminator that classifies: 1 for true, 0 for generated.

    Isola 2017, equation 1. The generator maximizes log D(fake), and the discriminator's loss is
    halved, which "slows down the rate at which D learns relative to G" (§3.3).

    Args:
        fake: `(B, h, w, 1)`, logits of generated pictures.
        real: `(B, h, w, 1)`, logits of true pictures.

    Returns:
        The generator's and the discriminator's loss, `(B,)` each.
    """
    fooled = _mean(ops.softplus(-fake))  # −log σ(x)
    return fooled, (_mean(ops.softplus(-real)) + _mean(ops.softplus(fake))) / 2


def _mean(x):
    return ops.mean(x, axis=(1, 2, 3))


@dataclass(frozen=True)
class Adversary:
    """The discriminator of a network, its losses and their weights.

    Attributes:
        discriminator: A function that builds it for a number of color channels: a model
            `[L* (B, H, W, 1), color (B, H, W, channels)]` → judgments `(B, h, w, 1)`.
        loss: `critic` or `cross_entropy`.
        weight: The weight of the generator's adversarial loss.
        l1: The weight of the mean absolute error of color, in the head's units.
        saliency: The weight of the mean absolute error of color times saliency; 0 without saliency
            maps.
        look: A function that builds a frozen network `[L* (B, H, W, 1), ab (B, h, w, 2)]` → a list
            of maps. The discriminator is built for the shapes of these maps, and sees them in
            place of the picture. None: it sees L* and color as they are.
        rate: The discriminator's published learning rate divided by the generator's.
    """

    discriminator: Callable[..., keras.Model]
    loss: Callable
    weight: float
    l1: float
    saliency: float = 0.0
    look: Callable[[], keras.Model] | None = None
    rate: float = 1.0
