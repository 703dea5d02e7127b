"""Writing films: parts of a picture's stream, and the whole film with the sound that it had."""

import contextlib
import heapq
import os
from collections.abc import Iterator
from pathlib import Path

import av

from keras_colorize import files
from keras_colorize.errors import BadPhotograph
from keras_colorize.video.reading import Film, Frame

KEYFRAMES = 250  # frames from one to the next, and in a part: x264's own choice
_CONTAINERS = {
    ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm",
    ".3gp": "3gp", ".3g2": "3g2",
}  # fmt: skip
# Hardly to be told from the original. Without frames that refer to later ones (B-frames) times need
# no reordering, so parts follow each other without a gap, whatever the rate.
_H264 = "libx264", {"crf": "17", "preset": "fast", "bf": "0"}
_VP9 = (
    "libvpx-vp9",
    {"crf": "20", "b": "0", "deadline": "good", "cpu-used": "4", "lag-in-frames": "0"},
)
_OF_CONTAINER = ("major_brand", "minor_version", "compatible_brands", "encoder")
_BT709 = 1  # FFmpeg's number of matrix, primaries and transfer; sRGB's primaries are BT.709's
_LIMITED = 1  # FFmpeg's number of the range 16…235


class PartWriter(contextlib.AbstractContextManager):
    """Writes some consecutive frames of a film, without sound. A context.

    Args:
        path: The file.
        film: Where the frames come from: their rate, time base and pixels' shape.
        suffix: The suffix that the film will have.
    """

    def __init__(self, path: Path, film: Film, suffix: str):
        self._container = av.open(str(path), "w", format="nut")  # of any codec, with exact times
        self._film, self._suffix, self._stream = film, suffix.lower(), None

    def __exit__(self, kind, *error) -> None:
        if kind is None:
            self._container.mux(self._stream.encode())
        self._container.close()

    def write(self, frame: Frame) -> None:
        """Write the next frame."""
        if self._stream is None:
            self._start(*frame.rgb.shape[:2])
        picture = av.VideoFrame.from_ndarray(frame.rgb, "rgb24").reformat(
            format=self._stream.pix_fmt, dst_colorspace=_BT709
        )
        picture.pts, picture.time_base = frame.pts, self._film.time_base
        picture.color_primaries = picture.color_trc = picture.colorspace = _BT709
        picture.color_range = _LIMITED
        self._container.mux(self._stream.encode(picture))

    def _start(self, height, width):
        name, options = _VP9 if self._suffix == ".webm" else _H264
        stream = self._container.add_stream(name, rate=self._film.rate, options=options)
        stream.width, stream.height = width, height
        # Chroma is kept at half the size, as nearly all films have it, but that takes an even size.
        stream.pix_fmt = "yuv420p" if width % 2 == height % 2 == 0 else "yuv444p"
        stream.time_base = stream.codec_context.time_base = self._film.time_base
        stream.codec_context.gop_size = KEYFRAMES
        for tag in ("color_primaries", "color_trc", "colorspace"):
            setattr(stream.codec_context, tag, _BT709)
        stream.codec_context.color_range = _LIMITED
        shape = self._film.pixel_shape
        if shape != 1:
            stream.codec_context.sample_aspect_ratio = shape
        self._stream = stream


def check_sound(film: Film, path: Path) -> None:
    """See that the film's sound can be kept in a file, before any frame is colored.

    Raises:
        BadPhotograph: It cannot.
    """
    with av.open(os.devnull, "w", format=_container(path)) as container:
        for stream in film.sounds:
            known = stream.codec_context
            name = known.codec.canonical_name if known else "of an unknown kind"
            if name not in container.supported_codecs:
                raise BadPhotograph(
                    f"its sound ({name}) has no place in a {path.suffix} file; "
                    "name a .mkv file as --out"
                )


def join(film: Film, parts: list[Path], path: Path, last: int, keep: bool) -> None:
    """Put a film together, atomically: the colored parts and the film's own sound.

    Args:
        film: The film that was colored, newly opened.
        parts: Files of `PartWriter`.
        path: Where to.
        last: How long the last frame is shown, in the film's time base.
        keep: Whether the film's title, other tags and chapters are kept.
    """
    with (
        files.atomic_file(path) as temporary,
        av.open(str(temporary), "w", format=_container(path), options=_options(path)) as out,
    ):
        with av.open(str(parts[0])) as first:
            picture = out.add_stream_from_template(first.streams.video[0])
        picture.time_base, picture.codec_context.framerate = film.time_base, film.rate
        sounds = {stream.index: out.add_stream_from_template(stream) for stream in film.sounds}
        for stream in film.sounds:
            sounds[stream.index].metadata.update(stream.metadata)
        if keep:
            told = film.container.metadata
            out.metadata.update({name: told[name] for name in told if name not in _OF_CONTAINER})
            out.set_chapters(film.container.chapters())
        streams = [((packet, picture) for packet in _pictures(film, parts, last))]
        if sounds:
            streams.append((packet, sounds[packet.stream.index]) for packet in _sounds(film))
        for packet, stream in heapq.merge(
            *streams, key=lambda pair: pair[0].dts * pair[0].time_base
        ):
            packet.stream = stream
            out.mux(packet)


def _pictures(film: Film, parts: list[Path], last: int) -> Iterator[av.Packet]:
    """Yield the packets of all parts, each with the time until the next as its duration."""
    before = None
    unit = av.AVRational(film.time_base.numerator, film.time_base.denominator)
    for part in parts:
        with av.open(str(part)) as container:
            for packet in container.demux(video=0):
                if packet.pts is None:  # the end
                    continue
                packet.rescale_ts(unit)
                if before is not None:
                    before.duration = packet.pts - before.pts
                    yield before
                before = packet
    before.duration = last
    yield before


def _sounds(film: Film) -> Iterator[av.Packet]:
    with contextlib.suppress(av.error.FFmpegError):  # the end of a truncated file
        for packet in film.container.demux(film.sounds):
            if packet.dts is not None:
                yield packet


def _container(path: Path) -> str:
    return _CONTAINERS[path.suffix.lower()]


def _options(path: Path) -> dict[str, str]:
    # A film whose index comes first starts to play before it is downloaded.
    return {"movflags": "+faststart"} if _container(path) in ("mp4", "mov") else {}
