import pytest

from keras_colorize import colorizer
from keras_colorize.colorizer import Decoding
from keras_colorize.video import painting


@pytest.fixture(scope="module")
def loaded(tiny_model):
    return colorizer.load(tiny_model)


@pytest.fixture
def color(loaded, tmp_path):
    def color(source, out, decoding=None, **options):
        path = tmp_path / "out" / out
        path.parent.mkdir(exist_ok=True)
        lost = painting.color_film(str(source), path, loaded, decoding or Decoding(), **options)
        return path, lost

    return color
