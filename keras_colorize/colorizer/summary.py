"""What the folder of a trained model says of it, read without Keras."""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from keras_colorize import errors
from keras_colorize.catalog import ONE_COLOR
from keras_colorize.colorizer.decoding import Decoding

CONFIG, WEIGHTS, TRAINED_ON = "config.json", "model.weights.h5", "trained_on.txt"
FORMAT = 1  # of the folder; raised when an older release could not read it
_CARD = "README.md"  # of a model that comes with the package


@dataclass(frozen=True)
class Summary:
    """What a folder says of its model; nothing of it has been compared with the weights.

    Attributes:
        folder: The folder.
        arch: Name of the architecture.
        head: Configuration of the head, as `heads.create` takes it.
        size: Short side, in pixels, at which the network sees a photograph.
        options: The architecture's own.
        decoding: The choices that suit its weights.
        parameters: How many numbers the weights file holds.
        digest: SHA-256 of the weights file.
        license: The weights' license, an SPDX identifier; None if it is not stated.
    """

    folder: Path
    arch: str
    head: dict
    size: int
    options: dict
    decoding: Decoding
    parameters: int
    digest: str
    license: str | None = None

    @property
    def has_classes(self) -> bool:
        """Whether the head predicts a distribution, which can be decoded in several ways."""
        return self.head["name"] not in ONE_COLOR

    @property
    def has_prior(self) -> bool:
        """Whether the share of the training pixels in each class is known."""
        return bool(self.head.get("prior"))

    @property
    def in_short(self) -> str:
        """What the model's card says in short; empty without a card."""
        card = self.folder / _CARD
        if not card.is_file():
            return ""
        found = re.search(r"^\*\*In short\.\*\* (.+)\.$", card.read_text(encoding="utf-8"), re.M)
        return found[1] if found else ""

    @property
    def identity(self) -> str:
        """SHA-256 of `config.json`, which has the weights' own in it: it changes with the model."""
        return hashlib.sha256((self.folder / CONFIG).read_bytes()).hexdigest()

    @property
    def megabytes(self) -> float:
        """The size of the weights file, in 10⁶ bytes."""
        return (self.folder / WEIGHTS).stat().st_size / 1e6


def read(folder: str | os.PathLike) -> Summary:
    """Read what a folder says of its model.

    Raises:
        UsageError: A file is missing, or `config.json` cannot be read.
    """
    path = Path(folder)
    for name in (CONFIG, WEIGHTS):
        if not (path / name).is_file():
            raise errors.wrong(
                f"`model` must be a folder with {CONFIG} and {WEIGHTS}, as training writes it; "
                f"{name} is missing.",
                model=folder,
            )
    try:
        config = json.loads((path / CONFIG).read_text(encoding="utf-8"))
        if config["format"] != FORMAT:
            raise ValueError(f"format {config['format']}, this release reads {FORMAT}")
        if not isinstance(config["head"]["name"], str):
            raise TypeError("the head has no name")
        return Summary(
            path,
            config["arch"],
            config["head"],
            int(config["size"]),
            dict(config["options"]),
            Decoding(**config.get("decoding", {})),
            config["parameters"],
            config["weights_sha256"],
            config.get("license"),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(path / CONFIG, error) from error


def unreadable(file: Path, error: Exception) -> errors.UsageError:
    """Return the error for a file that does not describe a model."""
    return errors.UsageError(f"{file} cannot be read ({type(error).__name__}: {error}).")
