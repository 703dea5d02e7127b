"""Coloring without Keras and TensorFlow: what the runtimes of translated networks share.

A folder that `portable_files` wrote is read: a network from L* to ab in the runtime's format, and
`model.json`. It lies beside the weights, or in the user's cache; or `colorize` is given the folder
itself.
"""

import contextlib
import importlib.util
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_colorize import errors, files
from keras_colorize.colorizer import bands, inputs, pretrained
from keras_colorize.colorizer.decoding import PLAIN, Decoding
from keras_colorize.colorizer.summary import unreadable
from keras_colorize.layers import resizing
from keras_colorize.runtimes.provenance import ABOUT

FORMAT = 1  # of the folder; raised when an older release could not read it


@dataclass(frozen=True)
class Summary:
    """What a folder says of its model.

    Attributes:
        name: Under which it was exported.
        arch: Name of the architecture.
        size: Short side, in pixels, at which the network sees a photograph.
        stride: Height and width that the network sees are multiples of it. None: it takes nothing
            but a square.
        decoding: The choices that suit its weights; `method` is None where it has no classes.
        saliency: Whether the network predicts saliency maps.
        made_of: SHA-256 of the `config.json` of the model that the file was made of.
        digest: SHA-256 of the file.
    """

    name: str
    arch: str
    size: int
    stride: int | None
    decoding: Decoding
    saliency: bool
    made_of: str
    digest: str

    @property
    def has_classes(self) -> bool:
        """Whether the head predicts a distribution, which can be decoded in several ways."""
        return self.decoding.method is not None

    @property
    def has_prior(self) -> bool:
        """Whether the share of the training pixels in each class is known."""
        return self.decoding.rebalance is not None


