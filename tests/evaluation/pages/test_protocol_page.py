"""Each protocol of the package writes its table and its figure."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from keras_colorize import cli, evaluate, plots
from keras_colorize.colorizer import Colorizer, Decoding, load
from keras_colorize.evaluation import protocol, summary
from keras_colorize.evaluation.protocol import PROTOCOLS


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """The folder of a Colorizer with classes, and a history as training writes it."""
    folder = tmp_path_factory.mktemp("run")
    Colorizer("vgg_fusion", "bins64", size=32, backbone_weights="none").save(folder / "model")
    with open(folder / "history.csv", "w") as file:
        table = csv.DictWriter(file, ["epoch", "step", "loss", "discriminator_loss"])
        table.writeheader()
        for epoch in (1, 2, 3):
            table.writerow(
                {
                    "epoch": epoch,
                    "step": epoch,
                    "loss": 4 / epoch,
                    "discriminator_loss": 0.5 - epoch,
                }
            )
    return folder


@pytest.mark.parametrize("name", PROTOCOLS.names())
def test_protocol_writes_its_table_and_figure(name, classes, tmp_path, capsys):
    plan = protocol.read(name)
    model = plan.models[0]
    argv = ["--protocol", name, "--model", f"{model}={classes}", "--size", "32"]
    assert evaluate.main([*argv, "--pictures", "0", "-o", str(tmp_path)]) == cli.DONE
    text = (tmp_path / "protocol.md").read_text()
    assert text in capsys.readouterr().out
    assert text.startswith("|") and "Paper: [" in text
    if plan.table != "losses":
        assert "A substitute: the paper used" in text
        assert "center crops of 32²" in text
        assert all(summary.METRICS[m].heading in text for m in plan.columns)
    for row in (row for name, row in plan.rows.items() if (row.model or name) == model):
        assert all(
            f"| {value} " in text or f" {value} |" in text for value in row.published.values()
        )
    if len(plan.models) > 1:
        assert "Not given, so without a row" in text
    with Image.open(tmp_path / "figure.png") as figure:
        assert min(figure.size) > 100 and np.asarray(figure.convert("L")).std() > 5


def test_protocol_puts_the_papers_number_beside_ours(classes, tmp_path):
    argv = ["--protocol", "comparative_errors", "--model", f"iizuka2016={classes}", "--size", "32"]
    assert evaluate.main([*argv, "-o", str(tmp_path)]) == cli.DONE
    lines = (tmp_path / "protocol.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[:6]]
    assert cells[0][1:5] == ["MSE", "paper", "error %", "paper"]
    row = next(line for line in cells if line[0] == "iizuka2016")
    assert (row[2], row[4]) == ("61.22", "44.61")
    ours = json.loads((tmp_path / "metrics.json").read_text())["rows"]["iizuka2016"]["mse"]
    assert row[1] == f"{ours:.1f}"
    # A row for each photograph follows.
    assert sum(line.startswith("| astronaut.png") for line in lines) == 1


def test_protocol_of_losses_reads_histories(classes, tmp_path):
    argv = ["--protocol", "edge_saliency_losses", "--model", f"scgan={classes}"]
    assert evaluate.main([*argv, "-o", str(tmp_path)]) == cli.DONE
    row = (tmp_path / "protocol.md").read_text().splitlines()[2]
    assert [cell.strip() for cell in row.split("|")[1:-1]] == [
        "scgan", "3", "1.3333", "0.04", "-2.5000", "",
    ]  # fmt: skip


def test_protocol_of_losses_needs_a_run(tiny_model, tmp_path, capsys):
    argv = ["--protocol", "edge_saliency_losses", "--model", f"scgan={tiny_model}"]
    assert evaluate.main([*argv, "-o", str(tmp_path)]) == cli.WRONG_USAGE
    assert "must be a run's folder, with its history.csv" in capsys.readouterr().err


def test_sweep_decodes_one_model_at_every_temperature(classes, tmp_path):
    argv = ["--protocol", "unet_resnet_temperature", "--model", f"mean={classes}", "--size", "32"]
    assert evaluate.main([*argv, "-o", str(tmp_path)]) == cli.DONE
    rows = json.loads((tmp_path / "metrics.json").read_text())["rows"]
    found = [rows[f"mean {t}"]["chroma"] for t in ("0.05", "0.38", "1")]
    # The mean of an ever flatter distribution draws toward the middle.
    assert found == sorted(found, reverse=True) and found[0] > found[2]


def test_frontier_joins_the_rows_of_a_model(classes, tmp_path, monkeypatch):
    drawn = []
    draw = plots.lines
    monkeypatch.setattr(
        plots, "lines", lambda *some, **more: drawn.extend([*some, more]) or draw(*some, **more)
    )
    paler = load(classes)  # by argmax, its colors are at the end of the gamut
    paler.decoding = Decoding("mean", 0.38, upscale="bilinear")
    paler.save(tmp_path / "paler")
    argv = ["--protocol", "frontier", "--model", f"chroma={tmp_path / 'paler'}", "--size", "32"]
    assert evaluate.main([*argv, "-o", str(tmp_path)]) == cli.DONE
    rows = json.loads((tmp_path / "metrics.json").read_text())["rows"]
    panels, label, more = drawn
    assert label == "colorfulness" and list(panels) == ["PSNR dB", "AuC", "AuC rebalanced"]
    names = [f"×{factor}" for factor in (1, 1.2, 1.4, 1.6)]
    x, y, texts = panels["PSNR dB"]["chroma"]
    assert x == [rows[f"chroma {name}"]["colorfulness"] for name in names]
    assert y == [rows[f"chroma {name}"]["psnr"] for name in names]
    assert texts == names
    # Where sRGB has the colors, so much chroma; else less, never more.
    more_chroma = rows["chroma ×1.6"]["chroma"] / rows["chroma ×1"]["chroma"]
    assert 1.3 < more_chroma <= 1.61
    assert panels["PSNR dB"]["grey"] == ([rows["grey"]["colorfulness"]], [rows["grey"]["psnr"]])
    assert more == {"upright": {"truth": rows["truth"]["colorfulness"]}}


def test_gallery_takes_grey_photographs_and_tells_nothing_that_needs_truth(
    tiny_model, tmp_path, picture
):
    for number in range(2):
        grey = Image.fromarray(picture(48, 40, number)).convert("L")
        grey.save(tmp_path / f"{number}.png")
    (tmp_path / "note.png").write_text("no picture")
    argv = ["--protocol", "unet_resnet_historical", "--model", f"model1={tiny_model}"]
    argv += ["--data", str(tmp_path), "--size", "32", "-o", str(tmp_path / "out")]
    assert evaluate.main(argv) == cli.DONE
    result = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert list(result["rows"]) == ["grey", "model1"]
    assert set(result["rows"]["grey"]) == set(summary.WITHOUT_TRUTH)
    assert result["photographs"] == 2 and result["skipped"] == 1 and result["tests"] == []
    assert "truth" not in (tmp_path / "out" / "table.md").read_text().split("## ")[0]
    # The pictures are there all the same, but no grey ones that are called true.
    assert {folder.name for folder in (tmp_path / "out" / "pictures").iterdir()} == {
        *("grey", "model1")
    }
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert report.count('<img class="made"') == 2 and 'class="truth"' not in report
