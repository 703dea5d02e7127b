"""Recipes: everything that decides what a training run computes.

A recipe is a TOML file whose keys are the fields below, which are also the flags of `train`. A flag
overrides its recipe. Nothing here imports Keras, so `--help` answers at once.
"""

import argparse
import dataclasses
from dataclasses import dataclass

from keras_colorize import errors, models
from keras_colorize.shelf import TomlShelf

RECIPES = TomlShelf("recipe", "recipes", "train")
_ONE_COLOUR = ["regression", "rgb", "sigmoid"]  # heads without classes
_METAVARS = {int: "N", float: "X"}


def _key(default, help: str, **metadata):
    return dataclasses.field(default=default, metadata={"help": help, **metadata})


@dataclass(frozen=True)
class Recipe:
    """What a run trains, on what, and how; the help texts say what each key means."""

    arch: str = _key("vgg_fusion", "network, one of: " + ", ".join(models.list_models()))
    head: str = _key(
        "",
        "how the network says colour: regression, sigmoid, rgb, bins64, gamut or gamut313; "
        "default: the one that the source gives the network",
    )
    model: str = _key(
        "",
        "trained model to start from, one that comes with the package or the folder of one or of a "
        "run; an output layer for another head starts afresh, the backbone is locked as one with "
        "ImageNet weights is",
    )
    loss: str = _key(
        "l2",
        "of the heads regression, sigmoid and rgb: l2, as the sources have it; or huber, to which "
        "colours that nobody could guess count less",
        choices=("huber", "l2"),
    )
    levels: int = _key(0, "levels of unet_vae: 3 or 4; 0: 3, of which the source lists the shapes")
    data: str = _key(
        "samples",
        "photographs to train on: samples (six that come with scikit-image and Matplotlib), "
        "a folder, a glob, tar shards, or tfds:NAME[:SPLIT]",
    )
    val_data: str = _key(
        "",
        "photographs to validate on, as for --data; default: one in twenty of --data, at most 200, "
        "none if --data has fewer than 100",
    )
    overfit: int = _key(
        0,
        "train on the first N photographs alone, whole and without augmentation, and fail unless "
        "ab RMSE comes to half of grey's and PSNR to 3 dB over grey's: the check that a network "
        "learns; 0: off",
    )
    labels: bool = _key(
        False,
        "learn to name the scene too, as iizuka2016 can: a photograph's class is the name of the "
        "folder it lies in, or tfds's feature 'label'",
    )
    size: int = _key(
        0, "side of the square crops, pixels; 0: 64, or the network's own if it takes no other"
    )
    crop: float = _key(
        0.875,
        "share of the short side that a crop takes: at random from this one up to 0.875, if it is "
        "smaller",
    )
    degrade: float = _key(
        0.0,
        "share of the photographs that are made to look like old film (its tones, grain, blur and "
        "blocks of JPEG) before the network sees them; their colors stay as they are",
    )
    batch_size: int = _key(8, "photographs in a batch, over all devices")
    epochs: int = _key(16, "epochs")
    steps: int = _key(0, "steps in an epoch; 0: one pass over the photographs, at least 20 steps")
    finetune_epochs: int = _key(
        0, "epochs more with the backbone unlocked (its batch norm stays as it is)"
    )
    optimizer: str = _key(
        "adam",
        "adam, adadelta, or sgd, which has Nesterov's momentum of 0.9",
        choices=("adadelta", "adam", "sgd"),
    )
    lr: float = _key(1e-3, "learning rate, at its highest")
    encoder_lr: float = _key(
        0.0, "learning rate of a backbone that is trained; 0: --lr, as of all the rest"
    )
    discriminator_lr: float = _key(
        0.0, "learning rate of a GAN's discriminator; 0: as many times --lr as published"
    )
    finetune_lr: float = _key(0.0, "learning rate of the fine-tuning; 0: a tenth of --lr")
    schedule: str = _key(
        "cosine",
        "cosine: to nothing at the end, after a warm-up over the first twentieth; step: a tenth in "
        "the second half; or constant",
        choices=("constant", "cosine", "step"),
    )
    beta_1: float = _key(0.9, "Adam's decay of the mean")
    beta_2: float = _key(0.999, "Adam's decay of the variance")
    weight_decay: float = _key(0.0, "decoupled from the gradient, times the learning rate")
    ema: float = _key(
        0.0,
        "decay of the moving average of the weights, which takes their place in validation and in "
        "the model; 0: off",
    )
    kl: float = _key(
        1e-2, "share of the Kullback-Leibler divergence in the loss of a variational network"
    )
    seed: int = _key(0, "of weights, order and augmentation")
    backbone_weights: str = _key(
        "auto",
        "imagenet; none; a file; or auto: imagenet where they can be had, else none, said loudly",
    )
    trainable_backbone: bool = _key(
        False, "train the backbone too; one without pretrained weights is always trained"
    )
    batch_norm: bool = _key(
        False,
        "batch norm in a VGG16 that is trained from scratch, which learns faster with it; "
        "ImageNet's has none",
    )
    strategy: str = _key(
        "none",
        "mirrored: on all GPUs (or logical CPUs) of this machine; multiworker: on several "
        "machines, which TF_CONFIG, Slurm, or WORKERS and JOB_COMPLETION_INDEX name",
        choices=("mirrored", "multiworker", "none"),
    )
    data_service: str = _key(
        "",
        "address of a tf.data service, grpc://HOST:PORT, that prepares the batches; the order of "
        "the batches then is not exactly repeatable",
    )
    precision: str = _key(
        "float32",
        "of the arithmetic: float32; float16, with loss scaling, for GPUs; or bfloat16, for newer "
        "GPUs and CPUs that have it; weights stay float32",
        choices=("bfloat16", "float16", "float32"),
    )

    def __post_init__(self):
        if self.arch not in models.list_models():
            raise errors.unknown("arch", self.arch, models.list_models())
        for field in dataclasses.fields(self):
            choices = field.metadata.get("choices")
            if choices and getattr(self, field.name) not in choices:
                raise errors.unknown(field.name, getattr(self, field.name), choices)
        at_least = {"size": 0, "batch_size": 1, "epochs": 1, "finetune_epochs": 0, "steps": 0}
        at_least |= {"seed": 0, "finetune_lr": 0, "beta_1": 0, "beta_2": 0, "weight_decay": 0}
        at_least |= {"kl": 0, "discriminator_lr": 0, "encoder_lr": 0, "overfit": 0}
        for name, least in at_least.items():
            if getattr(self, name) < least:
                raise errors.UsageError(
                    f"`{name}` must be at least {least}. Received: {name}={getattr(self, name)}."
                )
        if not 0 < self.crop <= 1:
            raise errors.UsageError(
                f"`crop` must be above 0 and at most 1. Received: crop={self.crop}."
            )
        if not 0 <= self.degrade <= 1:
            raise errors.UsageError(
                f"`degrade` must be between 0 and 1. Received: degrade={self.degrade}."
            )
        if not 0 <= self.ema < 1:
            raise errors.UsageError(
                f"`ema` must be at least 0 and below 1. Received: ema={self.ema}."
            )
        if self.labels and self.overfit:
            raise errors.UsageError("`labels` and `overfit` do not go together: choose one.")
        if self.seed >= 2**32:
            raise errors.UsageError(f"`seed` must be below 2³². Received: seed={self.seed}.")
        if not self.lr > 0:
            raise errors.UsageError(f"`lr` must be positive. Received: lr={self.lr}.")


