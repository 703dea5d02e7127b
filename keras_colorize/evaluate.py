"""`python -m keras_colorize.evaluate`: score models and other programs beside grey and truth."""

from __future__ import annotations

import csv
import dataclasses
import shutil
import sys
from datetime import datetime
from pathlib import Path

from keras_colorize import cli, errors, files
from keras_colorize._version import __version__
from keras_colorize.evaluation import protocol as protocols

_FORMAT = 1  # of metrics.json; raised when a reader of an older one would be misled
_DATA, _SIZE, _IN_GRID, _KEPT = "samples", 256, 12, 6
_RESERVED = ("grey", "truth", "half chroma", "313 bins", "ab at 64")  # rows of our own
_CROP = "short side to the size, by area averages or bicubically, then the central square"
_COLOR = "8-bit sRGB with embedded profiles applied; CIELAB under D65"


def evaluate(
    models: list[str],
    data: str | None = None,
    out: str = "evaluation",
    size: int | None = None,
    *,
    results: list[str] = (),
    protocol: str | None = None,
    ceilings: bool = False,
    prior: str | None = None,
    fid: bool = False,
    lpips: bool = False,
    pictures: int = _KEPT,
    seed: int = 0,
    turing: bool = False,
) -> dict:
    """Score models and other programs' pictures on photographs, all in one pass.

    Args:
        models: Colorizers' folders, or runs'; `NAME=FOLDER` gives the row a name.
        data: What `--data` takes; the protocol's, or `samples`, when None.
        out: Folder for `report.html`, `metrics.json`, `per_image.csv`, `table.md`, `grid.png`,
            `prior.txt`, `pictures/` and, with a protocol, `protocol.md` and `figure.png`.
        size: Photographs are brought to this short side and cut to the central square, pixels; the
            protocol's, or 256, when None.
        results: `NAME=FOLDER` of another program's pictures, named as the photographs are.
        protocol: A name of `protocol.PROTOCOLS`, or a TOML file.
        ceilings: Add rows made of the photographs themselves.
        prior: File with how often each of the 313 bins occurs, for the rebalanced AuC; measured on
            these photographs when None.
        fid: Add the Fréchet distance of Inception features to those of the photographs.
        lpips: Add LPIPS.
        pictures: The pictures of so many photographs are kept that have the best PSNR in the first
            row asked for, and of as many that have the worst.
        seed: Of the bootstrap and the paired tests.
        turing: Also write a page for a colorization Turing test of each row, in `turing/`.

    Returns:
        What `metrics.json` holds.

    Raises:
        UsageError: A model, the data or a folder cannot be used, or `out` cannot be written.
        WeightsUnavailable: Those of FID or LPIPS can be neither found nor downloaded.
    """
    plan = protocols.read(protocol) if protocol else None
    data = data or (plan.data if plan else _DATA)
    size = size or (plan.size if plan else _SIZE)
    for name, value, least in (("size", size, 16), ("pictures", pictures, 0)):
        if value < least:
            raise errors.UsageError(f"`{name}` must be at least {least}. Received: {name}={value}.")
    named = _name("model", models, ())
    folders = _name("results", results, named)
    if turing and plan and not plan.has_truth:
        raise errors.UsageError(
            f"`turing` needs true colors, and protocol {protocol} has none to show."
        )
    if plan:
        _check_roles(plan, protocol, [*named, *folders])
    folder = files.make_folder(out, "out")
    if plan and plan.table == "losses":
        return _write_losses(plan, named, folder)

    cli.start_keras()
    from tqdm import tqdm

    from keras_colorize.colorizer import load
    from keras_colorize.data import sources
    from keras_colorize.evaluation import perceptual, scoring, summary
    from keras_colorize.evaluation.pages import report
    from keras_colorize.evaluation.pages import turing as turing_test
    from keras_colorize.evaluation.results import Results

    # ---- what is scored ----
    has_truth = plan is None or plan.has_truth
    distance = perceptual.Fid(perceptual.inception()) if fid else None
    distances = perceptual.lpips() if lpips else None
    others = [Results(name, path) for name, path in folders.items()]
    painters = _painters(plan, {name: load(path) for name, path in named.items()})
    source = (sources.open_source if has_truth else sources.open_grey)(data)
    counts = _read_prior(prior) if prior else _measure_prior(source, others, size)

    # ---- scores ----
    extremes, sample = report.Extremes(), turing_test.Sample()

    def watch(image, made, numbers):
        if has_truth:
            extremes.add(image, made, numbers)
        if turing:
            sample.add(image, made)

    with files.atomic_folder(folder / "pictures") as temporary:
        with tqdm(total=source.count, unit="photo", desc="score", disable=None) as bar:
            scores = scoring.score(
                painters,
                _crops(source, others, size),
                plan.show if plan else _IN_GRID,
                bar.update,
                prior=counts,
                ceilings=ceilings,
                kept=scoring.Kept(temporary, pictures) if pictures else None,
                watch=watch,
                fid=distance,
                lpips=distances,
                has_truth=has_truth,
            )
        if not scores.count:
            raise errors.UsageError(
                "No photograph has a picture in every folder of results. "
                f"Received: results={list(results)}."
            )
    if not pictures:
        shutil.rmtree(folder / "pictures")
    cli.report_skipped(source.skipped)
    for one in others:
        _report_mismatches(one)

    # ---- files ----
    values, sure = scores.summarize(seed)
    result = {
        "format": _FORMAT,
        "rows": values,
        "intervals": sure,
        "tests": scores.tests(seed),
        **_explain(scores),
        "trained_on": scores.trained_on,
        "photographs": scores.count,
        "skipped": len(source.skipped),
        "left_out": sorted({name for one in others for name, _ in one.missing}),
        "results": {
            one.name: {
                "folder": str(one.folder),
                "missing": dict(one.missing),
                "resized": dict(one.resized),
                "extra": one.extra,
            }
            for one in others
        },
        "data": data,
        "fingerprint": source.fingerprint,
        "size": size,
        "crop": _CROP,
        "color": _COLOR,
        "prior": prior or "these photographs",
        "fid": f"{perceptual.INCEPTION}. Reference: the truth row" if fid else None,
        "lpips": perceptual.LPIPS if lpips else None,
        "seed": seed,
        "protocol": protocol,
        "models": {name: str(path) for name, path in named.items()},
        "seconds": scores.seconds,
        "network_seconds": scores.network_seconds,
        "version": __version__,
        "date": datetime.now().astimezone().isoformat(" ", "minutes"),
    }
    files.write_json(folder / "metrics.json", result)
    files.write_text(folder / "prior.txt", "".join(f"{count:.0f}\n" for count in counts))
    _write_images(folder / "per_image.csv", scores)
    text = _tables(result, scores)
    files.write_text(folder / "table.md", text)
    if plan:
        text = _write_protocol(plan, folder, scores, result)
    _write_grid(folder / "grid.png", scores)
    report.write(folder / "report.html", result, scores.per_image, extremes, summary.METRICS)
    if turing:
        turing_test.write(
            files.make_folder(folder / "turing", "out"), sample, [*painters, *folders]
        )
    print(text.split("\n## ")[0])
    share = _percentage(scores.network_seconds / scores.seconds)
    print(f"Scored in {scores.seconds:.1f} s, {share} of it in the networks.\n")
    return result


