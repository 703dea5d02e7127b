"""`python -m keras_colorize.train`: train a network; the same command resumes."""

import sys
from pathlib import Path

from keras_colorize import cli, errors
from keras_colorize.training import recipe as recipes


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser("train", "Train a network on photographs. The same command resumes.")
    parser.usage = "keras-colorize train [--recipe NAME|FILE] [-o OUT] [--KEY VALUE ...]"
    parser.add_argument(
        "--recipe",
        metavar="NAME|FILE",
        help=f"a recipe: {', '.join(recipes.RECIPES.names())}, or a file",
    )
    parser.add_argument(
        "-o", "--out", help="the run's folder (default: runs/ARCH, or runs/RECIPE with --recipe)"
    )
    recipes.add_flags(parser)
    arguments = parser.parse_args(argv)

    def run() -> int:
        recipe = recipes.from_flags(arguments)
        named = Path(arguments.recipe).stem if arguments.recipe else recipe.arch
        out = Path(arguments.out or Path("runs") / named)
        cli.start_keras()
        from keras_colorize.training import overfit, run  # TensorFlow takes seconds

        try:
            trained = run.train(recipe, out)
        except errors.Interrupted as stopped:
            print(f"\nStopped; a checkpoint is in {out}. The same command goes on from there.")
            return 128 + stopped.signal
        if trained is None:  # the chief has the rest to say
            return cli.DONE
        print(f"Pictures  {out / 'samples'}\nCurves    {out / 'curves.png'}")
        print(f"Model     {out / 'model'}")
        print(f"Next      keras-colorize colorize PHOTOGRAPH --model {out}")
        if not recipe.overfit:
            return cli.DONE
        print(f"Overfit   {overfit.describe(trained.overfit)}")
        return cli.DONE if trained.overfit["passed"] else cli.SOME_FAILED

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
