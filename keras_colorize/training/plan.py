"""What a run would do and what it would cost, told before TensorFlow starts."""

import os
import re
import textwrap
from pathlib import Path

from keras_colorize import errors
from keras_colorize.data import finding
from keras_colorize.training.header import Header
from keras_colorize.training.recipe import Recipe, to_toml

LEAST_STEPS = 20  # in an epoch, so that a handful of photographs makes an epoch worth the name
_SAMPLES = 6
_WIDTH = 100  # of what is printed
_HELD_OUT = "one photograph in twenty, if --data has a hundred or more"


def check(recipe: Recipe) -> None:
    """Refuse a recipe whose files are not there; tfds is not asked, which takes TensorFlow.

    Raises:
        PhotographsUnavailable: There are no photographs to train on, or to validate on.
        UsageError: There is no file with the backbone's weights.
    """
    for argument in ("data", "val_data"):
        finding.find_named(getattr(recipe, argument), argument)
    weights = recipe.backbone_weights
    recipe.check(
        weights in ("auto", "imagenet", "none") or os.path.isfile(weights),
        "`backbone_weights` must be 'auto', 'imagenet', 'none' or the path of a file that exists.",
        "backbone_weights",
    )


def describe(recipe: Recipe, header: Header, out: Path) -> str:
    """Say what a run would do.

    Args:
        recipe: The recipe, resolved.
        header: What its file says.
        out: The run's folder.
    """
    rows = {
        "Recipe": header.title or "no file, flags alone",
        "Needs": header.needs,
        "Expect": header.expect,
        "Photographs": _place(recipe.data, "data"),
        "Validation": _place(recipe.val_data, "val_data") or _HELD_OUT,
        "Cost": cost(recipe),
        "Folder": str(out),
    }
    return f"{to_toml(recipe)}\n{rows_of(rows)}"


def rows_of(rows: dict[str, str], indent: int = 0) -> str:
    """Return named texts, wrapped beside their names; those that are empty are left out."""
    width = indent + max(map(len, rows)) + 2
    return "".join(
        textwrap.fill(
            text,
            _WIDTH,
            initial_indent=f"{' ' * indent}{name}".ljust(width),
            subsequent_indent=" " * width,
            break_long_words=False,
            break_on_hyphens=False,
        )
        + "\n"
        for name, text in rows.items()
        if text
    )


def cost(recipe: Recipe) -> str:
    """Say how many photographs a run of a resolved recipe would look at, if that is known."""
    count = _count(recipe)
    steps = recipe.steps or (count and max(LEAST_STEPS, count // recipe.batch_size))
    epochs = recipe.epochs + recipe.finetune_epochs
    batch = f"{errors.counted(recipe.batch_size, 'photograph')} at {recipe.size}²"
    if not steps:
        return f"{errors.counted(epochs, 'epoch')} in batches of {batch}"
    seen = epochs * steps * recipe.batch_size
    return (
        f"{errors.counted(epochs, 'epoch')} of {errors.counted(steps, 'step')} of {batch}, "
        f"{errors.counted(seen, 'photograph')} seen in all"
    )


def _count(recipe) -> int | None:
    """Return the number of photographs in an epoch, before any is checked."""
    if recipe.overfit:
        return recipe.overfit
    if recipe.data == "samples":
        return _SAMPLES
    if stretch := re.fullmatch(r"tfds:.*\[(\d*):(\d+)\]", recipe.data):
        return int(stretch[2]) - int(stretch[1] or 0)
    try:
        found = finding.find_named(recipe.data, "data")
    except errors.UsageError:
        return None
    return None if any(path.suffix.lower() == ".tar" for path in found) else len(found) or None


def _place(name: str, argument: str) -> str:
    """Say where photographs are, or that they are not there."""
    if name in ("", "samples"):
        return name
    if name.startswith("tfds:"):
        root = Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()
        prepared = (root / name.split(":")[1]).is_dir()
        return f"{name}, {'' if prepared else 'not yet '}in {root}"
    try:
        found = finding.find_named(name, argument)
    except errors.PhotographsUnavailable:
        return f"{name}, MISSING: there is none in {Path(name).absolute()}"
    return f"{name}, {errors.counted(len(found), 'file')} in {Path(name).absolute()}"
