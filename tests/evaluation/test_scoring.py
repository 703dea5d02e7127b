"""Scores of photographs against scikit-image, and what is kept while they pass by."""

import gc
import weakref

import numpy as np
import pytest
import skimage.color
import skimage.data
import skimage.metrics

from keras_colorize.evaluation import intervals, scoring, summary, tables
from keras_colorize.evaluation.observers import Grid
from keras_colorize.evaluation.scoring import Photograph, score


class Watched(np.ndarray):
    """An array that a weak reference can watch."""


def test_score_does_not_hold_on_to_photographs(picture):
    alive, most = weakref.WeakSet(), []

    class Key:  # arrays are not hashable: one such object hangs on each
        pass

    def stream():
        for number in range(40):
            rgb = picture(32, 32, number).view(Watched)
            rgb.key = Key()
            alive.add(rgb.key)
            if number % 16 == 15:  # collecting takes a while where TensorFlow is
                gc.collect()
                most.append(len(alive))
            yield Photograph(f"{number}.png", "", rgb)
            del rgb

    grid = Grid(2)
    scores = score({}, stream(), [grid])
    assert scores.count == 40 and len(grid.columns["truth"]) == 2
    assert len(most) == 2 and max(most) <= 2 * scoring._BATCH + 1


@pytest.fixture(scope="module")
def crops():
    whole = {"astronaut": skimage.data.astronaut(), "coffee": skimage.data.coffee()}
    return {name: np.ascontiguousarray(rgb[:128, :128]) for name, rgb in whole.items()}


def test_score_of_grey_and_ceilings_against_skimage(crops):
    grid = Grid(2)
    stream = [Photograph(name, "", rgb) for name, rgb in crops.items()]
    scores = score({}, stream, [grid], ceilings=True)
    assert list(scores.columns) == ["grey", "half chroma", "313 bins", "ab at 64", "truth"]
    compared = 0
    for number, rgb in enumerate(crops.values()):
        for row, chroma in (("grey", 0), ("half chroma", 0.5)):
            lab = skimage.color.rgb2lab(rgb) * [1, chroma, chroma]
            made = np.rint(255 * skimage.color.lab2rgb(lab)).astype("uint8")
            assert np.abs(grid.columns[row][number].astype(int) - made).max() <= 1
            psnr = skimage.metrics.peak_signal_noise_ratio(rgb, made)
            assert scores.columns[row]["psnr"][number] == pytest.approx(psnr, abs=0.01)
            compared += 1
    assert compared == 4


def test_score_shows_observers_every_picture_and_takes_their_metrics(crops):
    class Observer:
        images = ()

        def see(self, batch):
            self.images += tuple(image for image, *_ in batch.split())
            for values in batch.values:
                for row in batch.pictures:
                    values[row]["lpips"] = 0.25

    observer = Observer()
    stream = [Photograph(f"{n}", "", rgb) for n in range(5) for rgb in crops.values()]
    scores = score({}, stream, [observer])
    assert list(observer.images) == scores.images and scores.count == 10
    assert scores.means()["grey"]["lpips"] == 0.25


def test_score_of_photographs_without_color_has_no_truth(crops):
    grid = Grid(1)
    scores = score({}, [Photograph("a", "", crops["coffee"])], [grid], has_truth=False)
    assert list(scores.columns) == list(grid.columns) == ["grey"]
    assert set(scores.means()["grey"]) == set(summary.WITHOUT_TRUTH)


def test_means_and_table_need_no_bootstrap(crops, monkeypatch):
    scores = score({}, [Photograph("a", "", crops["coffee"])])
    monkeypatch.setattr(intervals, "bootstrap", None)
    scores.of_rows["fid"] = {"grey": 3.5, "truth": 0.0}
    means = scores.means()
    assert means["grey"]["fid"] == 3.5 and means["truth"]["fid"] == 0
    assert "| truth |       ∞ |" in tables.main_metrics(scores, scores.means())
    monkeypatch.undo()
    low, high = scores.intervals()["grey"]["psnr"]
    assert low == high == pytest.approx(means["grey"]["psnr"])  # of a single photograph
