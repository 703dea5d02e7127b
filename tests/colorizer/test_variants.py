"""Several pictures from one output: by the definition of exponential tilting, and by their hue."""

import numpy as np
import pytest
from keras import ops

from keras_colorize import Decoding, errors, heads
from keras_colorize.colorizer import variants


@pytest.mark.parametrize("name", ["gamut", "bins64"])
def test_tilt_multiplies_probabilities_by_an_exponential(name):
    head = heads.create(name)
    channels = 128 if name == "bins64" else len(head.centers)
    logits = np.random.default_rng(0).normal(0, 1, (1, 2, 2, channels)).astype("float32")
    tilted = ops.convert_to_numpy(head.tilt(ops.convert_to_tensor(logits), (0.03, -0.02)))
    if name == "gamut":
        expected = np.exp(head.centers @ [0.03, -0.02])
        np.testing.assert_allclose(np.exp(tilted - logits)[0, 0, 0], expected, rtol=1e-3)
    else:
        centers = (np.arange(64) + 0.5) * 220 / 64 - 110
        np.testing.assert_allclose((tilted - logits)[0, 0, 0, :64], 0.03 * centers, atol=1e-4)
        np.testing.assert_allclose((tilted - logits)[0, 0, 0, 64:], -0.02 * centers, atol=1e-4)


def test_variants_lean_to_different_hues_where_the_network_is_unsure():
    head = heads.create("gamut")
    sure = np.full(len(head.centers), -20.0, "float32")
    sure[head.nearest(np.array([[30.0, 30.0]], "float32"))[0]] = 20
    logits = ops.convert_to_tensor(np.stack([np.zeros_like(sure), sure])[None, None])
    chosen = variants(head, 6)
    assert chosen[0] == Decoding() and chosen[1] == Decoding(chroma=1.5)
    made = [ops.convert_to_numpy(head.decode(head.tilt(logits, one.tilt)))[0, 0] for one in chosen]
    unsure = np.array([ab[0] for ab in made[2:]])
    hues = np.sort(np.degrees(np.arctan2(unsure[:, 1], unsure[:, 0])) % 360)
    assert np.diff(hues).min() > 45  # four hues, 90 degrees apart in an even gamut
    assert unsure[0, 1] < -10  # the first of them is blue
    np.testing.assert_allclose([ab[1] for ab in made], [[30, 30]] * 6, atol=5)


def test_variants_start_from_the_decoding_that_is_given():
    natural, vivid = variants(heads.create("regression"), 2, Decoding(chroma=8.0, seed=3))
    assert natural == Decoding(chroma=8.0, seed=3)
    assert vivid == Decoding(chroma=10, seed=3)  # the most that is allowed


@pytest.mark.parametrize(
    "count, message", [(0, "at least 1. Received: variants=0"), (3, "can be 2.*variants=3")]
)
def test_variants_that_a_model_does_not_have_are_an_error(count, message):
    with pytest.raises(errors.UsageError, match=message):
        variants(heads.create("regression"), count)


def test_tilt_of_a_model_without_classes_is_an_error():
    with pytest.raises(errors.UsageError, match=r"`tilt` is for models with classes"):
        Decoding(tilt=(0.1, 0.0)).check(heads.create("regression"))
