"""Photographs in files and in tar shards."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib
import skimage
import tensorflow as tf
from tqdm import tqdm

from keras_colorize import errors, quiet
from keras_colorize.data import checks, finding, graph, kinds, photographs
from keras_colorize.data.source import Source, digest_of, shuffled

_SAMPLES = {
    Path(skimage.__file__).parent / "data": "astronaut.png chelsea.png coffee.png rocket.jpg "
    "motorcycle_left.png",
    Path(matplotlib.get_data_path()) / "sample_data": "grace_hopper.jpg",
}
_BAR = {"unit": "photo", "disable": None, "leave": False}
_HELD_OUT, _HELD_OUT_AT_MOST = 0.05, 200  # for validation: the share, the number of photographs


@dataclass(frozen=True)
class Photograph:
    """One encoded photograph: a file, or a stretch of a tar file.

    Attributes:
        name: What messages and tables call it.
        path: The file it is in.
        offset: Where it begins in the file.
        length: Its bytes; −1 for the whole file.
        orientation: EXIF orientation, 1…8.
        digest: The first digits of the SHA-256 of its bytes.
        label: The name of the folder that it lies in, on disk or in the tar file.
    """

    name: str
    path: str
    offset: int = 0
    length: int = -1
    orientation: int = 1
    digest: str = ""
    label: str = ""

    def read(self) -> bytes:
        """Return the encoded bytes."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            return file.read(self.length)


