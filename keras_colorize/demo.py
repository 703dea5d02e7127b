"""`python -m keras_colorize.demo`: a page in the browser that colors photographs."""

import signal
import sys

from keras_colorize import cli
from keras_colorize.page import server


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser("demo", "Open a page in the browser that colors photographs.")
    cli.add_model(parser)
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address to listen at; 0.0.0.0 lets other machines in (default: %(default)s, "
        "this machine alone)",
    )
    parser.add_argument(
        "--port", type=cli.positive, metavar="N", help="default: the first free one from 7860 on"
    )
    parser.add_argument(
        "--max-pixels",
        type=cli.positive,
        default=server.MAX_PIXELS,
        metavar="N",
        help="refuse photographs that claim more pixels (default: 50 million)",
    )
    parser.add_argument(
        "--max-megabytes",
        type=cli.positive,
        default=server.MAX_MEGABYTES,
        metavar="N",
        help="refuse larger files (default: %(default)s)",
    )
    arguments = parser.parse_args(argv)

    def run() -> int:
        # A stop by kill or systemd removes the photographs, too.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        server.launch(**vars(arguments), wait=True)
        return cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
