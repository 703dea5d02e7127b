"""Which photographs calibrate an int8 export."""

import numpy as np
import pytest
from PIL import Image

from keras_colorize import errors
from keras_colorize.runtimes import calibration


def test_photographs_are_central_squares_of_one_size(tmp_path):
    wide = np.zeros((20, 52, 3), "uint8")
    wide[:, 16:36] = 200  # the central square, and whole pixels of half the size
    Image.fromarray(wide).save(tmp_path / "wide.png")
    Image.fromarray(wide[..., 0].T.copy()).save(tmp_path / "high_and_grey.png")
    found = calibration.photographs(str(tmp_path), 10)
    assert [rgb.shape for rgb in found] == [(10, 10, 3), (10, 10, 3)]
    assert all((rgb == 200).all() for rgb in found)


def test_photographs_are_few_and_spread_over_all(tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "COUNT", 3)
    for number in range(9):
        Image.new("RGB", (8, 8), (number,) * 3).save(tmp_path / f"{number}.png")
    found = calibration.photographs(str(tmp_path), 8)
    assert [rgb[0, 0, 0] for rgb in found] == [0, 3, 6]


def test_photographs_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no photograph")
    with pytest.raises(errors.UsageError, match=r"No photograph can be read, such as a.jpg: "):
        calibration.photographs(str(tmp_path), 8)