@dataclass(frozen=True)
class FileSource(Source):
    """Photographs in files and tar shards; an item is a photograph's number.

    Attributes:
        photographs: Those that can be used.
    """

    name: str
    photographs: list[Photograph]
    skipped: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def find(cls, name: str, argument: str) -> FileSource:
        """List what `--data` stands for, before anything is read or checked."""
        found, skipped = [], []
        if name == "samples":
            root = ""
            paths = [folder / file for folder, names in _SAMPLES.items() for file in names.split()]
        else:
            root = os.path.expanduser(name)
            searched = finding.search(name, argument, {".tar"})
            paths, skipped = searched.paths, [(_utf8(p), reason) for p, reason in searched.failed]
        for path in paths:
            shown = _utf8(os.path.relpath(path, root) if os.path.isdir(root) else path.name)
            if path.suffix.lower() == ".tar":
                try:
                    found.extend(_members(path, shown))
                except tarfile.TarError as error:
                    reason = f"no uncompressed tar file, truncated or damaged ({error})"
                    skipped.append((shown, reason))
            else:
                label = _utf8(path.absolute().parent.name)
                found.append(Photograph(shown, str(path), label=label))
        if not found and not skipped:
            raise errors.wrong("There are no photographs in the tar files.", **{argument: name})
        return cls(name, found, skipped)

    def check(self, argument: str) -> FileSource:
        """Return the photographs that can be used, each once; `argument` as for `open_source`."""
        usable, seen, skipped = [], set(), [*self.skipped]
        # libjpeg writes of damage, without a name. Decoding releases Python's lock.
        with quiet.native() as stderr, concurrent.futures.ThreadPoolExecutor() as pool:
            checked = pool.map(_check, self.photographs)
            bar = tqdm(checked, f"check {argument}", self.count, file=stderr, **_BAR)
            for photograph, reason in bar:
                if reason is None and photograph.digest in seen:
                    reason = "the same file as one before"
                if reason is None:
                    seen.add(photograph.digest)
                    usable.append(photograph)
                else:
                    skipped.append((photograph.name, reason))
        if not usable:
            listed = "".join(f"\n  {file}: {reason}" for file, reason in skipped[:10])
            raise errors.UsageError(
                f"None of the {len(skipped)} files can be used. "
                f"Received: {argument}={self.name!r}.{listed}"
            )
        return FileSource(self.name, usable, skipped)

    @property
    def count(self) -> int:
        return len(self.photographs)

    @property
    def fingerprint(self) -> str:
        return digest_of("".join(photograph.digest for photograph in self.photographs).encode())

    @property
    def digests(self) -> frozenset[str]:
        return frozenset(photograph.digest for photograph in self.photographs)

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted({photograph.label for photograph in self.photographs}))

    def encoded(self) -> Iterator[tuple[str, str, bytes]]:
        for photograph in self.photographs:
            yield photograph.name, photograph.digest, photograph.read()

    def first(self, count: int) -> FileSource:
        return FileSource(self.name, self.photographs[:count])

    def sample(self, count: int) -> FileSource:
        """Return a few photographs, spread over the whole."""
        every = max(1, self.count // count)
        return FileSource(self.name, self.photographs[::every][:count])

    def without(self, digests: frozenset[str]) -> FileSource:
        """Return the source less the photographs with these digests."""
        rest = [p for p in self.photographs if p.digest not in digests]
        return FileSource(self.name, rest, self.skipped)

    def hold_out(self) -> tuple[FileSource, FileSource]:
        """Split off photographs to validate on, chosen by content alone, whatever names or order.

        Returns:
            Those that remain to train on, and one in twenty, at most 200, to validate on.
        """
        count = min(_HELD_OUT_AT_MOST, round(_HELD_OUT * self.count))
        chosen = frozenset(sorted(self.digests)[:count])
        held = [p for p in self.photographs if p.digest in chosen]
        return self.without(chosen), FileSource(f"{self.name} (held out)", held)

    def items(self, seed: int | None = None, epoch=0) -> tf.data.Dataset:
        return shuffled(tf.range(self.count, dtype=tf.int64), seed, epoch)

    def read(self, item) -> tf.Tensor:
        if all(photograph.length < 0 for photograph in self.photographs):
            return tf.io.read_file(self._paths[item])
        # TensorFlow has no operation that reads a stretch of a file.
        encoded = tf.numpy_function(lambda i: self.photographs[i].read(), [item], tf.string)
        return tf.ensure_shape(encoded, ())

    def read_anywhere(self, item) -> tf.Tensor:
        """`read` for a graph that runs elsewhere: no Python, for three times the cost in shards."""
        if all(photograph.length < 0 for photograph in self.photographs):
            return self.read(item)
        # One record between a header and a footer: all of the file before and after the photograph.
        sizes = {path: os.stat(path).st_size for path in {p.path for p in self.photographs}}
        whole = self._each(sizes[p.path] for p in self.photographs)[item]
        offset = self._each(p.offset for p in self.photographs)[item]
        length = self._each(p.length for p in self.photographs)[item]
        length = tf.where(length < 0, whole, length)
        return tf.data.FixedLengthRecordDataset(
            self._paths[item], length, offset, whole - offset - length
        ).get_single_element()

    def decode(self, item, encoded) -> tf.Tensor:
        rgb = super().decode(item, encoded)
        if all(photograph.orientation == 1 for photograph in self.photographs):
            return rgb
        return graph.upright(rgb, self._each(p.orientation for p in self.photographs)[item])

    def label(self, item, classes: Sequence[str]) -> tf.Tensor:
        numbers = {name: number for number, name in enumerate(classes)}
        return self._each(numbers[p.label] for p in self.photographs)[item]

    @property
    def _paths(self):
        # As the file system has them: names need not be UTF-8.
        return tf.constant([os.fsencode(photograph.path) for photograph in self.photographs])

    @staticmethod
    def _each(numbers):
        return tf.constant(list(numbers), tf.int64)


def _members(path: Path, shown: str) -> Iterator[Photograph]:
    with tarfile.open(path, "r:") as tar:  # uncompressed only: members are read in place
        for m in tar:
            if m.isfile() and Path(m.name).suffix.lower() in kinds.SUFFIXES:
                name = _utf8(m.name)
                label = Path(name).parent.name
                yield Photograph(f"{shown}/{name}", str(path), m.offset_data, m.size, label=label)
        # tarfile takes a header that it cannot read for the end, which is a block of zeros.
        tar.fileobj.seek(tar.offset)
        block = tar.fileobj.read(tarfile.BLOCKSIZE)
        if len(block) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError("its end is missing")
        if any(block):
            raise tarfile.ReadError(
                f"damaged header at byte {tar.offset:,}; what follows it is not read"
            )


def _check(photograph: Photograph) -> tuple[Photograph, str | None]:
    """Complete a photograph's record, or say why it cannot be used."""
    try:
        encoded = photograph.read()
        orientation = checks.check(encoded)
    except (photographs.BadPhotograph, OSError) as error:
        return photograph, str(error)
    digest = digest_of(encoded)
    return dataclasses.replace(photograph, orientation=orientation, digest=digest), None


def _utf8(name: str) -> str:
    # A file's name need not be UTF-8; what is shown and written must be.
    return os.fsencode(name).decode("utf-8", "backslashreplace")
