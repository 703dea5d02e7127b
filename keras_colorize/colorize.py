"""`python -m keras_colorize.colorize`: color photographs at their original size."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from keras_colorize import cli, errors, files


def colorize(
    inputs: list[str],
    out: str,
    model: str,
    decoding: str | None = None,
    temperature: float | None = None,
    chroma: float = 1.0,
    saliency: bool = False,
) -> list[tuple[str, str]]:
    """Color files, folders and globs; one bad file does not stop the others.

    Args:
        inputs: Photographs, folders (recursive) or globs.
        out: A folder, made if need be; or, for a single photograph, the file to write.
        model: A Colorizer's folder, or a run's.
        decoding: `argmax`, `mean` or `sample`, for models with classes.
        temperature: Of `mean` and `sample`.
        chroma: Factor on a* and b*, for any model.
        saliency: Whether each picture NAME.jpg gets a saliency map NAME.saliency.png beside it.

    Returns:
        The files that could not be colored, each with its reason.

    Raises:
        UsageError: Nothing to color, a model that cannot be loaded, an output that cannot be
            written.
    """
    from tqdm import tqdm

    from keras_colorize.data import photographs

    jobs, missing = _plan(inputs, out, saliency)
    if not jobs:
        raise errors.UsageError("\n".join(reason for _, reason in missing))
    cli.start_keras()
    from keras_colorize.colorizer import Decoding, load

    colorizer = load(model)
    choice = Decoding(decoding, temperature, chroma)
    choice.check(colorizer.head)
    if saliency:
        colorizer.check_saliency()
    failed = list(missing)
    with tqdm(jobs, unit="photo", disable=None) as bar:
        for path, target, map_target in bar:
            bar.set_postfix_str(path.name)
            try:
                photograph, extras = photographs.read_with_extras(path)
                colored = colorizer.colorize(photograph, choice)
                target.parent.mkdir(parents=True, exist_ok=True)
                photographs.write(target, colored, **extras)
                if saliency:
                    photographs.write(map_target, colorizer.saliency(photograph))
            except Exception as error:  # whatever is wrong with one, the others go on
                failed.append((str(path), str(error) or type(error).__name__))
    return failed


def _plan(inputs, out, saliency) -> tuple[list[tuple[Path, Path, Path]], list[tuple[str, str]]]:
    """Give each photograph the files it goes to; no two share one, none is overwritten.

    Returns:
        Photograph, picture and saliency map of each; and the inputs that are missing.
    """
    from keras_colorize.data import photographs

    jobs, missing, taken = [], [], {}
    single = Path(out).suffix.lower() in photographs.SUFFIXES and not Path(out).is_dir()
    if single and photographs.output_suffix(Path(out).suffix) != Path(out).suffix:
        raise errors.UsageError(
            f"Pictures are not written as {Path(out).suffix}; name a .png or .jpg file, for "
            f"example, or a folder. Received: out={out!r}."
        )
    folder = files.make_folder(Path(out).parent if single else out, "out")
    for given in inputs:
        try:
            found = photographs.find(given, "input", photographs.SUFFIXES)
        except errors.UsageError as error:
            missing.append((given, str(error)))
            continue
        given = os.path.expanduser(given)
        # Pictures of an earlier call in a folder that is colored again are no photographs.
        others = [path for path in found if folder.resolve() not in path.resolve().parents]
        if others and not single:
            for path in sorted(set(found) - set(others)):
                print(f"Not colored, since it is in --out already: {path}", file=sys.stderr)
            found = others
        for path in found:
            below = path.relative_to(given) if os.path.isdir(given) else Path(path.name)
            target = folder / below.with_suffix(photographs.output_suffix(below.suffix))
            jobs.append((path, Path(out) if single else target))
    if single and len(jobs) > 1:
        raise errors.UsageError(
            f"`out` must be a folder for {len(jobs)} photographs. Received: out={out!r}."
        )
    unique, sources = [], {path.resolve() for path, _ in jobs}
    for path, target in jobs:
        if target in taken and taken[target] != path:
            target = _free_name(target, taken)
        taken[target] = path
        unique.append((path, target))
    plan = []
    for path, target in unique:
        map_target = target.with_suffix(".saliency.png")
        if map_target in taken and taken[map_target] != path:
            map_target = _free_name(map_target, taken)
        taken[map_target] = path
        plan.append((path, target, map_target))
        for written in (target, map_target) if saliency else (target,):
            if written.resolve() in sources:
                raise errors.UsageError(
                    f"`out` would overwrite the photograph {written}. Received: out={out!r}."
                )
    return plan, missing


def _free_name(target: Path, taken) -> Path:
    number = 2
    while (free := target.with_stem(f"{target.stem}-{number}")) in taken:
        number += 1
    return free


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser(
        "colorize", "Color photographs at their original size; their lightness is kept."
    )
    parser.add_argument("inputs", nargs="+", metavar="IN", help="photographs, folders or globs")
    parser.add_argument(
        "-o",
        "--out",
        default="colorized",
        help="folder for the pictures, or a file for a single one (default: %(default)s)",
    )
    cli.add_model(parser)
    parser.add_argument(
        "--saliency",
        action="store_true",
        help="write NAME.saliency.png beside each picture, for models that predict saliency maps",
    )
    arguments = parser.parse_args(argv)

    def run() -> int:
        failed = colorize(**vars(arguments))
        for name, reason in failed:
            print(f"{parser.prog}: {name}: {reason}", file=sys.stderr)
        print(f"Pictures  {arguments.out}")
        return cli.SOME_FAILED if failed else cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
