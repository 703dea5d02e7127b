"""Which decodings are refused, and for which models."""

import dataclasses

import pytest

from keras_colorize import errors, heads
from keras_colorize.colorizer import Decoding


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"method": "mode"}, r"Unknown `decoding`.*'argmax', 'mean', 'sample'.*'mode'"),
        ({"temperature": 0}, r"`temperature` must be positive. Received: temperature=0"),
        ({"temperature": float("nan")}, r"`temperature` must be positive"),
        ({"chroma": -0.1}, r"`chroma` must be a factor, at least 0 and at most 10. .*chroma=-0.1"),
        ({"chroma": float("nan")}, r"`chroma` must be a factor.*chroma=nan"),
        ({"chroma": 2000.0}, r"at most 10. Received: chroma=2000.0"),
        ({"rebalance": 1.5}, r"`rebalance` must be between -1 and 1. Received: rebalance=1.5"),
        ({"seed": -1}, r"`seed` must be at least 0.*seed=-1"),
    ],
)
def test_decoding_refuses_what_no_model_can_use(wrong, message):
    with pytest.raises(errors.UsageError, match=message):
        Decoding(**wrong)


@pytest.mark.parametrize("given", [{"method": "mean"}, {"temperature": 0.5}])
def test_decoding_of_classes_is_refused_for_a_model_without(given):
    argument = "decoding" if "method" in given else "temperature"
    with pytest.raises(errors.UsageError, match=f"`{argument}` is for.*and mine has none") as told:
        Decoding(**given).check(heads.create("regression"), "mine")
    assert "None" not in str(told.value)  # only what was given
    Decoding(**given).check(heads.create("bins64"), "mine")
    Decoding(chroma=2.0).check(heads.create("regression"), "mine")


def test_rebalance_needs_the_shares_of_the_classes():
    with pytest.raises(errors.UsageError, match=r"`rebalance` needs .*shares.*mine does"):
        Decoding(rebalance=0.3).check(heads.create("bins64"), "mine")
    with pytest.raises(errors.UsageError, match="`rebalance` is for models with classes"):
        Decoding(rebalance=0.3).check(heads.create("regression"), "mine")
    Decoding(rebalance=0.3).check(heads.create("bins64", prior=[1 / 64] * 128), "mine")


def test_decoding_takes_what_is_left_open_from_the_model():
    own = Decoding("mean", 0.6, chroma=1.5, upscale="guided", rebalance=0.3)
    assert Decoding(rebalance=0.0).over(own).rebalance == 0.0
    own = dataclasses.replace(own, rebalance=None)
    assert Decoding().over(own) == own
    assert Decoding(chroma=2.0).over(own) == Decoding("mean", 0.6, 3.0, "guided")
    assert Decoding(temperature=1.0, upscale="bicubic").over(own) == Decoding(
        "mean", 1.0, 1.5, "bicubic"
    )
    # The temperature that suits the mean says nothing about drawing a class.
    assert Decoding("sample").over(own) == Decoding("sample", None, 1.5, "guided")
