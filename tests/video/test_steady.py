"""Means by hand, and pictures that move as they are told to."""

import math

import numpy as np
import pytest

from keras_colorize.video.steady import Steady

SHAPE = 96, 208
STEP = 1 / 24


@pytest.fixture(scope="module")
def texture():
    """L* of a surface, blurred noise, larger than a frame."""
    import cv2

    noise = np.random.default_rng(0).normal(0, 1, (SHAPE[0] + 40, SHAPE[1] + 160))
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    return (50 + 20 * smooth / smooth.std()).clip(0, 100).astype("float32")


def crop(surface, left, top=0):
    return np.ascontiguousarray(surface[top : top + SHAPE[0], left : left + SHAPE[1]])


def test_steady_colors_of_a_still_picture_are_the_mean_that_fades(texture):
    random, steady, keep = np.random.default_rng(1), Steady(), math.exp(-STEP / 0.6)
    lightness, total, count = crop(texture, 0), 0.0, 0.0
    for number in range(12):
        ab = random.normal(0, 2, (*SHAPE, 2)).astype("float32")
        total, count = keep * total + ab, keep * count + 1
        answer = steady(lightness, ab, number * STEP)
    # Trust is nearly 1: ab that differ by 4 are what exp(-4²/30²) leaves, 98%.
    assert np.abs(answer - total / count).mean() < 0.1
    assert answer.std() < 2 / 3  # where each frame has 2: about 12 count equally


def test_steady_colors_follow_what_moves(texture):
    steady, errors = Steady(), []
    colors = np.stack([texture - 50, 50 - texture], -1) / 2  # each speck has its own color
    for number in range(10):
        left, top = 3 * number, number
        true = crop(colors, left, top)
        ab = true + (5 if number == 0 else 0)  # wrong once
        errors.append(np.abs(steady(crop(texture, left, top), ab, number * STEP) - true).mean())
    assert errors[1] == pytest.approx(2.5, abs=0.4)  # the mean of two
    assert errors[-1] < 1
    assert np.diff(errors).max() < 0.05


def test_steady_colors_begin_anew_after_a_cut(texture):
    steady = Steady()
    for number in range(3):
        steady(crop(texture, 0), np.full((*SHAPE, 2), 20, "float32"), number * STEP)
    after = np.full((*SHAPE, 2), 15, "float32")  # near enough to be taken for flicker
    other = np.ascontiguousarray(crop(texture, 120, 40)[::-1, ::-1])
    np.testing.assert_array_equal(steady(other, after, 3 * STEP), after)


def test_steady_light_that_flickers_is_no_cut(texture):
    steady = Steady()
    steady(crop(texture, 0), np.full((*SHAPE, 2), 10, "float32"), 0)
    brighter = crop(texture, 0) + 12
    answer = steady(brighter, np.full((*SHAPE, 2), 14, "float32"), STEP)
    assert 11.5 < np.median(answer) < 12.5  # about the mean of both


def test_steady_leaves_no_trail_behind_what_moves_away(texture):
    steady, own = Steady(), np.zeros((*SHAPE, 2), "float32")
    for number in range(8):
        lightness, ab = crop(texture, 0).copy(), own.copy()
        thing = slice(30, 66), slice(20 + 10 * number, 60 + 10 * number)
        lightness[thing] = 95 - crop(texture, 100)[:36, :40] / 2
        ab[thing] = 25
        answer = steady(lightness, ab, number * STEP)
    behind = answer[30:66, 20:80]
    assert np.abs(behind).mean() < 2.5  # a tenth of the thing's color
    assert answer[36:60, 100:120].mean() > 22


def test_steady_goes_on_from_a_state(texture):
    random = np.random.default_rng(2)
    frames = [
        (crop(texture, 2 * n), random.normal(0, 5, (*SHAPE, 2)).astype("float32"), n * STEP)
        for n in range(6)
    ]
    whole, first, second = Steady(), Steady(), Steady()
    expected = [whole(*frame) for frame in frames]
    for frame in frames[:3]:
        first(*frame)
    second.state = first.state
    for frame, answer in zip(frames[3:], expected[3:]):
        np.testing.assert_array_equal(second(*frame), answer)


@pytest.mark.parametrize("shape", [(1, 1), (63, 300), (64, 191), (300, 30)])
def test_steady_takes_pictures_too_small_for_flow(shape):
    steady = Steady()
    for number in range(2):
        ab = np.full((*shape, 2), number, "float32")
        answer = steady(np.full(shape, 50, "float32"), ab, number * STEP)
    np.testing.assert_array_equal(answer, ab)