# ---- rows ----


def _name(argument, given, taken) -> dict[str, Path]:
    """Give each row a name: the one before =, the run's, or the folder's."""
    named = {}
    for one in given:
        name, equals, path = one.partition("=")
        if not equals or Path(one).exists():
            path = Path(one)
            name = path.resolve().name
            if argument == "model" and name == "model":  # a run's folder/model
                name = path.resolve().parent.name
        if name in named or name in taken or name in _RESERVED:
            raise errors.UsageError(
                f"Two rows would be called {name!r}; name this one with --{argument} NAME=DIR. "
                f"Received: {argument}={one!r}."
            )
        if "/" in name:
            raise errors.UsageError(
                f"A row's name is that of a folder too, and cannot have a / in it. "
                f"Received: {argument}={one!r}."
            )
        named[name] = Path(path)
    return named


def _check_roles(plan, protocol, given) -> None:
    if not set(plan.models) & set(given):
        raise errors.UsageError(
            f"Protocol {protocol} compares {plan.models}: give at least one of them, as "
            f"--model NAME=DIR or --results NAME=FOLDER. Received: {given}."
        )


class _Painter:
    """A Colorizer with one of the ways to decode its output."""

    def __init__(self, colorizer, decoding):
        self._colorizer, self._decoding = colorizer, decoding
        self.trained_on = colorizer.trained_on
        decoding.check(colorizer.head)

    def colorize_batch(self, photographs):
        return self._colorizer.colorize_batch(photographs, self._decoding)


def _painters(plan, colorizers) -> dict:
    """Return the rows that networks make: one for each model, or as a protocol's rows ask."""
    if plan is None:
        return colorizers
    from keras_colorize.colorizer import Decoding

    painters = {
        name: _Painter(
            colorizers[model],
            Decoding(row.decoding or None, row.temperature or None, row.chroma),
        )
        for name, row in plan.rows.items()
        if (model := row.model or name) in colorizers
    }
    return painters | {
        name: _Painter(colorizer, Decoding())
        for name, colorizer in colorizers.items()
        if name not in plan.models
    }


