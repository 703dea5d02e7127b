from pathlib import Path

import pytest
from PIL import Image

from keras_colorize.data import moving


@pytest.mark.parametrize(
    "name, film",
    [("a.mp4", True), ("b.MKV", True), ("c.wmv", True), ("d.gif", False), ("e", False)],
)
def test_films_are_told_by_their_names(name, film):
    assert moving.is_film(name) == film


@pytest.mark.parametrize("suffix", ["gif", "webp"])
@pytest.mark.parametrize("frames, moves", [(1, False), (3, True)])
def test_animations_are_told_by_their_frames(tmp_path, suffix, frames, moves):
    path = tmp_path / f"a.{suffix}"
    pictures = [Image.new("L", (8, 8), 80 * number) for number in range(frames)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    assert moving.is_animation(path) == moves
    # By its name it is none, and a damaged one is told when it is read.
    assert not moving.is_animation(path.rename(tmp_path / "b.png"))
    Path(path).write_bytes(b"GIF89a")
    assert not moving.is_animation(path)


@pytest.mark.parametrize(
    "read, written", [(".mp4", ".mp4"), (".WEBM", ".WEBM"), (".wmv", ".mkv"), (".gif", ".gif")]
)
def test_films_that_are_not_written_become_matroska(read, written):
    assert moving.output_suffix(read) == written
    assert written.lower() in moving.outputs("a" + written)
