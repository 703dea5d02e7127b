"""`python -m keras_colorize.colorize`: color photographs at their original size."""

import argparse
import os
import re
import sys

from keras_colorize import cli


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser(
        "colorize", "Color photographs and films at their original size; their lightness is kept."
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="IN",
        help="photographs, films, folders, globs or http(s) addresses; - is standard input",
    )
    parser.add_argument(
        "-o",
        "--out",
        default="colorized",
        help="folder for the pictures, or a file for a single one, or - for standard output "
        "(default: %(default)s)",
    )
    cli.add_model(parser)
    cli.add_decoding(parser)
    _add_choice(parser)
    parser.add_argument(
        "--saliency",
        action="store_true",
        help="write NAME.saliency.png beside each picture, for models that predict saliency maps",
    )
    parser.add_argument(
        "--page",
        type=cli.positive,
        metavar="N",
        help="color this page only (default: all of a TIFF, GIF or WebP, the first of others)",
    )
    parser.add_argument(
        "--max-pixels",
        type=cli.positive,
        metavar="N",
        help="refuse photographs that claim more pixels (default: 100 million)",
    )
    parser.add_argument(
        "--strip-metadata",
        action="store_true",
        help="leave out captions, dates, GPS and all else that a file tells beside its pixels",
    )
    parser.add_argument(
        "--runtime",
        default="auto",
        metavar="NAME",
        help="keras, or onnx or litert, which start without TensorFlow once the model's file is "
        "written; auto takes the first of onnx and litert that is installed and has the file, or "
        "else keras (the default)",
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument(
        "--overwrite", action="store_true", help="replace pictures that exist in --out"
    )
    existing.add_argument(
        "--skip-existing",
        action="store_true",
        help="leave out photographs whose pictures exist, as after an interruption",
    )
    arguments = parser.parse_args(argv)

    def run() -> int:
        # Threads of OpenBLAS that wait for the next product take the cores from what colors.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from keras_colorize.runtimes.color_files import color_files

        given = dict(vars(arguments))
        outcome = color_files(decoding=cli.take_decoding(given), **given)
        for name, text in [*outcome.notes, *outcome.failed]:
            print(f"{parser.prog}: {cli.shown(name)}: {cli.shown(text)}", file=sys.stderr)
        for line in outcome.summary:
            print(line, file=sys.stderr)
        if outcome.pictures and arguments.out != "-":
            print(f"Pictures  {cli.shown(arguments.out)}")
        return cli.SOME_FAILED if outcome.failed else cli.DONE

    return cli.guard(parser, run)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what you know of the colors, and what you choose from")
    group.add_argument(
        "--hint",
        dest="points",
        action="append",
        default=[],
        type=_hint,
        metavar="X,Y,#RRGGBB",
        help="the thing at this pixel has this color; it spreads up to contours (repeatable)",
    )
    group.add_argument(
        "--hints",
        dest="strokes",
        metavar="PNG",
        help="strokes of color on transparent ground, in the photograph's proportions",
    )
    group.add_argument(
        "--reference",
        metavar="PHOTO",
        help="a color photograph whose colors go to what looks alike",
    )
    group.add_argument(
        "--vivid",
        metavar="NAME|DIR",
        help="a second, more vivid model, which is followed within a band around --model",
    )
    group.add_argument(
        "--variants",
        type=cli.positive,
        default=1,
        metavar="N",
        help="several pictures of each photograph: natural, vivid, and more from models with "
        "classes; NAME.variant2.jpg is the second",
    )
    group.add_argument(
        "--side-by-side",
        action="store_true",
        help="put the photograph and its pictures beside each other, into one file",
    )


def _hint(text: str) -> tuple[float, float, str]:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?),\s*(\d+(?:\.\d+)?),\s*(#[0-9a-fA-F]{6})\s*", text)
    if not found:
        raise argparse.ArgumentTypeError(
            f"must be a pixel's x and y and a color, such as '120,80,#b03a2e'. Received: {text!r}"
        )
    return float(found[1]), float(found[2]), found[3]


if __name__ == "__main__":
    sys.exit(main())
