"""[enhancing]'s printed decoder."""

import itertools


def test_vgg_embedding_decoder_has_the_printed_parameters(build, count):
    model = build("vgg_embedding")
    # The source's code block: 9·512·256 + 256 + 9·256·128 + 128 + … + 9·16·2 + 2.
    widths = [512, 256, 128, 64, 32, 16, 2]
    by_hand = sum(9 * i * o + o for i, o in itertools.pairwise(widths))
    assert by_hand == 1_572_114
    assert count(model.trainable_weights) == by_hand
    assert count(model.non_trainable_weights) == 14_714_688  # VGG16 without its top


def test_vgg_embedding_is_7_by_7_by_512_at_224(build):
    model = build("vgg_embedding")
    assert model.get_layer("backbone").compute_output_shape((1, 224, 224, 3)) == (1, 7, 7, 512)
    sizes = [model.get_layer(f"up{i}").compute_output_shape for i in range(2, 7)]
    got = [size((1, 7 * 2**i, 7 * 2**i, 8))[1] for i, size in enumerate(sizes)]
    assert got == [14, 28, 56, 112, 224]
