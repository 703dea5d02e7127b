"""What every head does: an output layer, targets of the size of the network's map, a decoding."""

import keras


class Head:
    """The part of a network that predicts color.

    A head owns the output layer, the loss with its target encoding, and the decoding to ab.
    Networks know nothing of ab; the rest of the package knows nothing of tanh or classes.

    Attributes:
        name: Its name in the registry.
        has_classes: Whether its output is a distribution, which can be decoded in several ways.
        has_prior: Whether the share of the training pixels in each class is known.
    """

    name: str
    has_classes = False
    has_prior = False
    _channels: int
    _activation: str | None = None

    def output(self, features, kernel_size: int, strides: int = 1, kernel_initializer=None):
        """Apply the output layer.

        Args:
            features: `(B, H, W, C)`, the network's last feature map.
            kernel_size: Size of the output convolution, as the paper has it.
            strides: More than 1 makes it a transposed convolution that enlarges so many times.
            kernel_initializer: The paper's. None: a small one, so that training starts with all but
                gray pictures.

        Returns:
            `(B, strides · H, strides · W, channels)`; what the channels mean is the head's affair.
        """
        layer = keras.layers.Conv2D if strides == 1 else keras.layers.Conv2DTranspose
        # Unless a paper says otherwise kernels start a hundred times smaller than Glorot's, so that
        # pictures start all but gray. Glorot's saturate tanh, and features decay while a network
        # unlearns that.
        faint = keras.initializers.VarianceScaling(1e-4, mode="fan_avg")
        # float32 whatever the policy: half precision has too few steps for smooth skies.
        return layer(
            self._channels,
            kernel_size,
            strides,
            padding="same",
            activation=self._activation,
            kernel_initializer=kernel_initializer or faint,
            dtype="float32",
            name="color",
        )(features)

    def loss(self, lab, color):
        """Return the loss of each pixel; Keras takes the mean.

        Args:
            lab: float32 `(B, H, W, 3)`, the photograph in CIELAB. Where the network's map is
                smaller, its targets are every second or fourth pixel.
            color: `(B, h, w, C)`, the network's output.

        Returns:
            `(B, h, w)`.
        """
        raise NotImplementedError

    def decode(self, color, method: str | None = None, temperature=None, seed: int = 0):
        """Turn the network's output into ab.

        Args:
            color: `(B, h, w, C)`, the network's output.
            method: How a distribution becomes one color: `argmax`, `mean` or `sample`. None: the
                head's own.
            temperature: The temperature of `mean` and `sample`, above 0; a number or a tensor
                `(B, 1, 1, 1)`. None: the head's own.
            seed: The seed of `sample`.

        Returns:
            float32 `(B, h, w, 2)`, CIELAB a*, b*.
        """
        raise NotImplementedError

    def config(self) -> dict:
        """Return what `heads.create` needs to build this head again, as JSON types."""
        return {"name": self.name}


def subsample(lab, color):
    """Return the pixels of `lab` that a smaller map `color` is taught: every second or fourth."""
    every = lab.shape[1] // color.shape[1]
    return lab if every == 1 else lab[:, ::every, ::every]
