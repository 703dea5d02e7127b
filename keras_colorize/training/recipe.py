"""Recipes: everything that decides what a training run computes.

A recipe is a TOML file whose keys are the fields below, which are also the flags of `train`. A flag
overrides its recipe. Nothing here imports Keras, so `--help` answers at once.
"""

import argparse
import dataclasses
import json
from dataclasses import dataclass

from keras_colorize import errors, models
from keras_colorize.catalog import BINNED, HEADS, ONE_COLOR, TomlCatalog, typed
from keras_colorize.colorizer import pretrained
from keras_colorize.colorizer.summary import Summary

RECIPES = TomlCatalog("recipe", "recipes", "train")
_METAVARS = {int: "N", float: "X"}
_GROUPS = {  # of flags, each by its first key
    "arch": "network",
    "data": "photographs",
    "epochs": "training",
    "optimizer": "optimizer",
    "strategy": "machine",
}
_OPTIONS = {  # of a network, which these keys need
    "levels": "levels",
    "labels": "classes",
    "batch_norm": "batch_norm",
    "finetune_epochs": "backbone_weights",
    "encoder_lr": "trainable_backbone",
}


def _key(default, help: str, choices: tuple[str, ...] = (), least: float = 0):
    metadata = {"help": help, "choices": choices, "least": least}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Recipe:
    """What a run trains, on what, and how; the help texts say what each key means."""

    arch: str = _key("vgg_fusion", "one of: " + ", ".join(models.list_models()))
    head: str = _key(
        "",
        "how the network predicts color: regression, sigmoid, rgb, bins64, gamut or gamut313; "
        "default: the one that its paper has",
    )
    model: str = _key(
        "",
        "trained model to start from, one that comes with the package or the folder of a model or "
        "a run; an output layer for another head starts afresh, and the backbone is locked, as one "
        "with ImageNet weights is",
    )
    levels: int = _key(0, "levels of unet_vae: 3 or 4; 0: 3, whose shapes the paper lists")
    backbone_weights: str = _key(
        "auto",
        "imagenet; none; a file; or auto: imagenet where they can be had, otherwise none, with a "
        "warning",
    )
    trainable_backbone: bool = _key(
        False, "train the backbone too; one without pretrained weights always is"
    )
    batch_norm: bool = _key(
        False,
        "batch norm in a VGG16 that is trained from scratch, which learns faster with it; "
        "ImageNet's has none",
    )

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
        "share of the short side that the smallest crops take; each draws its share between this "
        "one and 0.875",
    )
    degrade: float = _key(
        0.0,
        "share of the photographs that are made to look like old film (its tones, grain, blur and "
        "blocks of JPEG) before the network sees them; their colors stay as they are",
    )
    batch_size: int = _key(8, "photographs in a batch, over all devices", least=1)
    overfit: int = _key(
        0,
        "check that the network learns: train on the first N photographs alone, whole and without "
        "augmentation, and fail unless ab RMSE falls to half of grey's and PSNR rises 3 dB over "
        "grey's; 0: off",
    )

    epochs: int = _key(16, "number of epochs", least=1)
    steps: int = _key(0, "steps in an epoch; 0: one pass over the photographs, at least 20")
    finetune_epochs: int = _key(
        0, "further epochs with the backbone unlocked, except its batch norm"
    )
    loss: str = _key(
        "l2",
        "loss of the heads regression, sigmoid and rgb: l2, as the papers have it; or huber, which "
        "counts less the colors that nobody could guess",
        choices=("huber", "l2"),
    )
    mix: float = _key(
        0.5,
        "for the heads gamut and gamut313, which give rare colors more weight: share of a uniform "
        "distribution in the prior that decides how rare a color is; 1: all weigh the same",
    )
    kl: float = _key(
        1e-2, "weight of the Kullback-Leibler divergence in the loss of a variational network"
    )
    adversarial: float = _key(
        0.0,
        "weight of the loss of a discriminator that knows ImageNet's features of the photograph, "
        "to finish trained weights (--model) of lite_unet with bolder colors; 0: off",
    )
    seed: int = _key(0, "seed of weights, order and augmentation")

    optimizer: str = _key(
        "adam",
        "adam, adadelta, or sgd, which has Nesterov's momentum of 0.9",
        choices=("adadelta", "adam", "sgd"),
    )
    lr: float = _key(1e-3, "highest learning rate")
    encoder_lr: float = _key(0.0, "highest learning rate of a backbone that is trained; 0: --lr")
    discriminator_lr: float = _key(
        0.0, "learning rate of a GAN's discriminator; 0: in its published proportion to --lr"
    )
    finetune_lr: float = _key(0.0, "learning rate of the fine-tuning; 0: a tenth of --lr")
    schedule: str = _key(
        "cosine",
        "course of the learning rate: cosine, down to 0 after a warm-up over the first twentieth; "
        "step, a tenth in the second half; or constant",
        choices=("constant", "cosine", "step"),
    )
    beta_1: float = _key(0.9, "Adam's decay of the mean")
    beta_2: float = _key(0.999, "Adam's decay of the variance")
    weight_decay: float = _key(0.0, "decoupled from the gradient, times the learning rate")
    ema: float = _key(
        0.0,
        "decay of the moving average of the weights, which replaces them in validation and in the "
        "model; 0: off",
    )

    strategy: str = _key(
        "none",
        "mirrored: all GPUs (or logical CPUs) of this machine; multiworker: several machines, "
        "which TF_CONFIG, Slurm, or WORKERS and JOB_COMPLETION_INDEX name",
        choices=("mirrored", "multiworker", "none"),
    )
    data_service: str = _key(
        "",
        "address of a tf.data service, grpc://HOST:PORT, that prepares the batches; their order "
        "then is not exactly repeatable",
    )
    precision: str = _key(
        "float32",
        "precision of the arithmetic: float32; float16, with loss scaling, for GPUs; or bfloat16, "
        "for newer GPUs and CPUs that have it; weights stay float32",
        choices=("bfloat16", "float16", "float32"),
    )

    def __post_init__(self):
        if self.arch not in models.list_models():
            raise errors.unknown("arch", self.arch, models.list_models())
        self.check(0 < self.crop <= 1, "`crop` must be above 0 and at most 1.", "crop")
        self.check(0 <= self.mix <= 1, "`mix` must be between 0 and 1.", "mix")
        self.check(0 <= self.degrade <= 1, "`degrade` must be between 0 and 1.", "degrade")
        self.check(0 <= self.ema < 1, "`ema` must be at least 0 and below 1.", "ema")
        self.check(self.seed < 2**32, "`seed` must be below 2³².", "seed")
        self.check(self.lr > 0, "`lr` must be positive.", "lr")
        together = "`labels` and `overfit` do not go together."
        self.check(not (self.labels and self.overfit), together, "labels", "overfit")
        for field in dataclasses.fields(self):
            name, value, limits = field.name, getattr(self, field.name), field.metadata
            if limits["choices"] and value not in limits["choices"]:
                raise errors.unknown(name, value, limits["choices"])
            if field.type in (int, float):
                least = limits["least"]
                self.check(value >= least, f"`{name}` must be at least {least}.", name)

    def check(self, is_right: bool, message: str, *keys: str) -> None:
        """Raise a UsageError with a message and the values of some keys, unless all is right."""
        if not is_right:
            raise errors.wrong(message, **{key: getattr(self, key) for key in keys})


