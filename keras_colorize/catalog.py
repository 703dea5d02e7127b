"""What comes with the package and is found by name: recipes, protocols, trained models, heads."""

import dataclasses
import tomllib
from pathlib import Path

from keras_colorize import errors

_PACKAGE = Path(__file__).resolve().parent

# What each head predicts, and the paper, for those who must not wait for Keras.
HEADS = {
    "regression": ("a* and b*, by two tanh channels", "vgg-fusion"),
    "sigmoid": ("a* and b*, by two sigmoid channels", "Iizuka 2016, in comparative"),
    "rgb": ("the whole picture, of which the color is kept", "enhancing, edge-saliency"),
    "bins64": ("64 classes for a* and 64 for b*", "vgg-fusion"),
    "gamut": ("the bins of a 25 × 25 grid of ab that occur in the data", "unet-resnet"),
    "gamut313": ("the 313 bins of ab, with soft targets", "Zhang 2016"),
}
ONE_COLOR = ("regression", "rgb", "sigmoid")  # heads without classes
BINNED = ("gamut", "gamut313")  # heads with bins of ab


def typed(kind: type, keys: dict, what: str) -> dict:
    """Return the keys of a TOML file as a dataclass takes them; a whole number may be a float.

    Args:
        kind: The dataclass.
        keys: Keys, without tables, and their values.
        what: What the keys are of, for messages: "recipe".

    Raises:
        UsageError: An unknown key, or a value of the wrong type.
    """
    types = {field.name: field.type for field in dataclasses.fields(kind)}
    found = {}
    for key, value in keys.items():
        if key not in types:
            raise errors.unknown(f"{what} key", key, types)
        found[key] = float(value) if types[key] is float and type(value) is int else value
        if type(found[key]) is not types[key]:
            raise errors.wrong(
                f"{what.capitalize()} key `{key}` must be of type {types[key].__name__}.",
                **{key: value},
            )
    return found


class Catalog:
    """Things of one kind, in a checkout or in an installed wheel.

    Args:
        packaged: The folder inside the package that a wheel brings them in.
        checkout: The folder beside the package where they stand in a checkout.
        pattern: What they are; `*` stands for their names.
    """

    def __init__(self, packaged: str, checkout: str, pattern: str):
        self._folders = (_PACKAGE / packaged, _PACKAGE.parent / checkout)
        self._pattern = pattern

    def names(self) -> list[str]:
        """Return the names of those that come with the package."""
        before, after = self._pattern.split("*")
        found = {
            path.relative_to(folder).as_posix()
            for folder in self._folders
            for path in folder.glob(self._pattern)
        }
        return sorted(path.removeprefix(before).removesuffix(after) for path in found)

    def find(self, name: str) -> Path | None:
        """Return the file of this name, or None."""
        if name not in self.names():  # a path is no name
            return None
        files = (folder / self._pattern.replace("*", name) for folder in self._folders)
        return next((file for file in files if file.is_file()), None)


class TomlCatalog(Catalog):
    """TOML files of one kind.

    Args:
        argument: What the command line calls one, for messages.
        packaged: As for `Catalog`.
        checkout: As for `Catalog`.
    """

    def __init__(self, argument: str, packaged: str, checkout: str):
        super().__init__(packaged, checkout, "*.toml")
        self._argument = argument

    def path(self, name: str) -> Path:
        """Return the file that a name, or a path that ends in .toml, stands for.

        Raises:
            UsageError: There is none.
        """
        path = Path(name) if name.endswith(".toml") else self.find(name)
        if path is None or not path.is_file():
            raise errors.unknown(
                self._argument, name, self.names(), "give a file that ends in .toml"
            )
        return path

    def read(self, name: str) -> dict:
        """Read the keys of the file that a name or a path stands for.

        Raises:
            UsageError: There is none, or it is no TOML.
        """
        path = self.path(name)
        try:
            with open(path, "rb") as file:
                return tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise errors.UsageError(
                f"{self._argument.capitalize()} {path} is no TOML: {error}."
            ) from error
