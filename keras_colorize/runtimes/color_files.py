"""Coloring photographs and films from files into files."""

import contextlib
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from keras_colorize import colorizer, errors, files
from keras_colorize.colorizer import Decoding, pretrained
from keras_colorize.colorizer.decoding import PLAIN
from keras_colorize.data import addresses, earlier, jobs, photographs
from keras_colorize.errors import BadPhotograph
from keras_colorize.runtimes import choice
from keras_colorize.video import parts

_LARGE = 2**25  # pixels; larger photographs are read, colored and written one after the other


@dataclass(frozen=True)
class Outcome:
    """What became of the inputs, beside the pictures.

    Attributes:
        pictures: What was written.
        failed: Inputs that could not be colored, each with the reason.
        notes: What else the user should know, each with the input's name.
        summary: Lines about all inputs.
    """

    pictures: list[Path]
    failed: list[tuple[str, str]]
    notes: list[tuple[str, str]]
    summary: list[str]


def color_files(
    inputs: list[str],
    out: str,
    model: str,
    decoding: Decoding = PLAIN,
    runtime: str = "auto",
    points: Sequence[tuple[float, float, str]] = (),
    strokes: str | None = None,
    reference: str | None = None,
    vivid: str | None = None,
    variants: int = 1,
    side_by_side: bool = False,
    saliency: bool = False,
    page: int | None = None,
    max_pixels: int | None = None,
    strip_metadata: bool = False,
    overwrite: bool = False,
    skip_existing: bool = False,
) -> Outcome:
    """Color files, folders, globs and addresses; one that fails does not stop the others.

    Args:
        inputs: Photographs, films, folders (recursive), globs, http(s) addresses; `-` is standard
            input.
        out: A folder, made if need be; for a single photograph the file to write, or `-` for
            standard output, as PNG.
        model: The name or the folder of a Colorizer, a run's folder, or one with ONNX files.
        decoding: How the model's output becomes colors.
        runtime: One of `choice.RUNTIMES`; `auto` starts without Keras where it can.
        points: Hints, each x, y and a color, for a single photograph.
        strokes: The path of a picture of strokes, which are hints, too.
        reference: The path of a color photograph whose palette is followed.
        vivid: The name or the folder of a second model, followed within a band around the first.
        variants: How many pictures of each photograph are made.
        side_by_side: Whether the photograph and all its pictures go into one file.
        saliency: Whether each picture NAME.jpg gets a saliency map NAME.saliency.png beside it;
            of a file with several pages, the first one's.
        page: The only page to color, from 1; when None, all pages of a TIFF and all frames of a GIF
            or WebP, but the first of other files.
        max_pixels: A photograph or film that claims more is refused; 100 million when None.
        strip_metadata: Whether EXIF, GPS, XMP, IPTC, comments and resolution are left out.
        overwrite: Whether files that exist are replaced; otherwise their photographs fail.
        skip_existing: Whether photographs are left out whose pictures exist.

    Raises:
        UsageError: Nothing to color, a model that cannot be loaded, an output that cannot be
            written, hints for several photographs, a reference that cannot be used.
        KeyboardInterrupt: The user has stopped it; the message says how it goes on.
    """
    still = page is not None or runtime in choice.PORTABLE  # an animation's first frame
    files_each = 1 if side_by_side else variants
    plan = jobs.plan(inputs, out, saliency, overwrite, skip_existing, still, files_each)
    if runtime in choice.PORTABLE:  # a film fails alone, as a file does that cannot be read
        films = [(job.source, "films need --runtime keras") for job in plan.jobs if job.moves]
        plan.failed.extend(films)
        plan.jobs[:] = [job for job in plan.jobs if not job.moves]
    asked = points or strokes or reference or vivid or variants > 2
    if asked and runtime in choice.PORTABLE:
        raise errors.wrong(
            "Hints, references, a second model and more than two variants need the runtime keras.",
            runtime=runtime,
        )
    if runtime == "auto" and (asked or any(job.moves for job in plan.jobs)):
        choice.check_keras(
            "Hints, references, a second model, more than two variants and films need"
        )
        runtime = "keras"
    summary = choice.check(model, decoding, runtime)
    decodings = colorizer.variants(summary, variants, decoding, model)
    hints = _hints(points, strokes, plan.jobs, page, max_pixels)
    palette = [] if reference is None else [_reference(reference)]
    if vivid:
        pretrained.summarize(vivid)
    folder = Path(out).parent if jobs.is_file(out) else out
    if out != jobs.STREAM:
        files.check_folder(folder, out)
    left_out = [(name, f"not colored: {reason}") for name, reason in plan.left_out]
    outcome = Outcome([], list(plan.failed), left_out, plan.summary)
    if not plan.jobs:
        return outcome
    loaded = choice.load(model, decoding, runtime)
    if saliency:
        loaded.check_saliency()
    bounded = [colorizer.Bounded(colorizer.load(vivid))] if vivid else []
    # What a person says of a place has the last word.
    conditions = [*bounded, *palette, *hints]
    options = _Options(decodings, conditions, side_by_side, page, max_pixels, strip_metadata)
    works = [_Work(job, options) for job in plan.jobs]
    below = {path.parent for job in plan.jobs for path in job.outputs}
    made = contextlib.nullcontext() if out == jobs.STREAM else files.output_folder(folder, below)
    try:
        with made, tqdm(total=len(works), unit="photo", disable=None) as bar:
            for work in _overlapped(loaded, works):
                source = work.job.source
                outcome.notes.extend((source, note) for note in dict.fromkeys(work.notes))
                outcome.failed.extend((source, lost) for lost in dict.fromkeys(work.lost_pages))
                if work.error is None:
                    outcome.pictures.extend([work.job.picture, *work.job.variants])
                else:
                    outcome.failed.append((source, _reason(work.error)))
                bar.update()
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt(*_way_on(plan.jobs, overwrite)) from stopped
    return outcome


