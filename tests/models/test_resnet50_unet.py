"""[unet-resnet]'s totals."""

import pytest

from keras_colorize import heads


@pytest.mark.parametrize("classes, trainable", [(None, 37_620_866), (243, 37_898_739)])
def test_resnet50_unet_has_the_published_parameters(build, count, classes, trainable):
    head = "regression" if classes is None else heads.create("gamut", kept=list(range(classes)))
    model = build("resnet50_unet", head=head, trainable_backbone=True)
    assert count(model.trainable_weights) == trainable
    assert count(model.non_trainable_weights) == 55_040


def test_resnet50_unet_skips_are_at_112_56_28_14(build):
    model = build("resnet50_unet")
    backbone = model.get_layer("backbone")
    shapes = backbone.compute_output_shape((1, 224, 224, 3))
    assert [shape[1:] for shape in shapes] == [
        (112, 112, 64),
        (56, 56, 256),
        (28, 28, 512),
        (14, 14, 1024),
        (7, 7, 2048),
    ]