# ---- photographs ----


def _crops(source, others, size, of_others=True):
    """Yield every photograph that all other programs have a picture of, and those pictures."""
    from keras_colorize.data import photographs
    from keras_colorize.evaluation.scoring import Photograph

    for name, digest, rgb in source.read_all():
        if of_others:
            made = {one.name: one.crop(name, rgb, size) for one in others}
        else:
            made = {one.name: one.find(name) for one in others}
        if all(picture is not None for picture in made.values()):
            yield Photograph(name, digest, photographs.center_crop(rgb, size), made)


def _measure_prior(source, others, size):
    from tqdm import tqdm

    from keras_colorize.evaluation import scoring

    # Files that cannot be read are reported by the pass that scores.
    quiet = dataclasses.replace(source, skipped=[])
    crops = (photograph.truth for photograph in _crops(quiet, others, size, of_others=False))
    return scoring.measure_prior(
        tqdm(crops, total=source.count, unit="photo", desc="prior", disable=None, leave=False)
    )


def _read_prior(path):
    import numpy as np

    try:
        counts = np.loadtxt(path, ndmin=1)
    except (OSError, ValueError) as error:
        raise errors.UsageError(f"`prior` cannot be read ({error}).") from error
    if counts.shape != (313,) or not (counts >= 0).all() or not counts.sum() > 0:
        raise errors.UsageError(
            "`prior` must be a file of 313 numbers, one for each bin, as prior.txt. "
            f"Received: prior={path!r} with {counts.size}."
        )
    return counts


def _report_mismatches(results) -> None:
    for what, listed in (
        ("photographs are left out: no picture in", results.missing),
        (
            "pictures are of another size than the photograph; both are cropped alike, in",
            results.resized,
        ),
        ("pictures belong to no photograph of --data, in", [(name, "") for name in results.extra]),
    ):
        if listed:
            print(f"{len(listed)} {what} {results.folder}:", file=sys.stderr)
            for name, reason in listed:
                print(f"  {name}{': ' if reason else ''}{reason}", file=sys.stderr)


# ---- files ----


def _explain(scores) -> dict:
    """Return what metrics.json says of single photographs, and of what its numbers mean."""
    from keras_colorize.evaluation import intervals, summary

    return {
        "metrics": {
            name: {"heading": metric.heading, "better": metric.better, "says": metric.says}
            for name, metric in summary.METRICS.items()
            if name in scores.told
        },
        "bootstrap": {
            "confidence": intervals.CONFIDENCE,
            "replicates": intervals.REPLICATES,
            "flips": intervals.FLIPS,
        },
        "images": list(scores.per_image),
        "pictures": scores.kept,
    }


def _write_images(path, scores) -> None:
    with files.atomic_file(path) as temporary:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, ["image", "row", *scores.image_metrics])
            table.writeheader()
            table.writerows(scores.per_image)


def _tables(result, scores) -> str:
    """Return table.md: the short table, every metric with its interval, the paired tests."""
    from keras_colorize.evaluation import summary

    said = f"{scores.count} photographs of {result['data']}"
    for key, words in (("skipped", "skipped"), ("left_out", "left out for want of a picture")):
        number = result[key] if key == "skipped" else len(result[key])
        said += f", {number} {words}" if number else ""
    said += f"; center crops of {result['size']}² ({_CROP}). {_COLOR}."
    short = [name for name in summary.MAIN if name in scores.told]
    parts = [scores.table(short, result["rows"]), said + "\n"]
    parts.append(
        "## Every metric\n\n"
        f"In brackets the {_percentage(result['bootstrap']['confidence'])} percentile interval of "
        f"{result['bootstrap']['replicates']} bootstrap draws of photographs (seed "
        f"{result['seed']}). The rebalanced AuC's prior is of {result['prior']}.\n"
    )
    parts.append(scores.everything(result["rows"], result["intervals"]))
    for name in ("fid", "lpips"):
        if result[name]:
            parts.append(f"{name.upper()}: {result[name]}.\n")
    if result["tests"]:
        parts.append(
            "## Paired tests\n\nMean difference between two rows on the same photographs, and the "
            "two-sided p of a sign-flip permutation test; not corrected for the number of tests.\n"
        )
        parts.append(summary.tests_table(result["tests"]))
    return "\n".join(parts)


