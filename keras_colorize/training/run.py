"""A training run, from a recipe to a folder with a trained Colorizer."""

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import tensorflow as tf

from keras_colorize import errors, files
from keras_colorize.colorizer import Colorizer, load
from keras_colorize.data import photographs, pipeline, sources
from keras_colorize.data.source import Source
from keras_colorize.evaluation import tables
from keras_colorize.evaluation.rows import Painter
from keras_colorize.evaluation.scoring import Photograph, score
from keras_colorize.training import callbacks, distribution, overfit, phases, run_folder, setup
from keras_colorize.training.checkpoints import Progress
from keras_colorize.training.plan import LEAST_STEPS
from keras_colorize.training.recipe import Recipe
from keras_colorize.training.run_folder import Run

_SCORE_SIDE, _SCORE_AT_MOST = 256, 200  # the closing table's crops, and how many of them
_SAMPLES, _IN_GRID = "samples", 6  # the folder of the grids; how many photographs are in one


def train(recipe: Recipe, out: Path) -> Run | None:
    """Train, or resume, and write everything to a run's folder.

    Where there are several workers, all do the same, but only the first, the chief, makes choices,
    reads and writes the folder, and prints.

    Args:
        recipe: What to train, as `recipe.resolve` returns it.
        out: The run's folder: `run.json`, `history.csv`, `curves.png`, `samples/`, `tensorboard/`,
            `checkpoints/` and, in the end, the Colorizer `model/`.

    Returns:
        The record that `run.json` holds; None on a worker that is not the chief.

    Raises:
        UsageError: The recipe does not fit the data, the machine or the run already in `out`.
        RunError: The run cannot go on.
        Interrupted: A signal stopped it; the same call goes on.
    """
    start = load(recipe.model) if recipe.model else None
    strategy = distribution.make_strategy(recipe.strategy)
    distribution.check_batch_size(strategy, recipe.batch_size)
    keras.utils.set_random_seed(recipe.seed)
    is_chief = distribution.is_chief(strategy)
    with distribution.watched(strategy), run_folder.held(out) if is_chief else _silence():
        data, val = setup.open_data(recipe)
        run = None
        if is_chief:
            run = run_folder.open_run(out, recipe, data, val)
            run.classes = sources.classes_of(*filter(None, (data, val))) if recipe.labels else []
            run.devices = strategy.num_replicas_in_sync
            setup.choose_head(run, data, start)
            setup.choose_backbone(run)
        run = _from_chief(run, strategy, run_folder.fingerprints_of(data, val))
        # A run that goes on takes its weights from a checkpoint, a helper takes the chief's.
        fresh = is_chief and not any((out / "checkpoints").rglob("step-*"))
        weights = run.backbone_weights if fresh else "none"
        colorizer = setup.build(run, strategy, start, weights, data, val)
        if is_chief:
            return _lead(run, strategy, colorizer, data, val, out)
        _fit(run, strategy, colorizer, data, val, out, [callbacks.StopOnNaN()])
        return None


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    with open(os.devnull, "w") as nowhere:
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            yield


def _from_chief(run, strategy, fingerprints) -> Run:
    """Return the chief's record, on every worker."""
    run = Run.from_json(distribution.from_chief(strategy, run and run.to_json()))
    text = "The photographs here are not those of the first worker."
    run.recipe.check(run.fingerprints == fingerprints, text, "data", "val_data")
    return run


