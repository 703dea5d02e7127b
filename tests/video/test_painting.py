"""Films are read back by OpenCV; lightness is compared by scikit-image."""

import sys
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
import skimage.color
from films import cut, left_beside, lightness

from keras_colorize.colorizer import Decoding
from keras_colorize.errors import BadPhotograph
from keras_colorize.video import painting, reading, writing

TIMES = (0, 20, 40, 70, 100, 130, 200, 220, 240, 300, 320, 340)  # of `film`, in 1/600 s


def frames_of(path):
    """Return a film's frames as a player shows them, turned upright, and their times in s."""
    opened, frames, times = cv2.VideoCapture(str(path)), [], []
    while True:
        more, frame = opened.read()
        if not more:
            return frames, times
        frames.append(frame[..., ::-1])
        times.append(opened.get(cv2.CAP_PROP_POS_MSEC) / 1000)


def packets_of_sound(path):
    with av.open(str(path)) as container:
        (stream,) = container.streams.audio
        packets = container.demux(stream)
        return [(float(p.pts * p.time_base), bytes(p)) for p in packets if p.size]


# ---- films ----


@pytest.mark.parametrize("turned", [0, 90, 180])
def test_film_keeps_size_times_sound_and_lightness(film, color, turned):
    source = film(turned=turned, pixel_shape=Fraction(4, 3))
    path, lost = color(source, "a.mp4")
    before, times = frames_of(source)
    after, kept = frames_of(path)
    assert kept == times == pytest.approx([time / 600 for time in TIMES], abs=1e-3)
    assert after[0].shape == ((64, 48, 3) if turned == 90 else (48, 64, 3))
    for one, other in zip(before, after, strict=True):
        assert np.abs(lightness(one) - lightness(other)).mean() < 1.5  # what H.264 rounds
    assert np.ptp(after[0].astype(int), axis=-1).mean() > 5  # and there is color
    assert packets_of_sound(path) == packets_of_sound(source)
    with av.open(str(path)) as container:
        assert container.metadata["title"] == "Harbor"
        shape = container.streams.video[0].sample_aspect_ratio
    assert shape == (Fraction(3, 4) if turned == 90 else Fraction(4, 3))
    assert lost == left_beside(path) == []


@pytest.mark.parametrize("name", ["a.mkv", "a.mov"])
def test_film_keeps_its_format(film, color, name):
    source = film(name)
    path, _ = color(source, name)
    assert frames_of(path)[1] == pytest.approx(frames_of(source)[1], abs=1e-3)
    assert [data for _, data in packets_of_sound(path)] == [
        data for _, data in packets_of_sound(source)
    ]


def test_film_of_odd_size_keeps_it(film, color):
    source = film("a.webm", 45, 71, sound=False)
    for name, codec in (("a.webm", "vp9"), ("a.mp4", "h264")):
        path, _ = color(source, name)
        with av.open(str(path)) as container:
            assert container.streams.video[0].codec_context.codec.canonical_name == codec
        frames, _ = frames_of(path)
        assert len(frames) == len(TIMES) and frames[0].shape == (45, 71, 3)


@pytest.mark.parametrize("upscale", ["bilinear", "bicubic", "guided"])
def test_first_frame_has_the_colors_of_a_photograph(loaded, picture, upscale, monkeypatch):
    monkeypatch.setattr(painting, "_MAP", loaded.size)  # that of the tiny network
    photograph, decoding = picture(300, 400), Decoding(upscale=upscale)
    frame = painting.Painter(loaded, decoding).paint(photograph, 0.0)
    colored = loaded.colorize(photograph, decoding)
    difference = skimage.color.rgb2lab(frame) - skimage.color.rgb2lab(colored)
    assert np.linalg.norm(difference, axis=-1).mean() < 2.3  # what the eye just tells apart


def test_film_without_metadata(film, color):
    path, _ = color(film(), "a.mp4", strip_metadata=True)
    with av.open(str(path)) as container:
        assert "title" not in container.metadata


@pytest.fixture
def short_parts(monkeypatch):
    monkeypatch.setattr(writing, "KEYFRAMES", 4)


def test_film_goes_on_after_an_interruption(film, color, short_parts, monkeypatch):
    source, paint, painted = film(), painting.Painter.paint, []
    whole, _ = color(source, "whole.mp4")

    def interrupted(self, rgb, seconds):
        if len(painted) == 10:
            raise KeyboardInterrupt
        painted.append(seconds)
        return paint(self, rgb, seconds)

    monkeypatch.setattr(painting.Painter, "paint", interrupted)
    with pytest.raises(KeyboardInterrupt):
        color(source, "again.mp4")
    folder = whole.parent / "again.mp4.part"
    parts = ["000000.nut", "000001.nut", "000001.npz", "made_from.json"]
    assert sorted(file.name for file in folder.iterdir()) == sorted(parts)
    assert not (whole.parent / "again.mp4").exists()

    painted.clear()
    again, _ = color(source, "again.mp4")
    assert painted == pytest.approx([time / 600 for time in TIMES[8:]])
    assert again.read_bytes() == whole.read_bytes()
    assert left_beside(again) == ["whole.mp4"]


