"""Checkpoints that survive a kill, a full disk or a truncated file, or say what was lost."""

import json
import re
import shutil
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import tensorflow as tf

from keras_colorize import files
from keras_colorize.errors import RunError
from keras_colorize.training import distribution

_PROGRESS, _DIGEST = "progress.json", "progress.sha256"
_GRAPH = re.compile(r"\{\{.*?\}\} ")  # where in its graph TensorFlow was, which says nothing here
_KEEP = 2  # the newest, and the one before in case the newest cannot be read


@dataclass
class Progress:
    """How far a run has come, beside its variables.

    Attributes:
        step: Steps done.
        seconds: Time spent, over all the processes that worked on the run.
        sums: Sums of what the steps of the unfinished epoch logged.
        history: One row for each finished epoch.
    """

    step: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)


class Checkpoints:
    """The checkpoints of one run: a folder each, named by step, written whole or not at all.

    They are made in the scope of the run's strategy. Where there are several workers, all must make
    the same calls; the chief alone reads and writes, and the others get from it what it has read.

    Args:
        folder: Where they are.
        variables: Everything that training changes: weights, BN statistics, seeds, optimizers.
    """

    def __init__(self, folder: Path, variables: list):
        self.folder = folder
        self.variables = variables
        self._strategy = tf.distribute.get_strategy()
        self._checkpoint = tf.train.Checkpoint(variables=[v.value for v in variables])

    def save(self, progress: Progress) -> None:
        """Write a checkpoint, then remove those that are older than the one before.

        Raises:
            RunError: A weight is not finite, or the disk does not take it.
        """
        if not distribution.is_chief(self._strategy):
            return
        for variable in self.variables:
            if variable.dtype.startswith("float") and not _is_finite(variable):
                raise RunError(
                    f"`{variable.path}` is not finite after step {progress.step}; no checkpoint "
                    "was written. Lower --lr; the run goes on from its last checkpoint."
                )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with files.atomic_folder(self._path(progress.step)) as temporary:
                self._checkpoint.write(str(temporary / "variables"))  # with checksums
                (temporary / _PROGRESS).write_text(json.dumps(asdict(progress)))
                (temporary / _DIGEST).write_text(files.sha256(temporary / _PROGRESS))
        except (OSError, tf.errors.OpError) as error:
            left = self._steps()
            raise RunError(
                f"The checkpoint of step {progress.step} could not be written to {self.folder} "
                f"({_GRAPH.sub('', str(getattr(error, 'message', error)))}). "
                + (f"That of step {left[-1]} is whole." if left else "There is none yet.")
                + " Make room and give the same command."
            ) from error
        for step in self._steps()[:-_KEEP]:
            shutil.rmtree(self._path(step), ignore_errors=True)

    def begin(self, progress: Progress) -> None:
        """Write a first checkpoint, of the weights that the run or its next phase starts from.

        A run that is killed in its first minute then starts again from the same weights. Nothing is
        written if there is a checkpoint already.
        """
        if not distribution.is_chief(self._strategy):
            return
        files.remove_leftovers(self.folder)
        if not self._steps():
            self.save(progress)

    def restore(self) -> Progress:
        """Restore the newest checkpoint that can be read; say so when it is not the newest.

        Returns:
            Its progress, or that of a run not begun when there is none.

        Raises:
            RunError: There are checkpoints, and none can be read.
        """
        progress = self._read() if distribution.is_chief(self._strategy) else Progress()
        distribution.spread(self._strategy, self.variables)
        return Progress(**distribution.from_chief(self._strategy, asdict(progress)))

    def _read(self) -> Progress:
        steps = self._steps()
        for step in reversed(steps):
            path = self._path(step)
            try:
                if (path / _DIGEST).exists():  # an earlier release wrote none
                    files.check_digest(path / _PROGRESS, (path / _DIGEST).read_text(), _DIGEST)
                progress = Progress(**json.loads((path / _PROGRESS).read_text()))
                status = self._checkpoint.read(str(path / "variables"))
                status.assert_consumed()
                return progress
            except Exception as error:  # TensorFlow has many ways to say that a file is damaged
                reason = _GRAPH.sub("", str(error) or type(error).__name__).splitlines()[0]
                print(f"Checkpoint {path} cannot be read: {reason}", file=sys.stderr)
        if steps:
            raise RunError(
                f"No checkpoint in {self.folder} can be read. Start afresh in another folder (-o), "
                "or remove this one."
            )
        return Progress()

    def _path(self, step: int) -> Path:
        return self.folder / f"step-{step:08d}"

    def _steps(self) -> list[int]:
        return sorted(int(path.name[5:]) for path in self.folder.glob("step-????????"))


def _is_finite(variable) -> bool:
    return bool(tf.reduce_all(tf.math.is_finite(tf.convert_to_tensor(variable.value))))
