"""Finished parts of a film, kept beside it until it is whole.

A film takes hours. If it is interrupted, the folder NAME.part holds what is done: numbered parts of
the picture, and what `Steady` knew after the last of them. The same call goes on from there, and
makes the film that it would have made without the interruption.
"""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from keras_colorize import files


def folder_of(film: Path) -> Path:
    """Return the folder of a colored film's parts, which is beside it."""
    return film.with_name(f"{film.name}.part")


def finished(folder: Path) -> list[Path]:
    """Return the finished parts in a folder, in their order."""
    return sorted(folder.glob("[0-9]*.nut"))


class Parts:
    """The folder of a film's finished parts.

    Args:
        film: The colored film's path; the folder is beside it.
        key: What the parts were made from. A folder that was made from something else is removed.
    """

    def __init__(self, film: Path, key: dict):
        self._folder = folder_of(film)
        named = self._folder / "made_from.json"
        key = json.loads(json.dumps(key))  # tuples become lists, as in the file
        with contextlib.suppress(OSError, ValueError):
            if json.loads(named.read_text(encoding="utf-8")) == key:
                return
        self.remove()
        with files.atomic_folder(self._folder) as folder:
            files.write_json(folder / named.name, key)

    @property
    def paths(self) -> list[Path]:
        """The finished parts in their order."""
        return finished(self._folder)

    def state(self) -> dict[str, np.ndarray]:
        """Return what `Steady` knew after the last part; empty if there is none."""
        paths = self.paths
        if not paths:
            return {}
        with np.load(paths[-1].with_suffix(".npz"), allow_pickle=False) as state:
            return dict(state)

    @contextlib.contextmanager
    def next(self) -> Iterator[tuple[Path, dict[str, np.ndarray]]]:
        """Yield where the next part goes, and a dict for the state after it.

        The part is kept if the block ends well.
        """
        path = self._folder / f"{len(self.paths):06}.nut"
        state: dict[str, np.ndarray] = {}
        with files.atomic_file(path) as temporary:
            yield temporary, state
            with files.atomic_file(path.with_suffix(".npz")) as kept:
                np.savez(kept, **state)
        for old in self._folder.glob("*.npz"):
            if old.stem != path.stem:
                old.unlink()

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
