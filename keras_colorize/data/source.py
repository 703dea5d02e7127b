"""What training and evaluation know of where photographs come from."""

from __future__ import annotations

import abc
import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from keras_colorize.data import graph, photographs, record


class Source(abc.ABC):
    """Photographs in a fixed order.

    The pipeline reads them in a graph, by items: `items`, `read`, `decode` and `label`.

    Attributes:
        name: The value of `--data`.
        count: How many photographs there are.
        fingerprint: Changes when any photograph does.
        skipped: Name and reason of each that cannot be used.
        digests: The first digits of the SHA-256 of each photograph's bytes; empty where nobody
            knows them beforehand.
        classes: The names of the classes that its photographs belong to.
    """

    name: str
    count: int
    fingerprint: str
    skipped: list[tuple[str, str]]
    digests: frozenset[str] = frozenset()
    classes: tuple[str, ...]

    # ---- photographs ----

    @abc.abstractmethod
    def encoded(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield name, digest and bytes of every photograph, in order."""

    @abc.abstractmethod
    def first(self, count: int) -> Source:
        """Return the first photographs."""

    def sample(self, count: int) -> Source:
        """Return a few photographs that stand for all of them."""
        return self.first(count)

    def read_all(self) -> Iterator[tuple[str, str, np.ndarray]]:
        """Yield name, digest and uint8 sRGB `(H, W, 3)` of every photograph, in order.

        One that cannot be read after all joins `skipped`.
        """
        for name, digest, encoded in self.encoded():
            try:
                rgb = photographs.read(encoded)
            except photographs.BadPhotograph as error:
                self.skipped.append((name, str(error)))
                continue
            yield name, digest, rgb

    # ---- in a graph ----

    @abc.abstractmethod
    def items(self, seed: int | None = None, epoch=0) -> tf.data.Dataset:
        """Return one epoch's items, each of which stands for a photograph.

        Args:
            seed: Seed of their order, which differs between epochs; None: the source's own order.
            epoch: The number of the epoch, int64 `()`.
        """

    @abc.abstractmethod
    def read(self, item) -> tf.Tensor:
        """Return an item's encoded photograph: string `()`."""

    @abc.abstractmethod
    def label(self, item, classes: Sequence[str]) -> tf.Tensor:
        """Return the place of an item's class among `classes`: int64 `()`."""

    def decode(self, item, encoded) -> tf.Tensor:
        """Decode an item's photograph, upright: uint8 sRGB `(H, W, 3)`."""
        is_png = tf.strings.substr(encoded, 0, 8) == record.PNG_START
        rgb = tf.cond(
            is_png & (tf.strings.substr(encoded, 24, 1) == b"\x10"),
            lambda: graph.to_8bit(tf.io.decode_png(encoded, 3, tf.uint16)),
            lambda: tf.io.decode_image(encoded, channels=3, expand_animations=False),
        )
        return tf.ensure_shape(rgb, (None, None, 3))


def shuffled(items, seed: int | None, epoch) -> tf.data.Dataset:
    """Put items, tensors of one length, into the order of an epoch, or leave them in their own."""
    if seed is not None:
        key = tf.stack([tf.constant(seed, tf.int64), epoch])
        # All parts alike: the order depends on the key and on their length alone.
        items = tf.nest.map_structure(
            lambda part: tf.random.experimental.stateless_shuffle(part, seed=key), items
        )
    return tf.data.Dataset.from_tensor_slices(items)


def digest_of(content: bytes) -> str:
    """Return the first digits of a SHA-256, which tell photographs apart."""
    return hashlib.sha256(content).hexdigest()[:16]
