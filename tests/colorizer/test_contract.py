"""The contract: predict and compose."""

import concurrent.futures

import numpy as np
import pytest
import skimage.color
import skimage.data
import skimage.transform

import keras_colorize
from keras_colorize import errors, models
from keras_colorize.colorizer import Colorizer, Decoding


@pytest.fixture(scope="module")
def colorizer(tiny_model):
    return keras_colorize.load(tiny_model)


@pytest.mark.parametrize("shape", [(40, 64), (64, 40, 1), (33, 65, 3), (1, 1), (2, 700)])
def test_colorize_keeps_size_and_lightness(colorizer, shape):
    photograph = np.random.default_rng(0).integers(0, 256, shape).astype("uint8")
    colored = colorizer.colorize(photograph)
    assert colored.shape == (*shape[:2], 3) and colored.dtype == np.uint8
    channels = photograph.reshape(*shape[:2], -1)
    before = skimage.color.rgb2lab(np.broadcast_to(channels, colored.shape))[..., 0]
    np.testing.assert_allclose(skimage.color.rgb2lab(colored)[..., 0], before, atol=0.5)


def test_colorize_in_blocks_equals_colorize_at_once(colorizer, monkeypatch):
    photograph = skimage.data.chelsea()
    whole = colorizer.colorize(photograph)
    monkeypatch.setattr("keras_colorize.color.pixels.BLOCK", 1000)
    np.testing.assert_array_equal(colorizer.colorize(photograph), whole)


def test_colorize_discards_colors_that_were_there(colorizer):
    rgb = skimage.data.chelsea()
    grey = np.rint(255 * skimage.color.lab2rgb(skimage.color.rgb2lab(rgb) * [1, 0, 0]))
    a, b = colorizer.colorize(rgb), colorizer.colorize(grey.astype("uint8"))
    # The rounding of L* to 8-bit grey is all that may differ.
    assert np.abs(a.astype(int) - b).mean() < 1


def test_predict_ab_upscales_bilinearly(colorizer, monkeypatch):
    color = np.random.default_rng(0).uniform(-1, 1, (1, 32, 48, 2)).astype("float32")
    monkeypatch.setattr(colorizer, "network", lambda inputs, training: {"color": color})
    ab = colorizer.predict_ab(np.zeros((1, 320, 480, 1), "float32"))
    # Half-pixel centers and repeated edges, as scikit-image's order 1 has them.
    expected = skimage.transform.resize(110 * color[0], (320, 480), order=1, mode="edge")
    np.testing.assert_allclose(ab[0], expected, atol=0.05)


def test_predict_ab_shows_the_network_lightness_without_aliasing(colorizer, monkeypatch):
    seen = []

    def network(inputs, training):
        seen.append(np.asarray(inputs["lightness"]))
        return {"color": np.zeros((1, 32, 32, 2), "float32")}

    monkeypatch.setattr(colorizer, "network", network)
    stripes = np.zeros((1, 320, 320, 1), "float32")
    stripes[:, :, ::2] = 100  # one pixel wide: a picture a tenth of the size is even grey
    colorizer.predict_ab(stripes)
    assert seen[0].shape == (1, 32, 32, 1)
    np.testing.assert_allclose(seen[0], 50, atol=3)


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.5])
def test_chroma_is_a_factor_on_ab(factor, monkeypatch):
    colorizer = Colorizer("vgg_fusion", size=32, backbone_weights="none")
    color = np.random.default_rng(0).uniform(-1, 1, (1, 32, 32, 2)).astype("float32")
    monkeypatch.setattr(colorizer, "network", lambda inputs, training: {"color": color})
    ab = colorizer.predict_ab(np.zeros((1, 32, 32, 1), "float32"), Decoding(chroma=factor))
    np.testing.assert_allclose(ab, factor * 110 * color, rtol=1e-5)


def test_color_is_enlarged_as_the_papers_do_unless_the_architecture_has_its_own_way(colorizer):
    assert colorizer.decoding.upscale == "bilinear"
    assert models.get("lite_unet").upscale == "guided"
    with pytest.raises(errors.UsageError, match=r"`upscale`.*bicubic.*nearest"):
        colorizer.colorize(np.zeros((8, 8), "uint8"), Decoding(upscale="nearest"))


def test_working_size_keeps_proportions_and_bounds_a_strip(colorizer):
    assert colorizer._working_size(320, 480) == (32, 48)
    assert colorizer._working_size(480, 320) == (48, 32)
    assert colorizer._working_size(10, 10) == (32, 32)
    # At most four times the size: a 40:1 strip is 128 long, and no thinner than the stride.
    assert colorizer._working_size(100, 4000) == (8, 128)


# ---- saliency ----


def test_saliency_comes_back_at_the_size_of_the_photograph(monkeypatch):
    salient = Colorizer("edge_saliency_gan", backbone_weights="none")
    ramp = np.linspace(-1, 1, 64, dtype="float32") * np.ones((1, 64, 1), "float32")
    answer = {"color": np.zeros((1, 64, 64, 3), "float32"), "saliency": ramp[..., None]}

    class Network:
        output = answer

        def __call__(self, inputs, training):
            assert inputs["lightness"].shape == (1, 64, 64, 1)
            return answer

    monkeypatch.setattr(salient, "network", Network())
    saliency = salient.saliency(np.zeros((320, 640), "uint8"))
    assert saliency.shape == (320, 640) and saliency.dtype == np.uint8
    # The square of 64 holds the photograph in its middle 32 rows; columns go from none to all.
    expected = skimage.transform.resize((ramp[0] + 1) / 2, (64, 640), order=1, mode="edge")
    np.testing.assert_allclose(saliency[::5], 255 * expected[:64], atol=1)


def test_saliency_of_a_network_without_is_an_error(colorizer):
    with pytest.raises(errors.UsageError, match=r"edge_saliency_gan does.*arch='vgg_fusion'"):
        colorizer.saliency(np.zeros((8, 8), "uint8"))


def test_size_must_suit_the_network():
    with pytest.raises(errors.UsageError, match=r"multiple of 8 for vgg_fusion.*size=30"):
        Colorizer("vgg_fusion", size=30, backbone_weights="none")


# ---- threads ----


def test_colorizer_is_shared_by_threads_that_decode_differently(colorizer):
    """Each thread gets the picture that it would get alone."""
    pictures = [skimage.data.chelsea()[: 40 + 8 * i, :64] for i in range(4)]
    jobs = [(picture, Decoding(chroma=chroma)) for picture in pictures for chroma in (0.3, 1, 3)]
    alone = [colorizer.colorize(*job) for job in jobs]
    assert not np.array_equal(alone[0], alone[2])  # chroma shows
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda job: colorizer.colorize(*job), 4 * jobs))
    for made, expected in zip(together, 4 * alone):
        np.testing.assert_array_equal(made, expected)


def test_colorize_keeps_sixteen_bits(colorizer):
    ramp = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype("uint16")
    colored = colorizer.colorize(ramp)
    assert colored.dtype == np.uint16 and colored.shape == (48, 64, 3)
    lightness = skimage.color.rgb2lab(colored / 65535)[..., 0]
    expected = skimage.color.rgb2lab(np.repeat(ramp[..., None] / 65535, 3, -1))[..., 0]
    np.testing.assert_allclose(lightness, expected, atol=0.02)  # 8 bits round to 0.2
