"""Which files are colored, and into which files."""

import io
import os
import subprocess
import sys

import av
import numpy as np
import pytest
import skimage.color
from folders import files_in
from PIL import Image

from keras_colorize import colorize
from keras_colorize.data import addresses, photographs
from keras_colorize.video import painting, writing


def lightness(rgb):
    return skimage.color.rgb2lab(rgb)[..., 0]


# ---- where they go ----


def test_colorize_folder_keeps_its_structure(run, grey, tmp_path):
    for name in ("in/a.png", "in/sub/b.jpg", "in/sub/deeper/c.gif", "in/.hidden.png"):
        grey(name)
    (tmp_path / "in" / "notes.txt").write_text("nothing")
    assert run("in", "-o", "out") == 0
    assert files_in(tmp_path / "out") == ["a.png", "sub/b.jpg", "sub/deeper/c.png"]


def test_colorize_glob(run, grey, tmp_path):
    for name in ("in/a.png", "in/b.png", "in/c.jpg"):
        grey(name)
    assert run("in/*.png", "-o", "out") == 0
    assert files_in(tmp_path / "out") == ["a.png", "b.png"]


def test_colorize_home_folder_keeps_its_structure(run, grey, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    grey("in/sub/a.png")
    assert run("~/in", "-o", "out") == 0
    assert files_in(tmp_path / "out") == ["sub/a.png"]


def test_colorize_same_names_get_numbers(run, grey, tmp_path):
    grey("a/x.png", 40, 64)
    grey("b/x.png", 48, 56, seed=1)
    grey("c/x-2.png", 50, 50, seed=2)
    assert run("a/x.png", "b/x.png", "c/x-2.png", "-o", "out") == 0
    sizes = {name: Image.open(tmp_path / "out" / name).size for name in files_in(tmp_path / "out")}
    assert sizes == {"x.png": (64, 40), "x-2.png": (50, 50), "x-3.png": (56, 48)}


def test_colorize_same_names_of_different_formats(run, grey, tmp_path):
    grey("in/x.gif", 48, 56)
    grey("in/x.png", 40, 64)
    assert run("in", "-o", "out") == 0
    sizes = {name: Image.open(tmp_path / "out" / name).size for name in files_in(tmp_path / "out")}
    assert sizes == {"x.png": (64, 40), "x-2.png": (56, 48)}


def test_colorize_single_photograph_to_a_file(run, grey, tmp_path):
    grey("a.jpg")
    assert run("a.jpg", "-o", "deep/er/b.png") == 0
    assert files_in(tmp_path / "deep") == ["er/b.png"]
    assert Image.open(tmp_path / "deep/er/b.png").format == "PNG"


def test_colorize_again_leaves_earlier_pictures_out(run, grey, tmp_path):
    grey("a.png")
    grey("b.png")
    assert run(".", "-o", "colorized") == 0
    assert run(".", "-o", "colorized", "--overwrite") == 0
    assert files_in(tmp_path) == ["a.png", "b.png", "colorized/a.png", "colorized/b.png"]


def test_colorize_replaces_no_photograph_of_that_name_in_a_folder_below(
    run, grey, tmp_path, capsys
):
    grey("a.png")
    grey("b.png", seed=1)
    grey("below/b.png", seed=2)
    before = (tmp_path / "below/b.png").read_bytes()
    assert run(".", "-o", "below", "--overwrite") == 1
    assert "b.png: below/b.png may be a photograph" in capsys.readouterr().err
    assert run(".", "-o", "below", "--overwrite") == 1  # a.png is replaced, b.png still is not
    assert (tmp_path / "below/b.png").read_bytes() == before
    assert files_in(tmp_path) == ["a.png", "b.png", "below/a.png", "below/b.png"]


def test_colorize_replaces_no_animation_in_a_folder_below(keras_run, tmp_path, capsys):
    for name, levels in (("a.gif", (0, 90)), ("below/a.gif", (200, 255))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        frames = [Image.new("L", (32, 32), level) for level in levels]
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    before = (tmp_path / "below/a.gif").read_bytes()
    assert keras_run(".", "-o", "below", "--overwrite") == 1
    assert "a.gif: below/a.gif may be a photograph" in capsys.readouterr().err
    assert (tmp_path / "below/a.gif").read_bytes() == before


def test_colorize_folder_into_the_one_above(run, grey, tmp_path):
    grey("in/a.png")
    grey("in/b.png")
    assert run("in", "-o", ".") == 0
    assert files_in(tmp_path) == ["a.png", "b.png", "in/a.png", "in/b.png"]


# ---- streams and addresses ----


def test_colorize_from_standard_input_to_standard_output(grey, tiny_model, tmp_path):
    pixels = grey("a.png")
    command = [sys.executable, "-m", "keras_colorize", "colorize", "-", "-o", "-"]
    done = subprocess.run(
        [*command, "--model", str(tiny_model)],
        input=(tmp_path / "a.png").read_bytes(),
        capture_output=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, b"")  # and nothing but the picture is said
    made = np.asarray(Image.open(io.BytesIO(done.stdout)))
    assert np.abs(lightness(made) - lightness(np.stack([pixels] * 3, -1))).max() <= 1.0


def test_colorize_prints_what_a_code_page_lacks(grey, tiny_model, tmp_path):
    grey("a.png")
    command = [sys.executable, "-m", "keras_colorize", "colorize", "a.png", "-o", "写真"]
    done = subprocess.run(
        [*command, "--model", str(tiny_model)],
        env=os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        capture_output=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"Pictures  \\u5199\\u771f\n"


def test_colorize_an_address(run, grey, tmp_path, monkeypatch):
    grey("a.png")
    content = (tmp_path / "a.png").read_bytes()
    monkeypatch.setattr(addresses, "fetch", lambda address: content)
    assert run("https://example.org/album/harbour.png", "-o", "out") == 0
    assert files_in(tmp_path / "out") == ["harbour.png"]


# ---- pictures that exist ----


def test_colorize_replaces_no_picture_unless_told(run, grey, tmp_path, capsys):
    grey("a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_text("another picture")
    assert run("a.png", "-o", "out") == 1
    assert "a.png: out/a.png exists; --overwrite replaces it" in capsys.readouterr().err
    assert run("a.png", "-o", "out", "--skip-existing") == 0
    assert (tmp_path / "out" / "a.png").read_text() == "another picture"
    assert run("a.png", "-o", "out", "--overwrite") == 0
    assert Image.open(tmp_path / "out" / "a.png").size == (64, 40)


# ---- what never happens ----


@pytest.mark.parametrize(
    "arguments",
    [
        ("in/a.png", "-o", "in"),
        ("in/a.png", "-o", "in/a.png"),
        ("in/a.png", "-o", "in/../in/a.png"),
        ("in", "-o", "in"),
        ("in/*.png", "-o", "in"),
        ("in/b.png", "-o", "in/b.png"),
    ],
)
def test_colorize_never_overwrites_a_photograph(run, grey, tmp_path, capsys, arguments):
    for name in ("in/a.png", "in/b.png", "sub/in/a.png"):
        grey(name)
    before = {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)}
    assert run(*arguments) == 2
    assert "would overwrite the photograph" in capsys.readouterr().err
    assert {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)} == before


def test_colorize_goes_on_where_one_picture_would_overwrite_a_photograph(
    run, grey, tmp_path, capsys
):
    grey("sub/in/a.png")
    grey("in/a.png")
    before = (tmp_path / "in/a.png").read_bytes()
    # sub/in/a.png would go where in/a.png is, whose turn comes later.
    assert run("sub", "in/a.png", "-o", ".") == 1
    assert "sub/in/a.png: would overwrite the photograph in/a.png" in capsys.readouterr().err
    assert files_in(tmp_path) == ["a.png", "in/a.png", "sub/in/a.png"]
    assert (tmp_path / "in/a.png").read_bytes() == before


def test_colorize_goes_on_after_a_bad_file(run, grey, tmp_path, capsys):
    for name in ("in/a.png", "in/c.png"):
        grey(name)
    whole = (tmp_path / "in/a.png").read_bytes()
    (tmp_path / "in/b.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "in/d.jpg").touch()
    assert run("in", "gone.png", "-o", "out") == 1
    assert files_in(tmp_path / "out") == ["a.png", "c.png"]
    errors = capsys.readouterr().err
    assert "in/b.png: truncated" in errors and "in/d.jpg: empty file" in errors
    assert "gone.png: There is no such file" in errors


def test_colorize_all_bad_fails(run, tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    assert run("a.png", "-o", "out/of") == 1
    assert files_in(tmp_path) == ["a.png"] and not (tmp_path / "out").exists()


def test_colorize_interrupted_says_how_it_goes_on(keras_run, grey, tmp_path, monkeypatch, capsys):
    grey("in/a.png")
    grey("in/b.png")
    write = photographs.write_pages

    def stop_at_b(path, pages):
        if path.stem == "b":
            raise KeyboardInterrupt
        return write(path, pages)

    monkeypatch.setattr(photographs, "write_pages", stop_at_b)
    assert keras_run("in", "-o", "out") == 130
    said = capsys.readouterr().err
    assert "1 of 2 photographs colored; the same command with --skip-existing goes on" in said
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert keras_run("in", "-o", "out", "--skip-existing") == 0
    assert files_in(tmp_path / "out") == ["a.png", "b.png"]


@pytest.mark.parametrize(
    ("frames", "said"),
    [(1, "the same command begins anew"), (5, "goes on from the last whole part of the film")],
)
def test_colorize_interrupted_film_says_whether_it_goes_on(
    keras_run, picture, tmp_path, monkeypatch, capsys, frames, said
):
    with av.open(str(tmp_path / "a.mp4"), "w") as film:
        stream = film.add_stream("libx264", width=64, height=48)
        for seed in range(6):
            frame = av.VideoFrame.from_ndarray(picture(48, 64, seed), format="rgb24")
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    left = [KeyboardInterrupt] + frames * [None]

    def paint(self, rgb, seconds):
        if left.pop():
            raise KeyboardInterrupt
        return rgb

    monkeypatch.setattr(painting.Painter, "paint", paint)
    monkeypatch.setattr(writing, "KEYFRAMES", 2)
    assert keras_run("a.mp4", "-o", "out") == 130
    assert said in capsys.readouterr().err


# ---- wrong usage ----


def test_colorize_missing_input(run, tmp_path, capsys):
    assert run("gone.png", "no/*.jpg", "-o", "out") == 2
    errors = capsys.readouterr().err
    assert "input='gone.png'" in errors and "input='no/*.jpg'" in errors


def test_colorize_without_input():
    with pytest.raises(SystemExit) as exit:
        colorize.main([])
    assert exit.value.code == 2


def test_colorize_several_to_one_file(run, grey, tmp_path, capsys):
    grey("a.png")
    grey("b.png")
    assert run("a.png", "b.png", "-o", "c.png") == 2
    assert "must be a folder for 2 photographs" in capsys.readouterr().err
    assert files_in(tmp_path) == ["a.png", "b.png"]


def test_colorize_to_a_format_that_is_not_written(run, grey, tmp_path, capsys):
    grey("a.png")
    assert run("a.png", "-o", "b.gif") == 2
    assert ".gif" in capsys.readouterr().err
    assert files_in(tmp_path) == ["a.png"]


def test_colorize_output_folder_is_a_file(run, grey, tmp_path, capsys):
    grey("a.png")
    (tmp_path / "out").write_text("a file")
    assert run("a.png", "-o", "out") == 2
    assert "`out` cannot be written to" in capsys.readouterr().err
    assert run("a.png", "-o", "out/b.png") == 2
    assert "Received: out='out/b.png'." in capsys.readouterr().err
