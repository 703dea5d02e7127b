"""`python -m keras_colorize.train`: train a network; the same command resumes."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import platform
import subprocess
import sys
import time
import uuid
from pathlib import Path

from keras_colorize import __version__, cli, errors, files
from keras_colorize.training import recipe as recipes
from keras_colorize.training.recipe import Recipe

_HOLD_OUT_FROM = 100  # photographs; fewer are all trained on
_LEAST_STEPS = 20  # in an epoch, so that a handful of photographs makes an epoch worth the name
_SCORE_SIDE, _SCORE_AT_MOST = 256, 200  # the closing table's crops, and how many of them
_IN_GRID = 6  # photographs in the grids of samples/
# What may differ when a run goes on, beside a larger number of epochs.
_MAY_CHANGE = {"lr", "discriminator_lr", "finetune_lr", "strategy", "data_service"}


def train(recipe: Recipe, out: Path) -> dict:
    """Train, or resume, and write everything to a run's folder.

    Args:
        recipe: What to train.
        out: The run's folder: `run.json`, `history.csv`, `curves.png`, `samples/`, `tensorboard/`,
            `checkpoints/` and, in the end, the Colorizer `model/`.

    Returns:
        The record that `run.json` holds; nothing on a worker that is not the chief.

    Raises:
        UsageError: The recipe does not fit the data, the machine or the run already in `out`.
        RunError: The run cannot go on.
    """
    cli.start_keras()
    import keras

    from keras_colorize.training import distribution

    start = _open_start(recipe)
    recipe = recipes.resolve(_follow(recipe, start))
    strategy = distribution.make_strategy(recipe.strategy)
    distribution.check_batch_size(strategy, recipe.batch_size)
    keras.utils.set_random_seed(recipe.seed)
    with distribution.watched(strategy):
        if not distribution.is_chief(strategy):
            with open(os.devnull, "w") as nowhere:
                with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
                    return _help_chief(recipe, strategy)
        out = cli.make_folder(out, "out")
        with _lock(out):
            return _train(recipe, strategy, out, start)


def _train(recipe, strategy, out, start) -> dict:
    """Train as the only worker, or as the chief of several."""
    import tensorflow as tf

    from keras_colorize.data import photographs, sources
    from keras_colorize.scoring import Photograph, score
    from keras_colorize.training import callbacks, distribution, overfit

    data, val = _open_data(recipe)
    classes = sources.classes_of(*filter(None, (data, val))) if recipe.labels else []
    record = _open_run(recipe, out, data, val) | {"classes": classes}
    record["devices"] = strategy.num_replicas_in_sync
    head = _make_head(recipe, record, data, start)
    weights = _choose_backbone_weights(recipe, record, head)
    distribution.from_chief(strategy, record)
    colorizer = _build(recipe, strategy, record, head, weights)
    colorizer.trained_on = data.digests or frozenset({data.fingerprint})
    if start:
        colorizer.start_from(start)
        colorizer.trained_on |= start.trained_on
        if known := start.trained_on & (val.digests if val else frozenset()):
            print(
                f"WARNING: {recipe.model} has been trained on {len(known)} of the photographs to "
                "validate on.",
                file=sys.stderr,
            )
    files.write_json(out / "run.json", record)
    print(
        f"{recipe.arch}, {colorizer.network.count_params():,} parameters, on {data.count:,} "
        f"photographs: {recipe.epochs + recipe.finetune_epochs} epochs of "
        f"{_steps(recipe, data)} steps of {recipe.batch_size} at {recipe.size}²."
    )

    # ---- loop ----
    shown = [
        photographs.center_crop(photograph, _SCORE_SIDE)
        for photograph in (val or data).read_some(_IN_GRID)
    ]
    writer = tf.summary.create_file_writer(str(out / "tensorboard"))
    handlers = [
        callbacks.StopOnNaN(),
        callbacks.ProgressBar(),
        callbacks.History(out, writer),
        callbacks.Pictures(out / "samples", writer, colorizer, shown),
    ]
    try:
        with distribution.watched(strategy):
            progress = _fit(
                recipe, strategy, colorizer, data, val, classes, out / "checkpoints", handlers
            )
    except (errors.Interrupted, errors.RunError) as stopped:
        interrupted = isinstance(stopped, errors.Interrupted)
        record["status"] = "interrupted" if interrupted else f"stopped: {stopped}"
        files.write_json(out / "run.json", record)
        raise
    try:
        colorizer.save(out / "model")
    except (OSError, RuntimeError) as error:  # h5py has both for a full disk
        raise errors.RunError(
            f"The model could not be written to {out / 'model'} ({error}). The last "
            "checkpoint is whole: make room and give the same command."
        ) from error

    # ---- table ----
    scored = val or data
    some = sources.first(scored, _SCORE_AT_MOST)
    crops = (
        Photograph(name, digest, photographs.center_crop(rgb, _SCORE_SIDE))
        for name, digest, rgb in some.read_all()
    )
    scores = score({recipe.arch: colorizer}, crops, _IN_GRID)
    record |= {
        "status": "done",
        "seconds": round(progress.seconds, 1),
        "history": progress.history,
        "scores": {"data": scored.name, "photographs": scores.count, "rows": scores.rows()},
    }
    if recipe.overfit:
        record["overfit"] = overfit.judge(colorizer, _whole(data))
    files.write_json(out / "run.json", record)
    print(f"\n{scores.count} photographs of {scored.name}, centre crops of {_SCORE_SIDE}²:\n")
    print(scores.table())
    return record


def _help_chief(recipe, strategy) -> None:
    """Train as one of several workers; the chief reads and writes the run's folder."""
    from keras_colorize import heads
    from keras_colorize.training import callbacks, distribution

    data, val = _open_data(recipe)
    record = distribution.from_chief(strategy, None)
    if record["fingerprints"] != _fingerprints(data, val):
        raise errors.UsageError(
            "The photographs here are not those of the first worker. "
            f"Received: data={recipe.data!r}, val_data={recipe.val_data!r}."
        )
    # Whatever weights it begins with, the chief's follow.
    colorizer = _build(recipe, strategy, record, heads.create(**record["head"]), "none")
    quiet = [callbacks.StopOnNaN()]
    _fit(recipe, strategy, colorizer, data, val, record["classes"], Path(), quiet)


