"""Rows that networks make, and rows that are made of the photograph."""

from pathlib import Path

import numpy as np
import pytest

from keras_colorize import errors, heads
from keras_colorize.colorizer.decoding import Decoding
from keras_colorize.evaluation import protocol, rows
from keras_colorize.evaluation.request import Model


class Recorder:
    """Stands in for a Colorizer: its pictures tell how it was asked to decode."""

    name, head = "recorder", heads.create("bins64")

    def colorize_batch(self, photographs, decoding):
        return [decoding] * len(photographs)


@pytest.fixture
def loads(monkeypatch):
    """The paths that were loaded."""
    paths = []
    monkeypatch.setattr(rows, "load", lambda path: paths.append(path) or Recorder())
    return paths


def test_painters_of_one_model_share_it_and_decode_in_their_own_way(loads):
    warm, plain = Model(Path("a"), {"temperature": 1.0}), Model(Path("a"), {})
    made = rows.painters({"warm": warm, "plain": plain})
    assert loads == [Path("a")]
    # In turn, and each keeps its own way.
    order = [made[row].paint([0])[0] for row in ("warm", "plain", "warm")]
    assert order == [Decoding(temperature=1.0), Decoding(), Decoding(temperature=1.0)]


def test_painters_are_the_rows_of_a_protocol_and_then_the_other_models(loads):
    plan = protocol.Protocol(
        "paper",
        "means",
        "grid",
        {
            "mean 1": protocol.Row(model="mean", decoding="mean", temperature=1.0),
            "twice": protocol.Row(model="mean", chroma=2.0),
            "plain": protocol.Row(),
            "absent": protocol.Row(),
        },
    )
    mine = Model(Path("c"), {"chroma": 3.0})
    named = {"other": mine, "plain": Model(Path("b"), {}), "mean": Model(Path("a"), {})}
    made = rows.painters(named, plan)
    assert {name: row.decoding for name, row in made.items()} == {
        "mean 1": Decoding("mean", 1.0),
        "twice": Decoding(chroma=2.0),
        "plain": Decoding(),
        "other": Decoding(chroma=3.0),
    }
    assert list(made) == ["mean 1", "twice", "plain", "other"]


def test_painter_refuses_what_its_head_cannot_do(tiny_model):
    with pytest.raises(errors.UsageError, match="temperature"):
        rows.painters({"a": Model(tiny_model, {"temperature": 1.0})})


def test_ceiling_of_bins_puts_every_color_on_the_lattice():
    lab = np.random.default_rng(0).uniform(-40, 40, (8, 8, 3)).astype("float32")
    made = rows.nearest_bins(lab)
    assert (made[..., 1:] % 10 == 0).all() and (made[..., 0] == lab[..., 0]).all()
    assert np.abs(made - lab)[..., 1:].max() <= 5


def test_ceiling_of_small_ab_keeps_what_64_pixels_can_hold():
    row, column = np.mgrid[:256, :256] / 256.0
    lab = np.stack([50 + 0 * row, 40 * row, 40 * column], axis=-1).astype("float32")
    # A ramp survives but for the clamped half pixel at the ends.
    np.testing.assert_allclose(rows.small_ab(lab), lab, atol=0.4)
    checkered = lab + 20 * ((np.indices((256, 256)).sum(0) % 2) * 2 - 1)[..., None] * [0, 1, 1]
    np.testing.assert_allclose(rows.small_ab(checkered.astype("float32")), lab, atol=0.4)