def _lead(run, strategy, colorizer, data, val, out) -> Run:
    """Train as the chief: with a record, pictures, curves, a model and its scores."""
    recipe = run.recipe
    run.write(out)
    for folder in (out, out / _SAMPLES):
        files.remove_leftovers(folder)
    epochs = errors.counted(recipe.epochs + recipe.finetune_epochs, "epoch")
    print(
        f"{recipe.arch}, {colorizer.network.count_params():,} parameters, on "
        f"{errors.counted(data.count, 'photograph')}: {epochs} of "
        f"{errors.counted(_steps(recipe, data), 'step')} of {recipe.batch_size} at {recipe.size}²."
    )
    shown = [
        photographs.center_crop(photograph, _SCORE_SIDE)
        for _, _, photograph in (val or data).sample(_IN_GRID).read_all()
    ]
    writer = tf.summary.create_file_writer(str(out / "tensorboard"))
    handlers = [
        callbacks.StopOnNaN(),
        callbacks.ProgressBar(),
        callbacks.History(out, writer),
        callbacks.Pictures(out / _SAMPLES, writer, colorizer, shown),
    ]
    try:
        with distribution.watched(strategy), _written(out):
            progress = _fit(run, strategy, colorizer, data, val, out, handlers)
    except (errors.Interrupted, errors.RunError) as stopped:
        interrupted = isinstance(stopped, errors.Interrupted)
        run.status = "interrupted" if interrupted else f"stopped: {stopped}"
        with contextlib.suppress(OSError):  # a disk that is full may not take this either
            run.write(out)
        raise
    with _written(out / "model", RuntimeError):  # h5py raises either
        colorizer.save(out / "model")
    run.status, run.seconds, run.history = "done", round(progress.seconds, 1), progress.history
    if recipe.overfit:
        run.overfit = overfit.judge(colorizer, _whole(data))
    else:
        run.scores = _score(recipe.arch, colorizer, val or data)
    run.write(out)
    return run


@contextlib.contextmanager
def _written(path: Path, *kinds: type[Exception]) -> Iterator[None]:
    """Turn what is raised when a path cannot be written, to a full disk, into a RunError."""
    try:
        yield
    except (OSError, *kinds) as error:
        raise errors.RunError(
            f"{path} could not be written to ({error}). The last checkpoint is whole: make room "
            "and give the same command."
        ) from error


def _fit(run, strategy, colorizer, data, val, out, handlers) -> Progress:
    """Run the phases, on all workers; they part when all have finished."""
    recipe, validation = run.recipe, None
    batches = _batches(run, strategy, colorizer, data)
    if "saliency" in colorizer.network.output:
        batches = pipeline.with_saliency(batches)
    if val is not None:
        options = pipeline.BatchOptions(recipe.size, recipe.batch_size, classes=run.classes)
        validation = pipeline.validation_batches(val, options)
    steps, folder = _steps(recipe, data), out / "checkpoints"
    progress = phases.fit(recipe, colorizer, strategy, batches, validation, steps, folder, handlers)
    distribution.from_chief(strategy, "finished")
    return progress


def _batches(run, strategy, colorizer, data) -> Callable[[int], tf.data.Dataset]:
    """Return what gives this worker's batches from a step on."""
    recipe = run.recipe
    if recipe.overfit:
        return overfit.whole_batches(colorizer, _whole(data), recipe.batch_size)
    options = pipeline.BatchOptions(
        recipe.size,
        recipe.batch_size,
        recipe.seed,
        run.classes,
        distribution.worker_of(strategy),
        recipe.crop,
        recipe.degrade,
    )
    if not recipe.data_service:
        return lambda step: pipeline.training_batches(data, options, step)
    job = distribution.from_chief(strategy, f"keras_colorize-{uuid.uuid4()}")

    def served(step):
        numbered = pipeline.numbered_batches(data, options, step)
        return pipeline.serve(numbered, recipe.data_service, f"{job}-{step}")

    return served


def _score(row: str, colorizer: Colorizer, source: Source) -> dict:
    """Print and return the scores of a trained model, beside grey and truth."""
    crops = (
        Photograph(name, digest, photographs.center_crop(rgb, _SCORE_SIDE))
        for name, digest, rgb in source.first(_SCORE_AT_MOST).read_all()
    )
    scores = score({row: Painter(colorizer)}, crops)
    means = scores.means()
    count = errors.counted(scores.count, "photograph")
    print(f"\n{count} of {source.name}, center crops of {_SCORE_SIDE}²:\n")
    print(tables.main_metrics(scores, means))
    return {"data": source.name, "photographs": scores.count, "rows": means}


def _whole(data):
    return [rgb for _, _, rgb in data.read_all()]


def _steps(recipe, data) -> int:
    return recipe.steps or max(LEAST_STEPS, data.count // recipe.batch_size)
