"""[enhancing]'s list of stages, channels first as it is printed there."""


def stage(model, name):
    _, height, width, channels = model.get_layer(name).output.shape
    return channels, height, width


def test_unet_plain_stages_have_the_printed_shapes(build):
    model = build("unet_plain")
    assert model.input_shape == (None, 150, 150, 1)
    assert stage(model, "encoder1_conv2") == (64, 146, 146)
    assert stage(model, "encoder2_conv2") == (128, 69, 69)
    assert stage(model, "middle_up") == (64, 48, 48)
    assert stage(model, "decoder1_up") == (32, 88, 88)
    assert stage(model, "decoder2_up") == (32, 168, 168)
    assert stage(model, "final") == (3, 150, 150)


def test_unet_plain_has_the_parameters_of_its_layers(build, count):
    model = build("unet_plain")
    # 3×3 convolutions, in → out, each with a bias for every output.
    threes = [(1, 64), (64, 64), (64, 128), (128, 128), (128, 64), *4 * [(64, 64)]]
    threes += [(64, 32), *3 * [(32, 32)]]
    others = (4 * 64 * 64 + 64) + 2 * (4 * 32 * 32 + 32) + (32 * 3 + 3)  # 2×2 up, 1×1
    by_hand = sum(9 * i * o + o for i, o in threes) + others
    assert by_hand == 551_523
    assert count(model.trainable_weights) == by_hand
    assert not model.non_trainable_weights


def test_unet_plain_has_no_skips(build):
    model = build("unet_plain")
    assert all(len(layer._inbound_nodes[0].input_tensors) <= 1 for layer in model.layers)
