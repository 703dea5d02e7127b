"""Resizing beside TensorFlow's own, and the square that mirrors a picture, by hand."""

import cv2
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from PIL import Image

from keras_colorize.layers import resizing


@pytest.mark.parametrize("size", [(12, 90), (70, 20), (33, 45), (1, 200)])
def test_resize_equals_tensorflow(size):
    picture = np.random.default_rng(0).uniform(-1, 1, (2, 33, 45, 2)).astype("float32")
    got = resizing.resize(ops.convert_to_tensor(picture), size)
    np.testing.assert_allclose(got, tf.image.resize(picture, size), atol=1e-5)


@pytest.mark.parametrize("size", [(12, 30), (32, 44), (1, 7), (33, 15)])
def test_resize_averages_areas_as_training_and_opencv_do(size):
    picture = np.random.default_rng(0).uniform(-1, 1, (2, 33, 45, 2)).astype("float32")
    got = resizing.resize(ops.convert_to_tensor(picture), size, antialias=True)
    np.testing.assert_allclose(got, tf.image.resize(picture, size, "area"), atol=1e-5)
    expected = cv2.resize(picture[0], size[::-1], interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(got[0], expected, atol=1e-5)


def test_resize_averages_areas_only_where_a_picture_gets_smaller():
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 9, 7, 1)).astype("float32")
    got = resizing.resize(ops.convert_to_tensor(picture), (20, 3), antialias=True)
    expected = tf.image.resize(tf.image.resize(picture, (9, 3), "area"), (20, 3))
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_resize_enlarges_as_opencv_does():
    picture = np.random.default_rng(0).uniform(-1, 1, (14, 20, 2)).astype("float32")
    got = resizing.resize(ops.convert_to_tensor(picture[None]), (57, 61))[0]
    expected = cv2.resize(picture, (61, 57), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_resize_enlarges_with_the_cubic_kernel_of_pillow():
    picture = np.random.default_rng(0).uniform(-1, 1, (14, 20)).astype("float32")
    got = resizing.resize(ops.convert_to_tensor(picture[None, ..., None]), (57, 61), cubic=True)
    expected = Image.fromarray(picture).resize((61, 57), Image.Resampling.BICUBIC)
    np.testing.assert_allclose(got[0, ..., 0], np.asarray(expected), atol=1e-5)


def test_resize_takes_sizes_that_a_graph_does_not_know():
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 9, 7, 1)).astype("float32")
    free = tf.TensorSpec((None, None, None, 1), tf.float32)

    @tf.function(input_signature=[free, tf.TensorSpec((2,), tf.int32)])
    def graph(picture, size):
        return resizing.resize(picture, (size[0], size[1]), antialias=True)

    expected = tf.image.resize(tf.image.resize(picture, (5, 7), "area"), (5, 30))
    np.testing.assert_allclose(graph(picture, [5, 30]), expected, atol=1e-5)


def test_fill_square_mirrors_as_numpy_pads():
    picture = np.arange(10, dtype="float32").reshape(1, 2, 5, 1)
    got = np.asarray(resizing.fill_square(picture, (2, 5), 9))
    expected = np.pad(picture, [(0, 0), (3, 4), (2, 2), (0, 0)], mode="symmetric")
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("size", [(2, 9), (9, 1), (9, 9), (5, 9)])
def test_cut_from_square_gives_back_what_was_filled_in(size):
    picture = np.random.default_rng(0).uniform(-1, 1, (1, *size, 2)).astype("float32")
    square = resizing.fill_square(picture, size, 9)
    np.testing.assert_array_equal(resizing.cut_from_square(square, size, 9), picture)


def test_cut_from_square_enlarges_smaller_maps_first():
    square = np.tile(np.arange(4, dtype="float32")[None, :, None, None], (1, 1, 4, 1))
    got = resizing.cut_from_square(ops.convert_to_tensor(square), (4, 8), 8)[0, :, 0, 0]
    # Rows 2 to 5 of the map enlarged from 4 to 8.
    np.testing.assert_allclose(got, [0.75, 1.25, 1.75, 2.25], atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"antialias": True}, {"cubic": True}])
def test_resize_gives_an_array_what_it_gives_a_tensor(options):
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 33, 45, 2)).astype("float32")
    got = resizing.resize(picture, (20, 61), **options)
    assert isinstance(got, np.ndarray) and got.dtype == np.float32
    tensor = resizing.resize(ops.convert_to_tensor(picture), (20, 61), **options)
    np.testing.assert_allclose(got, tensor, atol=1e-5)


@pytest.mark.parametrize("size, stride", [(32, 8), (32, None)])
def test_working_size_is_the_same_for_numbers_and_tensors(size, stride):
    for sides in [(320, 480), (480, 320), (10, 10), (100, 4000), (37, 81)]:
        tensors = (tf.constant(side) for side in sides)
        got = resizing.working_size(*sides, size, stride)
        assert got == tuple(map(int, resizing.working_size(*tensors, size, stride)))
