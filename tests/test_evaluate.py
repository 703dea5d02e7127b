"""The evaluate verb on the packages' own photographs."""

import csv
import json

import numpy as np
import pytest
import skimage.color
import skimage.metrics
from PIL import Image

from keras_colorize import evaluate
from keras_colorize.colorizer import Colorizer
from keras_colorize.data import sources
from keras_colorize.scoring import score

METRICS = ["psnr", "ssim", "mse", "ciede2000", "ab_rmse", "colorfulness"]


@pytest.fixture(scope="module")
def evaluated(tiny_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluation")
    argv = ["--model", f"one={tiny_model}", "--model", f"two={tiny_model}", "--size", "64"]
    assert evaluate.main([*argv, "-o", str(out)]) == 0
    return out


def test_evaluate_writes_its_files(evaluated):
    assert {path.name for path in evaluated.iterdir()} == {
        "metrics.json",
        "per_image.csv",
        "table.md",
        "grid.png",
    }
    with Image.open(evaluated / "grid.png") as grid:
        assert grid.size[0] > 4 * 150  # grey, two models, truth


def test_evaluate_rows_have_every_metric(evaluated):
    result = json.loads((evaluated / "metrics.json").read_text())
    assert list(result["rows"]) == ["grey", "truth", "one", "two"]
    for row in result["rows"].values():
        assert list(row) == METRICS
    assert result["rows"]["one"] == result["rows"]["two"]
    assert result["photographs"] == 6


def test_evaluate_truth_is_perfect_and_grey_is_grey(evaluated):
    rows = json.loads((evaluated / "metrics.json").read_text())["rows"]
    assert rows["truth"]["psnr"] is None and rows["truth"]["mse"] == 0
    assert rows["truth"]["ssim"] == pytest.approx(1)
    assert rows["truth"]["ciede2000"] == rows["truth"]["ab_rmse"] == 0
    assert rows["grey"]["colorfulness"] < 0.5 < rows["truth"]["colorfulness"]


def test_evaluate_means_are_those_of_the_images(evaluated):
    rows = json.loads((evaluated / "metrics.json").read_text())["rows"]
    with open(evaluated / "per_image.csv") as file:
        images = list(csv.DictReader(file))
    assert len(images) == 6 * 4
    for metric in METRICS:
        mean = np.mean([float(r[metric]) for r in images if r["row"] == "grey"])
        assert rows["grey"][metric] == pytest.approx(mean)


def test_evaluate_table_shows_grey_models_and_truth(evaluated):
    lines = (evaluated / "table.md").read_text().splitlines()
    assert lines[0].startswith("|") and "PSNR dB" in lines[0]
    assert [line.split("|")[1].strip() for line in lines[2:6]] == ["grey", "one", "two", "truth"]
    assert "centre crops of 64²" in lines[-1]


def test_evaluate_grey_row_against_skimage(tiny_model):
    crops = [
        (name, digest, np.ascontiguousarray(rgb[:64, :64]))
        for name, digest, rgb in sources.open_source("samples").read_all()
    ]
    scores = score({}, iter(crops))
    for record in scores.per_image:
        if record["row"] == "grey":
            truth = next(rgb for name, _, rgb in crops if name == record["image"])
            lab = skimage.color.rgb2lab(truth) * [1, 0, 0]
            grey = np.rint(255 * skimage.color.lab2rgb(lab)).astype("uint8")
            expected = skimage.metrics.peak_signal_noise_ratio(truth, grey)
            assert record["psnr"] == pytest.approx(expected, abs=1e-3)


def test_evaluate_labels_what_a_model_was_trained_on(tmp_path, capsys):
    colorizer = Colorizer("vgg_fusion", size=16, backbone_weights="none")
    colorizer.trained_on = sources.first(sources.open_source("samples"), 2).digests
    colorizer.save(tmp_path / "model")
    argv = ["--model", f"mine={tmp_path / 'model'}", "--size", "32", "-o", str(tmp_path / "out")]
    assert evaluate.main(argv) == 0
    assert "mine (trained on 2 of these 6)" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["trained_on"] == {"mine": 2}


def test_evaluate_names_a_tfds_data_set_that_cannot_be_compared(tmp_path, capsys):
    colorizer = Colorizer("vgg_fusion", size=16, backbone_weights="none")
    colorizer.trained_on = frozenset({"coco/2017/1.1.0[train]"})
    colorizer.save(tmp_path / "lr=0.1")  # a folder's name may have a = in it
    argv = ["--model", str(tmp_path / "lr=0.1"), "--size", "32", "-o", str(tmp_path / "out")]
    assert evaluate.main(argv) == 0
    row = "| lr=0.1 (trained on coco/2017/1.1.0[train], not compared) |"
    assert row in capsys.readouterr().out


def test_evaluate_reads_the_data_once(tiny_model, tmp_path, monkeypatch):
    reads = []
    real = sources.Photograph.read
    monkeypatch.setattr(
        sources.Photograph, "read", lambda self: reads.append(self.name) or real(self)
    )
    models = [f"--model={name}={tiny_model}" for name in "abc"]
    assert evaluate.main([*models, "--size", "32", "-o", str(tmp_path)]) == 0
    assert len(reads) == 2 * 6  # the check, and one pass, however many models


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--model", "nowhere"], "There is no such folder. Received: model='nowhere'."),
        (["--data", "nowhere"], "There is no such file or folder. Received: data='nowhere'."),
        (["--size", "3"], "`size` must be at least 16. Received: size=3."),
        (["--model", "a=x", "--model", "a=y"], "Two rows would be called 'a'"),
        (["--model", "grey=x"], "Two rows would be called 'grey'"),
    ],
)
def test_evaluate_wrong_usage_names_the_argument(argv, message, tiny_model, tmp_path, capsys):
    if "--model" not in argv:
        argv = [*argv, "--model", str(tiny_model)]
    assert evaluate.main([*argv, "-o", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
