"""tf.data: photographs → batches of (L*, {"color": Lab}).

Order and augmentation are functions of the seed and of the photograph's number in the stream, never
of an iterator's state. So a run that resumes at step k sees what an uninterrupted one would have
seen from step k on, no iterator needs saving, and several workers share the stream without a word.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import tensorflow as tf

from keras_colorize import errors
from keras_colorize.color import lab
from keras_colorize.data import film
from keras_colorize.data.sources import Source

WINDOW = 7 / 8  # of the short side is cropped: 224 of 256 pixels, as is usual
_BLOCK = 1024  # encoded photographs of a tfds stream held in memory and shuffled together
_PARALLEL = tf.data.AUTOTUNE
_ENDLESS = 2**60  # batches: more than any run takes
_ANSWER_SECONDS = 10.0


def training_batches(
    source: Source,
    size: int,
    batch_size: int,
    seed: int,
    start_step: int = 0,
    classes: Sequence[str] = (),
    worker: tuple[int, int] = (0, 1),
    least: float = WINDOW,
    degrade: float = 0.0,
) -> tf.data.Dataset:
    """Endless batches of random crops, mirrored half of the time.

    Photographs come in a new order each epoch, each once before any comes twice; epochs follow each
    other without a gap, so a batch may hold the end of one and the beginning of the next.

    Args:
        source: Photographs.
        size: Side of the square crops, pixels. A crop is a window of the photograph,
            reduced (or enlarged) to `size` by averaging areas.
        batch_size: Photographs in a batch, over all workers.
        seed: Of order and augmentation.
        start_step: Batches to pass over, without reading them.
        classes: Names of the classes that photographs belong to, if they are a target.
        worker: Its number and how many workers there are, which divides `batch_size`. Each gets
            (and reads, but for tfds) its part of every batch; together they get what one would.
        least: Share of the short side that the smallest windows take; sizes are drawn from it up to
            ⅞, or are all alike if it is no smaller.
        degrade: Share of the photographs that come as on old film; see `film.age`.

    Returns:
        L* float32 `(B / workers, size, size, 1)` in 0…100 and
        `{"color": float32 (B, size, size, 3)}`, the same crop in CIELAB
        as it was; with classes also
        `{"class_logits": int64 (B,)}`, the place of each photograph's class among them.
    """
    start = start_step * batch_size
    epochs = tf.data.Dataset.counter(start // source.count).flat_map(
        lambda epoch: _epoch(source, seed, epoch)
    )
    numbers = tf.data.Dataset.counter(start)
    stream = tf.data.Dataset.zip((numbers, epochs.skip(start % source.count)))

    number, workers = worker
    stream = stream.shard(workers, number) if workers > 1 else stream
    crop = _random_crop(source, size, seed, classes, least, _read, degrade)
    crops = stream.map(crop, _PARALLEL)
    return _batches(crops, size, batch_size // workers, classes, drop_remainder=True)


def numbered_batches(
    source: Source,
    size: int,
    batch_size: int,
    seed: int,
    start_step: int = 0,
    classes: Sequence[str] = (),
    worker: tuple[int, int] = (0, 1),
    least: float = WINDOW,
    degrade: float = 0.0,
) -> tf.data.Dataset:
    """`training_batches` that can be computed anywhere, each batch by itself, as `serve` does.

    Arguments and elements are the same, except that every worker is given all the parts of each
    batch, one after the other, for the service to hand each to one worker. The order of an epoch is
    another one, which needs no list of the photographs.

    Raises:
        UsageError: tfds, whose photographs have no numbers to share out.
    """
    if source.tfds is not None:
        raise errors.UsageError(
            "`data_service` needs photographs in files or tar shards, not a stream of tfds. "
            f"Received: data={source.name!r}."
        )
    _, workers = worker
    part = batch_size // workers
    count = tf.constant(source.count, tf.int64)

    def numbers(index):
        return tf.data.Dataset.range(index * part, (index + 1) * part)

    def item(number):
        key = tf.stack([tf.constant(seed, tf.int64), number // count])
        return tf.random.experimental.index_shuffle(number % count, key, count - 1)

    # The numbers of parts are what a service shares out. They come from a range, however long: each
    # number of an endless counter goes to several of its workers.
    stream = tf.data.Dataset.range(start_step * workers, _ENDLESS).flat_map(numbers)
    crop = _random_crop(source, size, seed, classes, least, _read_in_graph, degrade)
    crops = stream.map(lambda number: crop(number, item(number)), _PARALLEL)
    return _batches(crops, size, part, classes, drop_remainder=True)


def serve(batches: tf.data.Dataset, address: str, job: str) -> tf.data.Dataset:
    """Let a tf.data service prepare `numbered_batches`.

    Each batch is prepared by one of the service's workers and goes to one of ours, so that each
    photograph still comes once in an epoch; but batches that are prepared at the same time come in
    the order in which they are ready.

    Args:
        batches: The same on all our workers.
        address: Of the service's dispatcher, `grpc://HOST:PORT`.
        job: A name that all our workers share, and no other attempt at the run.

    Raises:
        UsageError: Nobody answers there; TensorFlow would wait for ever.
    """
    try:
        host, port = address.removeprefix("grpc://").rsplit(":", 1)
        socket.create_connection((host, int(port)), timeout=_ANSWER_SECONDS).close()
    except (OSError, ValueError) as error:
        raise errors.UsageError(
            "`data_service` must be grpc://HOST:PORT of a dispatcher that runs "
            f"({error}). Received: data_service={address!r}."
        ) from error
    share_out = tf.data.experimental.service.ShardingPolicy.DYNAMIC
    return batches.apply(tf.data.experimental.service.distribute(share_out, address, job_name=job))


def validation_batches(
    source: Source, size: int, batch_size: int, classes: Sequence[str] = ()
) -> tf.data.Dataset:
    """One pass of central crops, in order.

    Arguments and elements are those of `training_batches`; the last batch may be smaller.
    """
    stream = _epoch(source, None, 0)

    def crop(item):
        photograph = _decode(source, item, _read(source, item))
        return _crop(photograph, size, WINDOW, 0.5, 0.5), _label(source, item, classes), {}

    return _batches(stream.map(crop, _PARALLEL), size, batch_size, classes, drop_remainder=False)


def _random_crop(source, size, seed, classes, least, read, degrade):
    def crop(number, item):
        key = tf.stack([tf.constant(seed, tf.int64), number])
        draw = tf.random.stateless_uniform((4,), seed=key)
        share = least + draw[3] * max(0.0, WINDOW - least)
        whole = _decode(source, item, read(source, item))
        photograph = _crop(whole, size, share, draw[0], draw[1])
        mirrored = tf.cond(draw[2] < 0.5, lambda: photograph, lambda: tf.reverse(photograph, [1]))
        wear = film.draw(size, degrade, key) if degrade else {}
        return mirrored, _label(source, item, classes), wear

    return crop


def _batches(crops, size, batch_size, classes, drop_remainder):
    def targets(rgb, label, wear):
        lightness, target = _to_lab(rgb)
        if wear:
            lightness = film.age(rgb, lightness, **wear)
        return lightness, target | ({"class_logits": label} if classes else {})

    crops = crops.map(lambda crop, *more: (tf.ensure_shape(crop, (size, size, 3)), *more))
    return crops.batch(batch_size, drop_remainder=drop_remainder).map(targets).prefetch(2)


def with_saliency(batches: Callable[[int], tf.data.Dataset]) -> Callable[[int], tf.data.Dataset]:
    """Add saliency maps to the targets of batches.

    OpenCV's fine-grained saliency (Montabone and Soto 2010), centre against surround: whole regions
    between sharp contours, which is what should keep colours apart. Its other map, the spectral
    residual, is dark but for a few blurred spots, and as a weight would silence the loss.

    Args:
        batches: Step → batches from that step on, as `training_batches` gives them.

    Returns:
        The same with targets `"saliency"`, float32 `(B, H, W, 1)` in [-1, 1].
    """

    def add(lightness, targets):
        rgb = tf.cast(tf.round(255.0 * lab.lab_to_rgb(targets["color"])), tf.uint8)
        saliency = tf.numpy_function(_saliency, [rgb], tf.float32)
        return lightness, targets | {"saliency": tf.ensure_shape(saliency, lightness.shape)}

    return lambda step: batches(step).map(add, _PARALLEL).prefetch(2)


def _saliency(rgb):
    finder = cv2.saliency.StaticSaliencyFineGrained_create()
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    maps = np.stack([finder.computeSaliency(picture)[1] for picture in bgr])
    return 2 * maps[..., None] - 1


@tf.function(jit_compile=True)  # one fused loop: a fifth of the time of separate operations
def _to_lab(rgb):
    photograph = lab.rgb_to_lab(rgb)
    return photograph[..., :1], {"color": photograph}


# ---- order ----


def _epoch(source, seed, epoch):
    """Return the items of one epoch: numbers of photographs; for tfds the examples."""
    if source.tfds is not None:
        if seed is None:
            return source.tfds
        # tfds has shuffled when it wrote the files; here each block is shuffled anew. (A shuffle
        # buffer would mix further, but its order hangs on more than the seed and the epoch.)
        return source.tfds.batch(_BLOCK).flat_map(lambda block: _shuffled(block, seed, epoch))
    order = tf.range(source.count, dtype=tf.int64)
    if seed is None:
        return tf.data.Dataset.from_tensor_slices(order)
    return _shuffled(order, seed, epoch)


def _shuffled(items, seed, epoch):
    key = tf.stack([tf.constant(seed, tf.int64), epoch])

    def shuffle(part):  # all parts alike: the order hangs on the key and on their length alone
        return tf.random.experimental.stateless_shuffle(part, seed=key)

    return tf.data.Dataset.from_tensor_slices(tf.nest.map_structure(shuffle, items))


# ---- one photograph ----


def _read(source, item):
    """Return the encoded photograph that an item of `_epoch` stands for."""
    if source.tfds is not None:
        return item["image"]
    if any(photograph.length >= 0 for photograph in source.photographs):
        # TensorFlow has no operation that reads a stretch of a file.
        encoded = tf.numpy_function(lambda i: source.photographs[i].read(), [item], tf.string)
        return tf.ensure_shape(encoded, ())
    return tf.io.read_file(tf.constant(source.paths)[item])


def _read_in_graph(source, item):
    """`_read` for a graph that runs elsewhere: no Python, for three times the cost with shards."""
    photographs = source.photographs
    if all(photograph.length < 0 for photograph in photographs):
        return _read(source, item)
    # One record between a header and a footer: all of the file before and after the photograph.
    sizes = {path: os.stat(path).st_size for path in set(source.paths)}
    offset = tf.constant([p.offset for p in photographs], tf.int64)[item]
    whole = tf.constant([sizes[path] for path in source.paths], tf.int64)[item]
    length = tf.constant([p.length for p in photographs], tf.int64)[item]
    length = tf.where(length < 0, whole, length)
    record = tf.data.FixedLengthRecordDataset(
        tf.constant(source.paths)[item], length, offset, whole - offset - length
    )
    return record.get_single_element()


def _decode(source, item, encoded):
    """Decode one photograph upright: uint8 `(H, W, 3)`."""
    rgb = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    rgb = tf.ensure_shape(rgb, (None, None, 3))
    if all(photograph.orientation == 1 for photograph in source.photographs):
        return rgb
    orientations = np.array([photograph.orientation for photograph in source.photographs])
    return _upright(rgb, tf.constant(orientations)[item])


def _label(source, item, classes):
    """Return the place of a photograph's class among `classes`; −1 without."""
    if not classes:
        return tf.constant(-1, tf.int64)
    if source.tfds is not None:
        return item["label"]
    numbers = {name: number for number, name in enumerate(classes)}
    return tf.constant([numbers[p.label] for p in source.photographs], tf.int64)[item]


def _upright(rgb, orientation):
    # EXIF: 5…8 swap the axes; then 2, 3, 6, 7 mirror the columns and 3, 4, 7, 8 the rows.
    def has(*values):
        return tf.reduce_any(tf.equal(orientation, tf.constant(values, orientation.dtype)))

    rgb = tf.cond(has(5, 6, 7, 8), lambda: tf.transpose(rgb, (1, 0, 2)), lambda: rgb)
    rgb = tf.cond(has(2, 3, 6, 7), lambda: tf.reverse(rgb, [1]), lambda: rgb)
    return tf.cond(has(3, 4, 7, 8), lambda: tf.reverse(rgb, [0]), lambda: rgb)


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
