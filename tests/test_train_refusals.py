"""What the train verb refuses, in a message that names the argument."""

import pytest

from keras_colorize import train


def run(*argv):
    return train.main([str(argument) for argument in argv])


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--arch", "vgg"], "'zhang_small']. Received: arch='vgg'."),
        (["--model", "no_such"], "'unet_vae.photos26k'"),
        (
            ["--model", "unet_vae.photos26k", "--arch", "vgg_fusion"],
            "and unet_vae.photos26k is unet_vae. Received: model='unet_vae.photos26k', "
            "arch='vgg_fusion'.",
        ),
        (
            ["--head", "gammut"],
            "'rgb', 'sigmoid']. Received: head='gammut'.",
        ),
        (["--data", "nowhere"], "There is no such file or folder. Received: data='nowhere'."),
        (["--recipe", "nope"], "Unknown `recipe`. Choose from"),
        (
            ["--backbone-weights", "nope.h5"],
            "`backbone_weights` must be 'auto', 'imagenet', 'none' or",
        ),
        (
            ["--data", "tfds:coco", "--data-service", "grpc://a:1"],
            "`data_service` needs photographs in files or tar shards, not a data set of tfds. "
            "Received: data='tfds:coco', data_service='grpc://a:1'.",
        ),
    ],
)
def test_train_wrong_usage_names_the_argument(argv, message, tmp_path, capsys):
    assert run("-o", tmp_path / "run", *argv) == 2
    assert message in capsys.readouterr().err


def test_train_unwritable_output_is_wrong_usage(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert run("-o", tmp_path / "file" / "run") == 2
    assert "`out` cannot be written to" in capsys.readouterr().err


def test_train_without_imagenet_weights_that_are_asked_for_is_wrong_usage(
    tmp_path, capsys, monkeypatch
):
    def offline(weights, **options):
        raise Exception("URL fetch failure")  # as Keras raises it

    monkeypatch.setattr("keras.applications.VGG16", offline)
    assert run("-o", tmp_path / "run", "--size", 16, "--backbone-weights", "imagenet") == 2
    told = capsys.readouterr().err
    assert "pass 'none' to train the backbone from scratch" in told
    assert "lite_unet needs no download" in told
