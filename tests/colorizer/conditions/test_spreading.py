import numpy as np

from keras_colorize.colorizer.conditions import spreading


def anchor(row, column, ab):
    place = np.array([row]), np.array([column])
    return spreading.Anchor(*place, np.array(ab, "float32"))


def halves():
    lightness = np.full((40, 80), 20, "float32")
    lightness[:, 40:] = 80
    return lightness, np.zeros((40, 80, 2), "float32")


def test_color_fills_its_surface_and_stops_at_the_contour():
    lightness, ab = halves()
    made = spreading.spread(lightness, ab, [anchor(20, 10, (40, -20))])
    np.testing.assert_allclose(made[20, 10], (40, -20), atol=1e-3)
    assert (made[:, :35, 0] > 30).all()
    np.testing.assert_array_equal(made[:, 45:], ab[:, 45:])


def test_each_color_is_exact_at_its_own_place():
    lightness, ab = halves()
    anchors = [anchor(5, 5, (50, 0)), anchor(35, 30, (0, 50)), anchor(20, 70, (-30, -30))]
    made = spreading.spread(lightness, ab, anchors)
    for one in anchors:
        np.testing.assert_allclose(made[one.rows[0], one.columns[0]], one.ab, atol=0.1)
    assert made[5, 5, 0] > made[20, 17, 0] > made[35, 30, 0]  # halfway, half of either


def test_without_anchors_nothing_changes():
    lightness, ab = halves()
    np.testing.assert_array_equal(spreading.spread(lightness, ab + 3, []), ab + 3)
