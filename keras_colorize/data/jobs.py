"""What is colored, and into which files: a list made before any work is done."""

import dataclasses
import itertools
import os
import re
import sys
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from keras_colorize import errors
from keras_colorize.data import addresses, finding, kinds, moving, photographs

STREAM = "-"  # standard input, or standard output
_NO_PICTURE = (
    "Pictures are not written as {suffix}; name a .png or .jpg file, for example, or a folder. "
    "Received: out={out!r}."
)


@dataclass(frozen=True)
class Job:
    """One photograph or film and the files made of it.

    Attributes:
        source: Its path, its address, or `-` for standard input.
        picture: Its colored picture; `-` for standard output.
        saliency: Its saliency map; None unless maps are asked for, and for films.
        moves: Whether it is a film, or an animation all of whose frames are colored.
        variants: Its other pictures, if several are asked for; none for films.
        checked: Whether files that it replaces must be seen to be pictures of it, since they lie in
            a folder of photographs.
    """

    source: str
    picture: Path
    saliency: Path | None = None
    moves: bool = False
    variants: tuple[Path, ...] = ()
    checked: bool = False

    @property
    def outputs(self) -> list[Path]:
        """The files that the job writes."""
        paths = self.picture, self.saliency, *self.variants
        return [path for path in paths if path and str(path) != STREAM]

    def content(self) -> bytes:
        """Return the photograph's file.

        Raises:
            BadPhotograph: It is too large, it cannot be downloaded, or standard input is closed.
            OSError: It cannot be read.
        """
        if self.source == STREAM:
            if sys.stdin is None:
                raise errors.BadPhotograph("standard input is closed")
            return photographs.content(sys.stdin.buffer)
        if addresses.is_address(self.source):
            return addresses.fetch(self.source)
        with open(self.source, "rb") as file:
            return photographs.content(file)


@dataclass(frozen=True)
class Plan:
    """What is colored, and what is not.

    Attributes:
        jobs: One for each photograph.
        failed: Inputs that cannot be colored, each with the reason.
        left_out: Photographs that are left out on purpose, each with the reason.
        summary: Lines that count files: those colored before, and those that are no pictures.
    """

    jobs: list[Job] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)


def plan(
    inputs: Iterable[str],
    out: str,
    saliency: bool = False,
    overwrite: bool = False,
    skip_existing: bool = False,
    still: bool = False,
    variants: int = 1,
) -> Plan:
    """Give each photograph the files it goes to.

    A picture keeps the name of its photograph, and its place below a folder that was given. Where
    two photographs want one name, the one that has this very name gets it, else the first; the
    other gets the next free number. No output is ever the file of a photograph.

    Args:
        inputs: Photographs, folders (recursive), globs, addresses, or `-` for standard input.
        out: A folder; or, for a single photograph, the file to write, or `-` for standard output.
        saliency: Whether each picture NAME.jpg gets a map NAME.saliency.png beside it.
        overwrite: Whether files that exist are replaced; otherwise their photographs fail.
        skip_existing: Whether photographs are left out whose files exist.
        still: Whether animations are photographs with several pages.
        variants: How many pictures are made of each photograph; of NAME.jpg, the second goes to
            NAME.variant2.jpg.

    Raises:
        UsageError: Nothing to color; an output would overwrite a photograph; `out` is a file in a
            format that is not written, or one file for several photographs. Also, for a single
            photograph, if `out` has a file's name where only a folder will do.
    """
    found = _Found(None if is_file(out) else Path(out), still)
    for given in inputs:
        found.add(given)
    if not found.wanted:
        raise errors.UsageError("\n".join(reason for _, reason in found.failed))
    if is_file(out) and len(found.wanted) > 1:
        raise errors.wrong(f"`out` must be a folder for {len(found.wanted)} photographs.", out=out)
    if out == STREAM and variants > 1:
        raise errors.wrong("`out` must be a folder or a file for several variants.", out=out)
    if len(found.wanted) == 1:
        _check_suffix(out)
    jobs = _without_collisions(found.wanted, out, saliency, found.moving, variants)
    _check_kind(jobs, out)
    harm = _harm(jobs)
    if len(harm) == len(jobs):
        told = next(iter(harm.values()))
        raise errors.wrong(f"`out` would overwrite the photograph {told}.", out=out)
    failed, left, finished = found.failed, [], 0
    for job in jobs:
        if job in harm:
            failed.append((job.source, f"would overwrite the photograph {harm[job]}"))
            continue
        existing = [output for output in job.outputs if os.path.lexists(output)]
        if existing and skip_existing and len(existing) == len(job.outputs):
            finished += 1
        elif existing and not (overwrite or skip_existing):
            reason = "exists; --overwrite replaces it, --skip-existing leaves it"
            failed.append((job.source, f"{existing[0]} {reason}"))
        else:
            among = any(os.path.realpath(output) in found.earlier for output in existing)
            left.append(dataclasses.replace(job, checked=True) if among else job)
    counts = {
        "Colored before": finished,
        "In --out already, so not colored again": len(found.earlier),
        "No pictures": found.others,
    }
    summary = [f"{what}: {errors.counted(n, 'file')}." for what, n in counts.items() if n]
    return Plan(left, failed, found.left_out, summary)


