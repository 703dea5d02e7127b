"""Reading films: their frames one by one, upright and in sRGB, each with its time."""

import os
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from keras_colorize import errors
from keras_colorize.data import photographs
from keras_colorize.errors import BadPhotograph

# FFmpeg's readers that are used; among the others are playlists, which open further files.
_FORMATS = "asf,avi,dv,flv,matroska,mov,mp4,mpeg,mpegts,mpegvideo,mxf,ogg,rm,webm"
_HD = 720  # rows; from here on, a film that does not tell its colors' matrix has BT.709's
_LOST_SHARE, _LOST_SECONDS = 0.02, 1.0  # of a film's end that may be missing without a word


@dataclass(frozen=True)
class Frame:
    """One frame of a film.

    Attributes:
        rgb: uint8 `(H, W, 3)`, upright sRGB.
        pts: When it is shown, in units of the film's `time_base`.
        duration: How long, in the same units.
        alpha: uint8 `(H, W)`, of an animation; None if it is opaque.
    """

    rgb: np.ndarray
    pts: int
    duration: int
    alpha: np.ndarray | None = None


class Film:
    """A film's file, opened but not decoded. It is closed by `close`, or as a context.

    Args:
        path: The file.
        max_pixels: A film whose frames claim more is refused; `photographs.MAX_PIXELS` when None.

    Attributes:
        container: PyAV's.
        stream: PyAV's stream of the picture.
        sounds: PyAV's streams of sound.
        time_base: The unit of its times, in seconds.
        rate: Frames a second, on average.
        count: About how many frames it has; None if the file does not tell.

    Raises:
        BadPhotograph: PyAV is not installed; no film, no picture, or too large.
    """

    def __init__(self, path: str | os.PathLike, max_pixels: int | None = None):
        try:
            import av
        except ImportError:
            raise BadPhotograph(
                "films are read where PyAV is: pip install 'keras_colorize[video]'"
            ) from None
        self._errors = av.error.FFmpegError
        self.path = os.fspath(path)
        options = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
        try:
            # With its protocol, or a name such as concat:a|b would open other files.
            self.container = av.open(f"file:{self.path}", options=options)
        except (self._errors, ValueError) as error:
            if not os.path.getsize(path):
                raise BadPhotograph("empty file") from None
            raise BadPhotograph(f"no film, or its index is missing ({_why(error)})") from None
        pictures = [
            stream
            for stream in self.container.streams.video
            if not stream.disposition & av.stream.Disposition.attached_pic
        ]
        if not pictures:
            self.close()
            raise BadPhotograph("a film without a picture: there is only sound, or nothing")
        self.stream = pictures[0]
        self.stream.thread_type = "AUTO"
        self.sounds = list(self.container.streams.audio)
        self.time_base = self.stream.time_base
        self.rate = self.stream.average_rate or self.stream.guessed_rate or Fraction(25)
        self.count = self.stream.frames or self._estimate()
        self._size, self._turns = (self.stream.width, self.stream.height), 0
        most = photographs.MAX_PIXELS if max_pixels is None else max_pixels
        if self._size[0] * self._size[1] > most:
            self.close()
            raise photographs.TooManyPixels(
                f"{self._size[0]}×{self._size[1]} is more than {most:,} pixels"
            )

    def __enter__(self) -> "Film":
        return self

    def __exit__(self, *error) -> None:
        self.close()

    @property
    def pixel_shape(self) -> Fraction:
        """Width of an upright pixel by its height; known when a frame has been decoded."""
        stored = self.stream.sample_aspect_ratio or Fraction(1)
        return 1 / stored if self._turns % 2 else stored

    @property
    def not_kept(self) -> list[str]:
        """What a colored copy does not have."""
        count = len(self.container.streams.subtitles)
        return [errors.counted(count, "stream") + " of subtitles"] if count else []

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def frames(self, skip: int = 0) -> Generator[Frame]:
        """Decode the film.

        Args:
            skip: The number of frames that are left out from the start.

        Raises:
            BadPhotograph: It is damaged, or ends early; it has no frame; a frame is too large.
        """
        last, duration, number = None, 0, 0
        try:
            for shown in self.container.decode(self.stream):
                pts = shown.pts
                if pts is None or (last is not None and pts <= last):  # a clock that is broken
                    pts = 0 if last is None else last + max(1, duration)
                last, duration = pts, shown.duration or self._usual_duration()
                number += 1
                if number > skip:
                    yield Frame(self._upright(shown), pts, duration)
        except self._errors as error:
            raise BadPhotograph(f"damaged {self._at(last)} ({_why(error)})") from None
        if last is None:
            raise BadPhotograph("a film without a frame")
        self._check_end(last + duration)

    def _upright(self, shown) -> np.ndarray:
        matrix = shown.colorspace
        if matrix not in (1, 4, 5, 6, 7, 9):  # unknown to swscale
            matrix = 1 if self._size[1] >= _HD else 5
        width, height = self._size  # some films change theirs on the way
        rgb = shown.reformat(width, height, "rgb24", src_colorspace=matrix).to_ndarray()
        self._turns = round(shown.rotation / 90)
        return np.ascontiguousarray(np.rot90(rgb, self._turns))

    def _usual_duration(self) -> int:
        return max(1, round(1 / self.rate / self.time_base))

    def _estimate(self) -> int | None:
        if self.stream.duration:
            return round(self.stream.duration * self.time_base * self.rate)
        return round(self.container.duration / 1e6 * self.rate) if self.container.duration else None

    def _check_end(self, end: int) -> None:
        """Raise unless the frames last as long as the picture should, where the file tells that."""
        if not self.stream.duration:
            return
        lost = (self.stream.duration + (self.stream.start_time or 0) - end) * self.time_base
        whole = self.stream.duration * self.time_base
        if lost > max(_LOST_SECONDS, _LOST_SHARE * whole) or lost > whole / 2:
            raise BadPhotograph(f"truncated: it ends {self._at(end)} of {_clock(whole)}")

    def _at(self, pts: int | None) -> str:
        start = self.stream.start_time or 0
        return "at " + _clock(0 if pts is None else (pts - start) * self.time_base)


def _clock(seconds) -> str:
    minutes, seconds = divmod(max(0.0, float(seconds)), 60)
    return f"{int(minutes)}:{seconds:04.1f}"


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
