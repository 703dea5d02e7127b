"""Lightness is compared by scikit-image, sizes and orientation by Pillow."""

import io
import json
import os
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
import skimage.color
import tifffile
from PIL import Image, ImageOps

from keras_colorize import colorize, colorizer
from keras_colorize.data import addresses
from keras_colorize.errors import UsageError
from keras_colorize.runtimes import onnx_runtime
from keras_colorize.runtimes.color_files import color_files

ORIENTATION, DESCRIPTION = 0x0112, 0x010E


@pytest.fixture(scope="module")
def loaded(tiny_model):
    return colorizer.load(tiny_model)


@pytest.fixture
def keras_run(tiny_model, loaded, tmp_path, monkeypatch):
    """Run the command in a folder of its own; return its exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    load = colorizer.load

    def load_once(name):  # the tiny model takes a second each time, others are loaded indeed
        return loaded if name == str(tiny_model) else load(name)

    monkeypatch.setattr(colorizer, "load", load_once)

    def call(*arguments, model=tiny_model):
        return colorize.main([*map(str, arguments), "--model", str(model)])

    return call


@pytest.fixture(params=["keras", "onnx"])
def run(request, keras_run, monkeypatch):
    """Run the command with the tiny model in either runtime."""
    if request.param == "keras":
        return keras_run
    cached, translated = request.getfixturevalue("tiny_onnx")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cached))
    monkeypatch.setattr(onnx_runtime, "OnnxColorizer", lambda folder: translated)
    monkeypatch.setattr(colorizer, "load", None)  # Keras is not asked
    return lambda *arguments: keras_run(*arguments, "--runtime", "onnx")


@pytest.fixture
def grey(picture, tmp_path):
    """Write a grey photograph and return its pixels."""

    def make(name, height=40, width=64, seed=0, **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = picture(height, width, seed)[..., 0]
        Image.fromarray(pixels).save(path, **options)
        return pixels

    return make


def lightness(rgb):
    return skimage.color.rgb2lab(rgb)[..., 0]


def files_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


# ---- pictures ----


def test_colorize_keeps_size_and_lightness(run, grey, tmp_path):
    pixels = grey("a.png", 45, 71)
    assert run("a.png", "-o", "out") == 0
    colored = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    assert colored.shape == (45, 71, 3) and colored.dtype == np.uint8
    # Rounding to 8 bits moves L* by up to 0.5 in the dark.
    before = lightness(np.stack([pixels] * 3, -1))
    assert np.abs(lightness(colored) - before).max() <= 1.0
    assert np.ptp(colored.astype(int), axis=-1).max() > 0  # and there is color


def test_colorize_keeps_the_lightness_of_a_color_photograph(run, picture, tmp_path):
    Image.fromarray(picture()).save(tmp_path / "a.png")
    assert run("a.png", "-o", "out") == 0
    colored = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    assert np.abs(lightness(colored) - lightness(picture())).max() <= 1.0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_colorize_writes_upright(run, grey, tmp_path, orientation):
    exif = Image.Exif()
    exif[ORIENTATION], exif[DESCRIPTION] = orientation, "the harbour"
    grey("a.png", exif=exif, dpi=(300, 300))
    assert run("a.png", "-o", "out") == 0
    image = Image.open(tmp_path / "out" / "a.png")
    assert image.getexif().get(ORIENTATION, 1) == 1
    assert image.getexif()[DESCRIPTION] == "the harbour"
    assert image.info["dpi"] == pytest.approx((300, 300), rel=1e-3)
    upright = ImageOps.exif_transpose(Image.open(tmp_path / "a.png")).convert("RGB")
    assert image.size == upright.size
    assert np.abs(lightness(np.asarray(image)) - lightness(np.asarray(upright))).max() <= 1.0


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_colorize_keeps_alpha(run, picture, tmp_path, mode):
    alpha = Image.fromarray(picture(seed=1)[..., 1])
    image = Image.fromarray(picture()).convert(mode[:-1])
    image.putalpha(alpha)
    assert image.mode == mode
    image.save(tmp_path / "a.png")
    assert run("a.png", "-o", "out") == 0
    colored = Image.open(tmp_path / "out" / "a.png")
    assert colored.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(colored)[..., 3], np.asarray(alpha))


@pytest.mark.parametrize("height, width", [(1, 1), (3, 500), (500, 3), (1, 40)])
def test_colorize_extreme_proportions(run, grey, tmp_path, height, width):
    pixels = grey("a.png", height, width)
    assert run("a.png", "-o", "out") == 0
    colored = np.asarray(Image.open(tmp_path / "out" / "a.png"))
    assert colored.shape == (height, width, 3)
    before = lightness(np.stack([pixels] * 3, -1))
    assert np.abs(lightness(colored) - before).max() <= 1.0


def test_colorize_tiff_scan_with_its_tags(run, picture, tmp_path):
    # A 16-bit grey scan: its tags tell of bits and strips that the colored picture has not.
    values = picture()[..., 0].astype("uint16") * 257
    exif = Image.Exif()
    exif[DESCRIPTION] = "the harbour"
    Image.fromarray(values).save(tmp_path / "a.tif", exif=exif, dpi=(600, 600))
    assert run("a.tif", "-o", "out") == 0
    image = Image.open(tmp_path / "out" / "a.tif")
    assert image.mode == "RGB" and image.getexif()[DESCRIPTION] == "the harbour"
    before = lightness(np.stack([picture()[..., 0]] * 3, -1))
    assert np.abs(lightness(np.asarray(image)) - before).max() <= 1.0


def test_colorize_repeats_itself(run, grey, tmp_path):
    grey("a.png")
    assert run("a.png", "-o", "one") == run("a.png", "-o", "two") == 0
    one, two = (tmp_path / folder / "a.png" for folder in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


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


def test_colorize_folder_into_the_one_above(run, grey, tmp_path):
    grey("in/a.png")
    grey("in/b.png")
    assert run("in", "-o", ".") == 0
    assert files_in(tmp_path) == ["a.png", "b.png", "in/a.png", "in/b.png"]


# ---- what a file may hold ----


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_colorize_16_bits_keeps_their_lightness(run, tmp_path, suffix):
    row, column = np.mgrid[0:40, 0:64]
    values = (row * 64 + column).astype("uint16") * 25  # steps far below those of 8 bits
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    assert run(f"a.{suffix}", "-o", "out") == 0
    made = cv2.imread(str(tmp_path / "out" / f"a.{suffix}"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert made.shape == (40, 64, 3) and made.dtype == np.uint16
    expected = lightness(np.stack([values / 65535] * 3, -1))
    assert np.abs(lightness(made / 65535) - expected).max() <= 0.02


@pytest.fixture
def pages(picture, tmp_path):
    """Write a TIFF with a thumbnail and three scans, and return these."""
    scans = [picture(40, 64, seed)[..., 0] for seed in range(3)]
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(scans[0][::8, ::8], subfiletype=1)
        for scan in scans:
            writer.write(scan)
    return scans


def test_colorize_all_scans_of_a_tiff(run, pages, tmp_path):
    assert run("a.tif", "-o", "out") == 0
    with tifffile.TiffFile(tmp_path / "out" / "a.tif") as made:
        assert len(made.pages) == 3
        for page, scan in zip(made.pages, pages):
            difference = lightness(page.asarray()) - lightness(np.stack([scan] * 3, -1))
            assert np.abs(difference).max() <= 1.0


def test_colorize_one_page(run, pages, tmp_path, capsys):
    assert run("a.tif", "-o", "b.png", "--page", "2") == 0
    made = np.asarray(Image.open(tmp_path / "b.png"))
    assert np.abs(lightness(made) - lightness(np.stack([pages[1]] * 3, -1))).max() <= 1.0
    assert run("a.tif", "-o", "c.png") == 0
    assert "the first of 3 pages is colored" in capsys.readouterr().err
    assert run("a.tif", "-o", "d.png", "--page", "4") == 1
    assert "there is no page 4, it has 3" in capsys.readouterr().err


def test_colorize_says_that_an_animation_has_more_frames(run, picture, tmp_path, capsys):
    frames = [Image.fromarray(picture(seed=s)).quantize(32) for s in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert run("a.gif", "-o", "out") == 0
    assert "a.gif: the first of 3 pages is colored" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["a.avif", "a.jp2", "a.pgm", "a.tga", "a.mpo", "a.heic", "a.webp", "a.dib", "a.pcx"]
)
def test_colorize_folder_of_rarer_formats(run, grey, tmp_path, name):
    if name.endswith("heic"):
        pytest.importorskip("pillow_heif").register_heif_opener()
    pixels = grey(f"in/{name}")
    assert run("in", "-o", "out") == 0
    (made,) = (tmp_path / "out").iterdir()
    difference = lightness(np.asarray(Image.open(made))) - lightness(np.stack([pixels] * 3, -1))
    assert np.abs(difference).mean() <= 1.5  # AVIF, HEIC and WebP lose some


def test_colorize_names_what_it_does_not_read(run, grey, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    grey("in/a.png")
    (tmp_path / "in/b.jxl").write_bytes(b"\xff\x0a and so on")
    (tmp_path / "in/c.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert run("in", "-o", "out") == 1
    said = capsys.readouterr().err
    assert "in/b.jxl: JPEG XL is not read" in said
    assert "in/c.jpg: HEIC is read where pillow-heif is: pip install 'keras_colorize[heif]'" in said
    assert files_in(tmp_path / "out") == ["a.png"]


def test_colorize_strips_metadata(run, grey, tmp_path):
    exif = Image.Exif()
    exif[DESCRIPTION] = "the harbour"
    grey("a.jpg", exif=exif, comment=b"Scanned 2004", dpi=(300, 300))
    for flags, expected in (((), True), (("--strip-metadata",), False)):
        assert run("a.jpg", "-o", "b.jpg", "--overwrite", *flags) == 0
        content = (tmp_path / "b.jpg").read_bytes()
        assert (b"harbour" in content, b"Scanned" in content) == (expected, expected)
        assert ("dpi" in Image.open(tmp_path / "b.jpg").info) == expected


def test_colorize_says_what_it_could_not_keep(run, grey, tmp_path, capsys):
    grey("a.jpg", comment=b"Scanned 2004")
    assert run("a.jpg", "-o", "b.bmp") == 0
    assert "a.jpg: not kept: comment, which BMP has no place for" in capsys.readouterr().err


def test_colorize_names_the_limit_of_pixels(run, grey, tmp_path, capsys):
    grey("a.png", 40, 64)
    assert run("a.png", "-o", "out", "--max-pixels", "2559") == 1
    said = capsys.readouterr().err
    assert "64×40 is more than 2,559 pixels; --max-pixels allows more" in said
    assert run("a.png", "-o", "out", "--max-pixels", "2_560") == 0


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
        # sub/in/a.png would go where in/a.png is, whose turn comes later.
        ("sub", "in/a.png", "-o", "."),
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
    assert run("a.png", "-o", "out") == 1
    assert files_in(tmp_path / "out") == []


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


# ---- the model ----


@pytest.fixture
def altered(tiny_model, tmp_path):
    """A copy of the model, and a way to alter its configuration."""
    folder = tmp_path / "altered"
    shutil.copytree(tiny_model, folder)

    def alter(**values):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | values))
        return folder

    return alter


def test_colorize_missing_model(keras_run, grey, capsys):
    grey("a.png")
    assert keras_run("a.png", model="no/such/model") == 2
    assert "model='no/such/model'" in capsys.readouterr().err


def test_colorize_takes_weights_of_the_package_unless_told(grey, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grey("a.png")
    assert colorize.main(["a.png"]) == 0
    made = np.asarray(Image.open("colorized/a.png")).astype(int)
    assert np.abs(made[..., 0] - made[..., 2]).max() > 3  # red and blue differ: no longer grey


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_colorize_incomplete_model(keras_run, grey, altered, capsys, name):
    grey("a.png")
    folder = altered()
    (folder / name).unlink()
    assert keras_run("a.png", "-o", "out", model=folder) == 2
    assert f"{name} is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, said",
    [
        (["--model", "nope"], "model='nope'"),
        (["--chroma", "2000"], "at least 0 and at most 10. Received: chroma=2000.0"),
        (["--chroma", "-1"], "Received: chroma=-1.0"),
        (["--seed", "-1"], "Received: seed=-1"),
        (["--decoding", "mode"], "['argmax', 'mean', 'sample']. Received: decoding='mode'"),
        (
            ["--temperature", "0.5"],
            "models with classes, and lite_unet.photos28k has none: it predicts one color",
        ),
        (["-o", "a.png/out"], "`out` cannot be written to"),
        (["--reference", "none.png"], "`reference` cannot be read"),
        (["--vivid", "vgg_fusion"], "vgg_fusion is an architecture"),
        (["-o", "out.xyz"], "`out` looks like a file, and pictures are not written as .xyz"),
    ],
)
def test_colorize_refuses_before_keras_starts(grey, tmp_path, monkeypatch, capsys, options, said):
    def start():
        raise AssertionError("Keras has been started")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("keras_colorize.cli.start_keras", start)
    grey("a.png")
    assert colorize.main(["a.png", "-o", "out", *options]) == 2
    assert said in capsys.readouterr().err
    assert files_in(tmp_path) == ["a.png"] and not (tmp_path / "out").exists()


def test_colorize_makes_no_folder_before_the_model_is_loaded(keras_run, grey, altered, tmp_path):
    grey("a.png")
    folder = altered(weights_sha256="0" * 64)
    assert keras_run("a.png", "-o", "out", model=folder) == 2
    assert not (tmp_path / "out").exists()


def test_colorize_help_lists_the_models(capsys):
    with pytest.raises(SystemExit):
        colorize.main(["--help"])
    said = capsys.readouterr().out.split("models that come with the package:")[1]
    assert [line.split()[0] for line in said.strip().splitlines()] == colorizer.list_pretrained()
    assert all(len(line.split()) > 1 for line in said.strip().splitlines())


def test_colorize_run_folder(keras_run, grey, tiny_model, tmp_path):
    grey("a.png")
    shutil.copytree(tiny_model, tmp_path / "run" / "model")
    assert keras_run("a.png", "-o", "out", model=tmp_path / "run") == 0


@pytest.mark.parametrize("damage", ["flipped", "truncated"])
def test_colorize_altered_weights(keras_run, grey, altered, capsys, tmp_path, damage):
    grey("a.png")
    folder = altered()
    weights = folder / "model.weights.h5"
    content = bytearray(weights.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    else:
        del content[len(content) // 2 :]
    weights.write_bytes(content)
    assert keras_run("a.png", "-o", "out", model=folder) == 2
    assert "truncated, altered or another model's" in capsys.readouterr().err
    assert files_in(tmp_path / "out") == []


@pytest.mark.parametrize(
    "values, reason",
    [
        ({"arch": "no_such_network"}, "no_such_network"),
        ({"head": {"name": "no_such_head"}}, "no_such_head"),
        ({"options": {"no_such_option": 1}}, "no_such_option"),
        ({"format": 99}, "format 99"),
        ({"parameters": 1}, "does not fit vgg_fusion"),
        ({"weights_sha256": "0" * 64}, "differs from 0000"),
        ({"size": "large"}, "cannot be read"),
        ({"size": 33}, "multiple of"),
    ],
)
def test_colorize_config_of_another_model(keras_run, grey, altered, capsys, values, reason):
    grey("a.png")
    assert keras_run("a.png", "-o", "out", model=altered(**values)) == 2
    assert reason in capsys.readouterr().err


def test_colorize_config_that_is_no_json(keras_run, grey, altered, capsys):
    grey("a.png")
    folder = altered()
    (folder / "config.json").write_text("{")
    assert keras_run("a.png", "-o", "out", model=folder) == 2
    assert "config.json cannot be read" in capsys.readouterr().err


def test_color_files_returns_the_failed(tiny_model, grey, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grey("a.png")
    (tmp_path / "b.png").touch()
    outcome = color_files(["a.png", "b.png"], "out", str(tiny_model))
    assert outcome.failed == [("b.png", "empty file")]
    with pytest.raises(UsageError, match="no such file"):
        color_files(["gone.png"], "out", str(tiny_model))


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
    assert keras_run("in/b.png", "-o", "vivid", "--chroma", "1.4") == 0
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


def test_colorize_hint_outside_of_the_photograph_is_named(keras_run, grey, capsys):
    grey("a.png")
    assert keras_run("a.png", "-o", "out", "--hint", "64,3,#a03c28") == 1
    assert "a.png: `hint` must lie within" in capsys.readouterr().err


def test_colorize_hint_that_is_none_is_wrong_usage(keras_run, grey, capsys):
    grey("a.png")
    with pytest.raises(SystemExit) as stopped:
        keras_run("a.png", "--hint", "3,4,red")
    assert stopped.value.code == 2
    assert "such as '120,80,#b03a2e'. Received: '3,4,red'" in capsys.readouterr().err


# ---- saliency maps ----


class Salient:
    """A Colorizer in miniature: its saliency map is the photograph's red channel."""

    def check_saliency(self):
        pass

    def colorize(self, photograph, decoding):
        return photograph

    def saliency(self, photograph):
        return photograph if photograph.ndim == 2 else photograph[..., 0]


