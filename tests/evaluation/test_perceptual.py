"""Fréchet distance against SciPy's matrix root; the networks with random weights."""

import sys

import numpy as np
import pytest
import scipy.linalg
import skimage.data

from keras_colorize import errors
from keras_colorize.evaluation import perceptual, run
from keras_colorize.evaluation.observers import Batch
from keras_colorize.evaluation.request import Request


def gaussian(seed, dimensions=6):
    generator = np.random.default_rng(seed)
    root = generator.normal(size=(dimensions, dimensions))
    return generator.normal(size=dimensions), root @ root.T


def test_frechet_distance_agrees_with_scipy():
    (mean1, covariance1), (mean2, covariance2) = gaussian(0), gaussian(1)
    root = scipy.linalg.sqrtm(covariance1 @ covariance2).real
    expected = np.sum((mean1 - mean2) ** 2) + np.trace(covariance1 + covariance2 - 2 * root)
    found = perceptual.frechet_distance(mean1, covariance1, mean2, covariance2)
    assert found == pytest.approx(expected)
    assert perceptual.frechet_distance(*gaussian(0), *gaussian(0)) == pytest.approx(0, abs=1e-9)


def test_frechet_distance_in_one_dimension_by_hand():
    one, other = (np.array([1.0]), np.array([[4.0]])), (np.array([4.0]), np.array([[25.0]]))
    assert perceptual.frechet_distance(*one, *other) == pytest.approx(3**2 + (5 - 2) ** 2)


def distances(features, **rows):
    """Show rows of pictures to a Fid, seven at a time."""
    fid = perceptual.Fid(features)
    for start in range(0, len(rows["truth"]), 7):
        some = {row: pictures[start : start + 7] for row, pictures in rows.items()}
        fid.see(Batch([], some, []))
    return fid.distances()


def test_fid_in_a_stream_is_that_of_all_pictures():
    one, truth = np.random.default_rng(0).integers(0, 256, (2, 30, 4, 4, 3), "uint8")
    found = distances(lambda p: p[:, 0, 0, :] / 10.0, one=one, truth=truth)
    features = [pictures[:, 0, 0, :] / 10.0 for pictures in (one, truth)]
    gaussians = [(f.mean(axis=0), np.cov(f.T)) for f in features]
    expected = perceptual.frechet_distance(*gaussians[0], *gaussians[1])
    assert found == pytest.approx({"one": expected, "truth": 0}, abs=1e-6)


def test_fid_of_one_picture_is_not_defined():
    found = distances(lambda p: np.ones((len(p), 2)), truth=np.zeros((1, 4, 4, 3), "uint8"))
    assert np.isnan(found["truth"])


def test_inception_tells_noise_from_photographs(monkeypatch):
    """With random weights: its shape, and that equal sets are at distance 0, others are not."""
    photographs = np.stack([skimage.data.astronaut()[i : i + 80, i : i + 80] for i in (0, 90, 200)])
    noise = np.random.default_rng(0).integers(0, 256, photographs.shape, "uint8")
    monkeypatch.setattr("keras_colorize.downloads.imagenet_weights", lambda file, of: None)
    features = perceptual.inception()
    found = features(photographs)
    assert found.shape == (3, 2048) and features(noise).shape == (3, 2048)
    # The distance itself on a few of the features: 2,048² matrices take seconds.
    rows = {"truth": photographs, "same": photographs, "noise": noise}
    distance = distances(lambda p: np.asarray(features(p))[:, :64], **rows)
    scale = float(np.sum(found[:, :64].var(axis=0)))
    assert distance["same"] == pytest.approx(0, abs=1e-4 * scale)
    assert distance["noise"] > 0.1 * scale


def test_fid_without_weights_says_what_to_do(monkeypatch):
    def offline(**options):
        raise Exception("URL fetch failure")  # as Keras raises it

    monkeypatch.setattr("keras.applications.InceptionV3", offline)
    message = "--fid needs InceptionV3's ImageNet weights"
    with pytest.raises(errors.WeightsUnavailable, match=message):
        perceptual.inception()


def test_fid_takes_the_weights_in_keras_s_folder(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("keras.applications.InceptionV3", lambda **options: asked.append(options))
    monkeypatch.setattr("keras_colorize.downloads.unreachable", lambda address: "no network")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    file = tmp_path / "models" / "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
    with pytest.raises(errors.WeightsUnavailable, match=f"no network.*{file.name} into"):
        perceptual.inception()
    file.parent.mkdir()
    file.touch()
    perceptual.inception()
    assert [options["weights"] for options in asked] == [str(file)]


def test_fid_and_lpips_are_rows_of_the_result(monkeypatch, tiny_model, tmp_path):
    monkeypatch.setattr(perceptual, "inception", lambda: lambda p: p.mean(axis=(1, 2)))
    monkeypatch.setattr(
        perceptual,
        "lpips",
        lambda: lambda p, truth: [float((a != b).mean()) for a, b in zip(p, truth)],
    )
    asked = {"size": 32, "fid": True, "lpips": True, "pictures": 0}
    result = run.evaluate(Request([f"tiny={tiny_model}"], out=str(tmp_path), **asked))
    rows = result["rows"]
    assert rows["truth"]["fid"] == pytest.approx(0, abs=1e-6) and rows["grey"]["fid"] > 1
    assert rows["truth"]["lpips"] == 0 and rows["tiny"]["lpips"] > 0.5
    assert "ImageNet weights" in result["fid"] and "truth row" in result["fid"]
    table = (tmp_path / "table.md").read_text()
    assert "not comparable" in table and "AlexNet" in table
    assert any(test["metric"] == "lpips" for test in result["tests"])


def test_lpips_without_the_extra_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "lpips", None)
    with pytest.raises(errors.UsageError, match=r"pip install \"keras_colorize\[perceptual\]\""):
        perceptual.lpips()


def test_lpips_without_weights_says_what_to_do(monkeypatch):
    package = pytest.importorskip("lpips")

    def offline(**options):
        raise OSError("Name or service not known")

    monkeypatch.setattr(package, "LPIPS", offline)
    with pytest.raises(errors.WeightsUnavailable, match="AlexNet weights"):
        perceptual.lpips()


def test_lpips_of_a_random_network():
    pytest.importorskip("lpips")
    truth = skimage.data.astronaut()[None, :96, :96]
    noise = np.random.default_rng(0).integers(0, 256, truth.shape, "uint8")
    distance = perceptual.lpips(random=True)
    assert distance(truth, truth) == [0] and distance(noise, truth)[0] > 0
