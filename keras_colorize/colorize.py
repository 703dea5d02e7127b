"""`python -m keras_colorize.colorize`: color photographs at their original size."""

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
        help="keras, or onnx, which starts without TensorFlow and writes the model's ONNX file "
        "once; auto takes onnx where it is installed and the file is there (the default)",
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
        from keras_colorize.runtimes.color_files import color_files

        outcome = color_files(**vars(arguments))
        for name, text in [*outcome.notes, *outcome.failed]:
            print(f"{parser.prog}: {cli.shown(name)}: {cli.shown(text)}", file=sys.stderr)
        for line in outcome.summary:
            print(line, file=sys.stderr)
        if outcome.pictures and arguments.out != "-":
            print(f"Pictures  {cli.shown(arguments.out)}")
        return cli.SOME_FAILED if outcome.failed else cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
