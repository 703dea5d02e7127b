"""Each artifact is put into photographs at two strengths, and its number must tell them apart."""

import cv2
import numpy as np
import pytest
import skimage.color
import skimage.data

from keras_colorize.evaluation import artifact_metrics, metrics, summary

SIDE = 128
pytestmark = pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB:UserWarning")


@pytest.fixture(scope="module")
def photographs():
    whole = [skimage.data.astronaut(), skimage.data.chelsea(), skimage.data.coffee()]
    crops = [rgb[: min(rgb.shape[:2]), : min(rgb.shape[:2])] for rgb in whole]
    return [cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for rgb in crops]


def score(photographs, change):
    """Return the metrics of photographs whose ab was changed; scikit-image converts."""
    columns, truth = {}, {}
    for rgb in photographs:
        lab = skimage.color.rgb2lab(rgb)
        lab[..., 1:] = change(lab[..., 1:].astype("float32"))
        made = np.rint(255 * skimage.color.lab2rgb(lab)).astype("uint8")
        reference = metrics.Reference(rgb)
        for table, picture in ((columns, made), (truth, rgb)):
            for name, value in metrics.score(picture, reference).items():
                table.setdefault(name, []).append(value)
    return summary.derive(summary.means(columns), summary.means(truth))


def blurred(sigma):
    return lambda ab: cv2.GaussianBlur(ab, (0, 0), sigma)


def tinted(strength):
    return lambda ab: ab + np.array([0, -strength], "float32")


def blurred_border(sigma):
    def change(ab):
        inside = artifact_metrics.regions(SIDE, SIDE)["center"][..., None]
        noise = np.random.default_rng(0).normal(0, 1, ab.shape).astype("float32")
        return np.where(inside, ab + noise, cv2.GaussianBlur(ab, (0, 0), sigma))

    return change


def wave(amplitude, period):
    column = np.arange(SIDE, dtype="float32")
    pattern = amplitude * np.cos(2 * np.pi * column / period)[None, :, None]
    return lambda ab: ab + pattern * np.array([1, 0], "float32")


def faded(share):
    return lambda ab: ab * np.float32(share)


def displaced(pixels):
    return lambda ab: np.roll(ab, pixels, axis=1)


@pytest.mark.parametrize(
    "metric, absent, weak, strong, direction",
    [
        ("bias", 0, tinted(6), tinted(18), 1),
        ("bias_b", 0, tinted(6), tinted(18), -1),
        ("hue_distance", 0, tinted(6), tinted(18), 1),
        ("border_ratio", None, blurred_border(1), blurred_border(6), 1),
        ("chroma_cutoff", 0.5, blurred(1.5), blurred(4), -1),
        ("checkerboard", None, wave(1.5, 2), wave(4, 2), 1),
        ("checkerboard", None, wave(1.5, 4), wave(4, 4), 1),
        ("bleeding", None, blurred(3), blurred(9), 1),
        ("bleeding", None, displaced(4), displaced(12), 1),
        ("ignored_edges", 0, blurred(2), blurred(6), 1),
        ("saturation", 1, faded(0.7), faded(0.3), -1),
    ],
)
def test_artifact_is_measured_at_two_strengths(
    photographs, metric, absent, weak, strong, direction
):
    untouched, weak, strong = (
        score(photographs, change)[metric] for change in (lambda ab: ab, weak, strong)
    )
    if absent is not None:
        assert untouched == pytest.approx(absent, abs=0.01)
    if metric == "border_ratio":  # of no error at all there is no ratio
        untouched = 1.0
    assert direction * untouched < direction * weak < direction * strong


def test_bias_is_that_of_the_photographs_together(photographs):
    assert score(photographs, tinted(10))["bias_b"] == pytest.approx(-10, abs=1)


