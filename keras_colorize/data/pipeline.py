"""tf.data: photographs → batches of (L*, {"color": Lab}).

Order and augmentation are functions of the seed and of the photograph's number in the stream, never
of an iterator's state. So a run that resumes at step k sees what an uninterrupted one would have
seen from step k on, and no iterator needs saving.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import tensorflow as tf

from keras_colorize.color import lab
from keras_colorize.data.sources import Source

_WINDOW = 7 / 8  # of the short side is cropped: 224 of 256 pixels, as is usual
_BLOCK = 1024  # encoded photographs of a tfds stream held in memory and shuffled together
_PARALLEL = tf.data.AUTOTUNE


def training_batches(
    source: Source,
    size: int,
    batch_size: int,
    seed: int,
    start_step: int = 0,
    classes: Sequence[str] = (),
) -> tf.data.Dataset:
    """Endless batches of random crops, mirrored half of the time.

    Photographs come in a new order each epoch, each once before any comes twice; epochs follow each
    other without a gap, so a batch may hold the end of one and the beginning of the next.

    Args:
        source: Photographs.
        size: Side of the square crops, pixels. A crop is a random window of ⅞ of the short side,
            reduced (or enlarged) to `size` by averaging areas.
        batch_size: Photographs in a batch.
        seed: Of order and augmentation.
        start_step: Batches to pass over, without reading them.
        classes: Names of the classes that photographs belong to, if they are a target.

    Returns:
        L* float32 `(B, size, size, 1)` in 0…100 and
        `{"color": float32 (B, size, size, 3)}`, the same crop in CIELAB; with classes also
        `{"class_logits": int64 (B,)}`, the place of each photograph's class among them.
    """
    start = start_step * batch_size
    epochs = tf.data.Dataset.counter(start // source.count).flat_map(
        lambda epoch: _epoch(source, seed, epoch)
    )
    numbers = tf.data.Dataset.counter(start)
    stream = tf.data.Dataset.zip((numbers, epochs.skip(start % source.count)))

    def crop(number, item):
        key = tf.stack([tf.constant(seed, tf.int64), number])
        draw = tf.random.stateless_uniform((3,), seed=key)
        photograph = _crop(_read(source, item), size, draw[0], draw[1])
        mirrored = tf.cond(draw[2] < 0.5, lambda: photograph, lambda: tf.reverse(photograph, [1]))
        return mirrored, _label(source, item, classes)

    return _batches(stream.map(crop, _PARALLEL), size, batch_size, classes, drop_remainder=True)


def validation_batches(
    source: Source, size: int, batch_size: int, classes: Sequence[str] = ()
) -> tf.data.Dataset:
    """One pass of central crops, in order.

    Arguments and elements are those of `training_batches`; the last batch may be smaller.
    """
    stream = _epoch(source, None, 0)

    def crop(item):
        return _crop(_read(source, item), size, 0.5, 0.5), _label(source, item, classes)

    return _batches(stream.map(crop, _PARALLEL), size, batch_size, classes, drop_remainder=False)


def _batches(crops, size, batch_size, classes, drop_remainder):
    def targets(rgb, label):
        lightness, target = _to_lab(rgb)
        return lightness, target | ({"class_logits": label} if classes else {})

    crops = crops.map(lambda crop, label: (tf.ensure_shape(crop, (size, size, 3)), label))
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
    """Decode one photograph upright: uint8 `(H, W, 3)`."""
    if source.tfds is not None:
        return tf.io.decode_image(item["image"], channels=3, expand_animations=False)
    if any(photograph.length >= 0 for photograph in source.photographs):
        # TensorFlow has no operation that reads a stretch of a file.
        encoded = tf.numpy_function(lambda i: source.photographs[i].read(), [item], tf.string)
        encoded = tf.ensure_shape(encoded, ())
    else:
        paths = tf.constant(source.paths)
        encoded = tf.io.read_file(paths[item])
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


def _crop(rgb, size, row, column):
    """Cut the window at relative position `row`, `column` (0…1) and bring it to `size`."""
    shape = tf.shape(rgb)
    side = tf.cast(tf.minimum(shape[0], shape[1]), tf.float32)
    window = tf.maximum(tf.cast(tf.round(_WINDOW * side), tf.int32), 1)

    def offset(length, position):
        room = tf.cast(length - window + 1, tf.float32)
        return tf.minimum(tf.cast(position * room, tf.int32), length - window)

    top, left = offset(shape[0], row), offset(shape[1], column)
    crop = rgb[top : top + window, left : left + window]
    # Averages over areas: no aliasing however large the photograph, and the fastest of the kind.
    crop = tf.image.resize(crop[None], (size, size), method="area")[0]
    return tf.cast(tf.round(crop), tf.uint8)
