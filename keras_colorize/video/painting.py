"""From a film to its colored copy, frame by frame."""

import contextlib
import dataclasses
import functools
import hashlib
import itertools
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import cv2
import keras
import numpy as np
from tqdm import tqdm

from keras_colorize._version import __version__
from keras_colorize.color import pixels
from keras_colorize.colorizer import Colorizer, Decoding
from keras_colorize.data import moving, photographs
from keras_colorize.errors import BadPhotograph
from keras_colorize.layers import upscaling
from keras_colorize.video import animation
from keras_colorize.video.parts import Parts
from keras_colorize.video.reading import Film, Frame
from keras_colorize.video.steady import Steady

_SHORT = 256  # pixels: the short side at which colors are predicted and held still, at least
_LONGEST = 8  # the long side is at most so many times as long
_MAP = 64  # pixels: the short side of the color map for which guided upscaling was tuned
_END = object()


class Painter:
    """Colors the frames of one film one after the other, each in the light of those before.

    Args:
        colorizer: What predicts the colors.
        decoding: How its output becomes colors.
    """

    def __init__(self, colorizer: Colorizer, decoding: Decoding):
        self._short = max(_SHORT, colorizer.size)
        self._upscale = decoding.over(colorizer.decoding).upscale
        self._predict, self._lines = _compiled(colorizer, decoding)
        self.steady = Steady()

    def predict(self, lightness: np.ndarray) -> np.ndarray:
        """Return what the network says of one frame: L* `(h, w)` → ab `(h, w, 2)`."""
        ab = self._predict(keras.ops.convert_to_tensor(lightness[None, ..., None]))
        return keras.ops.convert_to_numpy(ab)[0]

    def paint(self, rgb: np.ndarray, seconds: float) -> np.ndarray:
        """Color the next frame; its lightness is kept.

        Args:
            rgb: uint8 `(H, W, 3)`.
            seconds: When it is shown.

        Returns:
            uint8 `(H, W, 3)`.
        """
        lightness = pixels.lightness_of(rgb)
        seen = self._resize(lightness[..., 0])
        ab = self.enlarge(self.steady(seen, self.predict(seen), seconds), seen, lightness)
        return pixels.to_rgb(np.concatenate([lightness, ab], axis=-1))

    def enlarge(self, ab: np.ndarray, seen: np.ndarray, lightness: np.ndarray) -> np.ndarray:
        """Bring colors to a frame's size, as those of a photograph are.

        Args:
            ab: float32 `(h, w, 2)`.
            seen: L* of the same size, `(h, w)`.
            lightness: L* of the frame, float32 `(H, W, 1)`.

        Returns:
            float32 `(H, W, 2)`.
        """
        size = lightness.shape[1::-1]
        if self._upscale != "guided":
            method = cv2.INTER_CUBIC if self._upscale == "bicubic" else cv2.INTER_LINEAR
            return cv2.resize(ab, size, interpolation=method)
        ab = photographs.resized(ab, min(1.0, _MAP / min(seen.shape)))
        lines = keras.ops.convert_to_numpy(self._lines(ab[None], seen[None, ..., None]))[0]
        return upscaling.apply(cv2.resize(lines, size, interpolation=cv2.INTER_LINEAR), lightness)

    def _resize(self, lightness):
        """Bring the short side to what is worked at; a strip is not enlarged without end."""
        short, long = sorted(lightness.shape)
        factor = min(self._short / short, _LONGEST * self._short / long)
        return photographs.resized(lightness, factor)


