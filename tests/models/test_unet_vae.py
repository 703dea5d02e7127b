"""[enhancing]'s list of stages, channels first as it is printed there."""

import keras
import numpy as np
import pytest

from keras_colorize import errors, models


def stage(model, name):
    _, height, width, channels = model.get_layer(name).output.shape
    return channels, height, width


def inputs(model, name):
    tensors = model.get_layer(name)._inbound_nodes[0].input_tensors
    return [(t.shape[3], t.shape[1], t.shape[2]) for t in tensors]


def test_unet_vae_stages_have_the_printed_shapes(build):
    model = build("unet_vae")
    assert model.input_shape == (None, 150, 150, 1)
    encoders = [stage(model, f"encoder{i}") for i in (1, 2, 3)]
    assert encoders == [(64, 74, 74), (64, 36, 36), (64, 17, 17)]
    assert stage(model, "z") == (64, 17, 17)
    decoders = [stage(model, f"decoder{i}") for i in (1, 2, 3)]
    assert decoders == [(64, 38, 38), (64, 80, 80), (64, 164, 164)]
    taken = [inputs(model, f"decoder{i}") for i in (1, 2, 3)]
    assert taken == [[(128, 17, 17)], [(128, 38, 38)], [(64, 80, 80)]]
    assert stage(model, "final") == (3, 150, 150)


def test_unet_vae_skips_are_the_last_encoder_and_the_one_before_interpolated(build):
    model = build("unet_vae")
    assert inputs(model, "skip1") == [(64, 17, 17)]
    assert inputs(model, "skip2") == [(64, 36, 36)] and stage(model, "skip2") == (64, 38, 38)


def test_unet_vae_with_four_levels_is_the_arithmetic_of_k_3_s_2(build):
    model = build("unet_vae", levels=4)
    down, up = [150], [8]
    for _ in range(4):
        down.append((down[-1] - 3) // 2 + 1)
        up.append(2 * (up[-1] - 1) + 3)
    assert down[1:] == [74, 36, 17, 8] and up[1:] == [17, 35, 71, 143]
    assert [stage(model, f"encoder{i}")[1] for i in (1, 2, 3, 4)] == down[1:]
    assert [stage(model, f"decoder{i}")[1] for i in (1, 2, 3, 4)] == up[1:]
    assert [inputs(model, f"decoder{i}")[0][0] for i in (1, 2, 3, 4)] == [128, 128, 128, 64]
    assert inputs(model, "skip3") == [(64, 36, 36)] and stage(model, "skip3") == (64, 35, 35)


@pytest.mark.parametrize("levels, down, up, total", [(3, 16, 36, 878_275), (4, 9, 9, 378_243)])
def test_unet_vae_has_the_parameters_of_its_layers(build, count, levels, down, up, total):
    model = build("unet_vae", levels=levels)
    w = 64
    encoders = (down * w + w) + (levels - 1) * (down * w * w + w)
    latent = 2 * (w * w + w)
    decoders = (levels - 1) * (up * 2 * w * w + w) + (up * w * w + w)
    by_hand = encoders + latent + decoders + (w * 3 + 3)
    assert by_hand == total
    assert count(model.trainable_weights) == by_hand
    assert not model.non_trainable_weights


def test_unet_vae_samples_in_training_and_gives_the_mean_in_inference(build):
    model = build("unet_vae")
    x = np.random.default_rng(0).uniform(0, 100, (1, 150, 150, 1)).astype("float32")
    z = keras.Model(model.input, [model.get_layer("z").output, model.output["z_mean"]])
    inferred, mean = (np.asarray(output) for output in z({"lightness": x}, training=False))
    np.testing.assert_array_equal(inferred, mean)
    drawn, again = (np.asarray(z({"lightness": x}, training=True)[0]) for _ in range(2))
    # The log-variance begins at zero: N(mean, 1), over 17·17·64 values.
    np.testing.assert_allclose((drawn - mean).std(), 1, rtol=0.03)
    assert abs(np.mean(drawn - mean)) < 0.03
    assert np.abs(drawn - again).max() > 1


def test_unet_vae_other_levels_are_wrong_usage():
    with pytest.raises(errors.UsageError, match=r"Unknown `levels`. Choose from \[3, 4\].*=5"):
        models.create("unet_vae", levels=5)
