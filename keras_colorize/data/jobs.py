"""Which photographs are colored, and into which files: a list made before any work is done."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from keras_colorize import errors
from keras_colorize.data import finding, photographs


@dataclass(frozen=True)
class Job:
    """One photograph and the files made of it.

    Attributes:
        source: The photograph.
        picture: Its colored picture.
        saliency: Its saliency map; None unless maps are asked for.
    """

    source: Path
    picture: Path
    saliency: Path | None = None

    @property
    def outputs(self) -> list[Path]:
        """The files that the job writes."""
        return [path for path in (self.picture, self.saliency) if path]


@dataclass(frozen=True)
class Plan:
    """What is colored, and what is not.

    Attributes:
        jobs: One for each photograph.
        failed: Inputs that stand for no photograph, each with the reason.
        left_out: Photographs that are left out on purpose, each with the reason.
    """

    jobs: list[Job] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def plan(inputs: Iterable[str], out: str | os.PathLike, saliency: bool = False) -> Plan:
    """Give each photograph the files it goes to.

    A picture keeps the name of its photograph, and its place below a folder that was given. Where
    two photographs want one name, the one that has this very name gets it, else the first; the
    other gets the next free number. No output is ever the file of a photograph.

    Args:
        inputs: Photographs, folders (recursive) or globs.
        out: A folder; or, for a single photograph, the file to write.
        saliency: Whether each picture NAME.jpg gets a map NAME.saliency.png beside it.

    Raises:
        UsageError: An output would overwrite a photograph; `out` is a file in a format that is
            not written, or one file for several photographs.
    """
    made, wanted = Plan(), []
    file = is_picture_file(out)
    for given in inputs:
        try:
            found = _find(given, None if file else Path(out), made.left_out)
        except errors.UsageError as error:
            made.failed.append((given, str(error)))
        else:
            wanted += [(path, Path(out) if file else Path(out) / name) for path, name in found]
    if file and len(wanted) > 1:
        raise errors.UsageError(
            f"`out` must be a folder for {len(wanted)} photographs. Received: out={str(out)!r}."
        )
    pictures = _distinct(wanted)
    maps = [None] * len(wanted)
    if saliency:
        named = [(None, picture.with_suffix(".saliency.png")) for picture in pictures]
        maps = _distinct(named, pictures)
    made.jobs.extend(Job(path, *files) for (path, _), *files in zip(wanted, pictures, maps))
    sources = {job.source.resolve() for job in made.jobs}
    for output in (output for job in made.jobs for output in job.outputs):
        if output.resolve() in sources:
            raise errors.UsageError(
                f"`out` would overwrite the photograph {output}. Received: out={str(out)!r}."
            )
    return made


def is_picture_file(out: str | os.PathLike) -> bool:
    """Tell whether `out` names one picture instead of a folder.

    Raises:
        UsageError: It names one in a format that is not written.
    """
    suffix = Path(out).suffix
    if suffix.lower() not in photographs.SUFFIXES or Path(out).is_dir():
        return False
    if photographs.output_suffix(suffix) != suffix:
        raise errors.UsageError(
            f"Pictures are not written as {suffix}; name a .png or .jpg file, for example, or a "
            f"folder. Received: out={str(out)!r}."
        )
    return True


def _find(given: str, out: Path | None, left_out: list) -> list[tuple[Path, Path]]:
    """Return the photographs that an input stands for, and their pictures' names below `out`."""
    found = finding.find(given, "input", photographs.SUFFIXES)
    # Pictures of an earlier call in a folder that is colored again are no photographs.
    earlier = {path for path in found if out and out.resolve() in path.resolve().parents}
    if len(earlier) < len(found):
        left_out += [(str(path), "it is in --out already") for path in sorted(earlier)]
        found = [path for path in found if path not in earlier]
    folder = os.path.expanduser(given)
    names = [p.relative_to(folder) if os.path.isdir(folder) else Path(p.name) for p in found]
    return [
        (path, name.with_suffix(photographs.output_suffix(name.suffix)))
        for path, name in zip(found, names)
    ]


def _distinct(wanted: list[tuple[Path | None, Path]], others: Iterable[Path] = ()) -> list[Path]:
    """Number the names that are wanted twice, so that no two files share one."""
    taken = set(others)
    chosen: dict[int, Path] = {}
    exact = [i for i, (path, name) in enumerate(wanted) if path and path.name == name.name]
    for i in [*exact, *(i for i in range(len(wanted)) if i not in set(exact))]:
        name = wanted[i][1]
        if name not in taken:
            chosen[i] = name
            taken.add(name)
    for i, (_, name) in enumerate(wanted):
        number = 2
        while i not in chosen:
            numbered = name.with_stem(f"{name.stem}-{number}")
            if numbered not in taken:
                chosen[i] = numbered
                taken.add(numbered)
            number += 1
    return [chosen[i] for i in range(len(wanted))]
