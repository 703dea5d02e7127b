"""A page in one file: its escapes and its pictures."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from keras_colorize.evaluation.pages import page


def test_page_data_cannot_end_its_element():
    data = {"name": "</script><b>", "value": 1.5}
    text = page.render("turing", "a < b", "<main></main>", data)
    island = re.search(r'id="data">(.*?)</script>', text).group(1)
    assert json.loads(island) == data and "<" not in island
    assert "<title>a &lt; b</title>" in text


def test_page_refuses_numbers_that_json_does_not_have():
    with pytest.raises(ValueError):
        page.render("turing", "", "", float("nan"))


def test_escape_is_for_text_and_for_attributes():
    assert page.escape("<a href=\"'&\udcff") == "&lt;a href=&quot;&#x27;&amp;?"


@pytest.mark.parametrize("shape, expected", [((40, 20), (40, 20)), ((300, 100), (100, 33))])
def test_embed_reduces_the_long_side_and_keeps_colors(shape, expected):
    picture = np.full((*shape, 3), (200, 30, 60), "uint8")
    kind, data = page.embed(picture, 100).split(",")
    assert kind == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.size == expected[::-1]
        assert np.abs(np.asarray(image).astype(int) - (200, 30, 60)).max() <= 4
