"""Where photographs come from: the packages' own, a folder, a glob, tar shards, or tfds.

`open_source` turns the value of `--data` into a `Source`: a fixed order of encoded photographs,
each checked once, so that training never meets a file it cannot use. TensorFlow decodes them in
the pipeline; the check uses the same decoder.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from keras_colorize import errors
from keras_colorize.data import finding, photographs

MIN_SIDE = 32  # pixels; less than this is an icon
MIN_CHROMA = 8  # 8-bit steps between a pixel's largest and smallest channel; JPEG noise is below
_FORMATS = {"JPEG", "MPO", "PNG", "GIF", "BMP", "WEBP"}  # what TensorFlow decodes
_DIGITS = 16  # hexadecimal digits of SHA-256 kept for each photograph

_SAMPLES = {
    "skimage": ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"],
    "matplotlib": ["grace_hopper.jpg"],
}


@dataclass(frozen=True)
class Photograph:
    """One encoded photograph: a file, or a stretch of a tar file.

    Attributes:
        name: For messages and tables.
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
class Source:
    """Photographs in a fixed order.

    Attributes:
        name: The value of `--data`.
        photographs: Those that can be used; empty for tfds, which is read as a stream.
        skipped: Name and reason of each that cannot.
        tfds: For tfds only, a `tf.data.Dataset` of `{"image": …, "label": …}`: an encoded
            photograph and the number of its class, −1 where the data set has none.
        count: How many photographs there are.
        fingerprint: Changes when any photograph does.
        tfds_classes: The names of a tfds data set's classes.
    """

    name: str
    photographs: list[Photograph] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    tfds: object = None
    count: int = 0
    fingerprint: str = ""
    tfds_classes: tuple[str, ...] = ()

    @property
    def digests(self) -> frozenset[str]:
        """Digests of all photographs; empty where they are not known (tfds)."""
        return frozenset(photograph.digest for photograph in self.photographs)

    @property
    def paths(self) -> list[bytes]:
        """The photographs' files, as the file system has them; names need not be UTF-8."""
        return [os.fsencode(photograph.path) for photograph in self.photographs]

    def read_all(self) -> Iterator[tuple[str, str, np.ndarray]]:
        """Yield name, digest and uint8 sRGB `(H, W, 3)` of every photograph, in order.

        One that cannot be read after all joins `skipped`.
        """
        for name, digest, encoded in self._encoded():
            try:
                rgb = photographs.read(encoded)
            except photographs.BadPhotograph as error:
                self.skipped.append((name, str(error)))
                continue
            yield name, digest, rgb

    def _encoded(self):
        if self.tfds is not None:
            for index, example in enumerate(self.tfds.as_numpy_iterator()):
                encoded = example["image"]
                yield f"{self.name}#{index}", hashlib.sha256(encoded).hexdigest()[:_DIGITS], encoded
        for photograph in self.photographs:
            yield photograph.name, photograph.digest, photograph.read()

    def read_some(self, count: int) -> list[np.ndarray]:
        """Read a few photographs spread over the whole; of tfds, the first."""
        if self.tfds is not None:
            few = first(self, count)
        else:
            every = max(1, self.count // count)
            few = dataclasses.replace(self, photographs=self.photographs[::every][:count])
        return [rgb for _, _, rgb in few.read_all()]


def open_source(
    name: str, argument: str = "data", progress: Callable[[int, int], None] | None = None
) -> Source:
    """Find and check the photographs that `name` stands for.

    Args:
        name: `samples`; a folder (recursive), a glob or a file, tar shards among them;
            `tfds:NAME[:SPLIT]`.
        argument: The argument's name, for messages.
        progress: Called with the number checked and the number to check.

    Returns:
        The photographs that can be used, in a fixed order without repetition, and those skipped.

    Raises:
        UsageError: Nothing is there, or nothing of it can be used.
    """
    if name.startswith("tfds:"):
        return _open_tfds(name, argument)
    if name == "samples":
        candidates = [
            Photograph(path.name, str(path), label=path.parent.name) for path in _sample_paths()
        ]
        skipped = []
    else:
        candidates, skipped = _list_candidates(name, argument)
    return _check_all(name, argument, candidates, skipped, progress)


def open_grey(name: str, argument: str = "data") -> Source:
    """Find photographs to look at, which may be without color; they are not checked beforehand.

    Args:
        name: A folder (recursive), a glob or a file, tar shards among them; `samples`.
        argument: The argument's name, for messages.

    Raises:
        UsageError: Nothing is there.
    """
    if name == "samples":
        return open_source(name, argument)
    candidates, skipped = _list_candidates(name, argument)
    read = [
        dataclasses.replace(one, digest=hashlib.sha256(one.read()).hexdigest()[:_DIGITS])
        for one in candidates
    ]
    return _source(name, read, skipped)


def first(source: Source, count: int) -> Source:
    """Return the source's first photographs."""
    if source.tfds is not None:
        return dataclasses.replace(
            source, tfds=source.tfds.take(count), count=min(count, source.count)
        )
    return _source(source.name, source.photographs[:count], [])


def without(source: Source, digests: frozenset[str]) -> Source:
    """Return the source less the photographs with these digests."""
    return _source(
        source.name, [p for p in source.photographs if p.digest not in digests], source.skipped
    )


def hold_out(source: Source, share: float = 0.05, most: int = 200) -> tuple[Source, Source]:
    """Split off photographs for validation, chosen by content alone, whatever names or order.

    Args:
        source: At least two photographs.
        share: The share to hold out.
        most: And no more than so many.

    Returns:
        What remains for training, and the validation photographs.
    """
    count = min(most, round(share * source.count))
    chosen = frozenset(sorted(p.digest for p in source.photographs)[:count])
    held = [p for p in source.photographs if p.digest in chosen]
    return without(source, chosen), _source(f"{source.name} (held out)", held, [])


def classes_of(*sources: Source) -> list[str]:
    """Return the names of the classes that photographs of all these sources belong to.

    Raises:
        UsageError: Some photographs belong to none, or all to the same.
    """
    named = [source.tfds_classes for source in sources if source.tfds is not None]
    if named and (len(named) < len(sources) or len(set(named)) > 1):
        raise errors.UsageError(
            "`labels` needs the same classes in all data, and those of "
            f"{' and '.join(source.name for source in sources)} differ."
        )
    labels = {photograph.label for source in sources for photograph in source.photographs}
    classes = list(named[0]) if named else sorted(labels)
    if "" in classes or len(classes) < 2:
        raise errors.UsageError(
            "`labels` needs photographs in two folders or more, each named after what they show, "
            "or a tfds data set with a feature 'label' of named classes. "
            f"Received: {' and '.join(source.name for source in sources)}, with the classes "
            f"{classes}."
        )
    return classes


def _source(name, usable, skipped) -> Source:
    digest = hashlib.sha256("".join(p.digest for p in usable).encode()).hexdigest()[:_DIGITS]
    return Source(name, usable, skipped, None, len(usable), digest)


# ---- files ----


def _sample_paths() -> list[Path]:
    import matplotlib
    import skimage

    folders = {
        "skimage": Path(skimage.__file__).parent / "data",
        "matplotlib": Path(matplotlib.get_data_path()) / "sample_data",
    }
    return [folders[package] / name for package, names in _SAMPLES.items() for name in names]


def _list_candidates(name: str, argument: str) -> tuple[list[Photograph], list[tuple[str, str]]]:
    root = os.path.expanduser(name)
    candidates, skipped = [], []
    for path in finding.find(name, argument, photographs.SUFFIXES | {".tar"}):
        shown = os.path.relpath(path, root) if os.path.isdir(root) else path.name
        shown = _utf8(shown)
        if path.suffix.lower() == ".tar":
            try:
                for photograph in _list_tar(path, shown):
                    candidates.append(photograph)
            except tarfile.TarError as error:
                reason = f"no uncompressed tar file, or truncated ({error})"
                skipped.append((shown, reason))
        else:
            label = _utf8(path.absolute().parent.name)
            candidates.append(Photograph(shown, str(path), label=label))
    if not candidates and not skipped:
        raise errors.UsageError(
            f"There are no photographs in the tar files. Received: {argument}={name!r}."
        )
    return candidates, skipped


def _list_tar(path: Path, shown: str) -> Iterator[Photograph]:
    with tarfile.open(path, "r:") as tar:  # uncompressed only: members are read in place
        for m in tar:
            if m.isfile() and Path(m.name).suffix.lower() in photographs.SUFFIXES:
                name = _utf8(m.name)
                label = Path(name).parent.name
                yield Photograph(f"{shown}/{name}", str(path), m.offset_data, m.size, label=label)


def _utf8(name: str) -> str:
    # A file's name need not be UTF-8; what is shown and written must be.
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _check_all(name, argument, candidates, skipped, progress) -> Source:
    usable, seen = [], set()
    with concurrent.futures.ThreadPoolExecutor() as pool:  # decoding releases Python's lock
        for done, (photograph, reason) in enumerate(pool.map(_check, candidates), 1):
            if reason is None and photograph.digest in seen:
                reason = "the same file as one before"
            if reason is None:
                seen.add(photograph.digest)
                usable.append(photograph)
            else:
                skipped.append((photograph.name, reason))
            if progress:
                progress(done, len(candidates))
    if not usable:
        listed = "".join(f"\n  {file}: {reason}" for file, reason in skipped[:10])
        raise errors.UsageError(
            f"None of the {len(skipped)} files can be used. Received: {argument}={name!r}.{listed}"
        )
    return _source(name, usable, skipped)


def _check(photograph: Photograph) -> tuple[Photograph, str | None]:
    """Complete a photograph's record, or say why it cannot be used."""
    try:
        encoded = photograph.read()
        header = photographs.File(encoded)
        if header.format not in _FORMATS:
            return photograph, f"{header.format} cannot be trained on; convert it to PNG or JPEG"
        width, height = header.size
        if min(header.size) < MIN_SIDE:
            return photograph, f"{width}×{height} is under {MIN_SIDE} pixels"
        orientation = header.orientation
        if not _has_color(_decode(encoded)):
            return photograph, "no color to learn from"
    except (photographs.BadPhotograph, OSError) as error:
        return photograph, str(error)
    except SyntaxError as error:  # Pillow's word for damaged EXIF or a damaged chunk
        return photograph, f"truncated or damaged ({error})"
    digest = hashlib.sha256(encoded).hexdigest()[:_DIGITS]
    return dataclasses.replace(photograph, orientation=orientation, digest=digest), None


def _decode(encoded: bytes) -> np.ndarray:
    import tensorflow as tf

    try:
        return tf.io.decode_image(encoded, channels=3, expand_animations=False).numpy()
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
        # TensorFlow wraps the decoder's words: "{{function_node …}} WORDS [Op:…]".
        reason = str(error.message).split("[Op:")[0].split("{{node")[0].split("}} ")[-1]
        reason = reason.strip().splitlines()[-1]
        raise photographs.BadPhotograph(f"truncated or damaged ({reason})") from None


def _has_color(rgb: np.ndarray) -> bool:
    # Zhang 2016 gives no gradient to photographs without any |ab| > 5; a few stray pixels of JPEG
    # noise do not count as color.
    some = rgb[::4, ::4].astype("int16")
    chroma = some.max(axis=-1) - some.min(axis=-1)
    return bool(np.mean(chroma > MIN_CHROMA) > 0.001)


# ---- tfds ----


def _image_and_label(example):
    import tensorflow as tf

    return {"image": example["image"], "label": tf.cast(example.get("label", -1), tf.int64)}


def _open_tfds(name: str, argument: str) -> Source:
    import tensorflow_datasets as tfds

    _, dataset, *split = name.split(":", 2)
    split = split[0] if split else "train"
    try:
        features = dict(tfds.builder(dataset).info.features)
        if "image" not in features:
            raise ValueError(f"it has no feature 'image', only {sorted(features)}")
        label = features.get("label")
        classes = tuple(label.names) if isinstance(label, tfds.features.ClassLabel) else ()
        examples, info = tfds.load(
            dataset,
            split=split,
            # Nothing but image and label, and the image as it is stored: the pipeline decodes it.
            decoders=tfds.decode.PartialDecoding(
                {"image": True} | ({"label": True} if classes else {}),
                decoders={"image": tfds.decode.SkipDecoding()},
            ),
            with_info=True,
        )
    except Exception as error:  # tfds raises many kinds, its own and those of its downloads
        raise errors.UsageError(
            # The first line only: for an unknown name tfds lists all the hundreds that it has.
            f"tfds could not provide the data set ({type(error).__name__}: "
            f"{(str(error).strip() or 'no reason given').splitlines()[0]}). "
            f"Received: {argument}={name!r}."
        ) from error
    count = info.splits[split].num_examples if split in info.splits else len(examples)
    fingerprint = f"{info.full_name}[{split}]"
    stream = examples.map(_image_and_label)
    return Source(name, [], [], stream, count, fingerprint, classes)
