"""What observers keep of the pictures that they see."""

import numpy as np
import pytest
from PIL import Image

from keras_colorize.evaluation.observers import (
    Batch,
    Extremes,
    Gallery,
    Grid,
    PictureFolder,
    Sample,
    gain,
)


def batch(gains, first=0, names=None, pictures=None):
    """Photographs on which the row "model" gains so many dB over a grey of 20 dB."""
    numbers = range(first, first + len(gains))
    values = [
        {"grey": {"psnr": 20.0}, "model": {"psnr": 20.0 + g}, "truth": {"psnr": float("inf")}}
        for g in gains
    ]
    if pictures is None:
        made = np.array(numbers, "uint8")[:, None, None, None] * np.ones((1, 4, 4, 3), "uint8")
        pictures = {"grey": made, "model": made + 50, "truth": made + 100}
    return Batch(names or [f"{n}.jpg" for n in numbers], pictures, values)


def test_gain_is_the_difference_to_grey():
    assert gain("a", {"grey": {"psnr": 20.0}, "a": {"psnr": 23.5}}) == 3.5
    infinite = {"psnr": float("inf")}
    assert gain("a", {"grey": infinite, "a": infinite}) == 0
    assert gain("a", {"grey": {"chroma": 0.0}, "a": {"chroma": 9.0}}) == 0  # no true colors


def test_extremes_are_those_of_sorting_everything():
    gains = np.random.default_rng(0).normal(0, 3, 200)
    extremes = Extremes(6)
    dropped = {extremes.add(gain, number) for number, gain in enumerate(gains)} - {None}
    best, worst = extremes.ends()
    order = list(np.argsort(gains))
    assert worst == order[:6] and best == order[:-7:-1]
    assert dropped == set(range(200)) - {*best, *worst}


@pytest.mark.parametrize("count, best, worst", [(1, 1, 0), (5, 3, 2), (12, 6, 6)])
def test_extremes_have_no_item_at_both_ends(count, best, worst):
    extremes = Extremes(6)
    for number in range(count):
        extremes.add(0.0, number)
    ends = extremes.ends()
    assert [len(end) for end in ends] == [best, worst]
    # Of equals the earlier is the better.
    assert ends[0] + ends[1][::-1] == list(range(count))


def test_gallery_keeps_the_best_and_the_worst_of_every_row():
    gallery = Gallery(1)
    gallery.see(batch([1.0, -2.0]))
    gallery.see(batch([5.0, 0.0], first=2))
    assert list(gallery.rows) == ["model"]
    (best,), (worst,) = gallery.rows["model"].ends()
    assert (best.image, best.gain) == ("2.jpg", 5.0)
    assert (worst.image, worst.gain) == ("1.jpg", -2.0)
    assert [picture[0, 0, 0] for picture in best.pictures] == [2, 52, 102]
    assert all(picture.base is None for picture in best.pictures)  # no batch is kept alive


def test_gallery_of_photographs_without_color_shows_the_first_and_the_last():
    gallery = Gallery(1)
    pictures = {row: np.zeros((3, 2, 2, 3), "uint8") for row in ("grey", "model")}
    values = [{"grey": {"chroma": 0.0}, "model": {"chroma": float(n)}} for n in range(3)]
    gallery.see(Batch(["a", "b", "c"], pictures, values))
    (best,), (worst,) = gallery.rows["model"].ends()
    assert (best.image, worst.image) == ("a", "c") and len(best.pictures) == 2


def test_picture_folder_holds_the_best_and_the_worst_by_gain(tmp_path):
    kept = PictureFolder(tmp_path, 2, "model")
    gains = [5.0, 1.0, 9.0, 3.0, 7.0, -4.0]
    for number, value in enumerate(gains):
        kept.see(batch([value], number, [f"val.tar/{number}.jpg"]))
        assert len(list(tmp_path.rglob("*.png"))) <= 3 * 4
    assert [entry["value"] for entry in kept.list()] == [9, 7, 1, -4]
    names = ["val.tar/2.png", "val.tar/4.png", "val.tar/1.png", "val.tar/5.png"]
    assert [entry["file"] for entry in kept.list()] == names
    for row in ("grey", "model", "truth"):
        files = [file.relative_to(tmp_path / row) for file in (tmp_path / row).rglob("*.png")]
        assert {file.as_posix() for file in files} == set(names)
    with Image.open(tmp_path / "model" / "val.tar" / "4.png") as image:
        assert (np.asarray(image) == 54).all()


def test_picture_folder_keeps_all_of_a_few_and_lists_each_once(tmp_path):
    kept = PictureFolder(tmp_path, 10, "model")
    kept.see(batch([0.0, 1.0, 2.0], names=["a.jpg", "a.png", "../b.jpg"]))
    assert [entry["file"] for entry in kept.list()] == ["b.png", "a-1.png", "a.png"]
    assert len(list((tmp_path / "model").rglob("*.png"))) == 3


def test_grid_keeps_the_first_photographs():
    grid = Grid(3)
    grid.see(batch([0.0, 0.0]))
    grid.see(batch([0.0, 0.0], first=2))
    assert list(grid.columns) == ["grey", "model", "truth"]
    assert [picture[0, 0, 0] for picture in grid.columns["model"]] == [50, 51, 52]


def test_sample_has_no_favorites():
    # 100 photographs for 50 places, 400 times: each is expected 200 times, with a standard
    # deviation of 10 (binomial); five of them are outside once in 17,000 times over all hundred.
    times = np.zeros(100)
    for seed in range(400):
        drawn = Sample(50, seed)
        drawn.see(Batch([str(i) for i in range(100)], {}, [{}] * 100))
        assert len(drawn.kept) == 50
        times[[int(image) for image, _ in drawn.kept]] += 1
    assert np.all(np.abs(times - 200) < 50)
