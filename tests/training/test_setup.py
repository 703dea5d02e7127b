"""What a run chooses before it starts; test_train.py builds and trains."""

import types

import keras
import pytest
from PIL import Image

from keras_colorize import errors, heads
from keras_colorize.training import setup
from keras_colorize.training.recipe import Recipe


@pytest.fixture
def folder(tmp_path, picture):
    for number in range(8):
        Image.fromarray(picture(seed=number)).save(tmp_path / f"{number}.png")
    return tmp_path


def open_data(**keys):
    return setup.open_data(Recipe(**{key: str(value) for key, value in keys.items()}))


def names(source):
    return [photograph.name for photograph in source.photographs]


def test_open_data_trains_on_all_of_a_few(folder):
    data, val = open_data(data=folder)
    assert data.count == 8 and val is None


def test_open_data_does_not_train_on_validation_photographs(folder, capsys):
    data, val = open_data(data=folder, val_data=folder / "[0-2].png")
    assert names(val) == ["0.png", "1.png", "2.png"]
    assert names(data) == [f"{number}.png" for number in range(3, 8)]
    assert "--val-data has the same in it: 3 photographs of --data." in capsys.readouterr().err
    open_data(data=folder, val_data=folder / "4.png")
    assert "--val-data has the same in it: 1 photograph of --data." in capsys.readouterr().err


def test_open_data_of_which_nothing_is_left_is_wrong_usage(folder):
    with pytest.raises(errors.UsageError, match="`val_data` holds every photograph of `data`"):
        open_data(data=folder / "3.png", val_data=folder)


def test_choose_head_measures_the_classes_unless_the_model_to_start_from_has(folder):
    data, _ = open_data(data=folder)

    def chosen(start):
        run = types.SimpleNamespace(head=None, recipe=Recipe(head="bins64", size=16))
        setup.choose_head(run, data, types.SimpleNamespace(head=start))
        return run.head

    of_an_earlier_release = heads.create("bins64")
    assert sum(chosen(of_an_earlier_release)["prior"]) == pytest.approx(2, abs=0.01)
    assert chosen(heads.create("bins64", prior=[1 / 64] * 128))["prior"] == [1 / 64] * 128


def test_open_data_to_overfit_takes_the_first_and_validates_on_none(folder):
    data, val = setup.open_data(Recipe(data=str(folder), val_data=str(folder), overfit=2))
    assert names(data) == ["0.png", "1.png"] and val is None


@pytest.mark.parametrize(
    "keys, weights, trainable, said",
    [
        ({}, "none", True, "random weights, not ImageNet's, which could not be had; the whole"),
        ({"batch_norm": True}, "none", True, "not ImageNet's, which have no batch norm; the whole"),
        ({"backbone_weights": "none"}, "none", True, "random weights, not ImageNet's; the whole"),
        ({"backbone_weights": "mine.h5"}, "mine.h5", False, ""),
        ({"backbone_weights": "imagenet", "trainable_backbone": True}, "imagenet", True, ""),
        ({"model": "runs/mine"}, "none", False, ""),
        ({"arch": "unet_plain", "head": "rgb"}, None, None, ""),
    ],
)
def test_choose_backbone_is_loud_where_it_is_not_pretrained(
    keys, weights, trainable, said, monkeypatch, capsys
):
    real = keras.applications.VGG16

    def offline(weights, **options):
        if weights == "imagenet":
            raise Exception("URL fetch failure")  # as Keras raises it
        return real(weights=weights, **options)

    monkeypatch.setattr("keras.applications.VGG16", offline)
    run = types.SimpleNamespace(
        recipe=Recipe(**keys),
        head={"name": "regression"},
        backbone_weights=None,
        trainable_backbone=None,
    )
    for _ in range(2):  # the second time nothing is left to choose, or to say
        setup.choose_backbone(run)
        assert (run.backbone_weights, run.trainable_backbone) == (weights, trainable)
    heard = capsys.readouterr().err
    assert said in heard and heard.count("WARNING") == bool(said)
