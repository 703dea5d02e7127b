import argparse
import re

import pytest

from keras_colorize import errors
from keras_colorize.training import recipe as recipes


def parse(*argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("--recipe")
    recipes.add_flags(parser)
    return recipes.from_flags(parser.parse_args(argv))


def test_recipe_defaults_train_vgg_fusion_on_samples():
    recipe = recipes.resolve(parse())
    assert (recipe.arch, recipe.head, recipe.data) == ("vgg_fusion", "regression", "samples")
    assert recipe.backbone_weights == "auto"


def test_flag_overrides_recipe_overrides_default(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("lr = 0.5\nepochs = 7\n")
    recipe = parse("--recipe", str(path), "--epochs", "9")
    assert (recipe.lr, recipe.epochs, recipe.seed) == (0.5, 9, 0)


def test_data_of_the_command_is_validated_on_too_unless_told_otherwise():
    paper = ["--recipe", "vgg_fusion_regression"]
    assert parse(*paper).val_data == "tfds:coco/2017:train[70000:80000]"
    assert parse(*paper, "--data", "photos").val_data == ""
    assert parse(*paper, "--data", "photos", "--val-data", "more").val_data == "more"
    assert parse(*paper, "--val-data", "more").data == "tfds:coco/2017:train[:70000]"


def test_network_is_that_of_the_model_to_start_from_unless_told_otherwise():
    assert parse("--model", "unet_vae.photos26k").arch == "unet_vae"
    assert parse("--model", "unet_vae.photos26k", "--arch", "vgg_fusion").arch == "vgg_fusion"


def test_flags_come_in_groups():
    parser = argparse.ArgumentParser()
    recipes.add_flags(parser)
    titles = re.findall(r"^(\w+):$", parser.format_help(), re.M)
    assert titles == ["options", "network", "photographs", "training", "optimizer", "machine"]


def test_recipe_whole_number_for_a_float_is_fine():
    assert recipes.build({"lr": 1}).lr == 1.0


@pytest.mark.parametrize(
    "keys, message",
    [
        ({"learning_rate": 0.1}, r"Unknown `recipe key`.*'lr'.*'learning_rate'"),
        ({"epochs": "4"}, r"`epochs` must be of type int. Received: epochs='4'"),
        ({"epochs": True}, r"`epochs` must be of type int"),
        ({"epochs": 0}, r"`epochs` must be at least 1. Received: epochs=0"),
        ({"lr": -1.0}, r"`lr` must be positive"),
        ({"crop": 0.0}, r"`crop` must be above 0 and at most 1. Received: crop=0.0"),
        ({"degrade": 1.5}, r"`degrade` must be between 0 and 1. Received: degrade=1.5"),
        ({"mix": 1.5}, r"`mix` must be between 0 and 1. Received: mix=1.5"),
        ({"encoder_lr": -1.0}, r"`encoder_lr` must be at least 0"),
        ({"seed": 2**32}, r"`seed` must be below 2³². Received: seed=4294967296"),
        ({"ema": 1.0}, r"`ema` must be at least 0 and below 1. Received: ema=1.0"),
        ({"lr": float("nan")}, r"`lr` must be positive"),
        ({"arch": "vgg"}, r"Unknown `arch`. Choose from \[.*'vgg_fusion'.*arch='vgg'"),
        (
            {"strategy": "both"},
            r"Unknown `strategy`. Choose from \['mirrored', 'multiworker', 'none'\]",
        ),
    ],
)
def test_recipe_wrong_keys_and_values_are_named(keys, message):
    with pytest.raises(errors.UsageError, match=message):
        recipes.build(keys)


@pytest.mark.parametrize(
    "keys, message",
    [
        ({"arch": "pix2pix", "head": "gamut"}, r"`head` must predict one color.*head='gamut'"),
        ({"loss": "huber", "head": "gamut"}, r"`loss` is for the heads.*head='gamut'"),
        ({"loss": "huber", "arch": "pix2pix"}, r"`loss` is for the heads.*arch='pix2pix'"),
        (
            {"discriminator_lr": 1e-4},
            r"`discriminator_lr` is for GANs and `adversarial`, and vgg_fusion is none",
        ),
        ({"adversarial": 0.1, "arch": "lite_unet", "head": "bins64"}, "with the head regression"),
        ({"adversarial": 0.1, "arch": "pix2pix"}, "is for lite_unet.*arch='pix2pix'"),
        ({"adversarial": 0.1, "arch": "lite_unet", "loss": "huber"}, "and the loss l2"),
    ],
)
def test_recipe_resolve_refuses_what_a_discriminator_cannot_judge(keys, message):
    with pytest.raises(errors.UsageError, match=message):
        recipes.resolve(recipes.build(keys))


@pytest.mark.parametrize(
    "keys, message",
    [
        ({"mix": 0.9}, r"`mix` is for the heads.*mix=0.9, head='regression'"),
        ({"levels": 4}, r"`levels` does not apply to vgg_fusion. Received: levels=4"),
        ({"labels": True}, r"`labels` does not apply to vgg_fusion. Received: labels=True"),
        (
            {"arch": "iizuka2016", "labels": True, "overfit": 4},
            r"`labels` and `overfit` do not go together",
        ),
        ({"arch": "unet_vae", "size": 64}, r"`size` must be 150 for unet_vae. Received: size=64"),
        ({"size": 20}, r"`size` must be a multiple of 8 for vgg_fusion. Received: size=20"),
        (
            {"arch": "pix2pix", "finetune_epochs": 1},
            r"`finetune_epochs` does not apply to pix2pix. Received: finetune_epochs=1",
        ),
    ],
)
def test_recipe_resolve_refuses_keys_that_do_not_apply(keys, message):
    with pytest.raises(errors.UsageError, match=message):
        recipes.resolve(recipes.build(keys))


@pytest.mark.parametrize("more", [{"strategy": "multiworker"}, {"data_service": "grpc://a:1"}])
def test_overfitting_is_a_check_on_one_machine(more):
    with pytest.raises(errors.UsageError, match="`overfit` is a check on one machine"):
        recipes.resolve(recipes.build({"overfit": 2, **more}))


def test_recipe_unknown_name_lists_the_known_ones():
    with pytest.raises(errors.UsageError, match=r"vgg_fusion_regression.*recipe='vgg_fusino'"):
        recipes.RECIPES.read("vgg_fusino")


def test_recipe_broken_toml_names_the_file(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("lr = \n")
    with pytest.raises(errors.UsageError, match=r"broken\.toml is no TOML"):
        recipes.RECIPES.read(str(path))


def test_recipe_of_vgg_fusion_is_the_paper_s():
    recipe = recipes.build(recipes.RECIPES.read("vgg_fusion_regression"))
    # [vgg-fusion]: 70k images, 10k for validation, batch 8, 24 hours at 6 hours an epoch, VGG16 on
    # ImageNet's weights, locked.
    assert recipe.data == "tfds:coco/2017:train[:70000]"
    assert recipe.val_data == "tfds:coco/2017:train[70000:80000]"
    assert (recipe.batch_size, recipe.epochs) == (8, 4)
    assert recipe.backbone_weights == "imagenet" and not recipe.trainable_backbone
