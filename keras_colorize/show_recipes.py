"""`python -m keras_colorize.show_recipes`: list recipes, with what they need and cost."""

import sys

from keras_colorize import cli
from keras_colorize.training import listing


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser(
        "recipes", "List the recipes of `train`: what each needs, its cost, the number to expect."
    )
    parser.parse_args(argv)

    def run() -> int:
        print(listing.list_recipes(), end="")
        return cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
