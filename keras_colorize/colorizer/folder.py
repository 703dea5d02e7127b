"""The folder of a trained model: `config.json`, `model.weights.h5` and `trained_on.txt`."""

import os
import warnings
from pathlib import Path

import h5py
import keras
import numpy as np

from keras_colorize import errors, files, heads
from keras_colorize._version import __version__
from keras_colorize.colorizer import summary as summaries
from keras_colorize.colorizer.summary import CONFIG, FORMAT, TRAINED_ON, WEIGHTS, Summary


def write(
    folder: str | os.PathLike,
    config: dict,
    network: keras.Model,
    trained_on: frozenset[str],
    half: bool,
) -> None:
    """Write a model's folder, all or nothing.

    Args:
        folder: It is replaced if it exists.
        config: `arch`, `head`, `size`, `options` and `decoding`, as `Summary` has them.
        network: The network whose weights are written.
        trained_on: Digests of the photographs that it was trained on.
        half: Write kernels in half precision.

    Raises:
        RunError: A kernel is too large for half precision.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with files.atomic_folder(folder) as temporary:
        network.save_weights(temporary / WEIGHTS)
        if half:
            halve(temporary / WEIGHTS)
        whole = {
            "format": FORMAT,
            **config,
            "parameters": network.count_params(),
            "weights_sha256": files.sha256(temporary / WEIGHTS),
            "keras_colorize": __version__,
        }
        files.write_json(temporary / CONFIG, whole)
        lines = "".join(f"{digest}\n" for digest in sorted(trained_on))
        (temporary / TRAINED_ON).write_text(lines, encoding="utf-8")


def read(folder: str | os.PathLike) -> tuple[Summary, heads.Head, frozenset[str]]:
    """Read what a folder says of its model, and check that its weights file is the one described.

    Returns:
        The summary, the head, and digests of the photographs that the model was trained on, empty
        if they are not known.

    Raises:
        UsageError: A file is missing, damaged or altered.
    """
    summary = summaries.read(folder)
    folder = summary.folder
    trained_on = frozenset()
    if (folder / TRAINED_ON).is_file():
        trained_on = frozenset((folder / TRAINED_ON).read_text(encoding="utf-8").splitlines())
    try:
        head = heads.create(**summary.head)
    except TypeError as error:
        raise summaries.unreadable(folder / CONFIG, error) from error
    files.check_digest(folder / WEIGHTS, summary.digest, CONFIG)
    return summary, head, trained_on


def load_weights(summary: Summary, network: keras.Model) -> None:
    """Give a network the weights of a folder.

    Raises:
        UsageError: They do not fit it, all of them.
    """
    weights = summary.folder / WEIGHTS
    # Keras complains of arrays that are missing or misshapen, but not of arrays left over.
    with h5py.File(weights) as file:
        held = _count_values(file)
    expected = network.count_params()
    if not held == summary.parameters == expected:
        raise errors.UsageError(
            f"{weights} does not fit {summary.arch} with head {summary.head['name']}: it holds "
            f"{held:,} parameters, the network has {expected:,}."
        )
    try:
        with warnings.catch_warnings():
            # Where whole groups of arrays are missing Keras warns, and leaves layers fresh.
            warnings.simplefilter("error", UserWarning)
            network.load_weights(weights)
    except (ValueError, KeyError, UserWarning) as error:
        raise errors.UsageError(f"{weights} does not fit {summary.arch}: {error}") from error


def _count_values(group: h5py.Group) -> int:
    return sum(
        item.size if isinstance(item, h5py.Dataset) else _count_values(item)
        for item in group.values()
    )


def halve(path: Path) -> None:
    """Write a weights file again, with kernels in half precision."""
    whole = path.with_suffix(".whole")
    path.rename(whole)
    with h5py.File(whole) as source, h5py.File(path, "w") as target:
        _copy_halved(source, target)
    whole.unlink()


def _copy_halved(source: h5py.Group, target: h5py.Group) -> None:
    target.attrs.update(source.attrs)
    for name, item in source.items():
        if isinstance(item, h5py.Group):
            _copy_halved(item, target.create_group(name))
            continue
        values = item[()]
        if values.ndim > 1 and values.dtype == np.float32:
            with np.errstate(over="ignore"):
                values = values.astype("float16")
            if not np.isfinite(values).all():
                raise errors.RunError(f"{item.name} is too large for half precision.")
        target.create_dataset(name, data=values).attrs.update(item.attrs)
