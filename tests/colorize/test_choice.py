"""Hints, references, variants and films: what Keras alone can do."""

import subprocess
import sys

import numpy as np
import pytest
import skimage.color
from folders import files_in
from PIL import Image

# ---- hints, references, variants ----


def test_colorize_hints_color_what_they_touch(keras_run, tmp_path):
    page = np.full((40, 64), 200, "uint8")
    page[8:32, 8:32] = 80
    Image.fromarray(page).save(tmp_path / "a.png")
    strokes = np.zeros((40, 64, 4), "uint8")
    strokes[18:22, 18:22] = [160, 60, 40, 255]
    Image.fromarray(strokes).save(tmp_path / "strokes.png")
    assert keras_run("a.png", "-o", "one", "--hint", "20,20,#a03c28") == 0
    assert keras_run("a.png", "-o", "two", "--hints", "strokes.png") == 0
    expected = skimage.color.rgb2lab([160 / 255, 60 / 255, 40 / 255])[1:]
    for folder in ("one", "two"):
        made = skimage.color.rgb2lab(np.asarray(Image.open(tmp_path / folder / "a.png")))
        assert np.abs(made[10:30, 10:30, 1:] - expected).mean() < 3


def test_colorize_follows_a_reference_and_a_second_model(
    keras_run, grey, picture, tiny_model, tmp_path
):
    grey("a.png")
    Image.fromarray(picture(seed=1)).save(tmp_path / "reference.png")
    assert keras_run("a.png", "-o", "plain") == 0
    assert keras_run("a.png", "-o", "other", "--reference", "reference.png") == 0
    assert keras_run("a.png", "-o", "blend", "--vivid", tiny_model, "--chroma", "0") == 0
    made = {name: np.asarray(Image.open(f"{name}/a.png")) for name in ("plain", "other", "blend")}
    assert np.abs(made["plain"].astype(int) - made["other"]).max() > 2
    assert np.ptp(made["blend"].astype(int), axis=-1).max() > 0


def test_colorize_variants_are_pictures_of_their_own(keras_run, grey, tmp_path):
    for name in ("in/a.jpg", "in/b.png"):
        grey(name)
    assert keras_run("in", "-o", "out", "--variants", "2") == 0
    expected = ["a.jpg", "a.variant2.jpg", "b.png", "b.variant2.png"]
    assert files_in(tmp_path / "out") == expected
    assert keras_run("in/b.png", "-o", "vivid", "--chroma", "1.5") == 0
    assert (tmp_path / "vivid/b.png").read_bytes() == (tmp_path / "out/b.variant2.png").read_bytes()


def test_colorize_side_by_side_is_one_picture(keras_run, picture, tmp_path):
    image = Image.fromarray(picture())
    image.putalpha(Image.fromarray(picture(seed=1)[..., 1]))
    image.save(tmp_path / "a.png")
    assert keras_run("a.png", "-o", "out", "--side-by-side", "--variants", "2") == 0
    assert files_in(tmp_path / "out") == ["a.png"]
    row = np.asarray(Image.open(tmp_path / "out/a.png"))
    assert row.shape == (40, 3 * 64, 4)
    np.testing.assert_array_equal(row[:, :64], np.asarray(image))
    assert keras_run("a.png", "-o", "alone") == 0
    np.testing.assert_array_equal(row[:, 64:128], Image.open(tmp_path / "alone/a.png"))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["a.png", "b.png", "--hint", "1,1,#a03c28"], "one photograph. Received: 2 photographs"),
        (["a.png", "--hints", "b.png"], "with transparency"),
        (["a.png", "--reference", "b.png"], "in color"),
        (["a.png", "--reference", "none.png"], "reference='none.png'"),
        (["a.png", "--variants", "3"], "Received: variants=3"),
        (["a.png", "--vivid", "nothing"], "model='nothing'"),
        (["a.png", "-o", "-", "--variants", "2"], "out='-'"),
    ],
)
def test_colorize_refuses_a_wrong_choice(keras_run, grey, tmp_path, capsys, arguments, message):
    grey("a.png")
    grey("b.png", seed=1)
    assert keras_run(*(["-o", "out"] if "-o" not in arguments else []), *arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [["a.png", "--reference", "b.png"], ["https://"], ["a.png", "--hint", "64,3,#a03c28"]],
    ids=["reference", "address", "hint"],
)
def test_colorize_refuses_what_is_wrong_before_keras_starts(grey, tmp_path, arguments):
    grey("a.png")
    grey("b.png", seed=1)
    program = (
        "import sys\n"
        "sys.modules['keras'] = sys.modules['tensorflow'] = None  # any import of them fails\n"
        "from keras_colorize import colorize\n"
        f"sys.exit(colorize.main({arguments}))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_colorize_hint_outside_of_the_photograph_is_named(keras_run, grey, capsys):
    grey("a.png")
    assert keras_run("a.png", "-o", "out", "--hint", "64,3,#a03c28") == 2
    assert "`hint` must lie within the photograph, x in 0…63" in capsys.readouterr().err


def test_colorize_hint_that_is_none_is_wrong_usage(keras_run, grey, capsys):
    grey("a.png")
    with pytest.raises(SystemExit) as stopped:
        keras_run("a.png", "--hint", "3,4,red")
    assert stopped.value.code == 2
    assert "such as '120,80,#b03a2e'. Received: '3,4,red'" in capsys.readouterr().err


# ---- films ----


def test_colorize_films_beside_photographs(keras_run, grey, film, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    for name in ("a.avi", "b.mp4"):
        film(f"in/{name}", times=range(0, 100, 25))
    (tmp_path / "in" / "b.mp4").write_bytes(b"film")
    grey("in/c.png")
    frames = [Image.new("L", (64, 40), 99 * number) for number in range(2)]
    frames[0].save(tmp_path / "in" / "d.gif", save_all=True, append_images=frames[1:])
    assert keras_run("in", "-o", "out") == 1
    assert files_in(tmp_path / "out") == ["a.mkv", "c.png", "d.gif"]
    assert "in/b.mp4: no film" in capsys.readouterr().err
    assert keras_run("in/a.avi", "in/d.gif", "-o", "out", "--skip-existing") == 0
    assert "Colored before: 2 files." in capsys.readouterr().err
    assert keras_run("in/a.avi", "-o", "out") == 1
    assert "--overwrite replaces it" in capsys.readouterr().err
    assert keras_run("in/d.gif", "--page", 2, "-o", "page") == 0
    assert files_in(tmp_path / "page") == ["d.png"]
    assert keras_run("in/a.avi", "--page", 2, "-o", "page") == 1
    assert "a film has no pages" in capsys.readouterr().err


def test_colorize_films_need_keras(light_run, grey, film, tmp_path, capsys):
    film("a.avi", times=range(0, 100, 25))
    grey("c.png")
    assert light_run("a.avi", "c.png", "-o", "out") == 1
    assert files_in(tmp_path / "out") == ["c.png"]
    assert "a.avi: films need --runtime keras" in capsys.readouterr().err
