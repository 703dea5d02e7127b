"""Other programs' pictures, found by the name of the photograph that each is of."""

from pathlib import Path

import numpy as np

from keras_colorize import errors
from keras_colorize.data import finding, photographs


class Results:
    """A folder of pictures that another program colored.

    Args:
        name: The row's name.
        folder: Pictures, in subfolders or not, named as the photographs are; their suffix may
            differ.

    Attributes:
        missing: Photographs that have no picture, or one that cannot be read, with the reason.
        resized: Pictures whose size is not the photograph's, with both sizes.

    Raises:
        UsageError: There is no such folder, or no picture in it.
    """

    def __init__(self, name: str, folder: str):
        self.name, self.folder = name, Path(folder)
        if not self.folder.is_dir():
            raise errors.wrong("There is no such folder.", results=f"{name}={folder}")
        self.missing: list[tuple[str, str]] = []
        self.resized: list[tuple[str, str]] = []
        self._of = {}  # a path without suffix, or a bare stem → its files
        self._taken = {}
        self._files = finding.find(folder, "results")
        self._exact = {file.relative_to(self.folder).as_posix(): file for file in self._files}
        for file in self._files:
            below = file.relative_to(self.folder).with_suffix("").as_posix()
            for key in {below, file.stem}:
                self._of.setdefault(key, []).append(file)

    @property
    def extra(self) -> list[str]:
        """Pictures that belong to no photograph that was asked for."""
        left = (file for file in self._files if file not in self._taken)
        return [file.relative_to(self.folder).as_posix() for file in left]

    def mismatches(self) -> dict:
        """Return what `metrics.json` says about the folder."""
        found = {"missing": dict(self.missing), "resized": dict(self.resized)}
        return {"folder": str(self.folder), **found, "extra": self.extra}

    def find(self, photograph: str) -> Path | None:
        """Return the picture of a photograph.

        It has the same path below the folder; or the same but for the suffix; or the same stem.

        Args:
            photograph: Its name in the data.

        Raises:
            UsageError: Two pictures fit, or two photographs would share one.
        """
        path = Path(photograph)
        if path.as_posix() in self._exact:
            files = [self._exact[path.as_posix()]]
        else:
            files = self._of.get(path.with_suffix("").as_posix()) or self._of.get(path.stem, [])
        if len(files) > 1:
            raise errors.wrong(
                f"Two pictures in {self.folder} could be that of {photograph}: "
                f"{files[0].relative_to(self.folder)} and {files[1].relative_to(self.folder)}.",
                results=self.name,
            )
        if not files:
            return None
        if self._taken.setdefault(files[0], photograph) != photograph:
            raise errors.wrong(
                f"The photographs {self._taken[files[0]]} and {photograph} share the picture "
                f"{files[0].relative_to(self.folder)}; put pictures in subfolders as the "
                "photographs are.",
                results=self.name,
            )
        return files[0]

    def crop(self, photograph: str, rgb: np.ndarray, size: int) -> np.ndarray | None:
        """Return a photograph's picture, resized and cropped as the photograph is.

        Args:
            photograph: Its name in the data.
            rgb: uint8 `(H, W, 3)`, to compare sizes with.
            size: Side of the center crop, pixels.

        Returns:
            uint8 `(size, size, 3)`; None, and an entry in `missing`, where there is none.
        """
        file = self.find(photograph)
        if file is None:
            self.missing.append((photograph, "no picture of that name"))
            return None
        try:
            picture = photographs.read(file)
        except (photographs.BadPhotograph, OSError) as error:
            self.missing.append((photograph, f"{file.name}: {error}"))
            return None
        if picture.shape != rgb.shape:
            sizes = [f"{s.shape[1]}×{s.shape[0]}" for s in (picture, rgb)]
            self.resized.append((photograph, f"{sizes[0]}, the photograph {sizes[1]}"))
        return photographs.center_crop(picture, size)
