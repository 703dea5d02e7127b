"""Edges as OpenCV finds them."""

import cv2
import numpy as np
import pytest
import skimage.data
import tensorflow as tf

from keras_colorize.layers.canny import Canny


@pytest.fixture(scope="module")
def grays():
    """Thirty 64² pieces of real photographs at several scales, 8-bit gray."""
    pieces = []
    for photograph in (skimage.data.astronaut, skimage.data.chelsea, skimage.data.coffee):
        for scale in (1, 2, 3):
            gray = cv2.cvtColor(photograph(), cv2.COLOR_RGB2GRAY)
            side = 192 // scale
            for row, column in [(0, 0), (60, 100), (100, 200)]:
                piece = gray[row : row + side, column : column + side]
                pieces.append(cv2.resize(piece, (64, 64), interpolation=cv2.INTER_AREA))
    for photograph in (skimage.data.camera, skimage.data.page, skimage.data.text):
        pieces.append(cv2.resize(photograph(), (64, 64), interpolation=cv2.INTER_AREA))
    return np.stack(pieces)


def assert_found(edges, grays):
    """Precision and recall of at least 98 % against OpenCV; in fact every pixel is the same."""
    truth = np.stack([cv2.Canny(gray, 100, 200) for gray in grays]) > 0
    found = np.asarray(edges)[..., 0] > 0.5
    assert 0.05 < truth.mean() < 0.5  # there is something to be found
    assert (found & truth).sum() >= 0.98 * found.sum()
    assert (found & truth).sum() >= 0.98 * truth.sum()
    np.testing.assert_array_equal(found, truth)


@pytest.mark.parametrize("jit_compile", [None, False, True], ids=["eager", "graph", "xla"])
def test_canny_finds_what_opencv_finds(grays, jit_compile):
    layer = Canny(100, 200)
    run = layer if jit_compile is None else tf.function(layer, jit_compile=jit_compile)
    assert_found(run(tf.constant(grays[..., None], "float32")), grays)


def test_canny_breaks_ties_as_opencv_does():
    # Plateaus of few levels: nearly every comparison of neighbors is a tie.
    steps = (85 * np.random.default_rng(0).integers(0, 4, (8, 64, 64))).astype("uint8")
    assert_found(Canny(100, 200)(steps[..., None].astype("float32")), steps)


def test_canny_follows_an_edge_to_its_end():
    # Hysteresis: an edge whose contrast fades from left to right counts to where it is too weak.
    ramp = np.zeros((64, 64), "uint8")
    ramp[32:] = np.linspace(120, 0, 64)
    edges = np.asarray(Canny(100, 200)(ramp[None, ..., None].astype("float32")))[0, ..., 0]
    np.testing.assert_array_equal(edges > 0, cv2.Canny(ramp, 100, 200) > 0)
    strong = 4 * ramp[32].astype(int) > 200  # a step of height h has a Sobel gradient of 4 h
    assert edges.any(0).sum() > strong.sum() + 10


def test_edges_have_no_gradient_and_stop_none():
    picture = tf.random.stateless_uniform((1, 16, 16, 1), (0, 0), maxval=255.0)
    with tf.GradientTape() as tape:
        tape.watch(picture)
        value = tf.reduce_sum(Canny(100, 200)(picture)) + tf.reduce_sum(3 * picture)
    np.testing.assert_array_equal(tape.gradient(value, picture), 3)