def _fit(recipe, strategy, colorizer, data, val, classes, checkpoints, handlers):
    """Run the phases on all workers; they part when all have finished."""
    from keras_colorize.data import pipeline
    from keras_colorize.training import distribution, overfit, phases

    worker = distribution.worker_of(strategy)
    job = distribution.from_chief(strategy, f"keras_colorize-{uuid.uuid4()}")
    if recipe.overfit:
        batches = overfit.whole_batches(colorizer, _whole(data), recipe.batch_size)
    else:

        def batches(step):
            how = (data, recipe.size, recipe.batch_size, recipe.seed, step, classes, worker)
            how += (recipe.crop, recipe.degrade)
            if recipe.data_service:
                numbered = pipeline.numbered_batches(*how)
                return pipeline.serve(numbered, recipe.data_service, f"{job}-{step}")
            return pipeline.training_batches(*how)

    if "saliency" in colorizer.network.output:
        batches = pipeline.with_saliency(batches)
    validation = None
    if val is not None:
        validation = pipeline.validation_batches(val, recipe.size, recipe.batch_size, classes)
    steps = _steps(recipe, data)
    progress = phases.fit(
        recipe, colorizer, strategy, batches, validation, steps, checkpoints, handlers
    )
    distribution.from_chief(strategy, "finished")
    return progress


def _open_start(recipe):
    """Load the trained model to start from, if the recipe names one."""
    from keras_colorize.colorizer import load

    if not recipe.model:
        return None
    start = load(recipe.model)
    if start.arch != recipe.arch:
        raise errors.UsageError(
            f"`model` must be a trained `arch`, and {recipe.model} is {start.arch}. "
            f"Received: model={recipe.model!r}, arch={recipe.arch!r}."
        )
    return start


def _follow(recipe, start) -> Recipe:
    """Take what the recipe leaves open from the model to start from: head, size and network."""
    if not start:
        return recipe
    levels = recipe.levels or start.options.get("levels", 0)
    batch_norm = recipe.batch_norm or start.options.get("batch_norm", False)
    head, size = recipe.head or start.head.name, recipe.size or start.size
    return dataclasses.replace(recipe, head=head, size=size, levels=levels, batch_norm=batch_norm)


def _whole(data):
    return [rgb for _, _, rgb in data.read_all()]


