"""`python -m keras_colorize.export`: a trained model as a file that others can serve."""

import sys

from keras_colorize import cli, errors
from keras_colorize.data import finding
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
        "DIR/NAME/onnx or DIR/NAME/litert, with --int8 to onnx_int8 or litert_int8 "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--int8",
        action="store_true",
        help="for onnx and litert: a network in 8 bits, whose files are smaller and whose colors "
        "differ a little",
    )
    parser.add_argument(
        "--data",
        metavar="NAME",
        help="photographs on which --int8 is calibrated: samples, a folder, a glob or tar shards; "
        "32 of them are used (default: samples)",
    )
    parser.add_argument(
        "--name", help="the name under which it is served (default: that of --model's weights)"
    )
    arguments = parser.parse_args(argv)

    def run() -> int:
        if arguments.format not in _FORMATS:
            raise errors.unknown("format", arguments.format, _FORMATS)
        if arguments.int8 and arguments.format == "savedmodel":
            raise errors.wrong(
                "`int8` is for the formats litert and onnx; a SavedModel computes in floats.",
                format=arguments.format,
            )
        if arguments.data and not arguments.int8:
            raise errors.wrong(
                "`data` names the photographs on which `int8` is calibrated, and needs it.",
                data=arguments.data,
            )
        decoding = cli.take_decoding(dict(vars(arguments)))
        # Wrong usage is told before Keras starts.
        provenance.check(arguments.model, arguments.out, decoding, arguments.name)
        finding.find_named(arguments.data or "", "data")
        format = None
        if arguments.format != "savedmodel":
            from keras_colorize.runtimes import choice  # brings NumPy

            format = choice.PORTABLE[arguments.format].format
            format.check_export(decoding)
        cli.start_keras()
        if format:
            from keras_colorize.runtimes import portable_files

            data = (arguments.data or "samples") if arguments.int8 else None
            folder = portable_files.export(
                arguments.model, arguments.out, format, decoding, arguments.name, data
            )
        else:
            from keras_colorize.runtimes import saved_model

            folder = saved_model.export(arguments.model, arguments.out, decoding, arguments.name)
        print(f"{format.title if format else 'SavedModel'}  {folder}")
        return cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
