"""What the page does with photographs: previews at once, whole pictures when they are asked for."""

import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_colorize import colorizer, errors
from keras_colorize.color import pixels
from keras_colorize.colorizer import Colorizer, Decoding
from keras_colorize.data import jobs, photographs, tones
from keras_colorize.errors import BadPhotograph

# The longest side of a preview, in pixels: more than the page has room for. Gradio is wrong about
# where a picture was clicked that is shown larger than it is.
_SHOWN = 1024
THUMBNAIL = 240  # pixels; the longest side of a small picture


@dataclass(frozen=True, eq=False)
class Opened:
    """A photograph that a visitor works on.

    Attributes:
        path: Its file.
        size: Its width and height, upright.
        grey: uint8 `(h, w, 3)`, at the size that is shown, without color.
    """

    path: Path
    size: tuple[int, int]
    grey: np.ndarray


@dataclass(frozen=True)
class Choice:
    """What a visitor chose.

    Attributes:
        variant: The number of a variant, from 0: natural, vivid, then those of a head with classes.
        chroma: Factor on a* and b*.
        hints: x, y and `#rrggbb` of each hint, in pixels of the preview.
    """

    variant: int = 0
    chroma: float = 1.0
    hints: tuple[tuple[int, int, str], ...] = ()


class Coloring:
    """Colors what visitors give with one model; threads can share it.

    Args:
        model: A Colorizer.
        max_pixels: A photograph that claims more is refused.
    """

    def __init__(self, model: Colorizer, max_pixels: int):
        self._model, self._max_pixels = model, max_pixels
        leaning = ["variant 3", "variant 4", "variant 5"] if model.head.has_classes else []
        self.names = ["natural", "vivid", *leaning]

    def open(self, path: Path) -> Opened:
        """Read a photograph and bring it to the size that is shown.

        Raises:
            BadPhotograph: It is no whole picture, or has too many pixels.
            OSError: It is gone.
        """
        whole = self._read(path).pixels
        height, width = whole.shape[:2]
        return Opened(path, (width, height), pixels.to_grey(resized(whole, _SHOWN)))

    def preview(self, opened: Opened, choice: Choice) -> np.ndarray:
        """Color what is shown of a photograph: uint8 `(h, w, 3)`."""
        return self._color(opened.grey, choice, 1.0)

    def thumbnails(self, opened: Opened) -> list[tuple[np.ndarray, str]]:
        """Return a small picture of each variant, with its name."""
        small = resized(opened.grey, THUMBNAIL)
        return list(zip(self._model.colorize_each(small, self._ways(1.0)), self.names))

    def write(self, opened: Opened, choice: Choice, folder: str) -> Path:
        """Color a photograph at its full size.

        Args:
            opened: The photograph.
            choice: As for `preview`.
            folder: A new folder is made there, for a file that has the photograph's name, format,
                depth and metadata.
        """
        scale = opened.size[0] / opened.grey.shape[1]
        out = Path(tempfile.mkdtemp(dir=folder)) / photographs.output_name(opened.path.name)
        self._write(opened.path, out, choice, scale)
        return out

    def write_all(
        self,
        paths: Sequence[Path],
        choice: Choice,
        folder: str,
        progress: Callable[[int, int], None],
    ) -> tuple[Path | None, list[tuple[str, str]]]:
        """Color photographs into a ZIP file; one that fails does not stop the others.

        Args:
            paths: The photographs.
            choice: As for `preview`, without hints.
            folder: The file is written to a new folder there.
            progress: Called with the number of photographs that are done, and of all.

        Returns:
            The ZIP file, None if it would be empty; name and reason of each that failed.
        """
        out = Path(tempfile.mkdtemp(dir=folder)) / "colored.zip"
        taken, failed = set(), []
        with zipfile.ZipFile(out, "w") as archive, tempfile.TemporaryDirectory() as work:
            for done, path in enumerate(paths, 1):
                name = jobs.free(Path(photographs.output_name(path.name)), taken)
                picture = Path(work) / name
                try:
                    self._write(path, picture, choice, 1.0)
                    archive.write(picture, name)
                    taken.add(name)
                except (BadPhotograph, OSError) as error:
                    failed.append((path.name, errors.reason(error)))
                picture.unlink(missing_ok=True)
                progress(done, len(paths))
        return (out if taken else None), failed

    def _read(self, path):
        return photographs.File(path, self._max_pixels).read()

    def _write(self, path, out, choice, scale):
        scan = self._read(path)
        colored = self._color(scan.pixels, choice, scale)
        photographs.write(out, colored, scan.alpha, scan.told)

    def _color(self, photograph, choice, scale):
        points = [
            (max(0, (x + 0.5) * scale - 0.5), max(0, (y + 0.5) * scale - 0.5), color)
            for x, y, color in choice.hints
        ]
        conditions = [colorizer.Hints(points)] if points else []
        return self._model.colorize(
            photograph, self._ways(choice.chroma)[choice.variant], conditions
        )

    def _ways(self, chroma):
        return colorizer.variants(self._model.head, len(self.names), Decoding(chroma=chroma))


def resized(picture: np.ndarray, longest: int) -> np.ndarray:
    """Return a gray or color picture whose longest side is `longest`: uint8 `(h, w, 3)`."""
    picture = tones.to_8bit(photographs.resized(picture, longest / max(picture.shape[:2])))
    return np.stack([picture] * 3, axis=-1) if picture.ndim == 2 else picture