def test_colorize_saliency_writes_a_map_beside_each_picture(keras_run, grey, tmp_path, monkeypatch):
    monkeypatch.setattr(colorizer, "load", lambda name: Salient())
    pixels = grey("a.png"), grey("a.bmp", seed=1)
    assert keras_run("a.png", "a.bmp", "-o", "out", "--saliency") == 0
    assert files_in(tmp_path / "out") == ["a.bmp", "a.png", "a.saliency-2.png", "a.saliency.png"]
    for name, expected in zip(("a.saliency.png", "a.saliency-2.png"), pixels):
        made = Image.open(tmp_path / "out" / name)
        assert made.mode == "L"
        np.testing.assert_array_equal(made, expected)


def test_colorize_saliency_never_overwrites_a_photograph(run, grey, capsys):
    before = grey("a.saliency.png")
    assert run("a.saliency.png", "-o", "a.png", "--saliency") == 2
    assert "would overwrite the photograph a.saliency.png" in capsys.readouterr().err
    np.testing.assert_array_equal(Image.open("a.saliency.png"), before)


def test_colorize_saliency_of_a_network_without_says_so(run, grey, tmp_path, capsys):
    grey("a.png")
    assert run("a.png", "-o", "out", "--saliency") == 2
    assert "edge_saliency_gan does. Received: arch='vgg_fusion'" in capsys.readouterr().err
    assert files_in(tmp_path / "out") == []


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


def test_colorize_films_need_keras(run, keras_run, grey, film, tmp_path, capsys):
    film("a.avi", times=range(0, 100, 25))
    grey("c.png")
    assert run("a.avi", "c.png", "-o", "out", "--runtime", "onnx") == 1
    assert files_in(tmp_path / "out") == ["c.png"]
    assert "a.avi: films need --runtime keras" in capsys.readouterr().err
