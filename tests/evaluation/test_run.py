"""Whole evaluations of the packages' own photographs, through the command line."""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_colorize import errors, evaluate, files
from keras_colorize.colorizer import Colorizer
from keras_colorize.data import file_source, sources
from keras_colorize.evaluation import request, run, summary


@pytest.fixture(scope="module")
def evaluated(tiny_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluation")
    argv = ["--model", f"one={tiny_model}", "--model", f"two={tiny_model}", "--size", "64"]
    assert evaluate.main([*argv, "--turing", "-o", str(out)]) == 0
    return out


def test_evaluate_writes_its_files(evaluated):
    assert {path.name for path in evaluated.iterdir()} == {
        "metrics.json",
        "per_image.csv",
        "table.md",
        "grid.png",
        "prior.txt",
        "pictures",
        "report.html",
        "turing",
    }
    assert {path.name for path in (evaluated / "turing").iterdir()} == {"one.html", "two.html"}
    with Image.open(evaluated / "grid.png") as grid:
        assert grid.size[0] > 4 * 150  # grey, two models, truth


def test_evaluate_report_has_the_rows_and_pictures(evaluated):
    report = (evaluated / "report.html").read_text(encoding="utf-8")
    rows = json.loads((evaluated / "metrics.json").read_text())["rows"]
    for row in ("grey", "one", "two"):
        assert f"{rows[row]['psnr']:.2f}" in report
    # Six photographs for each of two models, each as grey, colored and true.
    assert report.count('<img class="made"') == 2 * 6
    assert report.count("data:image/jpeg") == 3 * 2 * 6


def test_evaluate_rows_have_every_metric(evaluated):
    result = json.loads((evaluated / "metrics.json").read_text())
    assert list(result["rows"]) == ["grey", "one", "two", "truth"]
    known = set(summary.METRICS) - {"fid", "lpips"}
    for row, values in result["rows"].items():
        assert set(values) == set(result["metrics"]) - {"fid", "lpips"} == known
        assert set(result["intervals"][row]) == known
    assert result["rows"]["one"] == result["rows"]["two"]
    assert result["photographs"] == 6


def test_evaluate_means_are_those_of_the_images(evaluated):
    rows = json.loads((evaluated / "metrics.json").read_text())["rows"]
    with open(evaluated / "per_image.csv") as file:
        images = list(csv.DictReader(file))
    assert len(images) == 6 * 4
    assert len(images[0]) == 20  # two names and 18 metrics
    for metric in summary.MAIN:
        mean = np.mean([float(r[metric]) for r in images if r["row"] == "grey"])
        assert rows["grey"][metric] == pytest.approx(mean)
    records = json.loads((evaluated / "metrics.json").read_text())["images"]
    assert len(records) == 6 * 4 and records[0]["row"] == "grey"
    assert records[0]["psnr"] == pytest.approx(float(images[0]["psnr"]))


def test_evaluate_table_shows_grey_models_and_truth(evaluated):
    lines = (evaluated / "table.md").read_text().splitlines()
    assert lines[0].startswith("|") and "PSNR dB" in lines[0]
    assert [line.split("|")[1].strip() for line in lines[2:6]] == ["grey", "one", "two", "truth"]
    assert "6 photographs of samples; center crops of 64²" in lines[7]
    every = "\n".join(lines)
    for metric in summary.METRICS.values():
        assert f"| {metric.heading} " in every or metric.heading in ("FID", "LPIPS")
    assert "## Paired tests" in every and "| one − two " in every


def test_evaluate_labels_what_a_model_was_trained_on(tmp_path, capsys):
    colorizer = Colorizer("vgg_fusion", size=16, backbone_weights="none")
    colorizer.trained_on = sources.open_source("samples").first(2).digests
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
    real = file_source.Photograph.read
    monkeypatch.setattr(
        file_source.Photograph, "read", lambda self: reads.append(self.name) or real(self)
    )
    models = [f"--model={name}={tiny_model}" for name in "abc"]
    assert evaluate.main([*models, "--size", "32", "-o", str(tmp_path)]) == 0
    assert len(reads) == 3 * 6  # the check, the prior, and one pass, however many models


def test_evaluate_states_how_it_measured(evaluated):
    result = json.loads((evaluated / "metrics.json").read_text())
    assert result["format"] == 1 and result["size"] == 64
    assert "central square" in result["crop"] and "8-bit sRGB" in result["color"]
    assert result["bootstrap"] == {"confidence": 0.95, "replicates": 1000, "flips": 9999}
    assert result["prior"] == "these photographs" and result["seed"] == 0
    assert 0 < result["network_seconds"] < result["seconds"]
    documented = (Path(files.__file__).parent.parent / "docs" / "evaluation.md").read_text()
    for key in [*result, *result["metrics"]]:
        # Families are documented by their first and last.
        key = re.sub(r"^hue_\d+", "hue_000", key)
        key = re.sub(r"^bias_(border|upper|lower).*", "bias_center", key)
        assert f"`{key}`" in documented, key


def test_evaluate_equal_rows_do_not_differ(evaluated):
    tests = json.loads((evaluated / "metrics.json").read_text())["tests"]
    pairs = {tuple(test["rows"]) for test in tests}
    assert pairs == {("grey", "one"), ("grey", "two"), ("one", "two")}
    assert all(t["p"] == 1 and t["difference"] == 0 for t in tests if t["rows"] == ["one", "two"])


def test_evaluate_intervals_hold_the_value(evaluated):
    result = json.loads((evaluated / "metrics.json").read_text())
    for metric in ("psnr", "ssim", "auc", "auc_rebalanced", "colorfulness", "saturation"):
        low, high = result["intervals"]["one"][metric]
        assert low < result["rows"]["one"][metric] < high, metric


def test_evaluate_keeps_pictures_that_another_evaluation_scores_alike(evaluated, tmp_path):
    """Our own pictures, as if another program had made them, get our own numbers."""
    before = json.loads((evaluated / "metrics.json").read_text())
    psnr = {(r["row"], r["image"]): r["psnr"] for r in before["images"]}
    gains = {image: psnr["one", image] - psnr["grey", image] for _, image in psnr}
    assert [e["image"] for e in before["pictures"]] == sorted(gains, key=gains.get, reverse=True)
    assert before["pictures"][0]["value"] == pytest.approx(max(gains.values()))
    folder = tmp_path / "photographs"
    shutil.copytree(evaluated / "pictures" / "truth", folder)
    argv = ["--results", f"other={evaluated / 'pictures' / 'one'}", "--data", str(folder)]
    argv += ["--size", "64", "--prior", str(evaluated / "prior.txt"), "-o", str(tmp_path / "out")]
    assert evaluate.main(argv) == 0  # no model is needed
    after = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert list(after["rows"]) == ["grey", "other", "truth"] and after["models"] == {}
    for metric in (*summary.MAIN, "auc_rebalanced", "bleeding"):
        assert after["rows"]["other"][metric] == pytest.approx(before["rows"]["one"][metric]), (
            metric
        )


def test_evaluate_names_every_mismatch_of_results(tiny_model, tmp_path, picture, capsys):
    data, results = tmp_path / "data", tmp_path / "results"
    data.mkdir(), results.mkdir()
    for name, seed in (("a.png", 0), ("b.png", 1), ("c.png", 2)):
        Image.fromarray(picture(40, 64, seed)).save(data / name)
    Image.fromarray(picture(40, 64, 5)).save(results / "a.jpg", quality=95)
    Image.fromarray(picture(80, 128, 6)).save(results / "b.png")
    Image.fromarray(picture(40, 64, 7)).save(results / "extra.png")
    argv = ["--model", f"tiny={tiny_model}", "--results", str(results), "--data", str(data)]
    assert evaluate.main([*argv, "--size", "32", "-o", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr()
    assert "1 photograph left out: no picture in" in shown.err
    assert "c.png: no picture of that name" in shown.err
    assert "b.png: 128×80, the photograph 64×40" in shown.err
    assert "1 picture without a photograph in --data" in shown.err and "  extra.png" in shown.err
    assert "2 photographs of" in shown.out and "1 left out for want of a picture" in shown.out
    result = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert result["photographs"] == 2 and result["left_out"] == ["c.png"]
    assert result["results"]["results"]["extra"] == ["extra.png"]
    assert list(result["rows"]) == ["grey", "tiny", "results", "truth"]


def test_evaluate_without_a_single_match_is_an_error(tmp_path, picture):
    Image.fromarray(picture()).save(tmp_path / "nothing.png")
    with pytest.raises(errors.UsageError, match="No photograph has a picture in every folder"):
        given = {"results": [f"other={tmp_path}"], "size": 32, "out": str(tmp_path / "out")}
        run.evaluate(request.Request([], **given))
    assert not (tmp_path / "out").exists()


def test_evaluate_ceilings_lie_between_grey_and_truth(tiny_model, tmp_path):
    asked = {"size": 128, "ceilings": True, "out": str(tmp_path), "pictures": 0}
    rows = run.evaluate(request.Request([f"tiny={tiny_model}"], **asked))["rows"]
    assert list(rows) == ["grey", "tiny", *request.CEILINGS, "truth"]
    for name in request.CEILINGS:
        assert rows["grey"]["psnr"] + 3 < rows[name]["psnr"] < 60
    assert rows["half chroma"]["saturation"] == pytest.approx(0.5, abs=0.01)
    assert rows["half chroma"]["ab_rmse"] == pytest.approx(rows["grey"]["ab_rmse"] / 2, rel=0.01)
    assert rows["313 bins"]["bin_accuracy"] > 95
    assert not (tmp_path / "pictures").exists()
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<title>tiny on 6 photographs</title>" in report  # ceilings are no colorizations


def test_evaluate_leaves_nothing_of_an_earlier_evaluation(tiny_model, tmp_path):
    argv = ["--model", f"scgan={tiny_model}", "--size", "32", "-o", str(tmp_path)]
    assert evaluate.main([*argv, "--turing", "--protocol", "edge_saliency_psnr"]) == 0
    written = {path.name for path in tmp_path.iterdir()}
    assert {"turing", "pictures", "protocol.md", "figure.png"} <= written
    (tmp_path / "turing" / "answers.csv").write_text("a person's")
    assert evaluate.main([*argv, "--pictures", "0"]) == 0
    gone = {"pictures", "protocol.md", "figure.png"}
    assert {path.name for path in tmp_path.iterdir()} == written - gone
    assert [path.name for path in (tmp_path / "turing").iterdir()] == ["answers.csv"]