def color_film(
    source: str,
    out: Path,
    colorizer: Colorizer,
    decoding: Decoding,
    max_pixels: int | None = None,
    strip_metadata: bool = False,
) -> list[str]:
    """Color a film or an animation.

    Memory does not grow with the film's length. An interrupted film leaves its finished parts
    beside `out`; the same call goes on from there.

    Args:
        source: The film's file, a GIF or an animated WebP.
        out: Where to, in a format of `data.moving`.
        colorizer: What predicts the colors.
        decoding: How its output becomes colors.
        max_pixels: A film whose frames claim more is refused; 100 million when None.
        strip_metadata: Whether the film's title, other tags and chapters are left out.

    Returns:
        What else the user should know: where the film is damaged, what is not kept of it.

    Raises:
        BadPhotograph: It is no film, or has no frame that can be decoded; PyAV is not installed;
            its sound has no place in the format of `out`.
    """
    painter = Painter(colorizer, decoding)
    if out.suffix.lower() in moving.ANIMATIONS:
        shown = animation.Animation(source, max_pixels)
        with _bar(source, len(shown)) as bar:
            colored = _ahead(_colored(_ahead(shown.frames()), painter, shown.time_base))
            with contextlib.closing(colored):
                frames = (frame for frame, _ in _counted(colored, bar))
                animation.write(out, frames, len(shown), shown.loop)
        return []
    with Film(source, max_pixels) as film:
        from keras_colorize.video import writing  # it needs PyAV, whose lack Film has told

        writing.check_sound(film, out)
        parts = Parts(out, _made_from(source, colorizer, decoding))
        try:
            last = _color_parts(film, painter, parts, out, writing)
        except BadPhotograph:
            parts.remove()  # the same call would fail again
            raise
        remarks = film.remarks
    with Film(source, max_pixels) as film:  # as if nothing had been read of it
        writing.join(film, parts.paths, out, last, not strip_metadata)
        parts.remove()
        return [*remarks, *(f"not kept: {what}" for what in film.not_kept)]


def _color_parts(film: Film, painter: Painter, parts: Parts, out: Path, writing) -> int:
    """Color and write what is left of a film; return how long its last frame is shown."""
    state = parts.state()
    done, last = int(state.pop("done", 0)), int(state.pop("last", 0))
    painter.steady.state = state
    colored = _ahead(_colored(_ahead(film.frames(done)), painter, film.time_base))
    with _bar(film.path, film.count, done) as bar, contextlib.closing(colored):
        for first in colored:
            with (
                parts.next() as (path, state),
                writing.PartWriter(path, film, out.suffix) as writer,
            ):
                part = itertools.chain([first], itertools.islice(colored, writing.KEYFRAMES - 1))
                for frame, known in _counted(part, bar):
                    writer.write(frame)
                    last, done = frame.duration, done + 1
                    state.update(known, done=done, last=last)
    return last


def _colored(
    frames: Generator[Frame], painter: Painter, unit: Fraction
) -> Generator[tuple[Frame, dict[str, np.ndarray]]]:
    """Color frames; yield each with what `Steady` knows after it."""
    with contextlib.closing(frames):
        for frame in frames:
            rgb = painter.paint(frame.rgb, float(frame.pts * unit))
            yield dataclasses.replace(frame, rgb=rgb), painter.steady.state


def _ahead(items: Generator) -> Generator:
    """Yield items, each while a thread already makes the next one."""
    # The thread is waited for before what it works on is closed: FFmpeg would crash.
    with contextlib.closing(items), ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, _END)
        while (item := coming.result()) is not _END:
            coming = pool.submit(next, items, _END)
            yield item


def _counted(items: Iterable, bar: tqdm) -> Iterator:
    for item in items:
        yield item
        bar.update()


def _bar(source: str, total: int | None, done: int = 0) -> tqdm:
    name = Path(source).name
    return tqdm(total=total, initial=done, unit="frame", desc=name, leave=False, disable=None)


@functools.lru_cache(1)  # films of one call share them
def _compiled(colorizer: Colorizer, decoding: Decoding) -> tuple[Callable, Callable]:
    """Return functions: L* `(B, h, w, 1)` → ab, and ab, L* → the lines that guide upscaling."""
    decoding = dataclasses.replace(decoding, upscale="bilinear")  # what is not steady yet
    predict = functools.partial(colorizer.ab_of, decoding=decoding)
    if keras.backend.backend() != "tensorflow":
        return predict, upscaling.coefficients
    import tensorflow as tf

    # 5 times as fast on a CPU.
    return tf.function(predict), tf.function(upscaling.coefficients)


def _made_from(source: str, colorizer: Colorizer, decoding: Decoding) -> dict:
    """Return what a film's colors depend on."""
    weights = hashlib.sha256()
    for weight in colorizer.network.get_weights():
        weights.update(np.ascontiguousarray(weight))
    file = os.stat(source)
    return {
        "version": __version__,
        "film": [file.st_size, file.st_mtime_ns],
        "weights": weights.hexdigest(),
        "decoding": dataclasses.asdict(decoding.over(colorizer.decoding)),
    }
