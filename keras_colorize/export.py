"""`python -m keras_colorize.export`: a trained model as a file that others can serve."""

import sys

from keras_colorize import cli, errors, files
from keras_colorize.colorizer import Decoding, pretrained

_FORMATS = ("savedmodel",)


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
        help="the model goes to DIR/NAME/1, or the next free version (default: %(default)s)",
    )
    parser.add_argument(
        "--name", help="the name under which it is served (default: that of --model's weights)"
    )
    arguments = parser.parse_args(argv)

    def run() -> int:
        if arguments.format not in _FORMATS:
            raise errors.unknown("format", arguments.format, _FORMATS)
        decoding = Decoding(
            arguments.decoding,
            arguments.temperature,
            arguments.chroma,
            arguments.upscale,
            arguments.seed,
        )
        # Wrong usage is told before Keras starts.
        decoding.check(pretrained.summarize(arguments.model), arguments.model)
        files.check_folder(arguments.out, "out")
        cli.start_keras()
        from keras_colorize.runtimes import saved_model

        version = saved_model.export(arguments.model, arguments.out, decoding, arguments.name)
        print(f"SavedModel  {version}")
        return cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