def is_file(out: str) -> bool:
    """Tell whether `out` names one picture, or standard output, instead of a folder.

    Raises:
        UsageError: It names one in a format that is not written.
    """
    suffix = Path(out).suffix
    if out == STREAM:
        return True
    if suffix.lower() not in kinds.SUFFIXES | moving.FILMS or Path(out).is_dir():
        return False
    if suffix not in (photographs.output_suffix(suffix), moving.output_suffix(suffix)):
        raise errors.UsageError(_NO_PICTURE.format(suffix=suffix, out=out))
    return True


def _check_suffix(out: str) -> None:
    """Refuse what is most likely meant as a file, and would silently become a folder."""
    is_meant = Path(out).is_dir() or out.endswith(("/", os.sep)) or is_file(out)
    if not is_meant and re.fullmatch(r"\.[a-zA-Z][a-zA-Z0-9]{1,3}", suffix := Path(out).suffix):
        raise errors.wrong(
            f"`out` looks like a file, and pictures are not written as {suffix}: name a .png or "
            ".jpg file, for example, or end the name of a folder with a /.",
            out=out,
        )


class _Found:
    """The photographs that inputs stand for, each file once.

    Attributes:
        wanted: Each photograph's source, and the name of its picture below `out`.
        moving: The sources among them that are films, or animations.
        earlier: What lies in the folder of the pictures, and is taken for some of an earlier call.
    """

    def __init__(self, out: Path | None, still: bool):
        self._out, self._still = out and out.resolve(), still
        self.moving: set[str] = set()
        self.wanted: list[tuple[str, Path]] = []
        self.failed: list[tuple[str, str]] = []
        self.left_out: list[tuple[str, str]] = []
        self.earlier: set[str] = set()
        self.others = 0  # number of files
        self._first: dict[str, str] = {}

    def add(self, given: str) -> None:
        if given == STREAM:
            self._want(given, given, Path("stdin.png"))
        elif addresses.is_address(given):
            if fault := addresses.fault(given):
                self.failed.append((given, f"{fault} Received: input={given!r}."))
                return
            if moving.is_film(addresses.file_name(given)):
                self.failed.append((given, "films are not fetched; download it first"))
                return
            self._want(given, given, Path(addresses.file_name(given)))
        elif addresses.has_scheme(given) and not os.path.exists(given):
            reason = "Photographs are fetched from http:// and https:// addresses only."
            self.failed.append((given, f"{reason} Received: input={given!r}."))
        else:
            self._add_files(given)

    def _add_files(self, given):
        try:
            found = finding.search(given, "input", moving.FILMS)
        except errors.UsageError as error:
            self.failed.append((given, str(error)))
            return
        self.failed += found.failed
        self.left_out += found.repeated
        self.others += found.others
        folder = os.path.expanduser(given)
        paths = found.paths
        # Pictures of an earlier call in a folder that is colored again are no photographs.
        earlier = {p for p in paths if self._out and self._out in p.resolve().parents}
        if len(earlier) < len(paths):
            self.earlier |= set(map(os.path.realpath, earlier))
            paths = [path for path in paths if path not in earlier]
        for path in paths:
            below = path.relative_to(folder) if os.path.isdir(folder) else Path(path.name)
            moves = moving.is_film(path) or (not self._still and moving.is_animation(path))
            # A file named as the stream is, is told from it by its folder.
            source = str(path) if str(path) != STREAM else os.path.join(os.curdir, path)
            self._want(source, os.path.realpath(path), below, moves)

    def _want(self, source, identity, name, moves=False):
        if identity in self._first:
            self.left_out.append((source, f"the same file as {self._first[identity]}"))
            return
        self._first[identity] = source
        if moves:
            self.moving.add(source)
            name = name.with_suffix(moving.output_suffix(name.suffix))
        else:
            name = name.with_name(photographs.output_name(name.name))
        self.wanted.append((source, name))


