"""TOML files that come with the package and are found by name: recipes, protocols."""

import tomllib
from pathlib import Path

from keras_colorize import errors

_PACKAGE = Path(__file__).resolve().parent


class Shelf:
    """The TOML files of one kind.

    Args:
        argument: What the command line calls one, for messages.
        packaged: The folder inside the package that a wheel brings them in.
        checkout: The folder beside the package where they stand in a checkout.
    """

    def __init__(self, argument: str, packaged: str, checkout: str):
        self._argument = argument
        self._folders = (_PACKAGE / packaged, _PACKAGE.parent / checkout)

    def names(self) -> list[str]:
        """Return the names of those that come with the package."""
        return sorted({path.stem for folder in self._folders for path in folder.glob("*.toml")})

    def path(self, name: str) -> Path:
        """Return the file that a name, or a path that ends in .toml, stands for.

        Raises:
            UsageError: There is none.
        """
        path = Path(name)
        if path.suffix != ".toml":
            files = (folder / f"{name}.toml" for folder in self._folders)
            path = next((file for file in files if file.is_file()), path)
        if not path.is_file():
            raise errors.unknown(self._argument, name, [*self.names(), "a path that ends in .toml"])
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
