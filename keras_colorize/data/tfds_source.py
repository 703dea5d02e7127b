"""Photographs of TensorFlow Datasets, read as a stream."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import tensorflow as tf

from keras_colorize import downloads, errors
from keras_colorize.data.source import Source, digest_of, shuffled

_BLOCK = 1024  # encoded photographs of a tfds stream held in memory and shuffled together


@dataclass(frozen=True)
class TfdsSource(Source):
    """A data set of tfds, read as a stream; an item is one of its examples.

    Attributes:
        name: The value of `--data`.
        examples: `{"image": …, "label": …}`: an encoded photograph and the number of its class, −1
            where the data set has none.
        count: How many examples there are.
        fingerprint: The data set's name with version and split.
        classes: The names of its classes, by number; empty where it has none.
        skipped: Those that `read_all` could not read.
    """

    name: str
    examples: tf.data.Dataset
    count: int
    fingerprint: str
    classes: tuple[str, ...]
    skipped: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def open(cls, name: str, argument: str) -> TfdsSource:
        """Open `tfds:NAME[:SPLIT]`, and download it if need be; arguments as for `open_source`."""
        import tensorflow_datasets as tfds  # takes seconds, and few need it

        _, dataset, *split = name.split(":", 2)
        split = split[0] if split else "train"
        try:
            builder = tfds.builder(dataset)
            features = dict(builder.info.features)
            if "image" not in features:
                raise ValueError(f"it has no feature 'image', only {sorted(features)}")
            label = features.get("label")
            classes = tuple(label.names) if isinstance(label, tfds.features.ClassLabel) else ()
            _check_download(builder)
            examples, info = tfds.load(
                dataset,
                split=split,
                # Nothing but image and label, and the image as it is stored: we decode it.
                decoders=tfds.decode.PartialDecoding(
                    {"image": True} | ({"label": True} if classes else {}),
                    decoders={"image": tfds.decode.SkipDecoding()},
                ),
                with_info=True,
            )
        except Exception as error:  # tfds raises many kinds, its own and those of its downloads
            raise errors.PhotographsUnavailable(
                f"tfds could not provide the data set ({_reason(error)}). "
                f"Received: {argument}={name!r}."
            ) from error
        count = info.splits[split].num_examples if split in info.splits else len(examples)
        return cls(
            name, examples.map(_image_and_label), count, f"{info.full_name}[{split}]", classes
        )

    def encoded(self) -> Iterator[tuple[str, str, bytes]]:
        for index, example in enumerate(self.examples.as_numpy_iterator()):
            yield f"{self.name}#{index}", digest_of(example["image"]), example["image"]

    def first(self, count: int) -> TfdsSource:
        return dataclasses.replace(
            self, examples=self.examples.take(count), count=min(count, self.count), skipped=[]
        )

    def items(self, seed: int | None = None, epoch=0) -> tf.data.Dataset:
        if seed is None:
            return self.examples
        # tfds has shuffled when it wrote the files; here each block is shuffled anew. (A shuffle
        # buffer would mix further, but its order depends on more than the seed and the epoch.)
        return self.examples.batch(_BLOCK).flat_map(lambda block: shuffled(block, seed, epoch))

    def read(self, item) -> tf.Tensor:
        return item["image"]

    def label(self, item, classes: Sequence[str]) -> tf.Tensor:
        return item["label"]


def _check_download(builder) -> None:
    """Raise a ConnectionError if a data set must be downloaded and cannot be."""
    # As `is_prepared` looks, but without a line in the log.
    if (builder.data_path / "dataset_info.json").exists() or builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        return
    for address in list(builder.url_infos or [])[:1]:
        if reason := downloads.unreachable(address):
            raise ConnectionError(f"it is not in {builder.data_dir}, and {reason}")


def _reason(error: Exception) -> str:
    """Return what an exception says: its first line, unless that only announces the others."""
    # For an unknown name tfds lists all the hundreds that it has.
    first, *more = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    if first.endswith(":"):
        first = " ".join([first, *more])
    return f"{type(error).__name__}: {first}".rstrip(": .")


def _image_and_label(example):
    return {"image": example["image"], "label": tf.cast(example.get("label", -1), tf.int64)}
