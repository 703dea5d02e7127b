import matplotlib.figure
import numpy as np
import pytest
from PIL import Image

from keras_colorize import plots


def test_grid_has_a_row_for_each_photograph_and_a_column_for_each_kind():
    red, blue = (np.full((40, 40, 3), color, "uint8") for color in ((255, 0, 0), (0, 0, 255)))
    sheet = plots.grid({"a": [red, blue], "b": [blue, red]}, side=20)
    assert sheet.shape == (22 + 2 * 24, 2 * 24 - 4, 3)
    assert (sheet[22 + 10, 10] == (255, 0, 0)).all()
    assert (sheet[22 + 10, 34] == (0, 0, 255)).all()
    assert (sheet[22 + 34, 10] == (0, 0, 255)).all()


def test_curves_are_a_picture(tmp_path):
    history = [{"epoch": n, "loss": 1 / n, "val_loss": 2 / n} for n in (1, 2, 3)]
    plots.curves(tmp_path / "curves.png", history)
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.size == (840, 480)


@pytest.fixture
def figures(monkeypatch):
    """The figures that have been saved."""
    seen, save = [], matplotlib.figure.Figure.savefig
    monkeypatch.setattr(
        matplotlib.figure.Figure,
        "savefig",
        lambda self, *a, **k: (seen.append(self), save(self, *a, **k)),
    )
    return seen


def test_curves_of_a_gan_have_a_panel_for_each_network(tmp_path, figures):
    """Negative losses, as a critic's, are drawn: a logarithmic axis would leave them out."""
    rows = [(1, 0.3, 0.2, -0.1), (2, 0.2, 0.1, 0.05)]
    names = ("epoch", "loss", "l1_loss", "discriminator_loss")
    plots.curves(tmp_path / "curves.png", [dict(zip(names, row)) for row in rows])
    generator, discriminator = figures[0].axes
    assert [line.get_label() for line in generator.lines] == ["loss", "l1_loss"]
    assert generator.get_yscale() == "log"
    assert [list(line.get_ydata()) for line in discriminator.lines] == [[-0.1, 0.05]]
    assert discriminator.get_yscale() == "linear"
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.size == (840, 960)


def test_lines_write_beside_their_points_and_mark_an_x(tmp_path, figures):
    panels = {"PSNR": {"classes": ([1, 2], [3, 4], ["T = 0.1", "T = 1"]), "grey": ([0], [5])}}
    plots.lines(tmp_path / "lines.png", panels, "colorfulness", upright={"truth": 9})
    (axes,) = figures[0].axes
    assert [(text.get_text(), text.xy) for text in axes.texts] == [
        ("T = 0.1", (1, 3)),
        ("T = 1", (2, 4)),
    ]
    assert [list(line.get_xdata()) for line in axes.lines] == [[1, 2], [0], [9, 9]]