def resolve(recipe: Recipe) -> Recipe:
    """Fill in what a recipe leaves open, and check that it fits its network.

    What is open follows the trained model to start from, or else the network as published.

    Raises:
        UsageError: There is no such model, it is of another architecture, or something does not
            fit.
    """
    if recipe.model:
        recipe = _follow(recipe, pretrained.summarize(recipe.model))
    arch, network = recipe.arch, models.get(recipe.arch)
    recipe = dataclasses.replace(
        recipe,
        head=recipe.head or network.head,
        size=recipe.size or (64 if network.stride else network.size),
        batch_size=min(recipe.batch_size, recipe.overfit or recipe.batch_size),
    )
    if recipe.head not in HEADS:
        raise errors.unknown("head", recipe.head, HEADS)
    network.check_size(recipe.size)
    for key, option in _OPTIONS.items():
        right = option in network.options or not getattr(recipe, key)
        recipe.check(right, f"`{key}` does not apply to {arch}.", key)
    right = network.is_gan or recipe.adversarial or not recipe.discriminator_lr
    text = f"`discriminator_lr` is for GANs and `adversarial`, and {arch} is none."
    recipe.check(right, text, "discriminator_lr")
    right = (arch, recipe.head, recipe.loss) == ("lite_unet", "regression", "l2")
    text = "`adversarial` is for lite_unet with the head regression and the loss l2."
    recipe.check(right or not recipe.adversarial, text, "adversarial", "head", "arch", "loss")
    right = recipe.head in ONE_COLOR
    text = f"`head` must predict one color for a discriminator to judge: one of {list(ONE_COLOR)}."
    recipe.check(right or not network.is_gan, text, "head")
    right = right and not network.is_gan
    text = f"`loss` is for the heads {list(ONE_COLOR)}, outside GANs."
    recipe.check(right or recipe.loss == "l2", text, "loss", "arch", "head")
    right = recipe.head in BINNED or recipe.mix == 0.5
    recipe.check(right, f"`mix` is for the heads {list(BINNED)}.", "mix", "head")
    right = recipe.strategy != "multiworker" and not recipe.data_service
    text = "`overfit` is a check on one machine."
    recipe.check(right or not recipe.overfit, text, "strategy", "data_service")
    right = not recipe.data_service or not recipe.data.startswith("tfds:")
    text = "`data_service` needs photographs in files or tar shards, not a data set of tfds."
    recipe.check(right, text, "data", "data_service")
    return recipe