def resolve(recipe: Recipe) -> Recipe:
    """Fill in what the recipe leaves open: the head and the size that go with the network."""
    build = models.builder(recipe.arch)
    if build.stride is None and recipe.size not in (0, build.size):
        raise errors.UsageError(
            f"`size` must be {build.size} for {recipe.arch}. Received: size={recipe.size}."
        )
    if recipe.finetune_epochs and "backbone_weights" not in models.options_of(recipe.arch):
        raise errors.UsageError(
            f"`finetune_epochs` unlocks a backbone, and {recipe.arch} has none. "
            f"Received: finetune_epochs={recipe.finetune_epochs}."
        )
    for key, option in {
        "encoder_lr": "trainable_backbone",
        "levels": "levels",
        "labels": "classes",
        "batch_norm": "batch_norm",
    }.items():
        if getattr(recipe, key) and option not in models.options_of(recipe.arch):
            raise errors.UsageError(
                f"`{key}` does not apply to {recipe.arch}. Received: {key}={getattr(recipe, key)}."
            )
    if recipe.discriminator_lr and not build.adversary:
        raise errors.UsageError(
            f"`discriminator_lr` is for GANs, and {recipe.arch} is none. "
            f"Received: discriminator_lr={recipe.discriminator_lr}."
        )
    if build.adversary and recipe.head not in ("", *_ONE_COLOUR):
        raise errors.UsageError(
            f"`head` must predict one colour for a discriminator to judge: one of {_ONE_COLOUR}. "
            f"Received: head={recipe.head!r}."
        )
    if recipe.loss != "l2" and (build.adversary or (recipe.head or build.head) not in _ONE_COLOUR):
        raise errors.UsageError(
            f"`loss` is for the heads {_ONE_COLOUR}, outside GANs. Received: loss={recipe.loss!r}, "
            f"arch={recipe.arch!r}, head={recipe.head or build.head!r}."
        )
    size = recipe.size or (64 if build.stride else build.size)
    if build.stride and size % build.stride:
        raise errors.UsageError(
            f"`size` must be a multiple of {build.stride} for {recipe.arch}. Received: size={size}."
        )
    if recipe.overfit and (recipe.strategy == "multiworker" or recipe.data_service):
        raise errors.UsageError(
            "`overfit` is a check on one machine. Received: "
            f"strategy={recipe.strategy!r}, data_service={recipe.data_service!r}."
        )
    batch_size = min(recipe.batch_size, recipe.overfit or recipe.batch_size)
    head = recipe.head or build.head
    return dataclasses.replace(recipe, head=head, size=size, batch_size=batch_size)