@dataclass(frozen=True)
class Format:
    """A format of translated networks, and where its files are.

    Attributes:
        name: What the format, its runtime, the extra that installs it and folders are called.
        title: As it is called in sentences.
        suffix: The suffix of its files.
        runtime: The package that runs them.
        writers: The packages that write them, besides TensorFlow.
    """

    name: str
    title: str
    suffix: str
    runtime: str
    writers: tuple[str, ...] = ()

    @property
    def pictures(self) -> str:
        """The name of the file with the whole way from a photograph to a picture."""
        return f"colorize.{self.suffix}"

    @property
    def network(self) -> str:
        """The name of the file with the network and the decoding of its colors alone."""
        return f"lightness_to_ab.{self.suffix}"

    def is_installed(self) -> bool:
        """Return whether the runtime can be imported."""
        return importlib.util.find_spec(self.runtime) is not None

    def is_folder(self, path: str | os.PathLike) -> bool:
        """Return whether this is a folder that `portable_files` wrote in this format."""
        return all((Path(path) / name).is_file() for name in (ABOUT, self.network))

    def cache_of(self, model: str | os.PathLike) -> Path:
        """Return the folder in the user's cache for a trained model, whether it is there or not."""
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        identity = pretrained.summarize(model).identity
        name = f"{Path(model).resolve().name}-{identity[:16]}"
        return root / "keras_colorize" / self.name / name

    def find(self, model: str | os.PathLike) -> Path | None:
        """Return the folder with the translation of a trained model, or None.

        A file made of other weights, for another decoding, or by a release of another format, is
        none.

        Args:
            model: What `load` takes, or such a folder itself.
        """
        if self.is_folder(model):
            return Path(model)
        identity = pretrained.summarize(model).identity
        for folder in (pretrained.locate(model) / self.name, self.cache_of(model)):
            if self.is_folder(folder):
                with contextlib.suppress(errors.UsageError):  # of another format
                    if self.read(folder).made_of == identity:
                        return folder
        return None

    def read(self, folder: str | os.PathLike) -> Summary:
        """Read what such a folder says of its model.

        Raises:
            UsageError: It cannot be read.
        """
        path = Path(folder) / ABOUT
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            if about["format"] != FORMAT:
                raise ValueError(f"format {about['format']}, this release reads {FORMAT}")
            return Summary(
                about["name"],
                about["arch"],
                int(about["size"]),
                about["stride"],
                Decoding(**about["own"]),
                about["saliency"],
                about["config_sha256"],
                about["sha256"][self.network],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise unreadable(path, error) from error

    def check_method(self, decoding: Decoding) -> None:
        """Raise a UsageError for the one way of decoding that no format has."""
        if decoding.method == "sample":
            raise errors.wrong(
                "`decoding` sample needs the runtime keras: "
                f"{self.title} does not draw as Keras does.",
                decoding="sample",
            )

    def check_export(self, decoding: Decoding) -> None:
        """Raise a UsageError if files with this decoding cannot be written here."""
        if decoding.method == "sample":
            raise errors.wrong(
                f"`decoding` must be argmax or mean for {self.title}, which does not draw as Keras "
                "does.",
                decoding="sample",
            )
        self.check_writer()

    def check_writer(self) -> None:
        """Raise a UsageError if what writes files in this format is not installed."""
        missing = [name for name in self.writers if not importlib.util.find_spec(name)]
        if missing:
            raise errors.UsageError(
                f"To write {self.title} files, install what writes them with "
                f'`pip install "keras_colorize[{self.name}]"`. Missing: {", ".join(missing)}.'
            )


class PortableColorizer:
    """What colors photographs as a Colorizer does, with a translated network.

    Using it changes nothing in it, so several threads can share one.

    Args:
        folder: One that `portable_files` wrote.

    Attributes:
        format: The format that it runs.
        summary: What the folder says of its model.

    Raises:
        UsageError: The folder cannot be read, or its file was altered.

    Example:
        >>> OnnxColorizer("exported/mine/onnx").colorize(photograph).shape  # doctest: +SKIP
        (480, 640, 3)
    """

    format: Format

    def __init__(self, folder: str | os.PathLike):
        self.summary = self.format.read(folder)
        self._scalars = _scalars(self.summary.decoding)
        path = Path(folder) / self.format.network
        files.check_digest(path, self.summary.digest, ABOUT)
        self._open(path.read_bytes())

    def _open(self, content: bytes) -> None:
        """Make the file ready to run."""
        raise NotImplementedError

    def _run(
        self, output: str, lightness: np.ndarray, scalars: dict[str, np.ndarray]
    ) -> np.ndarray:
        """Return one output of the network; no scalar is left out."""
        raise NotImplementedError

    def colorize(self, photograph: np.ndarray, decoding: Decoding = PLAIN) -> np.ndarray:
        """Color a photograph; its lightness is kept, colors it has are discarded.

        Args:
            photograph: `(H, W)`, `(H, W, 1)` or `(H, W, 3)`, gray or sRGB: uint8, uint16, or float
                in 0…1.
            decoding: How the network's output becomes colors.

        Returns:
            `(H, W, 3)` of the same type, sRGB.

        Raises:
            UsageError: Something else, or a decoding that the model or the format does not have.
        """
        return self.colorize_each(photograph, [decoding])[0]

    def colorize_each(
        self, photograph: np.ndarray, decodings: Sequence[Decoding]
    ) -> list[np.ndarray]:
        """Color a photograph in several ways.

        Args:
            photograph: As for `colorize`.
            decodings: One for each picture. The network runs once where they differ in chroma.

        Returns:
            `(H, W, 3)` of the same type for each decoding, sRGB.

        Raises:
            UsageError: As for `colorize`.
        """
        for decoding in decodings:
            decoding.check(self.summary, self.summary.name)
            self.format.check_method(decoding)
        decodings = [decoding.over(self.summary.decoding) for decoding in decodings]

        def asked(decoding):
            output = "ab_argmax" if decoding.method == "argmax" else "ab"
            given = _scalars(decoding)  # of which a model may lack one, whose 0 changes nothing
            return output, tuple(
                (name, given.get(name, own)) for name, own in self._scalars.items()
            )

        def predict(lightness, size):
            return {each: self._run_for(lightness, *each) for each in set(map(asked, decodings))}

        def read(answers, size, decoding):
            return np.float32(decoding.chroma) * answers[asked(decoding)]

        rgb = inputs.as_rgb(photograph)
        return list(bands.colorize(rgb, self._working_size, predict, read, decodings))

    def _run_for(self, lightness, output, scalars):
        feed = {name: np.array(value, "float32") for name, value in scalars}
        return self._run(output, lightness, feed)

    def check_saliency(self) -> None:
        """Raise a UsageError unless the network predicts saliency maps."""
        if not self.summary.saliency:
            raise errors.no_saliency(self.summary.arch)

    def saliency(self, photograph: np.ndarray) -> np.ndarray:
        """Predict how salient each pixel of one photograph is.

        Args:
            photograph: As for `colorize`.

        Returns:
            uint8 `(H, W)`: 255 for the most salient.

        Raises:
            UsageError: Another shape or type, or a network that predicts no saliency.
        """
        self.check_saliency()

        def predict(lightness, size):
            return self._run_for(lightness, "saliency", self._scalars.items())

        return bands.saliency(inputs.as_rgb(photograph), self._working_size, predict)

    def _working_size(self, height, width):
        return resizing.working_size(height, width, self.summary.size, self.summary.stride)


def _scalars(decoding: Decoding) -> dict[str, float]:
    """Return the scalars that a decoding gives to the network's file."""
    scalars = {"temperature": decoding.temperature, "rebalance": decoding.rebalance}
    return {name: value for name, value in scalars.items() if value is not None}