def _follow(recipe: Recipe, start: Summary) -> Recipe:
    """Fill in what a recipe leaves open as it is in the trained model to start from."""
    text = f"`model` must be a trained `arch`, and {recipe.model} is {start.arch}."
    recipe.check(start.arch == recipe.arch, text, "model", "arch")
    return dataclasses.replace(
        recipe,
        head=recipe.head or start.head["name"],
        size=recipe.size or start.size,
        levels=recipe.levels or start.options.get("levels", 0),
        batch_norm=recipe.batch_norm or start.options.get("batch_norm", False),
    )


def build(keys: dict) -> Recipe:
    """Check the keys and their types, and make the recipe.

    Raises:
        UsageError: An unknown key, or a value of the wrong type or out of range.
    """
    return Recipe(**typed(Recipe, keys, "recipe"))


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Give a parser one flag for each key; those not used stay out of the namespace."""
    for field in dataclasses.fields(Recipe):
        if field.type is bool:
            kind = {"action": argparse.BooleanOptionalAction}
        else:
            kind = {"type": field.type, "metavar": _METAVARS.get(field.type, "NAME")}
        if field.name in _GROUPS:
            group = parser.add_argument_group(_GROUPS[field.name])
        default = "" if field.default == "" else f" (default: {field.default})"
        group.add_argument(
            "--" + field.name.replace("_", "-"),
            default=argparse.SUPPRESS,
            help=field.metadata["help"] + default,
            **kind,
        )


def to_toml(recipe: Recipe) -> str:
    """Return a recipe as TOML, every key of it."""
    values = dataclasses.asdict(recipe)
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def _toml(value):
    # JSON's strings and booleans are TOML's; Python's floats are, unlike JSON's of 1e-05.
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def from_flags(arguments: argparse.Namespace) -> Recipe:
    """Combine `--recipe` and the flags, which override it.

    `--data` overrides the recipe's `val_data` too: photographs to validate on are those of the
    command, or are held out from its `--data`. Unless told otherwise, the network is that of the
    trained model to start from.
    """
    names = {field.name for field in dataclasses.fields(Recipe)}
    flags = {key: value for key, value in vars(arguments).items() if key in names}
    keys = RECIPES.read(arguments.recipe) if arguments.recipe else {}
    if "data" in flags:
        keys.pop("val_data", None)
    keys |= flags
    if keys.get("model") and "arch" not in keys:
        keys["arch"] = pretrained.summarize(keys["model"]).arch
    return build(keys)
