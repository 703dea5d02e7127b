"""What `evaluate` is asked for, checked as far as that is possible before Keras has started."""

import importlib.util
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from keras_colorize import errors, files
from keras_colorize.colorizer import pretrained
from keras_colorize.colorizer.decoding import Decoding
from keras_colorize.data import finding
from keras_colorize.evaluation import protocol as protocols

GREY, TRUTH = "grey", "truth"
HALF_CHROMA, BINS, SMALL_AB = CEILINGS = ("half chroma", "313 bins", "ab at 64")
RESERVED = (GREY, TRUTH, *CEILINGS)  # the names of rows that every evaluation may have
# What may follow a model's folder, and its type.
CHOICES = dict.fromkeys(("decoding", "upscale"), str)
CHOICES |= dict.fromkeys(("temperature", "chroma", "rebalance"), float)


class Model(NamedTuple):
    """The model of a row.

    Attributes:
        path: A name or a folder that `load` takes, or a run's folder.
        decoding: Arguments of `Decoding`.
    """

    path: Path
    decoding: dict


@dataclass
class Request:
    """One evaluation.

    Args:
        models: Names or folders of Colorizers, or folders of runs. `NAME=FOLDER` gives the row a
            name, and `FOLDER,temperature=1,chroma=1.2,decoding=mean` says how it is decoded.
        data: What `--data` takes. None: the protocol's photographs, or `samples`.
        out: Folder for `report.html`, `metrics.json`, `per_image.csv`, `table.md`, `grid.png`,
            `prior.txt`, `pictures/` and, with a protocol, `protocol.md` and `figure.png`.
        size: Photographs are resized to this short side and cut to the central square, pixels.
            None: the protocol's size, or 256.
        results: `NAME=FOLDER` of another program's pictures, named as the photographs are.
        protocol: A name in `protocol.PROTOCOLS`, or a TOML file.
        ceilings: Add rows made of the photographs themselves.
        prior: File with the number of pixels in each of the 313 bins, for the rebalanced AuC. None:
            measured on these photographs.
        fid: Add the Fréchet distance of Inception features to those of the photographs.
        lpips: Add LPIPS.
        pictures: How many photographs' pictures are kept: those on which the first row gains most
            over grey, and as many on which it gains least.
        seed: Seed of the bootstrap and of the paired tests.
        turing: Also write a page for a colorization Turing test of each row, in `turing/`.

    Attributes:
        plan: The protocol, if there is one.
        named: Row → its model.
        folders: Row → its folder of another program's pictures.

    Raises:
        UsageError: A value cannot be used, or two of them contradict each other.
    """

    models: list[str]
    data: str | None = None
    out: str = "evaluation"
    size: int | None = None
    results: list[str] = ()
    protocol: str | None = None
    ceilings: bool = False
    prior: str | None = None
    fid: bool = False
    lpips: bool = False
    pictures: int = 6
    seed: int = 0
    turing: bool = False
    plan: protocols.Protocol | None = field(init=False, default=None)
    named: dict[str, Model] = field(init=False)
    folders: dict[str, Path] = field(init=False)

    def __post_init__(self):
        if self.protocol:
            self.plan = protocols.read(self.protocol)
        defaults = self.plan or protocols.Protocol  # whose defaults hold without one
        self.data = self.data or defaults.data
        self.size = defaults.size if self.size is None else self.size
        for name, least in (("size", 16), ("pictures", 0)):
            if (value := getattr(self, name)) < least:
                raise errors.wrong(f"`{name}` must be at least {least}.", **{name: value})
        self.named, self.folders = {}, {}
        for given in self.models:
            name, model = _read_model(given)
            self._add(self.named, "model", given, name, model)
        for given in self.results:
            name, path = _split_name(given)
            self._add(self.folders, "results", given, name or path.resolve().name, path)
        if self.plan:
            self._check_plan()

    def check(self) -> None:
        """Refuse models, decodings, photographs and an output folder that cannot be used.

        Nothing is loaded.

        Raises:
            UsageError: One of them cannot, or LPIPS is asked for and its extra is not installed.
        """
        if self.lpips and importlib.util.find_spec("lpips") is None:
            raise errors.UsageError(
                '`lpips` needs the extra: pip install "keras_colorize[perceptual]".'
            )
        for row, model in self.named.items():
            if self.plan and self.plan.table == "losses":
                continue  # of unfinished runs too
            Decoding(**model.decoding).check(pretrained.summarize(model.path), row)
        finding.find_named(self.data, "data")
        if self.folders:
            from keras_colorize.evaluation.results import Results  # brings NumPy and OpenCV

            for row, folder in self.folders.items():
                Results(row, folder)
        files.check_folder(self.out)

    @property
    def has_truth(self) -> bool:
        """Whether the photographs have colors to compare with."""
        return self.plan is None or self.plan.has_truth

    def _add(self, rows, argument, given, name, value):
        if name in RESERVED or name in self.named or name in self.folders:
            text = f"Two rows would be called {name!r}; name this one with --{argument} NAME=DIR."
            raise errors.wrong(text, **{argument: given})
        if "/" in name:
            text = "A row's name is also the name of a folder, so it cannot have a / in it."
            raise errors.wrong(text, **{argument: given})
        rows[name] = value

    def _check_plan(self):
        given = [*self.named, *self.folders]
        if not set(self.plan.models) & set(given):
            raise errors.UsageError(
                f"Protocol {self.protocol} compares {self.plan.models}: give at least one of them, "
                f"as --model NAME=DIR or --results NAME=FOLDER. Received: {given}."
            )
        for row in self.plan.decoded & self.named.keys():
            if self.named[row].decoding:
                raise errors.UsageError(
                    f"Protocol {self.protocol} says itself how {row!r} is decoded. "
                    f"Received: model={row!r} with {self.named[row].decoding}."
                )
        for name in ("turing", "fid", "lpips"):
            if getattr(self, name) and not self.has_truth:
                raise errors.UsageError(
                    f"`{name}` needs true colors, which the photographs of protocol "
                    f"{self.protocol} do not have."
                )


def _split_name(given):
    """Split NAME=PATH; a path may have a = in it itself."""
    name, equals, path = given.partition("=")
    return (name, Path(path)) if equals and not Path(given).exists() else ("", Path(given))


def _read_model(given) -> tuple[str, Model]:
    """Read [NAME=]PATH[,KEY=VALUE…]; without a name, a row is called as its folder or run."""
    text, decoding, choices = given, {}, ""
    while not _split_name(text)[1].exists():
        found = re.fullmatch(r"(.+),(\w+)=([^,]*)", text)
        if not found:
            break
        text, key, value = found.groups()
        if key not in CHOICES:
            raise errors.unknown("key of --model", key, CHOICES)
        choices = f",{key}={value}{choices}"
        try:
            decoding["method" if key == "decoding" else key] = CHOICES[key](value)
        except ValueError:
            raise errors.UsageError(
                f"`{key}` must be a number. Received: {key}={value!r} in model={given!r}."
            ) from None
    name, path = _split_name(text)
    if not name:
        folder = path.resolve()
        name = (folder.parent.name if folder.name == "model" else folder.name) + choices
    return name, Model(path, decoding)