def build(keys: dict) -> Recipe:
    """Check the keys and their types, and make the recipe.

    Raises:
        UsageError: An unknown key, or a value of the wrong type or out of range.
    """
    types = {field.name: field.type for field in dataclasses.fields(Recipe)}
    for key, value in keys.items():
        if key not in types:
            raise errors.unknown("recipe key", key, types)
        if types[key] is float and type(value) is int:
            keys = {**keys, key: float(value)}
        elif type(value) is not types[key]:
            raise errors.UsageError(
                f"Recipe key `{key}` must be of type {types[key].__name__}. "
                f"Received: {key}={value!r}."
            )
    return Recipe(**keys)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Give a parser one flag for each key; a flag not used stays out of the namespace."""
    for field in dataclasses.fields(Recipe):
        if field.type is bool:
            kind = {"action": argparse.BooleanOptionalAction}
        else:
            kind = {"type": field.type, "metavar": _METAVARS.get(field.type, "NAME")}
        shown = field.default if field.default != "" else None
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            default=argparse.SUPPRESS,
            help=field.metadata["help"] + ("" if shown is None else f" (default: {shown})"),
            **kind,
        )


def from_flags(arguments: argparse.Namespace) -> Recipe:
    """Combine `--recipe` and the flags."""
    names = {field.name for field in dataclasses.fields(Recipe)}
    flags = {key: value for key, value in vars(arguments).items() if key in names}
    return build({**(RECIPES.read(arguments.recipe) if arguments.recipe else {}), **flags})
