"""The contract: a network, its head and their configuration; a photograph in, a picture out."""

import dataclasses
import functools
import os
from collections.abc import Callable, Sequence

import keras
import numpy as np

from keras_colorize import errors, heads, models
from keras_colorize.color import pixels
from keras_colorize.colorizer import bands, inputs
from keras_colorize.colorizer import folder as folders
from keras_colorize.colorizer.conditions.base import Condition
from keras_colorize.colorizer.decoding import PLAIN, Decoding
from keras_colorize.colorizer.inputs import Photograph
from keras_colorize.layers import resizing, upscaling


class Colorizer:
    """A network that predicts color and everything needed to use it on a photograph.

    Using it changes nothing in it, so several threads can share one.

    Args:
        arch: One of `list_models()`.
        head: A head, or its name. None: the head that the paper gives the network.
        size: Short side, in pixels, at which the network sees a photograph. None: the published
            size. A network trained at one size is best used at that size, and some networks take
            no other.
        **options: What `create` takes for this architecture.

    Attributes:
        arch: As above.
        head: The head.
        size: As above.
        stride: Height and width that the network sees are multiples of it. None: it takes nothing
            but `size` × `size`.
        network: The functional Keras model.
        adversary: The discriminator and the losses that train it, for the generator of a GAN.
        options: Those that shape the network.
        trained_on: SHA-256 prefixes of the photographs that it was trained on, or the name of a
            tfds data set, which has a slash in it; empty if not known.
        decoding: The choices that suit its weights, which hold where `Decoding` leaves them open.
        name: The name or the folder that its weights were loaded from; empty if they were not.

    Example:
        >>> colorizer = Colorizer("vgg_fusion", size=32, backbone_weights="none")
        >>> colorizer.colorize(np.zeros((48, 64), "uint8")).shape
        (48, 64, 3)
    """

    def __init__(
        self,
        arch: str,
        head: str | heads.Head | None = None,
        size: int | None = None,
        **options,
    ):
        architecture = models.get(arch)
        self.arch, self.stride = arch, architecture.stride
        self.size = architecture.size if size is None else size
        architecture.check_size(self.size)
        self.head = heads.get(head or architecture.head)
        self.network = models.create(arch, self.head, **options)
        self.adversary = architecture.adversary
        self.decoding = Decoding(upscale=architecture.upscale)
        # Where the weights came from, and whether training changed them, does not shape the graph.
        self.options = {key: value for key, value in options.items() if "backbone" not in key}
        self.trained_on: frozenset[str] = frozenset()
        self.name = ""

    def __repr__(self) -> str:
        return (
            f"Colorizer({self.arch!r}, head={self.head.name!r}, size={self.size}, "
            f"weights={self.name or None!r})"
        )

    # ---- color ----

    def colorize(
        self,
        photograph: Photograph | list[Photograph],
        decoding: Decoding = PLAIN,
        conditions: Sequence[Condition] = (),
        progress: Callable[[int, int], None] | None = None,
    ):
        """Color a photograph, or each of a list; lightness is kept, colors it has are discarded.

        Args:
            photograph: A path, a Pillow image, or an array `(H, W)`, `(H, W, 1)` or `(H, W, 3)`,
                gray or sRGB: uint8, uint16, or float in 0…1. Or a list of these.
            decoding: How the network's output becomes colors.
            conditions: What changes these colors, one after the other: `Hints`, for example.
            progress: Called with the number of photographs that are done, and of all.

        Returns:
            An array `(H, W, 3)` of the array's or the file's type, sRGB; for a Pillow image an
            image, upright, which keeps its transparency. For a list, a list.

        Raises:
            UsageError: Something else, a decoding that this head does not have, or conditions that
                do not fit the photograph.
            BadPhotograph: A file that is not a whole picture.
            OSError: A file that cannot be opened.

        Example:
            >>> from PIL import Image
            >>> colorizer = Colorizer("vgg_fusion", size=32, backbone_weights="none")
            >>> colorizer.colorize(np.full((48, 64), 0.5)).dtype
            dtype('float64')
            >>> colorizer.colorize(Image.new("L", (64, 48)))
            <PIL.Image.Image image mode=RGB size=64x48 at 0x...>
            >>> pictures = colorizer.colorize([np.zeros((9, 9), "uint8")] * 2, progress=print)
            1 2
            2 2
        """
        decoding.check(self.head, self.name or self.arch)
        given = photograph if isinstance(photograph, (list, tuple)) else [photograph]
        pictures = []
        for one in given:
            rgb, made = inputs.opened(one)
            pictures.append(made(self._colorize(rgb, [decoding], conditions)[0]))
            if progress:
                progress(len(pictures), len(given))
        return pictures if given is photograph else pictures[0]

    def colorize_each(
        self,
        photograph: np.ndarray,
        decodings: Sequence[Decoding],
        conditions: Sequence[Condition] = (),
    ) -> list[np.ndarray]:
        """Color a photograph in several ways; the network runs once.

        Args:
            photograph: An array as for `colorize`.
            decodings: One for each picture; `variants` makes some.
            conditions: As for `colorize`.

        Returns:
            An array `(H, W, 3)` of the photograph's type for each decoding, sRGB.

        Raises:
            UsageError: As for `colorize`.

        Example:
            >>> colorizer = Colorizer("vgg_fusion", size=32, backbone_weights="none")
            >>> ways = [Decoding(), Decoding(chroma=1.4)]
            >>> len(colorizer.colorize_each(np.zeros((48, 64), "uint8"), ways))
            2
        """
        for decoding in decodings:
            decoding.check(self.head, self.name or self.arch)
        return self._colorize(inputs.as_rgb(photograph), decodings, conditions)

    def _colorize(self, rgb, decodings, conditions):
        def read(outputs, size, decoding):
            return keras.ops.convert_to_numpy(self._cut(self._read_ab(outputs, decoding), size))

        decodings = [decoding.over(self.decoding) for decoding in decodings]
        pictures = bands.colorize(rgb, self._working_size, self._run, read, decodings, conditions)
        return list(pictures)

    def colorize_batch(self, photographs: np.ndarray, decoding: Decoding = PLAIN) -> np.ndarray:
        """Color photographs of one size.

        Args:
            photographs: uint8 or uint16 `(B, H, W, 3)`, sRGB.
            decoding: As for `colorize`.

        Returns:
            `(B, H, W, 3)` of the same type, sRGB.

        Raises:
            UsageError: Another type or shape, or a decoding that this head does not have.

        Example:
            >>> colorizer = Colorizer("vgg_fusion", size=32, backbone_weights="none")
            >>> colorizer.colorize_batch(np.zeros((2, 48, 64, 3), "uint8")).shape
            (2, 48, 64, 3)
        """
        inputs.check_batch(photographs)
        lightness = pixels.lightness_of(photographs)
        whole = np.concatenate([lightness, self.predict_ab(lightness, decoding)], axis=-1)
        return pixels.to_rgb(whole, photographs.dtype)

    def predict_ab(self, lightness: np.ndarray, decoding: Decoding = PLAIN) -> np.ndarray:
        """Predict color for photographs of one size: `ab_of` for arrays, with its choices checked.

        Args:
            lightness: float32 `(B, H, W, 1)`, L* in 0…100.
            decoding: As for `colorize`.

        Returns:
            float32 `(B, H, W, 2)`, CIELAB a*, b*.

        Raises:
            UsageError: Another shape, or a decoding that this head does not have.

        Example:
            >>> colorizer = Colorizer("vgg_fusion", size=32, backbone_weights="none")
            >>> colorizer.predict_ab(np.full((1, 48, 64, 1), 50.0)).shape
            (1, 48, 64, 2)
        """
        decoding.check(self.head, self.name or self.arch)
        shape = np.shape(lightness)
        if len(shape) != 4 or shape[3] != 1 or 0 in shape:
            raise errors.UsageError(
                "`lightness` must be float32 (B, H, W, 1), and not empty. "
                f"Received: {getattr(lightness, 'dtype', 'no array')} {shape}."
            )
        ab = self.ab_of(keras.ops.convert_to_tensor(lightness, "float32"), decoding)
        return keras.ops.convert_to_numpy(ab)

    def ab_of(self, lightness, decoding: Decoding = PLAIN):
        """Predict color inside any graph, enlarged to the photographs' size.

        Args:
            lightness: float32 `(B, H, W, 1)`, L* in 0…100; a tensor of any backend, whose height
                and width need not be known when a graph is traced.
            decoding: How the head's output becomes a color.

        Returns:
            float32 `(B, H, W, 2)`, CIELAB a*, b*.
        """
        decoding = decoding.over(self.decoding)
        read = functools.partial(self._read_ab, decoding=decoding)
        working = self._working_size(*keras.ops.shape(lightness)[1:3])
        seen = resizing.resize(lightness, working, antialias=True)
        ab = self.answer(seen, working, read)
        return upscaling.upscale(ab, seen, lightness, decoding.upscale)

    def _read_ab(self, outputs, decoding: Decoding):
        color = outputs["color"]
        if decoding.rebalance:
            color = self.head.rebalance(color, decoding.rebalance)
        if any(decoding.tilt):
            color = self.head.tilt(color, decoding.tilt)
        ab = self.head.decode(color, decoding.method, decoding.temperature, decoding.seed)
        return decoding.chroma * keras.ops.cast(ab, "float32")

    def saliency(self, photograph: np.ndarray) -> np.ndarray:
        """Predict how salient each pixel of one photograph is.

        Args:
            photograph: An array as for `colorize`.

        Returns:
            uint8 `(H, W)`: 255 for the most salient.

        Raises:
            UsageError: Another shape or type, or a network that predicts no saliency.
        """
        self.check_saliency()

        def predict(lightness, size):
            saliency = self._cut(self._run(lightness, size)["saliency"] / 2 + 0.5, size)
            return keras.ops.convert_to_numpy(saliency)

        return bands.saliency(inputs.as_rgb(photograph), self._working_size, predict)

    def check_saliency(self) -> None:
        """Raise a UsageError unless the network predicts saliency maps."""
        if "saliency" not in self.network.output:
            raise errors.no_saliency(self.arch)

    # ---- sizes ----

    def resize_to_network(self, pictures):
        """Bring pictures of one size to the size at which the network sees them.

        Proportions are kept: the short side comes to `size`; or, where the network takes nothing
        but a square, the long side, and the rest of the square is filled by reflection.

        Args:
            pictures: float32 `(B, H, W, C)`, L* or Lab; a tensor as for `ab_of`.

        Returns:
            float32 `(B, h, w, C)`.
        """
        working = self._working_size(*keras.ops.shape(pictures)[1:3])
        return self._into_network(resizing.resize(pictures, working, antialias=True), working)

    def _into_network(self, pictures, working):
        if self.stride is None:
            return resizing.fill_square(pictures, working, self.size)
        return pictures

    def answer(self, lightness, working, read: Callable[[dict], object]):
        """Apply the network to L* of its own size, inside any graph.

        Args:
            lightness: float32 `(B, h, w, 1)`, L* in 0…100.
            working: h and w, numbers or tensors.
            read: The network's outputs → one `(B, h', w', C)` of them, or a dict of several.

        Returns:
            The same, without what filled a square around the photograph.
        """
        return self._cut(read(self._run(lightness, working)), working)

    def _run(self, lightness, working):
        seen = self._into_network(keras.ops.convert_to_tensor(lightness), working)
        return self.network({"lightness": seen}, training=False)

    def _cut(self, answer, working):
        if self.stride is not None:
            return answer
        cut = functools.partial(resizing.cut_from_square, size=working, side=self.size)
        return keras.tree.map_structure(cut, answer)

    def _working_size(self, height, width):
        return resizing.working_size(height, width, self.size, self.stride)

    # ---- weights ----

    def start_from(self, other: "Colorizer") -> None:
        """Take the weights of another Colorizer, but not those of an output layer of another head.

        Args:
            other: A Colorizer of the same architecture.

        Raises:
            UsageError: Its layers differ in more than that.
        """
        mine = [layer for layer in self.network.layers if layer.weights]
        theirs = [layer for layer in other.network.layers if layer.weights]
        same_head = self.head.name == other.head.name
        try:
            for layer, model in zip(mine, theirs, strict=True):
                if same_head or layer.name != "color":
                    layer.set_weights(model.get_weights())
        except ValueError as error:
            raise errors.UsageError(
                f"The weights to start from do not fit {self.arch} as it is built here: {error}"
            ) from error

    def save(self, folder: str | os.PathLike, half: bool = False) -> None:
        """Write `config.json`, `model.weights.h5` and `trained_on.txt`, all or nothing.

        Args:
            folder: It is replaced if it exists.
            half: Write kernels in half precision, half the size; biases and batch norm stay whole.

        Raises:
            RunError: A kernel is too large for half precision.
        """
        plain = dataclasses.asdict(Decoding(upscale=models.get(self.arch).upscale))
        own = dataclasses.asdict(self.decoding)
        config = {
            "arch": self.arch,
            "head": self.head.config(),
            "size": self.size,
            "options": self.options,
            "decoding": {key: value for key, value in own.items() if value != plain[key]},
        }
        folders.write(folder, config, self.network, self.trained_on, half)

    @classmethod
    def load(cls, folder: str | os.PathLike) -> "Colorizer":
        """Read a folder that `save` wrote.

        Raises:
            UsageError: Something is missing, altered or does not fit; weights are never accepted
                in part.
        """
        summary, head, trained_on = folders.read(folder)
        options = dict(summary.options)
        if "backbone_weights" in models.get(summary.arch).options:
            options["backbone_weights"] = "none"  # the folder's own weights follow
        colorizer = cls(summary.arch, head, summary.size, **options)
        folders.load_weights(summary, colorizer.network)
        colorizer.decoding = summary.decoding.over(colorizer.decoding)
        colorizer.trained_on, colorizer.name = trained_on, os.fspath(folder)
        return colorizer