def _without_collisions(wanted, out, saliency, films, variants) -> list[Job]:
    if is_file(out):
        pictures = [Path(out) for _ in wanted]
    else:
        exact = [Path(source).name == name.name for source, name in wanted]
        pictures = _distinct([Path(out) / name for _, name in wanted], exact)
    endings = [".saliency.png"] * saliency + [f".variant{n}{{}}" for n in range(2, variants + 1)]
    further, taken = [[] for _ in wanted], list(pictures)
    for ending in endings:
        named = [picture.with_suffix(ending.format(picture.suffix)) for picture in pictures]
        distinct = _distinct(named, [False] * len(named), taken)
        taken += distinct
        for files, path in zip(further, distinct):
            files.append(path)
    return [
        Job(source, picture, moves=True)
        if source in films
        else Job(source, picture, files.pop(0) if saliency else None, variants=tuple(files))
        for (source, _), picture, files in zip(wanted, pictures, further)
    ]


def _distinct(names: list[Path], exact: list[bool], others: Iterable[Path] = ()) -> list[Path]:
    """Number names that are wanted twice or taken by others; those marked as exact go first."""
    chosen: dict[int, Path] = {}
    taken = set(others)
    for i in sorted(range(len(names)), key=lambda i: not exact[i]):
        if names[i] not in taken:
            chosen[i] = names[i]
            taken.add(names[i])
    for i in range(len(names)):
        if i not in chosen:
            chosen[i] = free(names[i], taken)
            taken.add(chosen[i])
    return [chosen[i] for i in range(len(names))]


def free(path: Path, taken: Container[Path]) -> Path:
    """Return a path, numbered if it is taken."""
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return path if path not in taken else next(each for each in numbered if each not in taken)


def _check_kind(jobs: list[Job], out: str) -> None:
    """See that the file named as `out`, if it is one, can hold what is colored."""
    if not is_file(out):
        return
    suffix = Path(out).suffix
    for job in jobs:
        if job.moves:
            choices = moving.outputs(job.source)
            if suffix.lower() not in choices:
                raise errors.wrong(
                    f"{job.source} moves, so `out` must be a folder or a file in one of the "
                    f"formats {sorted(choices)}.",
                    out=out,
                )
        elif out != STREAM and photographs.output_suffix(suffix) != suffix:
            raise errors.UsageError(_NO_PICTURE.format(suffix=suffix, out=out))


def _harm(jobs: list[Job]) -> dict[Job, Path]:
    """Return the photographs that jobs would overwrite."""
    sources = {os.path.realpath(job.source) for job in jobs}
    return {
        job: output for job in jobs for output in job.outputs if os.path.realpath(output) in sources
    }
