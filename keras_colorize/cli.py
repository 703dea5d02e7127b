"""The command line's common part: the verbs, their exit codes, and what they say of errors."""

import argparse
import difflib
import importlib
import io
import os
import re
import signal
import sys
from collections.abc import Callable

from keras_colorize import errors, quiet
from keras_colorize._version import __version__
from keras_colorize.colorizer import Decoding, pretrained
from keras_colorize.errors import RunError, UsageError

VERBS = {
    "train": "train a network on photographs",
    "evaluate": "score models on photographs, beside grey and truth",
    "colorize": "color photographs",
    "demo": "color photographs on a page in the browser",
    "export": "write a trained model for servers",
    "models": "list trained models, architectures and heads",
    "recipes": "list the recipes of train",
}
# Modules that are not called as their verb, since a room of the package is.
_MODULES = {"models": "show_models", "recipes": "show_recipes"}
DEFAULT_MODEL = "lite_unet.natural"  # comes with the package
DONE, SOME_FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 128 + signal.SIGINT


def main(argv: list[str] | None = None) -> int:
    """Run `keras-colorize VERB …`."""
    parser = _Parser(
        prog="keras-colorize",
        description="Image colorization in Keras.",
        epilog="keras-colorize VERB --help tells more of each.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, summary in VERBS.items():
        verbs.add_parser(verb, help=summary, add_help=False)
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments:
        parser.print_help(sys.stderr)
        return WRONG_USAGE
    verb = parser.parse_args(arguments[:1]).verb
    return importlib.import_module(f"keras_colorize.{_MODULES.get(verb, verb)}").main(arguments[1:])


def parser(verb: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of one verb."""
    return _Parser(
        prog=f"keras-colorize {verb}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


class _Parser(argparse.ArgumentParser):
    """Tells wrong usage in one line, with the flag that was meant, and not all flags."""

    def error(self, message: str):
        asked = f"`{self.prog} --help` says what there is."
        if unknown := re.match(r"unrecognized arguments: (--[^\s=]+)", message):
            near = difflib.get_close_matches(unknown[1], self._option_string_actions, 1)
            asked = f"Did you mean {near[0]}? {asked}" if near else asked
        self.exit(WRONG_USAGE, f"{self.prog}: error: {message.removesuffix('.')}. {asked}\n")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the flag of a verb that uses one trained model, and to `--help` those to choose from."""
    parser.add_argument(
        "--model",
        metavar="NAME|DIR",
        default=DEFAULT_MODEL,
        help="a model that comes with the package, or the folder of one or of a run "
        "(default: %(default)s)",
    )
    add_model_list(parser)


def add_decoding(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say how a model's output becomes colors."""
    parser.add_argument(
        "--decoding",
        metavar="NAME",
        help="for models with classes: argmax, mean, or sample, which is for study: it draws every "
        "pixel's color by itself (default: the head's)",
    )
    parser.add_argument(
        "--temperature",
        type=float,
        metavar="X",
        help="for mean and sample: a small one takes the likeliest color, a large one weighs all",
    )
    parser.add_argument(
        "--rebalance",
        type=float,
        metavar="X",
        help="for models with classes, -1 to 1: above 0 the network dares rarer colors, more vivid "
        "ones and more of them (default: the model's own)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the seed of sample (default: %(default)s)"
    )
    parser.add_argument(
        "--chroma",
        type=float,
        default=1.0,
        metavar="FACTOR",
        help="for any model, 0 to 10: 1.4 is more vivid, 0.7 paler (default: %(default)s)",
    )
    parser.add_argument(
        "--upscale",
        metavar="NAME",
        help="how color is enlarged: bilinear, bicubic, or guided by the photograph's contours "
        "(default: guided for lite_unet, bilinear for the papers' networks)",
    )


def take_decoding(given: dict) -> Decoding:
    """Take the flags of `add_decoding` out of the flags that were given."""
    names = ("temperature", "chroma", "upscale", "seed", "rebalance")
    return Decoding(given.pop("decoding"), **{name: given.pop(name) for name in names})


def add_model_list(parser: argparse.ArgumentParser) -> None:
    """Add to `--help` the models that come with the package."""
    lines = "".join(f"\n  {line}" for line in pretrained.described())
    parser.epilog = f"models that come with the package:{lines}"


def guard(parser: argparse.ArgumentParser, run: Callable[[], int]) -> int:
    """Run a verb and turn what it raises into a message and an exit code."""
    if sys.stderr is None:  # closed, as under pythonw; progress bars need one
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a Windows code page lacks ∞, and many names
            stream.reconfigure(errors="backslashreplace")
    try:
        return run()
    except UsageError as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return WRONG_USAGE
    except (RunError, OSError) as error:  # most often a full disk; what was written before is whole
        print(f"\n{parser.prog}: {error}", file=sys.stderr)
        return SOME_FAILED
    except KeyboardInterrupt as stopped:  # its text, if it has one, says how it goes on
        print(f"\n{parser.prog}: {'. '.join(['interrupted', *stopped.args])}", file=sys.stderr)
        return INTERRUPTED


def start_keras() -> None:
    """Import Keras, as a verb does once it knows that its flags are right.

    Raises:
        UsageError: Keras is not installed, or not all that it needs.
    """
    try:
        quiet.start_keras()
    except ModuleNotFoundError as error:
        raise UsageError(
            f"This needs Keras and TensorFlow: `pip install keras_colorize`. Missing: {error.name}."
        ) from error


def shown(text: str) -> str:
    """Return a text, which may hold a file's name, on one line and without what is not UTF-8."""
    text = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def report(heading: str, listed: list[tuple[str, str]]) -> None:
    """Name files on standard error, each with the reason if there is one."""
    if listed:
        print(f"{heading}:", file=sys.stderr)
    for name, reason in listed:
        print(f"  {name}{': ' if reason else ''}{reason}", file=sys.stderr)


def report_skipped(skipped: list[tuple[str, str]]) -> None:
    """Count and name the files that were not used."""
    report(f"Skipped {errors.counted(len(skipped), 'file')}", skipped)


def positive(text: str) -> int:
    """Read the value of a flag that takes a whole number from 1 on."""
    try:
        number = int(text.replace("_", ""))
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 1. Received: {text!r}")
    return number
