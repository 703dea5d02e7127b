"""A run's folder: its record, `run.json`, and the lock that keeps other processes out."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_colorize import errors, files
from keras_colorize._version import __version__
from keras_colorize.data.source import Source
from keras_colorize.training.recipe import Recipe

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None

# What may differ when a run goes on, beside a larger number of epochs.
_MAY_CHANGE = {"lr", "discriminator_lr", "finetune_lr", "strategy", "data_service"}


def _versions() -> dict[str, str]:
    ours = {"keras_colorize": __version__, "python": platform.python_version()}
    return ours | {module.__name__: module.__version__ for module in (keras, tf, np)}


def _git_commit() -> str | None:
    command = ["git", "-C", str(Path(__file__).resolve().parent), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() or None


@dataclass
class Run:
    """What is known of a run: what was asked for, what was chosen, what ran, what came of it.

    Attributes:
        recipe: As asked for, with the head and the size that it left open.
        fingerprints: Fingerprints of the photographs, by argument.
        photographs: How many photographs there are, by argument.
        skipped: Name and reason of each photograph that cannot be used.
        classes: The names of the classes that the network learns to tell apart.
        devices: How many devices share a batch.
        head: The head's configuration, with the prior of these photographs where it has one.
        backbone_weights: What the backbone starts from, imagenet, none or a file; None without one.
        trainable_backbone: Whether the backbone is trained too; None without one.
        status: `running`, `interrupted`, `stopped: REASON` or `done`.
        commands: The command lines that worked on it.
        seconds: What training took, over all commands.
        history: One row for each epoch.
        scores: Scores of the trained model on the photographs to validate on.
        overfit: The verdict of `overfit.judge`.
    """

    recipe: Recipe
    fingerprints: dict[str, str]
    photographs: dict[str, int]
    skipped: list
    classes: list[str] = field(default_factory=list)
    devices: int = 1
    head: dict | None = None
    backbone_weights: str | None = None
    trainable_backbone: bool | None = None
    status: str = "running"
    commands: list[list[str]] = field(default_factory=lambda: [sys.argv])
    git_commit: str | None = field(default_factory=_git_commit)
    versions: dict[str, str] = field(default_factory=_versions)
    machine: str = field(default_factory=platform.platform)
    began: str = field(default_factory=lambda: time.strftime("%Y-%m-%dT%H:%M:%S%z"))
    seconds: float | None = None
    history: list[dict] | None = None
    scores: dict | None = None
    overfit: dict | None = None

    @classmethod
    def from_json(cls, content: dict) -> Run:
        """Read what `to_json` or an earlier release gave, which may lack keys of a recipe."""
        content = _known(cls, content)
        return cls(**content | {"recipe": Recipe(**_known(Recipe, content["recipe"]))})

    def to_json(self) -> dict:
        """Return the record as JSON types, without what does not apply or is not known yet."""
        content = dataclasses.asdict(self) | {"seed": self.recipe.seed}
        return {k: v for k, v in content.items() if v is not None or k == "git_commit"}

    def write(self, out: Path) -> None:
        """Write `run.json`."""
        files.write_json(out / "run.json", self.to_json())


def _known(kind, content: dict) -> dict:
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in content.items() if name in names}


def fingerprints_of(data: Source, val: Source | None) -> dict[str, str]:
    """Return what changes when any photograph does."""
    return {"data": data.fingerprint, "val_data": val.fingerprint if val else ""}


def open_run(out: Path, recipe: Recipe, data: Source, val: Source | None) -> Run:
    """Begin a run's record, or go on with the one in its folder if it is the same run.

    Args:
        out: The run's folder.
        recipe: What is asked for now.
        data: The photographs to train on.
        val: The photographs to validate on.

    Raises:
        UsageError: The folder holds another run.
        RunError: The record in the folder cannot be read.
    """
    counts = {"data": data.count, "val_data": val.count if val else 0}
    new = Run(recipe, fingerprints_of(data, val), counts, [list(item) for item in data.skipped])
    path = out / "run.json"
    if not path.exists():
        return new
    try:
        run = Run.from_json(json.loads(path.read_text(encoding="utf-8")))
        _check_same(run, new, out)
    except errors.UsageError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.RunError(
            f"{path} is no record of a run ({type(error).__name__}: {error}). Choose another "
            "folder with -o, or remove this one."
        ) from error
    commands = [*run.commands, sys.argv]
    return dataclasses.replace(run, recipe=recipe, status="running", commands=commands)


def _check_same(before: Run, now: Run, out: Path) -> None:
    """Refuse to go on with another run; say what differs where it may."""
    was, asked = dataclasses.asdict(before.recipe), dataclasses.asdict(now.recipe)
    other = [key for key in asked if was[key] != asked[key]]
    may_change = _MAY_CHANGE | {k for k in ("epochs", "finetune_epochs") if asked[k] >= was[k]}
    if (out / "checkpoints" / "finetune").exists():
        may_change -= {"epochs"}  # what is being fine-tuned has been trained
    changed = [
        f"{key}: {was[key]!r} there, {asked[key]!r} now" for key in other if key not in may_change
    ]
    changed += [
        f"the photographs of {key}"
        for key, fingerprint in now.fingerprints.items()
        if before.fingerprints[key] != fingerprint
    ]
    if changed:
        raise errors.wrong(
            f"{out} holds another run ({'; '.join(changed)}). Choose another folder with -o, "
            "or remove this one.",
            out=out,
        )
    for key in sorted(other):
        print(f"The run goes on with {key} {asked[key]}, not {was[key]}.", file=sys.stderr)


@contextlib.contextmanager
def held(out: Path) -> Iterator[None]:
    """Make a run's folder and hold it, so that two processes cannot write one run.

    Nothing is left of a folder in which nothing was written.

    Raises:
        UsageError: Another process holds the folder, or it cannot be written to.
    """
    path = out / ".lock"
    with files.output_folder(out), open(path, "w") as file:
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise errors.wrong("Another process is training in this folder.", out=out) from error
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # Windows removes no open file
                path.unlink()