def _steps(recipe, data) -> int:
    return recipe.steps or max(_LEAST_STEPS, data.count // recipe.batch_size)


def _fingerprints(data, val) -> dict[str, str]:
    return {"data": data.fingerprint, "val_data": val.fingerprint if val else ""}


def _open_data(recipe):
    """Open the photographs to train on and those to validate on, which share none."""
    from keras_colorize.data import sources

    data = _check(recipe.data, "data")
    if recipe.overfit:
        data, val = sources.first(data, recipe.overfit), None
    elif recipe.val_data:
        val = _check(recipe.val_data, "val_data")
        shared = data.digests & val.digests
        if not data.digests or not val.digests:
            print(
                "Photographs of tfds are not hashed: nothing checks that --data and --val-data "
                "share none.",
                file=sys.stderr,
            )
        if shared:
            print(
                f"{len(shared)} photographs of --val-data are also in --data; they are not "
                "trained on.",
                file=sys.stderr,
            )
            data = sources.without(data, shared)
            if not data.count:
                raise errors.UsageError(
                    "`val_data` holds every photograph of `data`. "
                    f"Received: data={recipe.data!r}, val_data={recipe.val_data!r}."
                )
    elif data.count >= _HOLD_OUT_FROM and data.digests:
        data, val = sources.hold_out(data)
        print(f"{val.count} photographs are held out for validation.", file=sys.stderr)
    else:
        val = None
    return data, val


def _check(name, argument):
    from tqdm import tqdm

    from keras_colorize.data import sources

    with tqdm(desc=f"check {argument}", unit="photo", disable=None, leave=False) as bar:

        def progress(done, total):
            bar.total = total
            bar.update(done - bar.n)

        source = sources.open_source(name, argument, progress)
    cli.report_skipped(source.skipped)
    return source


def _open_run(recipe, out, data, val) -> dict:
    """Begin the run's record, or go on with the one in `out` if it is the same run."""
    asked = dataclasses.asdict(recipe)
    fingerprints = _fingerprints(data, val)
    path = out / "run.json"
    if path.exists():
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            before, prints = record["recipe"], record["fingerprints"]
            grows = {key for key in ("epochs", "finetune_epochs") if asked[key] >= before[key]}
            if (out / "checkpoints" / "finetune").exists():
                grows -= {"epochs"}  # what is being fine-tuned has been trained
            commands = [*record["commands"], sys.argv]
        except (ValueError, KeyError, TypeError) as error:
            raise errors.RunError(
                f"{path} is no record of a run ({type(error).__name__}: {error}). Choose another "
                "folder with -o, or remove this one."
            ) from error
        before = {**dataclasses.asdict(Recipe()), **before}  # of a release that had fewer keys
        other = {key: before[key] for key in asked if before[key] != asked[key]}
        may_change = other.keys() & (_MAY_CHANGE | grows)
        changed = [
            f"{key}: {value!r} there, {asked[key]!r} now"
            for key, value in other.items()
            if key not in may_change
        ]
        changed += [
            f"the photographs of {key}" for key in fingerprints if prints[key] != fingerprints[key]
        ]
        if changed:
            raise errors.UsageError(
                f"{out} holds another run ({'; '.join(changed)}). Choose another folder with -o, "
                f"or remove this one. Received: out={str(out)!r}."
            )
        for key in sorted(may_change):
            print(f"The run goes on with {key} {asked[key]}, not {before[key]}.", file=sys.stderr)
        return record | {"recipe": asked, "status": "running", "commands": commands}
    return {
        "status": "running",
        "recipe": asked,
        "commands": [sys.argv],
        "seed": recipe.seed,
        "fingerprints": fingerprints,
        "photographs": {"data": data.count, "val_data": val.count if val else 0},
        "skipped": [list(item) for item in data.skipped],
        "git_commit": _git_commit(),
        "versions": _versions(),
        "machine": platform.platform(),
        "began": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _make_head(recipe, record, data, start):
    """Build the head; one with bins measures the photographs, once in a run."""
    from keras_colorize import heads

    if "head" in record:
        return heads.create(**record["head"])
    head = heads.create(recipe.head, **({"loss": recipe.loss} if recipe.loss != "l2" else {}))
    if start and isinstance(head, heads.GamutBins) and start.head.name == head.name:
        head = start.head  # its classes are what its weights know
    elif isinstance(head, heads.GamutBins):
        from keras_colorize.training import prior

        head = prior.measure(head, data, recipe.size, recipe.batch_size)
        print(f"{len(head.kept)} colour classes.")
    record["head"] = head.config()
    return head


def _choose_backbone_weights(recipe, record, head) -> str:
    """Choose what the backbone starts from; the record keeps it, and whether it is trained."""
    from keras_colorize import models

    if "backbone_weights" not in models.options_of(recipe.arch):
        return ""
    if "backbone_weights" in record:  # a run that goes on: its checkpoint brings the weights
        return "none"
    weights, trainable = recipe.backbone_weights, recipe.trainable_backbone
    if recipe.model:
        record |= {"backbone_weights": "none", "trainable_backbone": trainable}
        return "none"  # the model's follow
    why = ""
    if weights == "auto" and recipe.batch_norm:
        weights, why = "none", ", which have no batch norm"
    elif weights == "auto":
        try:
            models.create(recipe.arch, head, backbone_weights="imagenet")
            weights = "imagenet"
        except errors.WeightsUnavailable:
            weights, why = "none", ", which could not be had"
    if weights == "none":
        print(
            f"WARNING: the backbone starts from random weights, not ImageNet's{why}; the whole "
            "network is trained.",
            file=sys.stderr,
        )
        trainable = True
    record |= {"backbone_weights": weights, "trainable_backbone": trainable}
    return weights


def _build(recipe, strategy, record, head, weights):
    """Build the Colorizer for the strategy's devices."""
    from keras_colorize.colorizer import Colorizer
    from keras_colorize.training import precision

    options = {"levels": recipe.levels, "classes": len(record["classes"])}
    options |= {"batch_norm": recipe.batch_norm}
    options = {name: value for name, value in options.items() if value}
    if "backbone_weights" in record:
        trainable = record["trainable_backbone"]
        options |= {"backbone_weights": weights, "trainable_backbone": trainable}
    with strategy.scope(), precision.policy(recipe.precision):
        return Colorizer(recipe.arch, head, recipe.size, **options)


def _versions() -> dict[str, str]:
    import keras
    import numpy
    import tensorflow

    modules = {"keras": keras, "tensorflow": tensorflow, "numpy": numpy}
    versions = {name: module.__version__ for name, module in modules.items()}
    return {"keras_colorize": __version__, "python": platform.python_version(), **versions}


def _git_commit() -> str | None:
    here = Path(__file__).resolve().parent
    command = ["git", "-C", str(here), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() or None


def _lock(out: Path):
    """Hold the run's folder, so that two processes cannot write one run."""
    file = open(out / ".lock", "w")  # noqa: SIM115, the caller closes it with the run
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        pass  # Windows has no flock
    except OSError as error:
        file.close()
        raise errors.UsageError(
            f"Another process is training in this folder. Received: out={str(out)!r}."
        ) from error
    return file


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser("train", "Train a network on photographs. The same command resumes.")
    parser.add_argument("--recipe", metavar="NAME|FILE", help="a recipe: " + _recipe_names())
    parser.add_argument(
        "-o", "--out", help="the run's folder (default: runs/ARCH, or runs/RECIPE with --recipe)"
    )
    recipes.add_flags(parser)
    arguments = parser.parse_args(argv)

    def run() -> int:
        recipe = recipes.from_flags(arguments)
        named = Path(arguments.recipe).stem if arguments.recipe else recipe.arch
        out = Path(arguments.out or Path("runs") / named)
        try:
            record = train(recipe, out)
        except errors.Interrupted as stopped:
            print(f"\nStopped; a checkpoint is in {out}. The same command goes on from there.")
            return 128 + stopped.signal
        if record is None:  # the chief has the rest to say
            return cli.DONE
        print(f"Pictures  {out / 'samples'}\nCurves    {out / 'curves.png'}")
        print(f"Model     {out / 'model'}")
        print(f"Next      keras-colorize colorize PHOTOGRAPH --model {out}")
        return _say_verdict(record["overfit"]) if recipe.overfit else cli.DONE

    return cli.guard(parser, run)


def _say_verdict(overfit) -> int:
    """Print what the check found; return the exit code."""
    print(
        "Overfit   {}: ab RMSE {:.1f} against grey's {:.1f}, PSNR {:.1f} dB against {:.1f}".format(
            "passed" if overfit["passed"] else "FAILED",
            *(overfit[key] for key in ("ab_rmse", "grey_ab_rmse", "psnr", "grey_psnr")),
        )
    )
    return cli.DONE if overfit["passed"] else cli.SOME_FAILED


def _recipe_names() -> str:
    return ", ".join([*recipes.RECIPES.names(), "or a file"])


if __name__ == "__main__":
    sys.exit(main())