def _way_on(interrupted: list[jobs.Job], overwrite: bool) -> list[str]:
    """Return what to say of the photographs that are left, if anything helps."""
    if len(interrupted) == 1 and interrupted[0].moves:
        if parts.finished(parts.folder_of(interrupted[0].picture)):
            return ["The same command goes on from the last whole part of the film."]
        return ["No part of the film was whole yet: the same command begins anew."]
    done = sum(all(path.exists() for path in job.outputs) for job in interrupted)
    if overwrite or len(interrupted) == 1:  # what existed before is not told from what is new
        return []
    photographs = errors.counted(len(interrupted), "photograph")
    return [f"{done:,} of {photographs} colored; the same command with --skip-existing goes on."]


def _hints(points, strokes, photos, page, max_pixels):
    if not points and not strokes:
        return []
    if len(photos) > 1:
        raise errors.UsageError(
            "`hint` and `hints` name places in one photograph. Received: "
            f"{len(photos)} photographs."
        )
    hints = colorizer.Hints(points, strokes)
    for job in photos:
        # Nothing is fetched for this, and other pages may have other sizes.
        if Path(job.source).is_file() and not job.moves and page in (None, 1):
            with contextlib.suppress(OSError, BadPhotograph):  # they are told when it is colored
                hints.check(photographs.File(job.source, max_pixels).shape)
    return [hints]


def _reference(path):
    try:
        scan = photographs.File(path).read()
    except (OSError, photographs.BadPhotograph) as error:
        raise errors.wrong(
            f"`reference` cannot be read ({_reason(error)}).", reference=path
        ) from error
    return colorizer.Reference(scan.pixels)


def _reason(error: Exception) -> str:
    if isinstance(error, photographs.TooManyPixels):
        return f"{error}; --max-pixels allows more"
    return errors.reason(error)


def _overlapped(colorizer, works: list["_Work"]) -> Iterator["_Work"]:
    """Color photographs, each while the next one is read and the last one is written."""
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
        for work in works:
            if work.job.source == jobs.STREAM:
                work.attempt(work.read)  # here, where Ctrl-C reaches it
        reading, writing = reader.submit(works[0].attempt, works[0].read), None
        for work, following in zip(works, [*works[1:], None]):
            try:
                reading.result()
            except KeyboardInterrupt:
                addresses.stop()  # the reader may wait for a server
                raise
            reading = following and reader.submit(following.attempt, following.read)
            if writing and work.is_large:
                writing.result()
            work.attempt(work.color, colorizer)
            if writing:
                yield writing.result()
            writing = writer.submit(work.attempt, work.write)
        yield writing.result()


@dataclass(frozen=True)
class _Options:
    decodings: list
    conditions: list
    side_by_side: bool
    page: int | None
    max_pixels: int | None
    strip_metadata: bool


