"""Reading films: their frames one by one, upright and in sRGB, each with its time."""

import contextlib
import os
from collections.abc import Generator, Iterator
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


class Film(contextlib.AbstractContextManager):
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
        remarks: What is wrong with it, or not seen in its copy; all is known when it was decoded.

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
            raise BadPhotograph(
                f"no film, or its index is missing ({errors.reason(error)})"
            ) from None
        attached = av.stream.Disposition.attached_pic
        pictures = [
            each for each in self.container.streams.video if not each.disposition & attached
        ]
        if not pictures:
            self.close()
            raise BadPhotograph("a film without a picture: there is only sound, or nothing")
        self.stream = pictures[0]
        self.stream.thread_type = "AUTO"
        self.sounds = list(self.container.streams.audio)
        self.time_base = self.stream.time_base
        self.rate = self.stream.average_rate or self.stream.guessed_rate or Fraction(25)
        seconds = self._seconds()
        self.count = self.stream.frames or (round(seconds * self.rate) if seconds else None)
        self._further = pictures[1:]
        self.remarks: list[str] = []
        self._size, self._turns = (self.stream.width, self.stream.height), 0
        most = photographs.MAX_PIXELS if max_pixels is None else max_pixels
        if self._size[0] * self._size[1] > most:
            self.close()
            raise photographs.TooManyPixels(
                f"{self._size[0]}×{self._size[1]} is more than {most:,} pixels"
            )

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
        streams = self.container.streams
        others = {
            "of subtitles": streams.subtitles,
            "of further pictures": self._further,
            "of data": streams.data,
            "of attachments": streams.attachments,
        }
        lost = [
            f"{errors.counted(len(found), 'stream')} {kind}"
            for kind, found in others.items()
            if found
        ]
        bits = max(part.bits for part in self.stream.format.components)
        return [*lost, f"more than 8 of its {bits} bits"] if bits > 8 else lost

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def frames(self, skip: int = 0) -> Generator[Frame]:
        """Decode the film; what is damaged is left out, and is among the remarks.

        Args:
            skip: The number of frames that are left out from the start.

        Raises:
            BadPhotograph: Not one frame can be decoded.
        """
        last, duration = None, 0
        usual = max(1, round(1 / self.rate / self.time_base))
        for number, shown in enumerate(self._decoded(), 1):
            pts = shown.pts
            if pts is None or (last is not None and pts <= last):  # a clock that is broken
                pts = 0 if last is None else last + max(1, duration)
            last, duration = pts, shown.duration or usual
            if number > skip:
                yield Frame(self._upright(shown), pts, duration)
        if last is None:
            raise BadPhotograph("; ".join(["a film without a frame", *self.remarks]))
        self._check_end(last + duration)

    def _decoded(self) -> Iterator:
        """Yield PyAV's frames; what cannot be decoded becomes a remark."""
        last = None
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                for frame in packet.decode():
                    last = frame.pts
                    if frame.interlaced_frame:
                        self._remark("it is interlaced; deinterlace it first for better colors")
                    yield frame
            except self._errors as error:
                # A generator that has raised has ended, so this may be the end of the file.
                if not any(remark.startswith("damaged") for remark in self.remarks):
                    self._remark(f"damaged {self._at(last)} ({errors.reason(error)})")

    def _remark(self, text: str) -> None:
        if text not in self.remarks:
            self.remarks.append(text)

    def _upright(self, shown) -> np.ndarray:
        matrix = shown.colorspace
        if matrix not in (1, 4, 5, 6, 7, 9):  # unknown to swscale
            matrix = 1 if self._size[1] >= _HD else 5
        width, height = self._size  # some films change theirs on the way
        rgb = shown.reformat(width, height, "rgb24", src_colorspace=matrix).to_ndarray()
        self._turns = round(shown.rotation / 90)
        return np.ascontiguousarray(np.rot90(rgb, self._turns))

    def _seconds(self) -> float | None:
        if self.stream.duration:
            return float(self.stream.duration * self.time_base)
        return self.container.duration / 1e6 if self.container.duration else None

    def _check_end(self, end: int) -> None:
        """Remark that the frames end before the picture should, where the file tells that."""
        seconds = self._seconds()
        if not seconds:
            return
        shown = float((end - (self.stream.start_time or 0)) * self.time_base)
        lost = seconds - shown
        if lost > max(_LOST_SECONDS, _LOST_SHARE * seconds) or lost > seconds / 2:
            self._remark(f"truncated: its picture ends {self._at(end)} of {_clock(seconds)}")

    def _at(self, pts: int | None) -> str:
        start = self.stream.start_time or 0
        return "at " + _clock(0 if pts is None else (pts - start) * self.time_base)


def _clock(seconds) -> str:
    minutes, seconds = divmod(max(0.0, float(seconds)), 60)
    return f"{int(minutes)}:{seconds:04.1f}"
