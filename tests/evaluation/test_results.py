import numpy as np
import pytest
from PIL import Image

from keras_colorize import errors
from keras_colorize.evaluation.results import Results


@pytest.fixture
def folder(tmp_path, picture):
    """A function that makes a folder of pictures with these names."""

    def make(*names, size=(40, 64)):
        for name in names:
            path = tmp_path / "results" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture(*size)).save(path)
        return str(tmp_path / "results")

    return make


def test_results_are_found_by_stem_whatever_the_suffix(folder):
    results = Results("other", folder("one.png", "sub/two.jpg", "three.webp"))
    assert results.find("one.jpg").name == "one.png"
    assert results.find("val.tar/two.jpeg").name == "two.jpg"
    assert results.find("four.jpg") is None
    assert results.extra == ["three.webp"]


def test_results_of_the_same_path_go_before_those_of_the_same_stem(folder):
    results = Results("other", folder("a/1.png", "b/1.png"))
    assert results.find("a/1.jpg").parent.name == "a"
    assert results.find("b/1.jpg").parent.name == "b"


def test_results_of_the_very_name_go_before_those_of_another_suffix(folder):
    results = Results("other", folder("a.jpg", "a.png"))
    assert [results.find(name).name for name in ("a.jpg", "a.png")] == ["a.jpg", "a.png"]


def test_results_that_could_be_either_are_named(folder):
    results = Results("other", folder("a/1.png", "b/1.png"))
    with pytest.raises(errors.UsageError, match=r"that of c/1\.jpg: a/1\.png and b/1\.png"):
        results.find("c/1.jpg")


def test_photographs_that_share_a_picture_are_named(folder):
    results = Results("other", folder("1.png"))
    results.find("a/1.jpg")
    with pytest.raises(errors.UsageError, match=r"a/1\.jpg and b/1\.jpg share .* 1\.png"):
        results.find("b/1.jpg")


def test_results_get_the_photographs_crop(folder, picture):
    results = Results("other", folder("1.png", size=(80, 128)))
    whole = picture(40, 64)
    made = results.crop("1.jpg", whole, 32)
    assert made.shape == (32, 32, 3)
    assert results.resized == [("1.jpg", "128×80, the photograph 64×40")]
    expected = Results("other", folder("1.png", size=(40, 64))).crop("1.jpg", whole, 32)
    assert np.abs(made.astype(int) - expected).mean() < 6


def test_results_that_are_missing_or_damaged_are_kept_count_of(folder, picture, tmp_path):
    results = Results("other", folder("1.png"))
    (tmp_path / "results" / "1.png").write_bytes(b"no picture")
    assert results.crop("1.jpg", picture(), 32) is None
    assert results.crop("2.jpg", picture(), 32) is None
    assert results.missing == [
        ("1.jpg", "1.png: not a picture"),
        ("2.jpg", "no picture of that name"),
    ]


def test_results_need_a_folder_with_pictures(tmp_path):
    with pytest.raises(errors.UsageError, match=r"no such folder. Received: results='x=nowhere'"):
        Results("x", "nowhere")
    with pytest.raises(errors.UsageError, match="There are no photographs in the folder"):
        Results("x", str(tmp_path))
