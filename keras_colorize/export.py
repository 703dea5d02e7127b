"""`python -m keras_colorize.export`: a trained model as a file that others can serve."""

import sys

from keras_colorize import cli, errors, files
from keras_colorize.colorizer import pretrained
from keras_colorize.runtimes import provenance

_FORMATS = ("litert", "onnx", "savedmodel")


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser("export", "Write a trained model for servers and other programs.")
    cli.add_model(parser)
    cli.add_decoding(parser)
    parser.add_argument(
        "--format",
        metavar="NAME",
        default="savedmodel",
        help="savedmodel, for TensorFlow, onnx, for ONNX Runtime and others, or litert, for phones "
        "and small computers (default: %(default)s)",
    )
    parser.add_argument(
        "-o",
        "--out",
        metavar="DIR",
        default="exported",
        help="a SavedModel goes to DIR/NAME/1, or the next free version, other files go to "
        "DIR/NAME/onnx or DIR/NAME/litert (default: %(default)s)",
    )
    parser.add_argument(
        "--name", help="the name under which it is served (default: that of --model's weights)"
    )
    arguments = parser.parse_args(argv)

    def run() -> int:
        if arguments.format not in _FORMATS:
            raise errors.unknown("format", arguments.format, _FORMATS)
        decoding = cli.take_decoding(dict(vars(arguments)))
        # Wrong usage is told before Keras starts.
        decoding.check(pretrained.summarize(arguments.model), arguments.model)
        provenance.name_of(arguments.model, arguments.name)
        files.check_folder(arguments.out, "out")
        format = None
        if arguments.format != "savedmodel":
            from keras_colorize.runtimes import choice  # brings NumPy

            format = choice.PORTABLE[arguments.format].format
            format.check_export(decoding)
        cli.start_keras()
        if format:
            from keras_colorize.runtimes import portable_files

            folder = portable_files.export(
                arguments.model, arguments.out, format, decoding, arguments.name
            )
        else:
            from keras_colorize.runtimes import saved_model

            folder = saved_model.export(arguments.model, arguments.out, decoding, arguments.name)
        print(f"{format.title if format else 'SavedModel'}  {folder}")
        return cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
