"""`python -m keras_colorize.train`: train a network; the same command resumes."""

import sys
from pathlib import Path

from keras_colorize import cli, errors, files
from keras_colorize.training import header as headers
from keras_colorize.training import plan
from keras_colorize.training import recipe as recipes


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser("train", "Train a network on photographs. The same command resumes.")
    parser.usage = "keras-colorize train [--recipe NAME|FILE] [-o OUT] [--KEY VALUE ...]"
    parser.add_argument(
        "--recipe",
        metavar="NAME|FILE",
        help=f"a recipe: {', '.join(recipes.RECIPES.names())}, or a file; "
        "`keras-colorize recipes` says what each needs",
    )
    parser.add_argument(
        "-o", "--out", help="the run's folder (default: runs/ARCH, or runs/RECIPE with --recipe)"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the recipe, its photographs and cost; no more"
    )
    recipes.add_flags(parser)
    cli.add_model_list(parser)
    arguments = parser.parse_args(argv)

    def run() -> int:
        # Wrong usage is told before TensorFlow starts.
        recipe = recipes.resolve(recipes.from_flags(arguments))
        named = Path(arguments.recipe).stem if arguments.recipe else recipe.arch
        out = Path(arguments.out or Path("runs") / named)
        header = headers.Header()
        if arguments.recipe:
            header = headers.read(recipes.RECIPES.path(arguments.recipe))
        if arguments.dry_run:
            print(plan.describe(recipe, header, out), end="")
            return cli.DONE
        try:
            plan.check(recipe)
            files.check_folder(out)
            return train(recipe, out)
        except errors.PhotographsUnavailable as error:
            own = header.section and "data" not in arguments
            hint = f" {header.section} says where the recipe's photographs are to be had."
            raise errors.UsageError(f"{error}{hint if own else ''}") from error

    def train(recipe: recipes.Recipe, out: Path) -> int:
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
