import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from keras_colorize import plots


def test_grid_has_a_row_for_each_photograph_and_a_column_for_each_kind():
    red, blue = (np.full((40, 40, 3), color, "uint8") for color in ((255, 0, 0), (0, 0, 255)))
    sheet = plots.grid({"a": [red, blue], "b": [blue, red]}, side=20)
    assert sheet.shape == (22 + 2 * 24, 2 * 24 - 4, 3)
    assert (sheet[22 + 10, 10] == (255, 0, 0)).all()
    assert (sheet[22 + 10, 34] == (0, 0, 255)).all()
    assert (sheet[22 + 34, 10] == (0, 0, 255)).all()


@pytest.fixture
def figures(monkeypatch):
    """The figures that have been drawn."""
    seen, draw = [], FigureCanvasAgg.draw
    monkeypatch.setattr(
        FigureCanvasAgg, "draw", lambda self: (seen.append(self.figure), draw(self))
    )
    return seen


def test_curves_of_a_gan_have_a_panel_for_each_network(figures):
    """Negative losses, as a critic's, are drawn: a logarithmic axis would leave them out."""
    rows = [(1, 0.3, 0.2, -0.1), (2, 0.2, 0.1, 0.05)]
    names = ("epoch", "loss", "l1_loss", "discriminator_loss")
    drawn = plots.curves([dict(zip(names, row)) for row in rows])
    assert drawn.dtype == "uint8" and drawn.shape == (960, 840, 3)
    generator, discriminator = figures[0].axes
    assert [line.get_label() for line in generator.lines] == ["loss", "l1_loss"]
    assert generator.get_yscale() == "log"
    assert [list(line.get_ydata()) for line in discriminator.lines] == [[-0.1, 0.05]]
    assert discriminator.get_yscale() == "linear"


def test_lines_write_beside_their_points_and_mark_an_x(figures):
    panels = {"PSNR": {"classes": ([1, 2], [3, 4], ["T = 0.1", "T = 1"]), "grey": ([0], [5])}}
    plots.lines(panels, "colorfulness", upright={"truth": 9})
    (axes,) = figures[0].axes
    assert [(text.get_text(), text.xy) for text in axes.texts] == [
        ("T = 0.1", (1, 3)),
        ("T = 1", (2, 4)),
    ]
    assert [list(line.get_xdata()) for line in axes.lines] == [[1, 2], [0], [9, 9]]


def test_bars_have_a_group_for_each_photograph_and_none_for_infinity(figures):
    panels = {"PSNR": {"a.jpg": {"one": (3.0, np.nan, np.nan)}, "all": {"one": (2.0, 1.0, 2.5)}}}
    panels["PSNR"]["a.jpg"]["truth"] = (np.inf, np.nan, np.nan)
    panels["PSNR"]["all"]["truth"] = (np.inf, np.inf, np.inf)
    assert plots.bars(panels).std() > 5
    (axes,) = figures[0].axes
    assert [bar.get_height() for bar in axes.patches] == [3, 2, 0, 0]
    assert [text.get_text() for text in axes.texts] == ["3", "2"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a.jpg", "all"]
