"""Several devices and several machines.

A worker is a process with its devices. Under `multiworker` there are several, and the first is the
chief: it alone reads and writes the run's folder. What it decides or has read reaches the others by
broadcast, so they need no common file system, except for the photographs.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator

import keras
import numpy as np
import tensorflow as tf

from keras_colorize import errors

_SLURM_PORT = 8888  # of the first worker on a node; the others follow


# ---- strategies ----


def make_strategy(name: str) -> tf.distribute.Strategy:
    """Return the tf.distribute strategy of `--strategy`.

    `multiworker` must be made before TensorFlow has run anything, and waits for all workers.

    Raises:
        UsageError: `multiworker`, and the environment does not say who the workers are.
    """
    if name == "multiworker":
        return tf.distribute.MultiWorkerMirroredStrategy(_find_workers())
    if name == "mirrored":
        # Left to itself MirroredStrategy sees one CPU, however many logical ones there are.
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def _find_workers() -> tf.distribute.cluster_resolver.ClusterResolver:
    """Learn from the environment who the workers are, and which of them this process is."""
    resolvers = tf.distribute.cluster_resolver
    try:
        if "TF_CONFIG" in os.environ:
            return resolvers.TFConfigClusterResolver()
        if "WORKERS" in os.environ:
            hosts = os.environ["WORKERS"].replace(",", " ").split()
            index = int(os.environ["JOB_COMPLETION_INDEX"])
            spec = tf.train.ClusterSpec({"worker": hosts})
            return resolvers.SimpleClusterResolver(spec, task_type="worker", task_id=index)
        if "SLURM_STEP_NODELIST" in os.environ:
            # Slurm itself chooses the GPUs that a task sees (--gpus-per-task). So that the resolver
            # does not, it is told that there are more than there can be tasks on a node.
            return resolvers.SlurmClusterResolver(
                port_base=_SLURM_PORT, gpus_per_node=1024, gpus_per_task=1, auto_set_gpu=False
            )
    except (KeyError, ValueError, RuntimeError) as error:
        raise errors.wrong(
            f"The workers in the environment make no sense ({type(error).__name__}: {error}).",
            strategy="multiworker",
        ) from error
    raise errors.wrong(
        "Nothing says who the workers are: set TF_CONFIG; or WORKERS (host:port, …) and "
        "JOB_COMPLETION_INDEX; or start with Slurm's srun.",
        strategy="multiworker",
    )


def check_batch_size(strategy: tf.distribute.Strategy, batch_size: int) -> None:
    """Refuse a batch that does not divide evenly among the devices."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise errors.wrong(
            f"`batch_size` must be a multiple of the number of devices, {replicas}, so that each "
            "photograph counts the same.",
            batch_size=batch_size,
        )


# ---- workers ----


def worker_of(strategy: tf.distribute.Strategy) -> tuple[int, int]:
    """Return this worker's number, 0 for the chief, and how many workers there are."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return 0, 1
    resolver = strategy.cluster_resolver
    jobs = resolver.cluster_spec().as_dict()
    chiefs = len(jobs.get("chief", []))  # some schedulers give the first worker this name
    number = (resolver.task_id or 0) + (chiefs if resolver.task_type == "worker" else 0)
    return number, max(1, chiefs + len(jobs.get("worker", [])))


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Tell whether this worker is the one that reads and writes the run's folder."""
    return worker_of(strategy)[0] == 0


def from_chief(strategy: tf.distribute.Strategy, value):
    """Return the chief's `value`, of JSON types, on every worker; all must call this."""
    if worker_of(strategy)[1] == 1:
        return value
    content = np.frombuffer(json.dumps(value).encode(), np.uint8).astype("int32")
    length = int(_broadcast(strategy, np.int64(len(content))))
    return json.loads(bytes(_broadcast(strategy, np.resize(content, length)).astype(np.uint8)))


def spread(strategy: tf.distribute.Strategy, variables: Iterable[keras.Variable]) -> None:
    """Give every worker the chief's values of its variables; all must call this."""
    if worker_of(strategy)[1] == 1:
        return
    for variable in variables:
        value = np.asarray(variable.value)
        wide = "int64" if value.dtype.kind in "iu" else "float32"  # what can be broadcast
        variable.assign(_broadcast(strategy, value.astype(wide)).astype(value.dtype))


def _broadcast(strategy, value) -> np.ndarray:
    with strategy.scope():  # in which a variable begins on all workers as it does on the chief
        return tf.Variable(value, trainable=False).numpy()


def any_worker(strategy: tf.distribute.Strategy, yes: bool) -> bool:
    """Tell whether any worker says yes; all must call this."""
    if worker_of(strategy)[1] == 1:
        return yes
    return float(_sum(strategy, tf.constant(yes, tf.float32))) > 0


@tf.function
def _sum(strategy, value):
    return strategy.reduce("SUM", strategy.run(tf.identity, args=(value,)), axis=None)


@contextlib.contextmanager
def watched(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turn what TensorFlow raises, because of a lost worker for example, into a RunError."""
    try:
        yield
    except tf.errors.OpError as error:
        if worker_of(strategy)[1] > 1 and isinstance(error, _LOST):
            raise errors.RunError(
                "Another worker has stopped: its own messages say why. Start all workers again "
                "with the same command; the run goes on from its last checkpoint."
            ) from error
        raise errors.RunError(f"TensorFlow stopped: {error.message.splitlines()[0]}") from error


_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
)


# ---- batches ----


def distribute(strategy: tf.distribute.Strategy, dataset: tf.data.Dataset):
    """Deal this worker's endless batches out to its devices, each a part of every batch."""
    devices = strategy.num_replicas_in_sync // worker_of(strategy)[1]
    if devices > 1:
        dataset = dataset.map(
            lambda *batch: tf.nest.map_structure(
                lambda x: tf.reshape(x, tf.concat([[devices, -1], tf.shape(x)[1:]], 0)), batch
            )
        ).unbatch()
    endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
    return strategy.distribute_datasets_from_function(lambda _: dataset.apply(endless))


# ---- networks ----


def synchronize_batch_norm(strategy: tf.distribute.Strategy, trainer: keras.Model) -> None:
    """Let batch normalization take its statistics over the batches of all devices together.

    Otherwise each device would have its own, and a checkpoint would hold only the first one's.
    """
    if strategy.num_replicas_in_sync == 1:
        return
    for layer in trainer.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
        elif isinstance(layer, keras.Model):
            synchronize_batch_norm(strategy, layer)