def _write_protocol(plan, folder, scores, result) -> str:
    """Write protocol.md and figure.png; return the former's text."""
    given = [name for name in plan.rows if name in scores.columns]
    missing = [name for name in plan.rows if name not in given]
    plan = dataclasses.replace(plan, size=result["size"])
    text = protocols.table(plan, scores, result["rows"], given)
    text += "\n" + protocols.notes(plan, result["data"], scores.count, missing)
    files.write_text(folder / "protocol.md", text)
    protocols.draw(plan, folder / "figure.png", scores, result["rows"], result["intervals"], given)
    return text


def _write_losses(plan, named, folder) -> dict:
    """Write protocol.md and figure.png of a protocol that looks at runs, not at photographs."""
    histories = {}
    for name in plan.rows:
        if name in named:
            path = named[name] / "history.csv"
            if not path.is_file():
                raise errors.UsageError(
                    f"`model` must be a run's folder, with its history.csv. "
                    f"Received: model={f'{name}={named[name]}'!r}."
                )
            with open(path, newline="", encoding="utf-8") as file:
                histories[name] = [
                    {key: float(value) for key, value in row.items() if value}
                    for row in csv.DictReader(file)
                ]
    missing = [name for name in plan.rows if name not in histories]
    text = protocols.loss_table(plan, histories) + "\n" + protocols.notes(plan, "", 0, missing)
    files.write_text(folder / "protocol.md", text)
    protocols.draw_losses(folder / "figure.png", histories)
    print(text, end="")
    return {"format": _FORMAT, "losses": {name: rows[-1] for name, rows in histories.items()}}


def _write_grid(path, scores) -> None:
    from keras_colorize import plots

    plots.save(path, plots.grid({row: scores.pictures[row] for row in scores.row_names}))


def _percentage(share) -> str:
    return f"{100 * share:.0f} %"


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser(
        "evaluate", "Score models, and other programs' pictures, beside grey and truth."
    )
    parser.add_argument(
        "--model",
        action="append",
        metavar="[NAME=]NAME|DIR",
        help="a model that comes with the package, or the folder of one or of a run; may be "
        "repeated (default: "
        f"{cli.DEFAULT_MODEL}, unless there are --results)",
    )
    parser.add_argument(
        "--results",
        action="append",
        default=[],
        metavar="[NAME=]FOLDER",
        help="another program's pictures, named as the photographs are; may be repeated",
    )
    parser.add_argument(
        "--data",
        help="samples, a folder, a glob, tar shards or tfds:NAME[:SPLIT] (default: samples)",
    )
    parser.add_argument(
        "-o", "--out", default="evaluation", help="folder for the results (default: %(default)s)"
    )
    parser.add_argument("--size", type=int, help="side of the center crops (default: 256)")
    parser.add_argument(
        "--protocol",
        metavar="NAME|FILE",
        help="write a table and figure of the sources: "
        + ", ".join([*protocols.PROTOCOLS.names(), "or a file"]),
    )
    parser.add_argument(
        "--ceilings",
        action="store_true",
        help="add rows with half the chroma, the nearest of 313 bins, and ab at 64 × 64 pixels",
    )
    parser.add_argument(
        "--prior",
        metavar="FILE",
        help="prior.txt of another evaluation, for the rebalanced AuC (default: of these)",
    )
    parser.add_argument("--fid", action="store_true", help="add FID; needs InceptionV3's weights")
    parser.add_argument(
        "--lpips", action="store_true", help="add LPIPS; needs the extra `perceptual`"
    )
    parser.add_argument(
        "--pictures",
        type=int,
        default=_KEPT,
        metavar="N",
        help="keep the pictures of the N best and the N worst photographs (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of intervals and tests (default: %(default)s)"
    )
    parser.add_argument(
        "--turing",
        action="store_true",
        help="also write OUT/turing/ROW.html, a colorization Turing test to open in a browser",
    )
    parser.add_argument(
        "--turing-answers",
        nargs="+",
        metavar="CSV",
        help="only pool the answers that judges saved from such pages: rate and 95 %% interval",
    )
    arguments = parser.parse_args(argv)

    def run() -> int:
        given = vars(arguments)
        if answers := given.pop("turing_answers"):
            from keras_colorize.evaluation.pages import turing

            print(turing.table(turing.pool(answers)), end="")
            return cli.DONE
        models = given.pop("model") or ([] if given["results"] else [cli.DEFAULT_MODEL])
        evaluate(models, **given)
        folder = Path(arguments.out)
        for what, file in (
            ("Report", "report.html"),
            ("Turing", "turing"),
            ("Pictures", "grid.png"),
            ("Figure", "figure.png"),
            ("Tables", "table.md"),
            ("Protocol", "protocol.md"),
            ("Metrics", "metrics.json"),
        ):
            if (folder / file).exists():
                print(f"{what:<9} {folder / file}")
        return cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
