"""The contract: a network, its head and their configuration; a photograph in, a picture out."""

import functools
import hashlib
import json
import math
import os
import warnings
from pathlib import Path

import h5py
import keras
import numpy as np

import keras_colorize
from keras_colorize import errors, files, geometry, heads, models
from keras_colorize.color import lab
from keras_colorize.shelf import Shelf

_CONFIG, _WEIGHTS, _TRAINED_ON = "config.json", "model.weights.h5", "trained_on.txt"
_FORMAT = 1  # of the folder; raised when an older release could not read it
PRETRAINED = Shelf("weights", "pretrained", f"*/{_CONFIG}")
_BLOCK = 2**17  # pixels converted at a time
_LONGEST = 4  # the long side given to a network is at most so many times its `size`


class Colorizer:
    """A network that predicts colour and everything needed to use it on a photograph.

    Args:
        arch: One of `list_models()`.
        head: A head's name, or a head; the source's own when None.
        size: Short side, in pixels, at which the network sees a photograph; the published size
            when None. A network trained at one size is best used at that size, and some networks
            take no other.
        **options: What `create` takes for this architecture.

    Attributes:
        network: The functional Keras model.
        head: Its head.
        size: As above.
        adversary: The discriminator and the losses that train it, if it is a GAN's generator.
        decoding: What `decode_by` chose, as the arguments of the head's `decode`.
        chroma: What `decode_by` chose.
        trained_on: SHA-256 prefixes of the photographs that it was trained on, or the name of a
            tfds data set, which has a slash in it; empty if not known.
    """

    def __init__(self, arch: str, head=None, size: int | None = None, **options):
        build = models.builder(arch)
        if build.stride is None and size not in (None, build.size):
            raise errors.UsageError(
                f"`size` must be {build.size} for {arch}. Received: size={size}."
            )
        if build.stride is not None and size is not None and (size < 1 or size % build.stride):
            raise errors.UsageError(
                f"`size` must be a multiple of {build.stride} for {arch}. Received: size={size}."
            )
        self.arch = arch
        self.head = heads.get(head or build.head)
        self.network = models.create(arch, self.head, **options)
        self.size = size or build.size
        self.stride = build.stride
        self.adversary = build.adversary
        # Where the weights came from, and whether training changed them, does not shape the graph.
        self.options = {key: value for key, value in options.items() if "backbone" not in key}
        self.trained_on: frozenset[str] = frozenset()
        self.decoding: dict = {}
        self.chroma = 1.0

    # ---- colour ----

    def decode_by(
        self,
        decoding: str | None = None,
        temperature: float | None = None,
        chroma: float = 1.0,
    ) -> None:
        """Choose how the head's output becomes a colour.

        Args:
            decoding: `argmax`, `mean` or `sample`, of a class head; its own choice when None.
            temperature: Of `mean` and `sample`: small is vivid, large is cautious.
            chroma: Factor on a* and b*, of any head: above 1 is more vivid. A network
                that minimises a squared error pales where it is unsure, which this makes up for.

        Raises:
            UsageError: A wrong value; a decoding or temperature without a class head.
        """
        if not 0 <= chroma < math.inf:
            raise errors.UsageError(
                f"`chroma` must be a factor, at least 0. Received: chroma={chroma}."
            )
        self.chroma = chroma
        given = {"decoding": decoding, "temperature": temperature}
        self.decoding = {name: value for name, value in given.items() if value is not None}
        if self.decoding:
            self.head.check_decoding(**self.decoding)

    def predict_ab(self, lightness) -> np.ndarray:
        """Predict colour for photographs of one size: arrays for `ab_of`, and an array from it."""
        ab = self.ab_of(keras.ops.convert_to_tensor(lightness, "float32"))
        return keras.ops.convert_to_numpy(ab)

    def ab_of(self, lightness, **decoding):
        """Predict colour for photographs of one size; the network sees what `present` says.

        Its answer is resized bilinearly.

        Args:
            lightness: float32 `(B, H, W, 1)`, L* in 0…100; a tensor of any backend, whose height
                and width need not be known when a graph is traced.
            **decoding: As of `decode_by`, which it goes before; here a temperature may be a tensor
                `(B, 1, 1, 1)`.

        Returns:
            float32 `(B, H, W, 2)`, CIELAB a*, b*.
        """

        def decode(outputs):
            ab = self.head.decode(outputs["color"], **self.decoding | decoding)
            return self.chroma * keras.ops.cast(ab, "float32")

        return self._see(lightness, decode)

    def saliency_of(self, lightness):
        """Predict saliency for photographs of one size; seen and resized as by `ab_of`.

        Args:
            lightness: float32 `(B, H, W, 1)`, L* in 0…100.

        Returns:
            float32 `(B, H, W, 1)`, 0…1.

        Raises:
            UsageError: The network predicts none.
        """
        self.check_saliency()
        return self._see(lightness, lambda outputs: outputs["saliency"] / 2 + 0.5)

    def check_saliency(self) -> None:
        """Raise a UsageError unless the network predicts saliency maps."""
        if "saliency" not in self.network.output:
            raise errors.UsageError(
                "Saliency maps come from a network that predicts them, as edge_saliency_gan does. "
                f"Received: arch={self.arch!r}."
            )

    def _see(self, lightness, read):
        """Let the network see photographs, and bring what is read of its answer to their size."""
        shape = keras.ops.shape(lightness)[1:3]
        answer = read(self.network(self.present(lightness), training=False))
        if self.stride is None:
            answer = geometry.cut_from_square(answer, self._working_size(*shape), self.size)
        return geometry.resize(answer, shape)

    def present(self, pictures):
        """Bring pictures of one size to the size at which the network sees them.

        Proportions are kept: the short side comes to `size`; or, where the network takes nothing
        but a square, the long side, and the rest of the square is filled by reflection.

        Args:
            pictures: float32 `(B, H, W, C)`, L* or Lab; a tensor as `ab_of` takes it.

        Returns:
            float32 `(B, h, w, C)`.
        """
        working = self._working_size(*keras.ops.shape(pictures)[1:3])
        pictures = geometry.resize(pictures, working, antialias=True)
        if self.stride is None:
            return geometry.fill_square(pictures, working, self.size)
        return pictures

    def colorize(self, photograph: np.ndarray) -> np.ndarray:
        """Colour one photograph; its lightness is kept, its colours (if any) are discarded.

        Args:
            photograph: uint8 `(H, W)`, `(H, W, 1)` or `(H, W, 3)`, grey or sRGB.

        Returns:
            uint8 `(H, W, 3)`, sRGB.

        Raises:
            UsageError: Another shape or dtype.
        """
        return self.colorize_batch(_as_rgb(photograph)[None])[0]

    def saliency(self, photograph: np.ndarray) -> np.ndarray:
        """Predict how salient each pixel of one photograph is.

        Args:
            photograph: As for `colorize`.

        Returns:
            uint8 `(H, W)`: 255 for the most salient.

        Raises:
            UsageError: Another shape or dtype, or a network that predicts no saliency.
        """
        rgb = _as_rgb(photograph)
        lightness = _each_pixel(_to_lightness(), rgb.reshape(-1, 3))
        saliency = self.saliency_of(keras.ops.reshape(lightness, (1, *rgb.shape[:2], 1)))
        return np.rint(255 * keras.ops.convert_to_numpy(saliency)[0, ..., 0]).astype("uint8")

    def colorize_batch(self, photographs: np.ndarray) -> np.ndarray:
        """Colour photographs of one size: uint8 `(B, H, W, 3)` → uint8 `(B, H, W, 3)`."""
        shape = photographs.shape[:3]
        lightness = _each_pixel(_to_lightness(), photographs.reshape(-1, 3))
        ab = self.predict_ab(lightness.reshape(*shape, 1)).reshape(-1, 2)
        return to_8bit(np.concatenate([lightness, ab], axis=-1)).reshape(*shape, 3)

    def _working_size(self, height, width):
        """Return the size at which the network sees a photograph: numbers, or tensors."""
        sides = keras.ops.cast(keras.ops.stack([height, width]), "float32")
        short, long = keras.ops.min(sides), keras.ops.max(sides)
        if self.stride is None:
            step, scale = 1, self.size / long
        else:
            step = self.stride
            scale = keras.ops.minimum(self.size / short, _LONGEST * self.size / long)
        steps = keras.ops.maximum(1.0, keras.ops.round(sides * scale / step))
        working = step * keras.ops.cast(steps, "int32")
        if isinstance(height, int) and isinstance(width, int):
            return int(working[0]), int(working[1])
        return working[0], working[1]

    def start_from(self, other: "Colorizer") -> None:
        """Take the weights of another Colorizer, but not of an output layer for another head.

        Args:
            other: Of the same architecture.

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

    # ---- the folder ----

    def save(self, folder: str | os.PathLike, half: bool = False) -> None:
        """Write `config.json`, `model.weights.h5` and `trained_on.txt`, all or nothing.

        Args:
            folder: It is replaced if it exists.
            half: Write kernels in half precision, half the size; biases and batch norm stay whole.

        Raises:
            RunError: A kernel is too large for half precision.
        """
        folder = Path(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with files.atomic_folder(folder) as temporary:
            self.network.save_weights(temporary / _WEIGHTS)
            if half:
                halve(temporary / _WEIGHTS)
            config = {
                "format": _FORMAT,
                "arch": self.arch,
                "head": self.head.config(),
                "size": self.size,
                "options": self.options,
                "parameters": self._parameters(),
                "weights_sha256": _sha256(temporary / _WEIGHTS),
                "keras_colorize": keras_colorize.__version__,
            }
            text = json.dumps(config, indent=2) + "\n"
            (temporary / _CONFIG).write_text(text, encoding="utf-8")
            lines = "".join(f"{digest}\n" for digest in sorted(self.trained_on))
            (temporary / _TRAINED_ON).write_text(lines, encoding="utf-8")

    @classmethod
    def load(cls, folder: str | os.PathLike) -> "Colorizer":
        """Read a folder that `save` wrote.

        Raises:
            UsageError: Something is missing, altered or does not fit; weights are never accepted
                in part.
        """
        folder = Path(folder)
        for name in (_CONFIG, _WEIGHTS):
            if not (folder / name).is_file():
                raise errors.UsageError(
                    f"`model` must be a folder with {_CONFIG} and {_WEIGHTS}, as training writes "
                    f"it; {name} is missing. Received: model={str(folder)!r}."
                )
        try:
            config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
            if config["format"] != _FORMAT:
                raise ValueError(f"format {config['format']}, this release reads {_FORMAT}")
            head = heads.create(**config["head"])
            options = dict(config["options"])
            arch, size = config["arch"], int(config["size"])
            parameters, digest = config["parameters"], config["weights_sha256"]
        except errors.UsageError:
            raise
        except (ValueError, KeyError, TypeError) as error:
            raise errors.UsageError(
                f"{folder / _CONFIG} cannot be read ({type(error).__name__}: {error})."
            ) from error
        if _sha256(folder / _WEIGHTS) != digest:
            raise errors.UsageError(
                f"{folder / _WEIGHTS} is not the file that {_CONFIG} describes: its SHA-256 "
                f"differs from {digest}. It is truncated, altered or another model's."
            )
        if "backbone_weights" in models.options_of(arch):
            options["backbone_weights"] = "none"  # the folder's own weights follow
        colorizer = cls(arch, head, size, **options)
        colorizer._load_weights(folder / _WEIGHTS, parameters)
        if (folder / _TRAINED_ON).is_file():
            colorizer.trained_on = frozenset(
                (folder / _TRAINED_ON).read_text(encoding="utf-8").splitlines()
            )
        return colorizer

    def _parameters(self) -> int:
        # Weights: the state of a random seed is a variable too, but is not saved.
        return sum(int(np.prod(weight.shape)) for weight in self.network.weights)

    def _load_weights(self, path: Path, parameters: int) -> None:
        # Keras complains of arrays that are missing or misshapen, but not of arrays left over.
        with h5py.File(path) as file:
            held = _count_values(file)
        expected = self._parameters()
        if not held == parameters == expected:
            raise errors.UsageError(
                f"{path} does not fit {self.arch} with head {self.head.name}: it holds "
                f"{held:,} parameters, the network has {expected:,}."
            )
        try:
            with warnings.catch_warnings():
                # Where whole groups of arrays are missing Keras warns, and leaves layers fresh.
                warnings.simplefilter("error", UserWarning)
                self.network.load_weights(path)
        except (ValueError, KeyError, UserWarning) as error:
            raise errors.UsageError(f"{path} does not fit {self.arch}: {error}") from error


# ---- pixels ----


def _as_rgb(photograph: np.ndarray) -> np.ndarray:
    """Check a photograph and return it as uint8 `(H, W, 3)`."""
    photograph = np.asarray(photograph)
    if photograph.ndim == 2:
        photograph = photograph[..., None]
    if photograph.dtype != np.uint8 or photograph.ndim != 3 or photograph.shape[2] not in (1, 3):
        raise errors.UsageError(
            "`photograph` must be uint8 (H, W), (H, W, 1) or (H, W, 3). "
            f"Received: {photograph.dtype} {photograph.shape}."
        )
    return np.broadcast_to(photograph, (*photograph.shape[:2], 3))


@functools.cache
def _to_lightness() -> keras.Model:
    return _compiled("uint8", lambda rgb: lab.rgb_to_lab(rgb)[..., :1])


def to_8bit(whole: np.ndarray) -> np.ndarray:
    """Return CIELAB as the picture a person gets: chroma gives way where sRGB lacks the colour.

    Args:
        whole: float32 `(..., 3)`, L*, a*, b*.

    Returns:
        uint8 `(..., 3)`, sRGB.
    """
    return _each_pixel(_to_rgb(), whole.reshape(-1, 3)).reshape(whole.shape)


@functools.cache
def _to_rgb() -> keras.Model:
    def fitted(values):
        rgb = lab.lab_to_rgb(lab.fit_gamut(values))
        return keras.ops.cast(keras.ops.round(255.0 * rgb), "uint8")

    return _compiled("float32", fitted)


def _compiled(dtype: str, function) -> keras.Model:
    """Compile a function of pixels, on any backend: a twentieth of the time of separate steps."""
    pixels = keras.Input((3,), dtype=dtype)
    model = keras.Model(pixels, function(pixels))
    model.compile(jit_compile=True)
    return model


def _each_pixel(model: keras.Model, pixels: np.ndarray) -> np.ndarray:
    """Apply a function of pixels in blocks, all of one size, so that it is compiled once."""
    blocks = []
    for start in range(0, len(pixels), _BLOCK):
        block = pixels[start : start + _BLOCK]
        full = np.zeros((_BLOCK, 3), block.dtype)
        full[: len(block)] = block
        blocks.append(model.predict_on_batch(full)[: len(block)])
    return np.concatenate(blocks)


# ---- files ----


def _count_values(group: h5py.Group) -> int:
    return sum(
        item.size if isinstance(item, h5py.Dataset) else _count_values(item)
        for item in group.values()
    )


def halve(path: Path) -> None:
    """Write a weights file again, with kernels in half precision."""
    whole = path.with_suffix(".whole")
    path.rename(whole)
    with h5py.File(whole) as source, h5py.File(path, "w") as target:
        _copy_halved(source, target)
    whole.unlink()


def _copy_halved(source: h5py.Group, target: h5py.Group) -> None:
    target.attrs.update(source.attrs)
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            _copy_halved(item, target.create_group(name))
            continue
        values = item[()]
        if values.ndim > 1 and values.dtype == np.float32:
            with np.errstate(over="ignore"):
                values = values.astype("float16")
            if not np.isfinite(values).all():
                raise errors.RunError(f"{item.name} is too large for half precision.")
        target.create_dataset(name, data=values).attrs.update(item.attrs)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def list_pretrained() -> list[str]:
    """Return the names of the trained models that come with the package."""
    return PRETRAINED.names()


def load(name: str | os.PathLike) -> Colorizer:
    """Load a Colorizer that comes with the package, or from a folder.

    Args:
        name: One of `list_pretrained()`, a folder that training wrote, or a run's folder.

    Raises:
        UsageError: There is no Colorizer of that name, or it does not fit.
    """
    folder = Path(name)
    if not folder.is_dir() and (found := PRETRAINED.find(str(name))):
        folder = found.parent
    if (folder / "model" / _CONFIG).is_file() and not (folder / _CONFIG).is_file():
        folder = folder / "model"  # a run's folder
    if (folder / "run.json").is_file():
        raise errors.UsageError(
            "`model` is the folder of a run that has not finished; `train` goes on with it. "
            f"Received: model={str(name)!r}."
        )
    if not folder.is_dir():
        raise errors.unknown(
            "model", str(name), [*PRETRAINED.names(), "a folder that training wrote"]
        )
    return Colorizer.load(folder)
