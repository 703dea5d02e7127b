"""tf.data: photographs → batches of ({"lightness": L*}, {"color": Lab}).

Order and augmentation depend on the seed and on the photograph's number in the stream, never on an
iterator's state. So a run that resumes at step k sees what an uninterrupted one would have seen
from step k on, no iterator needs saving, and workers share the stream without communicating.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import tensorflow as tf

from keras_colorize import errors
from keras_colorize.color import lab
from keras_colorize.data import film, windows
from keras_colorize.data.file_source import FileSource
from keras_colorize.data.source import Source

_PARALLEL = tf.data.AUTOTUNE
_ENDLESS = 2**60  # batches: more than any run takes
_ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class BatchOptions:
    """How batches are made of photographs.

    Attributes:
        size: Side of the square crops, pixels. A crop is a window of the photograph, reduced (or
            enlarged) to `size` by averaging areas.
        batch_size: Photographs in a batch, over all workers.
        seed: Seed of order and augmentation.
        classes: Names of the classes that photographs belong to, if they are a target.
        worker: Its number and how many workers there are, which divides `batch_size`. Each gets
            (and reads, but for tfds) its part of every batch; together they get what one would.
        crop: Share of the short side that the smallest windows take; sizes are drawn from it up to
            ⅞, or are all alike if it is no smaller.
        degrade: Share of the photographs that look as if on old film; see `film.age`.
    """

    size: int
    batch_size: int
    seed: int = 0
    classes: Sequence[str] = ()
    worker: tuple[int, int] = (0, 1)
    crop: float = windows.LARGEST
    degrade: float = 0.0


def training_batches(source: Source, options: BatchOptions, start_step: int = 0) -> tf.data.Dataset:
    """Endless batches of random crops, mirrored half of the time.

    Photographs come in a new order each epoch, each once before any comes twice; epochs follow each
    other without a gap, so a batch may hold the end of one and the beginning of the next.

    Args:
        source: Photographs.
        options: How they become batches.
        start_step: Batches to pass over, without reading them.

    Returns:
        `{"lightness": L* float32 (B / workers, size, size, 1)}` in 0…100 and
        `{"color": float32 (B / workers, size, size, 3)}`, the same crop in CIELAB; with classes
        also `{"class_logits": int64 (B / workers,)}`, the place of each photograph's class among
        them.
    """
    start = start_step * options.batch_size
    epochs = tf.data.Dataset.counter(start // source.count).flat_map(
        lambda epoch: source.items(options.seed, epoch)
    )
    numbers = tf.data.Dataset.counter(start)
    stream = tf.data.Dataset.zip((numbers, epochs.skip(start % source.count)))

    number, workers = options.worker
    stream = stream.shard(workers, number) if workers > 1 else stream
    crops = stream.map(_random_crop(source, options, source.read), _PARALLEL)
    return _batches(crops, options, options.batch_size // workers)


def numbered_batches(source: Source, options: BatchOptions, start_step: int = 0) -> tf.data.Dataset:
    """`training_batches` for `serve`: each batch can be computed by itself, on any machine.

    Arguments and elements are the same, except that every worker gets all the parts of each batch,
    one after the other, so that the service can give each part to one worker. The order of an epoch
    is another one, which needs no list of the photographs.

    Raises:
        UsageError: The photographs have no numbers to share out.
    """
    if not isinstance(source, FileSource):
        raise errors.wrong(
            "`data_service` needs photographs in files or tar shards, not a stream of tfds.",
            data=source.name,
        )
    _, workers = options.worker
    part = options.batch_size // workers
    count = tf.constant(source.count, tf.int64)

    def numbers(index):
        return tf.data.Dataset.range(index * part, (index + 1) * part)

    def item(number):
        key = tf.stack([tf.constant(options.seed, tf.int64), number // count])
        return tf.random.experimental.index_shuffle(number % count, key, count - 1)

    # The service shares out the numbers of parts. They come from a very long range, because each
    # number of an endless counter would go to several of its workers.
    stream = tf.data.Dataset.range(start_step * workers, _ENDLESS).flat_map(numbers)
    crop = _random_crop(source, options, source.read_anywhere)
    crops = stream.map(lambda number: crop(number, item(number)), _PARALLEL)
    return _batches(crops, options, part)


def serve(batches: tf.data.Dataset, address: str, job: str) -> tf.data.Dataset:
    """Let a tf.data service prepare `numbered_batches`.

    Each batch is prepared by one of the service's workers and goes to one of ours, so that each
    photograph still comes once in an epoch. Batches that are prepared at the same time come in the
    order in which they are ready.

    Args:
        batches: The same on all our workers.
        address: Address of the service's dispatcher, `grpc://HOST:PORT`.
        job: A name that all our workers share, and no other attempt at the run.

    Raises:
        UsageError: Nobody answers there; TensorFlow would wait for ever.
    """
    try:
        host, port = address.removeprefix("grpc://").rsplit(":", 1)
        socket.create_connection((host, int(port)), timeout=_ANSWER_SECONDS).close()
    except (OSError, ValueError) as error:
        raise errors.wrong(
            f"`data_service` must be grpc://HOST:PORT of a dispatcher that runs ({error}).",
            data_service=address,
        ) from error
    share_out = tf.data.experimental.service.ShardingPolicy.DYNAMIC
    return batches.apply(tf.data.experimental.service.distribute(share_out, address, job_name=job))


def validation_batches(source: Source, options: BatchOptions) -> tf.data.Dataset:
    """One pass of central crops, in order.

    Arguments and elements are those of `training_batches`; the last batch may be smaller, and seed,
    worker and crop do not matter.
    """

    def crop(item):
        photograph = source.decode(item, source.read(item))
        crop = _crop(photograph, options.size, windows.LARGEST, 0.5, 0.5)
        return crop, _label(source, item, options), {}

    crops = source.items().map(crop, _PARALLEL)
    return _batches(crops, options, options.batch_size, drop_remainder=False)


def with_saliency(batches: Callable[[int], tf.data.Dataset]) -> Callable[[int], tf.data.Dataset]:
    """Add saliency maps to the targets of batches.

    OpenCV's fine-grained saliency (Montabone and Soto 2010) compares center and surround. It shows
    whole regions between sharp contours, where colors should be kept apart. OpenCV's other map, the
    spectral residual, is dark except for a few blurred spots; as a weight it would mute the loss.

    Args:
        batches: A function from a step to batches from that step on, as of `training_batches`.

    Returns:
        The same with targets `"saliency"`, float32 `(B, H, W, 1)` in [-1, 1].
    """

    def add(inputs, targets):
        rgb = tf.cast(tf.round(255.0 * lab.lab_to_rgb(targets["color"])), tf.uint8)
        saliency = tf.numpy_function(_saliency, [rgb], tf.float32)
        saliency = tf.ensure_shape(saliency, inputs["lightness"].shape)
        return inputs, targets | {"saliency": saliency}

    return lambda step: batches(step).map(add, _PARALLEL).prefetch(2)


def _saliency(rgb):
    finder = cv2.saliency.StaticSaliencyFineGrained_create()
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    maps = np.stack([finder.computeSaliency(picture)[1] for picture in bgr])
    return 2 * maps[..., None] - 1


# ---- one photograph ----


def _random_crop(source, options, read):
    def crop(number, item):
        key = tf.stack([tf.constant(options.seed, tf.int64), number])
        draw = tf.random.stateless_uniform((4,), seed=key)
        share = windows.draw_share(draw[3], options.crop)
        photograph = source.decode(item, read(item))
        crop = _crop(photograph, options.size, share, draw[0], draw[1])
        mirrored = tf.cond(draw[2] < 0.5, lambda: crop, lambda: tf.reverse(crop, [1]))
        wear = film.draw(options.size, options.degrade, key) if options.degrade else {}
        return mirrored, _label(source, item, options), wear

    return crop


def _label(source, item, options):
    if not options.classes:
        return tf.constant(-1, tf.int64)
    return source.label(item, options.classes)


def _crop(rgb, size, share, row, column):
    """Cut a window, `share` of the short side, at `row`, `column` (0…1); bring it to `size`."""
    shape = tf.shape(rgb)
    side = tf.cast(tf.minimum(shape[0], shape[1]), tf.float32)
    window = tf.maximum(tf.cast(tf.round(share * side), tf.int32), 1)

    def offset(length, position):
        room = tf.cast(length - window + 1, tf.float32)
        return tf.minimum(tf.cast(position * room, tf.int32), length - window)

    top, left = offset(shape[0], row), offset(shape[1], column)
    crop = rgb[top : top + window, left : left + window]
    # Averages over areas: no aliasing however large the photograph, and the fastest of the kind.
    crop = tf.image.resize(crop[None], (size, size), method="area")[0]
    return tf.cast(tf.round(crop), tf.uint8)


# ---- batches ----


def _batches(crops, options, batch_size, drop_remainder=True):
    shape = (options.size, options.size, 3)

    def targets(rgb, label, wear):
        inputs, target = _to_lab(rgb)
        if wear:
            inputs = {"lightness": film.age(rgb, inputs["lightness"], **wear)}
        return inputs, target | ({"class_logits": label} if options.classes else {})

    crops = crops.map(lambda crop, *more: (tf.ensure_shape(crop, shape), *more))
    return crops.batch(batch_size, drop_remainder=drop_remainder).map(targets).prefetch(2)


@tf.function(jit_compile=True)  # one fused loop: a fifth of the time of separate operations
def _to_lab(rgb):
    photograph = lab.rgb_to_lab(rgb)
    return {"lightness": photograph[..., :1]}, {"color": photograph}
