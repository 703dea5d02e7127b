"""`python -m keras_colorize.colorize`: color photographs at their original size."""

import sys

from keras_colorize import cli


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
        from keras_colorize.runtimes.color_files import color_files

        failed = color_files(**vars(arguments))
        for name, reason in failed:
            print(f"{parser.prog}: {name}: {reason}", file=sys.stderr)
        print(f"Pictures  {arguments.out}")
        return cli.SOME_FAILED if failed else cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
