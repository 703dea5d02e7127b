"""What is kept of photographs while they are scored, ceilings, and the pictures on disk."""

import gc
import weakref

import numpy as np
import pytest
import skimage.color
from PIL import Image

from keras_colorize.evaluation import scoring, summary
from keras_colorize.evaluation.scoring import CEILINGS, Kept, Photograph


class Watched(np.ndarray):
    """An array that a weak reference can watch."""


def test_scoring_does_not_hold_on_to_photographs(picture):
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

    scores = scoring.score({}, stream(), pictures=2)
    assert scores.count == 40 and len(scores.pictures["truth"]) == 2
    assert len(most) == 2 and max(most) <= 2 * scoring._BATCH + 1


def test_ceilings_by_skimage(picture):
    rgb = picture(128, 128)
    scores = scoring.score({}, [Photograph("a", "", rgb)], ceilings=True)
    assert list(scores.pictures) == ["grey", *CEILINGS, "truth"]
    lab = skimage.color.rgb2lab(rgb)
    for name, expected in (
        ("half chroma", lab * [1, 0.5, 0.5]),
        ("grey", lab * [1, 0, 0]),
    ):
        made = np.rint(255 * skimage.color.lab2rgb(expected))
        assert np.abs(scores.pictures[name][0] - made).max() <= 1, name


def test_ceiling_of_bins_puts_every_color_on_the_lattice():
    lab = np.random.default_rng(0).uniform(-40, 40, (8, 8, 3)).astype("float32")
    made = scoring.nearest_bins(lab)
    assert (made[..., 1:] % 10 == 0).all() and (made[..., 0] == lab[..., 0]).all()
    assert np.abs(made - lab)[..., 1:].max() <= 5


def test_ceiling_of_small_ab_keeps_what_64_pixels_can_hold():
    row, column = np.mgrid[:256, :256] / 256.0
    lab = np.stack([50 + 0 * row, 40 * row, 40 * column], axis=-1).astype("float32")
    # A ramp survives but for the clamped half pixel at the ends.
    np.testing.assert_allclose(scoring.small_ab(lab), lab, atol=0.4)
    checkered = lab + 20 * ((np.indices((256, 256)).sum(0) % 2) * 2 - 1)[..., None] * [0, 1, 1]
    np.testing.assert_allclose(scoring.small_ab(checkered.astype("float32")), lab + 0, atol=0.4)


def test_kept_holds_the_best_and_the_worst_on_disk_only(tmp_path, picture):
    kept = Kept(tmp_path, 2)
    for number, value in enumerate([5.0, 1.0, 9.0, 3.0, 7.0, float("inf")]):
        kept.offer(number, f"val.tar/{number}.jpg", value, {"grey": picture(8, 8, number)})
        assert len(list(tmp_path.rglob("*.png"))) <= 4
    assert [entry["value"] for entry in kept.list()] == [float("inf"), 9, 3, 1]
    files = {file.relative_to(tmp_path / "grey").as_posix() for file in tmp_path.rglob("*.png")}
    assert files == {entry["file"] for entry in kept.list()}
    assert files == {"val.tar/5.png", "val.tar/2.png", "val.tar/3.png", "val.tar/1.png"}
    with Image.open(tmp_path / "grey" / "val.tar" / "3.png") as image:
        np.testing.assert_array_equal(np.asarray(image), picture(8, 8, 3))


def test_kept_keeps_all_of_a_few_and_lists_each_once(tmp_path, picture):
    kept = Kept(tmp_path, 10)
    for number, name in enumerate(["a.jpg", "a.png", "../b.jpg"]):
        kept.offer(number, name, number, {"grey": picture(8, 8)})
    assert [entry["file"] for entry in kept.list()] == ["b.png", "a-1.png", "a.png"]
    assert len(list(tmp_path.rglob("*.png"))) == 3


def test_pooled_metrics_by_hand(picture):
    columns = {"mse": np.array([100.0, 300.0]), "ab_mse": np.array([9.0, 16.0])}
    columns |= {"colorfulness": np.array([10.0, 30.0]), "chroma": np.array([4.0, 6.0])}
    truth = {"colorfulness": np.array([30.0, 10.0]), "chroma": np.array([10.0, 10.0])}
    found, sure = summary.summarize(columns, truth)
    assert found["psnr_pooled"] == pytest.approx(10 * np.log10(255**2 / 200))
    assert found["ab_rmse_pooled"] == pytest.approx(np.sqrt(12.5))
    assert found["delta_colorfulness"] == 0 and found["saturation"] == 0.5
    assert sure["psnr_pooled"][0] <= found["psnr_pooled"] <= sure["psnr_pooled"][1]
    assert "bias" not in found  # whose parts were not given


def test_prior_counts_every_pixel(picture):
    rgb = picture(16, 20)
    counts = scoring.measure_prior([rgb, rgb])
    assert counts.shape == (313,) and counts.sum() == 2 * 16 * 20