def test_film_of_another_choice_begins_anew(film, color, short_parts, monkeypatch):
    source, join = film(sound=False), writing.join
    monkeypatch.setattr(writing, "join", lambda *a: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        color(source, "a.mp4")
    monkeypatch.setattr(writing, "join", join)
    path, _ = color(source, "a.mp4", Decoding(chroma=0.0))
    assert np.ptp(frames_of(path)[0][0].astype(int), axis=-1).max() < 5  # not the earlier colors


def test_film_is_read_no_further_than_needed(film, color, monkeypatch):
    read, written = [], []
    frames, write = reading.Film.frames, writing.PartWriter.write

    def counted(self, skip):
        for frame in frames(self, skip):
            read.append(frame.pts)
            yield frame

    def behind(self, frame):
        written.append(len(read))
        write(self, frame)

    monkeypatch.setattr(reading.Film, "frames", counted)
    monkeypatch.setattr(writing.PartWriter, "write", behind)
    color(film(times=range(0, 320, 20)), "a.mp4")
    ahead = [count - number for number, count in enumerate(written)]
    assert len(written) == 16 and max(ahead) <= 4


# ---- what is no film ----


def without_frames(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()


def playlist(path):
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n#EXT-X-ENDLIST\n")


@pytest.mark.parametrize(
    "damage, expected",
    [
        (lambda path: path.write_bytes(b""), "empty file"),
        (lambda path: path.write_bytes(b"film" * 99), "no film"),
        (without_frames, "no film|without a frame|without a picture"),
        (playlist, "no film"),
    ],
    ids=["empty", "text", "no frames", "playlist"],
)
def test_film_that_is_damaged_fails_and_leaves_nothing(
    film, color, tmp_path, short_parts, damage, expected
):
    path = film(sound=False, times=range(0, 1800, 45), movflags="+faststart")
    damage(path)
    with pytest.raises(BadPhotograph, match=expected):
        color(path, "a.mp4")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name, sound", [("a.mp4", False), ("a.mkv", True)])
def test_film_that_is_truncated_is_colored_as_far_as_it_goes(film, color, name, sound):
    source = film(name, sound=sound, times=range(0, 1800, 45), movflags="+faststart")
    whole, _ = frames_of(source)
    cut(source, 0.7)
    there, _ = frames_of(source)
    path, remarks = color(source, name)
    shown, _ = frames_of(path)
    assert 3 < len(there) <= len(shown) < len(whole)
    assert any("truncated" in text or "damaged" in text for text in remarks), remarks


def test_film_that_is_damaged_in_the_middle_is_colored_to_its_end(film, color):
    source = film(sound=False, times=range(0, 1800, 45))
    with av.open(str(source)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][18]
        damaged = slice(packet.pos, packet.pos + packet.size)
    content = bytearray(source.read_bytes())
    content[damaged] = b"\xff" * (damaged.stop - damaged.start)
    source.write_bytes(content)
    path, remarks = color(source, "a.mp4")
    _, times = frames_of(path)
    assert max(times) == pytest.approx(1755 / 600, abs=0.01)
    assert [text.split(" at ")[0] for text in remarks] == ["damaged"]


def test_film_says_what_its_copy_does_not_have(film, color, tmp_path):
    source = film(sound=False)
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHarbor\n")
    with (
        av.open(str(source)) as before,
        av.open(str(tmp_path / "a.srt")) as words,
        av.open(str(tmp_path / "b.mkv"), "w") as container,
    ):
        deep = container.add_stream("libx264", rate=20, options={"x264-params": "interlaced=1"})
        deep.width, deep.height, deep.pix_fmt = 64, 48, "yuv420p10le"
        subtitles = container.add_stream_from_template(words.streams.subtitles[0])
        for frame in before.decode(video=0):
            frame = frame.reformat(format="yuv420p10le")
            frame.pts = None
            container.mux(deep.encode(frame))
        container.mux(deep.encode())
        for packet in words.demux():
            if packet.dts is not None:
                packet.stream = subtitles
                container.mux(packet)
    _, remarks = color(tmp_path / "b.mkv", "b.mkv")
    assert remarks == [
        "it is interlaced; deinterlace it first for better colors",
        "not kept: 1 stream of subtitles",
        "not kept: more than 8 of its 10 bits",
    ]


def test_film_without_its_index_fails(film, color):
    path = film(sound=False)  # the index is at the end
    cut(path, 0.6)
    with pytest.raises(BadPhotograph, match="its index is missing"):
        color(path, "a.mp4")


def test_film_of_sound_alone_fails(color, tmp_path):
    path = tmp_path / "a.m4v"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), "int16"), "s16", "mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(BadPhotograph, match="there is only sound"):
        color(path, "a.m4v")


def test_film_too_large_fails(film, color):
    with pytest.raises(BadPhotograph, match="64×48 is more than 3,000 pixels"):
        color(film(), "a.mp4", max_pixels=3000)


def test_film_whose_sound_has_no_place_fails_before_it_is_colored(film, color):
    with pytest.raises(BadPhotograph, match=r"sound \(aac\) has no place in a .webm file; name a"):
        color(film(), "a.webm")


def test_film_without_pyav_says_what_to_install(film, color, monkeypatch):
    path = film()
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(BadPhotograph, match=r"pip install 'keras_colorize\[video\]'"):
        color(path, "a.mp4")
