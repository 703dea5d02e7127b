"""`python -m keras_colorize.evaluate`: score models and other programs beside grey and truth."""

import sys
from pathlib import Path

from keras_colorize import cli
from keras_colorize.evaluation import answers
from keras_colorize.evaluation.protocol import PROTOCOLS
from keras_colorize.evaluation.request import CEILINGS, Request

_WRITTEN = {
    "report.html": "Report",
    "turing": "Turing",
    "grid.png": "Pictures",
    "figure.png": "Figure",
    "table.md": "Tables",
    "protocol.md": "Protocol",
    "metrics.json": "Metrics",
}


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser(
        "evaluate", "Score models, and other programs' pictures, beside grey and truth."
    )
    add = parser.add_argument
    add(
        "--model",
        dest="models",
        action="append",
        metavar="[NAME=]NAME|DIR[,KEY=VALUE…]",
        help="a model that comes with the package, or the folder of one or of a run; may be "
        "repeated. Keys: decoding, temperature, chroma, rebalance and upscale, as for "
        "colorize; for example vivid=runs/mine,temperature=0.4 (default: "
        f"{cli.DEFAULT_MODEL}, unless there are --results)",
    )
    add(
        "--results",
        action="append",
        default=[],
        metavar="[NAME=]FOLDER",
        help="another program's pictures, named as the photographs are; may be repeated",
    )
    add(
        "--data",
        metavar="NAME",
        help="samples, a folder, a glob, tar shards or tfds:NAME[:SPLIT] (default: samples)",
    )
    out = "folder for the results (default: %(default)s)"
    add("-o", "--out", default="evaluation", help=out)
    add("--size", type=int, metavar="N", help="side of the center crops (default: 256)")
    known = ", ".join(PROTOCOLS.names())
    protocol = f"write a table and figure of a paper: {known}, or a TOML file"
    add("--protocol", metavar="NAME|FILE", help=protocol)
    ceilings = f"add rows made of the photographs themselves: {', '.join(CEILINGS)} pixels"
    add("--ceilings", action="store_true", help=ceilings)
    prior = "prior.txt of another evaluation, for the rebalanced AuC (default: measured here)"
    add("--prior", metavar="FILE", help=prior)
    add("--fid", action="store_true", help="add FID; needs InceptionV3's weights")
    add("--lpips", action="store_true", help="add LPIPS; needs the extra `perceptual`")
    add(
        "--pictures",
        type=int,
        default=Request.pictures,
        metavar="N",
        help="keep the pictures of the N photographs on which the first row gains most over grey, "
        "and of the N on which it gains least (default: %(default)s)",
    )
    seed = "seed of intervals and tests (default: %(default)s)"
    add("--seed", type=int, default=0, metavar="N", help=seed)
    turing = "also write OUT/turing/ROW.html, a colorization Turing test to open in a browser"
    add("--turing", action="store_true", help=turing)
    pool = "only pool the answers that judges saved from such pages: rate and 95 %% interval"
    add("--turing-answers", nargs="+", metavar="CSV", help=pool)
    cli.add_model_list(parser)
    given = vars(parser.parse_args(argv))
    saved = given.pop("turing_answers")

    def run() -> int:
        if saved:
            print(answers.pool(saved), end="")
            return cli.DONE
        given["models"] = given["models"] or ([] if given["results"] else [cli.DEFAULT_MODEL])
        request = Request(**given)
        request.check()  # before Keras starts
        cli.start_keras()
        from keras_colorize.evaluation.run import evaluate

        evaluate(request)
        for name, what in _WRITTEN.items():
            if (path := Path(request.out) / name).exists():
                print(f"{what:<9} {path}")
        return cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
