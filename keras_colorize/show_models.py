"""`python -m keras_colorize.show_models`: list trained models, architectures and heads."""

import sys

from keras_colorize import cli
from keras_colorize.training import listing


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser("models", "List trained models, architectures and heads.")
    parser.parse_args(argv)

    def run() -> int:
        print(listing.list_models(), end="")
        return cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
