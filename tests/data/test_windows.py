import pytest

from keras_colorize.data import windows


@pytest.mark.parametrize(
    "draw, smallest, share",
    [(0.0, 0.5, 0.5), (1.0, 0.5, 0.875), (0.5, 0.5, 0.6875), (0.7, 0.875, 0.875), (0.7, 1.0, 1.0)],
)
def test_draw_share_lies_between_the_smallest_and_seven_eighths(draw, smallest, share):
    assert windows.draw_share(draw, smallest) == share
