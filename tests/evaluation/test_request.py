"""What is asked for: names of rows, decodings, and contradictions."""

import sys
from pathlib import Path

import pytest

from keras_colorize import errors
from keras_colorize.evaluation import request
from keras_colorize.evaluation.request import Request


def test_request_names_rows_after_folders_and_runs(tmp_path):
    (tmp_path / "run" / "model").mkdir(parents=True)
    (tmp_path / "lr=0.1").mkdir()  # a folder's name may have a = in it
    models = ["mine=runs/a", "bundled.weights", str(tmp_path / "run" / "model")]
    named = Request([*models, str(tmp_path / "lr=0.1")], results=["some/where"]).named
    assert list(named) == ["mine", "bundled.weights", "run", "lr=0.1"]
    assert named["mine"] == (Path("runs/a"), {})
    assert named["lr=0.1"] == (tmp_path / "lr=0.1", {})
    assert list(Request([], results=["some/where"]).folders) == ["where"]


def test_request_reads_the_decoding_of_each_model():
    models = [
        "vivid=runs/a,decoding=mean,temperature=0.4",
        "runs/a,chroma=1.2,upscale=bicubic",
        "runs/a",
    ]
    named = Request(models).named
    assert named["vivid"] == (Path("runs/a"), {"method": "mean", "temperature": 0.4})
    # Without a name of its own a row is called by what was given.
    assert named["a,chroma=1.2,upscale=bicubic"] == (
        Path("runs/a"),
        {"chroma": 1.2, "upscale": "bicubic"},
    )
    assert named["a"] == (Path("runs/a"), {})


def test_request_takes_a_folder_whose_name_looks_like_a_decoding(tmp_path):
    folder = tmp_path / "lr=1,chroma=2"
    folder.mkdir()
    assert Request([str(folder)]).named == {"lr=1,chroma=2": (folder, {})}
    assert Request([f"a={folder},chroma=3"]).named == {"a": (folder, {"chroma": 3.0})}


@pytest.mark.parametrize(
    "models, more, message",
    [
        (["a=x", "a=y"], {}, r"Two rows would be called 'a'.*--model NAME=DIR"),
        (["ab at 64=x"], {}, "Two rows would be called 'ab at 64'"),
        (["a=x"], {"results": ["a=y"]}, "name this one with --results NAME=DIR"),
        (["a/b=x"], {}, "cannot have a / in it"),
        (
            ["x,temprature=1"],
            {},
            r"Choose from \['chroma', 'decoding', 'rebalance', 'temperature', 'upscale'\]",
        ),
        (["x,chroma=much"], {}, r"`chroma` must be a number. Received: chroma='much'"),
        (
            ["mean=x,temperature=1"],
            {"protocol": "unet_resnet_temperature"},
            "says itself how 'mean' is decoded",
        ),
        (
            ["model1=x"],
            {"protocol": "unet_resnet_historical", "turing": True},
            "`turing` needs true colors",
        ),
        (["model1=x"], {"protocol": "unet_resnet_historical", "fid": True}, "`fid` needs true"),
    ],
)
def test_request_refuses_what_cannot_be(models, more, message):
    with pytest.raises(errors.UsageError, match=message):
        Request(models, **more)


def test_request_without_the_extra_of_lpips_is_refused_before_anything_is_loaded(monkeypatch):
    monkeypatch.setitem(sys.modules, "lpips", None)
    with pytest.raises(errors.UsageError, match=r"pip install \"keras_colorize\[perceptual\]\""):
        Request(["unet_vae.photos26k"], lpips=True).check()


def test_request_takes_size_and_data_from_the_protocol_unless_given():
    protocol = {"protocol": "edge_saliency_psnr"}  # 64 pixels
    assert Request(["scgan=x"], **protocol).size == 64
    assert Request(["scgan=x"], size=32, **protocol).size == 32
    assert (Request(["x"]).size, Request(["x"]).data) == (256, "samples")


def test_reserved_names_are_those_of_the_rows_of_our_own():
    from keras_colorize.evaluation import rows

    assert tuple(rows.CEILINGS) == request.CEILINGS
    assert set(request.RESERVED) == {"grey", "truth", *rows.CEILINGS}
