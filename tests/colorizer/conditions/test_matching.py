import numpy as np

from keras_colorize.colorizer.conditions import matching


def test_compared_is_the_cosine_about_the_common_mean():
    # By hand: both have the mean (1, 1); less it, the cells are ±(1, 0) and ±(0, 1).
    mine = [np.array([[[2.0, 1.0], [0.0, 1.0]]])]
    theirs = [np.array([[[0.0, 1.0], [2.0, 1.0], [1.0, 2.0], [1.0, 0.0]]])]
    found = matching.compared(mine, theirs)
    np.testing.assert_allclose(found, [[-1, 1, 0, 0], [1, -1, 0, 0]], atol=1e-5)


def test_features_have_one_grid_of_cells_whatever_their_stride():
    lightness = np.linspace(0, 100, 300 * 200, dtype="float32").reshape(300, 200)
    maps = matching.features(lightness)
    # 200 pixels become 256, 300 become 384; a cell has 8 of them.
    assert [one.shape[:2] for one in maps] == [(48, 32)] * 4
    assert [one.shape[2] for one in maps] == [24, 40, 112, 320]  # EfficientNet-Lite0's


def test_guided_keeps_an_even_shift_and_lets_it_change_at_a_contour():
    lightness = np.zeros((64, 64), "float32")
    lightness[:, 32:] = 100
    even = matching.guided(np.full((8, 8, 2), 5, "float32"), lightness)
    np.testing.assert_allclose(even, 5, atol=1e-3)
    halves = np.zeros((8, 8, 2), "float32")
    halves[:, 4:] = 20
    steps = np.diff(matching.guided(halves, lightness)[32, :, 0])
    assert steps.argmax() == 31  # between the columns 31 and 32