class _Work:
    """One photograph on its way: by `attempt`, it is read, colored and written, in this order.

    Attributes:
        job: Its job.
        notes: What the user should know of it; some are there once for each picture or page.
        lost_pages: Pages that its pictures lack, with the reason; once for each picture.
        error: What went wrong with all of it, if anything did.
    """

    def __init__(self, job: jobs.Job, options: _Options):
        self.job, self._options = job, options
        self.notes: list[str] = []
        self.lost_pages: list[str] = []
        self.error: Exception | None = None
        self._file = self._first = None
        self._numbers: Sequence[int] = (0,)
        self._colored: list = []
        self._mapped = False

    @property
    def is_large(self) -> bool:
        """Whether it should not be in memory together with another photograph."""
        return self._file is not None and math.prod(self._file.size) > _LARGE

    def attempt(self, step: Callable, *arguments) -> "_Work":
        """Take a step unless an earlier one has failed; keep its exception, and return the work."""
        if self.error is None:
            try:
                step(*arguments)
            except Exception as error:  # whatever is wrong with one, the others go on
                self.error = error
        return self

    def read(self) -> None:
        """Open the file, and decode its first page unless that is large; a film comes later."""
        if self._file is not None:
            return
        if self.job.moves:
            if self.job.checked:
                raise BadPhotograph(f"{self.job.picture} may be a photograph; name another --out")
            return
        self._file = photographs.File(self.job.content(), self._options.max_pixels)
        self._numbers = self._choose_pages()
        if len(self._numbers) == 1 and not self.is_large:
            self._first = self._file.read(self._numbers[0])
        if self.job.checked:
            for path in filter(os.path.lexists, (self.job.picture, *self.job.variants)):
                if not earlier.is_picture_of(path, self._file, self._numbers):
                    raise BadPhotograph(f"{path} may be a photograph; name another --out")

    def color(self, colorizer) -> None:
        """Color the page; pages and frames are written one by one instead of being kept."""
        if self.job.moves:
            self._color_film(colorizer)
            return
        paths, decodings = [self.job.picture, *self.job.variants], self._options.decodings
        if len(self._numbers) > 1:
            shown = [decodings] if self._options.side_by_side else [[one] for one in decodings]
            for path, ways in zip(paths, shown, strict=True):
                self._write(path, self._color_pages(colorizer, ways))
        else:  # the network runs once for all variants
            pages = self._color_page(colorizer, self._numbers[0], decodings)
            self._colored = [(path, [page]) for path, page in zip(paths, pages, strict=True)]
        self._first = None

    def write(self) -> None:
        """Write the pictures."""
        for path, pages in self._colored:
            self._write(path, pages)
        self._file, self._colored = None, []

    def _color_film(self, colorizer) -> None:
        from keras_colorize.video import painting  # it starts Keras

        options = self._options
        if options.page is not None:
            raise BadPhotograph("a film has no pages; leave out --page")
        if options.conditions or options.side_by_side or len(options.decodings) > 1:
            raise BadPhotograph(
                "a film is not colored by hints, references, variants or two models"
            )
        self.job.picture.parent.mkdir(parents=True, exist_ok=True)
        self.notes += painting.color_film(
            self.job.source,
            self.job.picture,
            colorizer,
            options.decodings[0],
            options.max_pixels,
            options.strip_metadata,
        )

    def _choose_pages(self) -> Sequence[int]:
        count = len(self._file)
        if self._file.lacks_pages:
            self.lost_pages.append("pages are missing: the TIFF is truncated or damaged")
        if self._options.page is not None:
            return [self._options.page - 1]
        suffix = self.job.picture.suffix.lower()
        tiff_to_tiff = self._file.format == "TIFF" and suffix in (".tif", ".tiff")
        if count > 1 and not tiff_to_tiff:
            self.notes.append(f"the first of {count} pages is colored; --page N takes another one")
        return range(count if tiff_to_tiff else 1)

    def _color_pages(self, colorizer, decodings) -> Iterator[tuple]:
        """Yield all pages but those that are damaged, of which there must be others."""
        failed = []
        for number in self._numbers:
            try:
                (page,) = self._color_page(colorizer, number, decodings)
            except BadPhotograph as error:
                failed.append(error)
                self.lost_pages.append(f"page {number + 1} is missing: {_reason(error)}")
            else:
                yield page
        if len(failed) == len(self._numbers):
            self.lost_pages = []
            raise failed[0]

    def _color_page(self, colorizer, number, decodings) -> list[tuple]:
        """Return what `photographs.write_pages` takes for one page, for each picture of it."""
        given = [self._options.conditions] if self._options.conditions else []
        scan = self._first or self._file.read(number)
        self.notes += [scan.doubt] if scan.doubt else []
        if self.job.saliency and not self._mapped:
            self.job.saliency.parent.mkdir(parents=True, exist_ok=True)
            photographs.write(self.job.saliency, colorizer.saliency(scan.pixels))
            self._mapped = True
        told = None if self._options.strip_metadata else scan.told
        pictures, alpha = colorizer.colorize_each(scan.pixels, decodings, *given), scan.alpha
        if self._options.side_by_side:
            grey = scan.pixels.reshape(*scan.pixels.shape[:2], -1)
            pictures.insert(0, np.broadcast_to(grey, pictures[0].shape))
            alpha = None if alpha is None else np.tile(alpha, len(pictures))
            pictures = [np.concatenate(pictures, axis=1)]
        return [(picture, alpha, told) for picture in pictures]

    def _write(self, path, pages) -> None:
        if str(path) == jobs.STREAM:
            if sys.stdout is None:
                raise BadPhotograph("standard output is closed")
            with tempfile.TemporaryDirectory() as folder:
                picture = Path(folder) / "picture.png"
                photographs.write_pages(picture, pages)
                sys.stdout.buffer.write(picture.read_bytes())
                sys.stdout.buffer.flush()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        lost = photographs.write_pages(path, pages)
        self.notes += [f"not kept: {what}" for what in lost]
