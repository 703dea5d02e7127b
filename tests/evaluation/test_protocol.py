"""Protocols are read strictly, and those of the package hold what the papers say."""

from pathlib import Path

import pytest

from keras_colorize import errors, files
from keras_colorize.evaluation import protocol, summary
from keras_colorize.evaluation.protocol import PROTOCOLS
from keras_colorize.evaluation.request import Request

GOOD = 'paper = "s"\ntable = "means"\nfigure = "grid"\n[rows.one]\n'


@pytest.mark.parametrize("name", PROTOCOLS.names())
def test_protocols_say_where_they_are_from_and_how_to_run_them(name):
    plan = protocol.read(name)
    header = PROTOCOLS.path(name).read_text().split("\n\n")[0]
    assert f"--protocol {name}" in header
    assert plan.paper.startswith("[") and plan.paper.split("]")[0] + "]" in header
    assert plan.table == "losses" or plan.paper_data
    for metric in plan.columns:
        assert metric in summary.METRICS
    assert all(
        m in summary.METRICS or m.endswith("loss") for r in plan.rows.values() for m in r.published
    )


def test_protocols_hold_the_papers_numbers():
    published = {
        (name, row): given.published
        for name in PROTOCOLS.names()
        for row, given in protocol.read(name).rows.items()
        if given.published
    }
    assert published == {
        ("vgg_fusion_psnr", "regression"): {"psnr": 34},
        ("comparative_errors", "zhang2016"): {"mse": 68.83, "percent_error": 45.64},
        ("comparative_errors", "iizuka2016"): {"mse": 61.22, "percent_error": 44.61},
        ("edge_saliency_psnr", "edge_saliency_gan"): {"psnr": 15.63},
        ("edge_saliency_losses", "scgan"): {"loss": 0.04},
        ("edge_saliency_losses", "zhang_small"): {"loss": 2.2},
    }


def test_every_paper_has_a_protocol():
    keys = {protocol.read(name).paper.split("]")[0] for name in PROTOCOLS.names()}
    five = {"[unet-resnet", "[edge-saliency", "[enhancing", "[vgg-fusion", "[comparative"}
    assert keys == five | {"[zhang"}  # the paper that two of them build on


@pytest.mark.parametrize(
    "text, message",
    [
        (GOOD.replace('"means"', '"mean"'), r"Unknown `table`.*'means'.*table='mean'"),
        (GOOD.replace('"grid"', '"pie"'), r"Unknown `figure`.*figure='pie'"),
        ("sise = 3\n" + GOOD, r"Unknown `protocol key`.*'size'.*'sise'"),
        ('size = "3"\n' + GOOD, r"`size` must be of type int. Received: size='3'"),
        (GOOD + "model = 3\n", r"`model` must be of type str"),
        (GOOD + 'models = "a"\n', r"Unknown `row key`"),
        (GOOD.replace('paper = "s"\n', ""), r"needs the key `paper`"),
        ('paper = "s"\ntable = "means"\nfigure = "grid"\n', r"needs `rows`"),
        ("rows = 3\n", r"`rows` must be tables"),
        ("rows = \n", r"is no TOML"),
    ],
)
def test_protocol_wrong_keys_and_values_are_named(text, message, tmp_path):
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(errors.UsageError, match=message):
        protocol.read(str(tmp_path / "mine.toml"))


def test_protocol_unknown_name_lists_the_known_ones():
    with pytest.raises(errors.UsageError, match=r"comparative_errors.*protocol='comparative'"):
        protocol.read("comparative")


def test_protocol_without_its_models_names_them():
    with pytest.raises(errors.UsageError, match=r"compares \['frozen', 'finetuned'\]"):
        Request(["mine=x"], protocol="unet_resnet_finetuning")


def test_protocol_of_the_first_release_is_read(tmp_path):
    text = GOOD.replace("paper =", "source =").replace("[rows", 'source_data = "some"\n[rows')
    (tmp_path / "old.toml").write_text(text)
    plan = protocol.read(str(tmp_path / "old.toml"))
    assert (plan.paper, plan.paper_data) == ("s", "some")


def test_protocol_row_gives_the_arguments_of_its_decoding():
    plan = protocol.read("frontier")
    assert plan.rows["gamut T = 0.38"].decoded == {"method": "mean", "temperature": 0.38}
    assert plan.rows["chroma ×1.2"].decoded == {"chroma": 1.2}
    assert plan.rows["rebalance 0.4"].decoded == {"rebalance": 0.4}
    assert plan.decoded == {"gamut", "chroma", "rebalance"}


def test_protocols_are_packaged():
    setup = (Path(files.__file__).parent.parent / "setup.cfg").read_text()
    assert "keras_colorize.protocols = eval" in setup
    assert "keras_colorize.protocols = *.toml" in setup
