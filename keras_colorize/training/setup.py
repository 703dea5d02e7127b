"""What a run needs before it starts: photographs, a head, and a network on its devices."""

import sys

import tensorflow as tf

from keras_colorize import cli, errors, heads, models
from keras_colorize.catalog import BINNED
from keras_colorize.colorizer import Colorizer
from keras_colorize.data import sources
from keras_colorize.data.source import Source
from keras_colorize.training import precision, prior
from keras_colorize.training.recipe import Recipe
from keras_colorize.training.run_folder import Run

_HOLD_OUT_FROM = 100  # photographs; fewer are all trained on


# ---- photographs ----


def open_data(recipe: Recipe) -> tuple[Source, Source | None]:
    """Open the photographs to train on and those to validate on, which share none.

    Raises:
        UsageError: There are none to train on.
    """
    data = _open(recipe.data, "data")
    if recipe.overfit:
        return data.first(recipe.overfit), None
    if not recipe.val_data:
        if data.count < _HOLD_OUT_FROM or not data.digests:
            return data, None
        data, val = data.hold_out()
        _say(f"{errors.counted(val.count, 'photograph')} held out for validation.")
        return data, val
    val = _open(recipe.val_data, "val_data")
    if not data.digests or not val.digests:
        _say(
            "Photographs of tfds are not hashed: nothing checks that --data and --val-data share "
            "none."
        )
    elif shared := data.digests & val.digests:
        count = errors.counted(len(shared), "photograph")
        _say(f"Not trained on, because --val-data has the same in it: {count} of --data.")
        data = data.without(shared)
        text = "`val_data` holds every photograph of `data`."
        recipe.check(data.count > 0, text, "data", "val_data")
    return data, val


def _open(name: str, argument: str) -> Source:
    source = sources.open_source(name, argument)
    cli.report_skipped(source.skipped)
    return source


def _say(text: str) -> None:
    print(text, file=sys.stderr)


# ---- the choices of a run ----


def choose_head(run: Run, data: Source, start: Colorizer | None) -> None:
    """Put the head's configuration into a run's record, if it is not there yet.

    A head with classes measures the photographs, unless the model to start from has done so.
    """
    if run.head:
        return
    recipe = run.recipe
    constants = {"loss": recipe.loss} if recipe.loss != "l2" else {}
    constants |= {"mix": recipe.mix} if recipe.head in BINNED else {}
    head = heads.create(recipe.head, **constants)
    if isinstance(head, heads.ClassHead):
        same = start and start.head.name == head.name
        if same and (start.head.has_prior or isinstance(head, heads.GamutBins)):
            head = start.head  # its classes are what its weights know
        else:
            head = prior.measure(head, data, recipe.size, recipe.batch_size)
            print(f"{len(head.prior)} color classes.")
    run.head = head.config()


def choose_backbone(run: Run) -> None:
    """Put into a run's record what its backbone starts from, and whether it is trained."""
    recipe = run.recipe
    if run.backbone_weights or "backbone_weights" not in models.get(recipe.arch).options:
        return
    weights, trainable, why = recipe.backbone_weights, recipe.trainable_backbone, ""
    if recipe.model:
        weights = "none"  # the model brings them
    elif weights == "auto" and recipe.batch_norm:
        weights, why = "none", ", which have no batch norm"
    elif weights == "auto":
        try:
            models.create(recipe.arch, heads.create(**run.head), backbone_weights="imagenet")
            weights = "imagenet"
        except errors.WeightsUnavailable:
            weights, why = "none", ", which could not be had"
    if weights == "none" and not recipe.model:
        _say(
            f"WARNING: the backbone starts from random weights, not ImageNet's{why}; the whole "
            "network is trained."
        )
        trainable = True
    run.backbone_weights, run.trainable_backbone = weights, trainable


def build(
    run: Run,
    strategy: tf.distribute.Strategy,
    start: Colorizer | None,
    backbone_weights: str,
    data: Source,
    val: Source | None,
) -> Colorizer:
    """Build the Colorizer that a run trains, on the strategy's devices.

    Args:
        run: The run, with its choices made.
        strategy: A strategy of tf.distribute.
        start: The trained model to start from.
        backbone_weights: What is loaded into the backbone; none where a checkpoint or another
            worker brings the weights.
        data: The photographs to train on.
        val: The photographs to validate on.
    """
    recipe = run.recipe
    network = {"levels": recipe.levels, "classes": len(run.classes)}
    network |= {"batch_norm": recipe.batch_norm}
    options = {name: value for name, value in network.items() if value}
    if run.backbone_weights:
        options["backbone_weights"] = backbone_weights
        options["trainable_backbone"] = run.trainable_backbone
    with strategy.scope(), precision.policy(recipe.precision):
        built = Colorizer(recipe.arch, heads.create(**run.head), recipe.size, **options)
    built.trained_on = data.digests or frozenset({data.fingerprint})
    if start:
        built.start_from(start)
        built.trained_on |= start.trained_on
        if known := start.trained_on & (val.digests if val else frozenset()):
            count = errors.counted(len(known), "photograph")
            _say(f"WARNING: {recipe.model} has been trained on {count} to validate on.")
    return built
