"""What TensorFlow Serving reads beside a SavedModel: requests to warm up with, and its queue.

Its messages are written by hand, field by field, because the package that defines them,
`tensorflow-serving-api`, is not needed for anything else that exports a model.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from keras_colorize import files

WARMUP = "assets.extra/tf_serving_warmup_requests"
BATCHING = "batching.txt"

_BATCHING = """\
# For TensorFlow Serving: --enable_batching --batching_parameters_file=THIS FILE

# Photographs in a request.
max_batch_size { value: 8 }

# What runs at once in a thread. With one photograph, those of different requests are never joined,
# so a bad one fails its own request alone; nothing is lost, since the model colors one by one.
enable_large_batch_splitting { value: true }
max_execution_batch_size { value: 1 }

# Nothing is gained by waiting for more.
batch_timeout_micros { value: 0 }

# Photographs that are colored at the same time: the number of cores.
num_batch_threads { value: 2 }

# Photographs that wait, as many as the largest request has; whoever comes later is refused at
# once (UNAVAILABLE, 503).
max_enqueued_batches { value: 8 }
"""


def write_batching(folder: Path) -> None:
    """Write the configuration of the queue into a model's folder, unless there is one."""
    if not (folder / BATCHING).exists():
        files.write_text(folder / BATCHING, _BATCHING)


def write_warmup(
    folder: str | os.PathLike, name: str, signatures: dict[str, dict], size: int
) -> None:
    """Write the requests that the server sends to itself before a version is available.

    The first photographs would otherwise wait for what TensorFlow does only once: a JPEG and a PNG
    for each signature that takes photographs, and L* for those that take it.

    Args:
        folder: A version of the model.
        name: The name under which it is served.
        signatures: For each signature a dict with its `inputs` by their names.
        size: Short side at which the network sees a photograph.
    """
    path = Path(folder) / WARMUP
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(os.fspath(path)) as writer:
        for signature, about in signatures.items():
            inputs = about["inputs"]
            for given in _photographs(size) if "image_bytes" in inputs else _lightness(size):
                if "temperature" in inputs:
                    given["temperature"] = tf.make_tensor_proto([1.0], tf.float32)
                writer.write(_predict_log(name, signature, given))


def _photographs(size: int) -> Iterable[dict]:
    tall = tf.cast(tf.linspace(0.0, 255.0, 2 * size)[:, None, None], tf.uint8)
    wide = tf.repeat(tall, 3 * size, axis=1)  # a gray ramp
    for content in (tf.io.encode_jpeg(wide), tf.io.encode_png(tf.transpose(wide, (1, 0, 2)))):
        yield {"image_bytes": tf.make_tensor_proto(content[None])}


def _lightness(size: int) -> Iterable[dict]:
    yield {"lightness": tf.make_tensor_proto(50.0, tf.float32, (1, size, size, 1))}


def _predict_log(name: str, signature: str, inputs: dict) -> bytes:
    """Return a PredictionLog; field numbers are those of tensorflow_serving/apis/*.proto."""
    request = _field(1, _field(1, name.encode()) + _field(3, signature.encode()))  # ModelSpec
    for key, tensor in inputs.items():
        request += _field(2, _field(1, key.encode()) + _field(2, tensor.SerializeToString()))
    return _field(6, _field(1, request))  # PredictionLog.predict_log.request


def _field(number: int, content: bytes) -> bytes:
    """Return a field that begins with its length, as protocol buffers have it on the wire."""
    length, left = bytearray(), len(content)
    while left > 127:
        length.append(left & 127 | 128)
        left >>= 7
    return bytes([number << 3 | 2, *length, left]) + content