def test_bias_of_a_region_is_told_from_the_others(photographs):
    def change(ab):
        ab[: SIDE // 2, : SIDE // 2, 0] += 12
        return ab

    found = score(photographs, change)
    assert found["bias_upper_left"] > 9
    assert found["bias_lower_right"] == pytest.approx(0, abs=0.1)
    assert found["bias"] == pytest.approx(found["bias_upper_left"] / 4, rel=0.05)


def test_fading_is_neither_blur_nor_ignored_edges(photographs):
    found = score(photographs, faded(0.4))
    assert found["chroma_cutoff"] == pytest.approx(0.5, abs=0.02)
    assert found["ignored_edges"] < 0.02


def test_spectrum_of_a_wave_is_half_its_squared_amplitude():
    column = np.arange(96)
    plane = np.broadcast_to(3 * np.cos(2 * np.pi * column / 8), (96, 96))
    power = artifact_metrics.spectrum(np.stack([plane, 0 * plane], axis=-1))
    assert power.sum() == pytest.approx(3**2 / 2, rel=0.01)


@pytest.mark.parametrize("side", [128, 150, 97])  # 150/4 and 97/4 are no whole numbers
def test_checkerboard_is_the_amplitude_of_a_wave(side):
    column = np.arange(side)
    plane = np.broadcast_to(2 * np.cos(np.pi / 2 * column), (side, side))
    power = artifact_metrics.spectrum(np.stack([plane, 0 * plane], axis=-1).astype("float32"))
    assert artifact_metrics.checkerboard(power, (side, side)) == pytest.approx(2, rel=0.03)


def test_checkerboard_of_noise_is_a_fraction_of_it():
    noise = np.random.default_rng(0).normal(0, 2, (128, 128, 2)).astype("float32")
    assert artifact_metrics.checkerboard(artifact_metrics.spectrum(noise), (128, 128)) < 0.15


def test_cutoff_of_bilinear_enlargement_lies_below_its_nyquist_frequency(photographs):
    def quarter(ab):
        small = cv2.resize(ab, (SIDE // 4, SIDE // 4), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)

    assert 0.06 < score(photographs, quarter)["chroma_cutoff"] <= 0.125


def test_no_color_has_no_sharpness_and_ignores_every_edge(photographs):
    found = score(photographs, faded(0))
    assert np.isnan(found["chroma_cutoff"]) and np.isnan(found["bleeding"])
    assert found["ignored_edges"] == 1 and found["saturation"] == pytest.approx(0, abs=0.01)


def test_regions_by_hand():
    masks = artifact_metrics.regions(16, 16)
    assert masks["center"].sum() == 12 * 12 and masks["border"].sum() == 256 - 144
    assert all(masks[name].sum() == 64 for name in artifact_metrics.REGIONS[2:])


def test_hue_distance_by_hand():
    # Half the pixels without hue, half red; then half without hue, half blue: half must move.
    red, blue, grey = (40, 0), (0, -40), (1, 1)
    one = artifact_metrics.hues(np.array([[red, grey]], "float32"))
    other = artifact_metrics.hues(np.array([[blue, grey]], "float32"))
    assert artifact_metrics.hue_distance(one, other) == 0.5


def test_bleeding_by_hand():
    # Lightness steps in the middle; color steps there, or a quarter of the picture away.
    step = np.repeat([0.0, 50.0], 32).astype("float32")
    lightness = np.broadcast_to(step, (64, 64)).copy()
    at_edge = np.stack([lightness, 0 * lightness], axis=-1)
    away = np.roll(at_edge, 16, axis=1)
    contours = artifact_metrics.Contours(lightness, at_edge)
    assert contours.bleeding(at_edge, artifact_metrics.steepness(at_edge)) == 0
    # Rolled, the picture's own ends meet in a second step, also away from lightness's edge.
    assert contours.bleeding(away, artifact_metrics.steepness(away)) == 1
    assert contours.ignored(at_edge, artifact_metrics.steepness(at_edge)) == 0
    assert contours.ignored(away, artifact_metrics.steepness(away)) == 1
