"""`python -m keras_colorize.export`: a trained model as a file that others can serve."""

from __future__ import annotations

import sys
from pathlib import Path

from keras_colorize import cli, errors, files

_FORMATS = ("savedmodel",)


def export(
    model: str,
    out: str,
    format: str = "savedmodel",
    decoding: str | None = None,
    temperature: float | None = None,
    chroma: float = 1.0,
) -> Path:
    """Write a trained model for serving, as the next version in TensorFlow Serving's layout.

    The version appears whole or not at all, so a server may watch the folder.

    Args:
        model: A model that comes with the package, or the folder of one or of a run.
        out: Folder; the model goes to `out/ARCH/VERSION`.
        format: `savedmodel`.
        decoding: `argmax`, `mean` or `sample`, for models with classes.
        temperature: Of `mean` and `sample`.
        chroma: Factor on a* and b*, for any model.

    Returns:
        The folder of the version.

    Raises:
        UsageError: A model that cannot be loaded, an unknown format, a folder that cannot be
            written to.
    """
    if format not in _FORMATS:
        raise errors.unknown("format", format, _FORMATS)
    cli.make_folder(out, "out")
    cli.start_keras()
    from keras_colorize.colorizer import Decoding, load
    from keras_colorize.runtimes import saved_model

    colorizer = load(model)
    choice = Decoding(decoding, temperature, chroma)
    choice.check(colorizer.head)
    folder = cli.make_folder(Path(out) / colorizer.arch, "out")
    # Servers take the highest number; a gap is a version that was withdrawn.
    versions = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
    version = folder / str(max(versions, default=0) + 1)
    with files.atomic_folder(version) as temporary:
        saved_model.save(colorizer, temporary, choice)
    return version


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser("export", "Write a trained model for TensorFlow Serving and other servers.")
    cli.add_model(parser)
    parser.add_argument(
        "--format", default="savedmodel", help="savedmodel, the only one so far (the default)"
    )
    parser.add_argument(
        "-o",
        "--out",
        metavar="DIR",
        default="exported",
        help="the model goes to DIR/ARCH/1, or the next free version (default: %(default)s)",
    )
    arguments = parser.parse_args(argv)

    def run() -> int:
        print(f"SavedModel  {export(**vars(arguments))}")
        return cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
