"""GIF and animated WebP: their frames, and writing them again with the same times."""

import os
from collections.abc import Generator, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from keras_colorize import files
from keras_colorize.data import photographs
from keras_colorize.errors import BadPhotograph
from keras_colorize.video.reading import Frame


class Animation:
    """A GIF or animated WebP, opened but not decoded.

    Args:
        path: The file.
        max_pixels: A frame that claims more is refused; `photographs.MAX_PIXELS` when None.

    Attributes:
        loop: How often it is shown; 0 is for ever, and None once.
        time_base: The unit of its times, in seconds.

    Raises:
        BadPhotograph: No picture, damaged, or too large.
    """

    time_base = Fraction(1, 1000)

    def __init__(self, path: str | os.PathLike, max_pixels: int | None = None):
        photographs.File(path, max_pixels)  # which names what is wrong
        self._image = Image.open(path, formats=("GIF", "WEBP"))
        self.loop = self._image.info.get("loop")

    def __len__(self) -> int:
        return self._image.n_frames

    def frames(self) -> Generator[Frame]:
        """Decode the animation.

        Raises:
            BadPhotograph: It is damaged.
        """
        pts = 0
        for number in range(len(self)):
            try:
                self._image.seek(number)
                pixels = np.asarray(self._image.convert("RGBA"))
            except Exception as error:  # whatever a damaged byte leads Pillow to raise
                raise BadPhotograph(f"frame {number + 1} is damaged ({error})") from None
            duration = int(self._image.info.get("duration", 0))
            alpha = None if (pixels[..., 3] == 255).all() else pixels[..., 3]
            yield Frame(np.ascontiguousarray(pixels[..., :3]), pts, duration, alpha)
            pts += duration


def write(path: Path, frames: Iterable[Frame], count: int, loop: int | None) -> None:
    """Write an animation atomically.

    Args:
        path: Where to: .gif, which has 256 colors a frame, or .webp.
        frames: They are asked for one after the other.
        count: Their number.
        loop: As for `Animation`.
    """
    reel = _Reel(iter(frames), count)
    options = {"duration": reel.durations, "disposal": 2 if "A" in reel.mode else 0}
    if loop is not None:
        options["loop"] = loop
    elif path.suffix.lower() == ".webp":
        options["loop"] = 1
    with files.atomic_file(path) as temporary:
        reel.save(temporary, save_all=True, quality=90, method=4, **options)


class _Reel(Image.Image):
    """What Pillow takes for an opened animation: each frame is made when it is sought."""

    def __init__(self, frames: Iterator[Frame], count: int):
        super().__init__()
        self._frames = frames
        self._position = -1
        self.durations: list[int] = []  # Pillow reads one after the frame that it belongs to
        self.n_frames = count
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Go to the next frame; going back, as Pillow does in the end, changes nothing."""
        if frame <= self._position:
            return
        shown = next(self._frames, None)
        if shown is None:
            raise EOFError
        pixels = shown.rgb if shown.alpha is None else np.dstack([shown.rgb, shown.alpha])
        image = Image.fromarray(pixels)
        self.im, self._mode, self._size = image.im, image.mode, image.size
        self.durations.append(shown.duration)
        self._position = frame
