"""An evaluation from what is asked for to the files that it writes."""

import csv
import dataclasses
import shutil
from datetime import datetime
from pathlib import Path

from tqdm import tqdm

from keras_colorize import cli, errors, files, plots
from keras_colorize._version import __version__
from keras_colorize.data import photographs, sources
from keras_colorize.evaluation import (
    intervals,
    observers,
    perceptual,
    prior,
    rows,
    scoring,
    summary,
    tables,
)
from keras_colorize.evaluation.pages import protocol, report, turing
from keras_colorize.evaluation.request import GREY, Request
from keras_colorize.evaluation.results import Results

_FORMAT = 1  # of metrics.json; raised when a reader of an older one would be misled
_IN_GRID = 12  # photographs in grid.png, unless a protocol says otherwise
_CROP = "short side to the size, by area averages or bicubically, then the central square"
_COLOR = "8-bit sRGB with embedded profiles applied; CIELAB under D65"
_FILES = {"report.html", "metrics.json", "per_image.csv", "table.md", "grid.png", "prior.txt"}
_PROTOCOL_FILES = {"protocol.md", "figure.png"}


def evaluate(request: Request) -> dict:
    """Score models and other programs' pictures on photographs, all in one pass; write the files.

    Returns:
        What `metrics.json` holds.

    Raises:
        UsageError: A model, the data or a folder cannot be used, or `out` cannot be written.
        WeightsUnavailable: Those of FID or LPIPS can be neither found nor downloaded.

    Example:
        >>> evaluate(Request(["mine=runs/mine"], data="photographs/"))["rows"]["mine"]["psnr"]
    """
    files.check_folder(request.out)
    if request.plan and request.plan.table == "losses":
        return _compare_losses(request)

    # ---- what is scored ----
    fid = perceptual.Fid(perceptual.inception()) if request.fid else None
    lpips = perceptual.Lpips(perceptual.lpips()) if request.lpips else None
    others = [Results(name, path) for name, path in request.folders.items()]
    painters = rows.painters(request.named, request.plan)
    open_data = sources.open_source if request.has_truth else sources.open_grey
    source = open_data(request.data)

    # ---- scores ----
    with files.output_folder(request.out) as folder:
        if request.prior:
            counts = prior.read(request.prior)
        else:
            counts = _measure_prior(source, others, request)
        grid = observers.Grid(request.plan.show if request.plan else _IN_GRID)
        gallery = observers.Gallery(report.SHOWN)
        sample = observers.Sample(turing.PAIRS) if request.turing else None
        asked = [*painters, *request.folders]
        with files.atomic_folder(folder / "pictures") as temporary:
            kept = observers.PictureFolder(temporary, request.pictures, (asked or [GREY])[0])
            scores = scoring.score(
                painters,
                _show(_crops(source, others, request), "score", source.count),
                list(filter(None, (lpips, fid, grid, gallery, sample, kept))),
                prior=counts,
                ceilings=request.ceilings,
                has_truth=request.has_truth,
            )
            if not scores.count:
                text = "No photograph has a picture in every folder of results."
                raise errors.wrong(text, results=list(request.results))
    if not request.pictures:
        shutil.rmtree(folder / "pictures")
    if fid:
        scores.of_rows["fid"] = fid.distances()
    cli.report_skipped(source.skipped)
    for one in others:
        _report_mismatches(one)

    # ---- files ----
    means = scores.means()
    result = {
        "format": _FORMAT,
        "rows": means,
        "intervals": scores.intervals(request.seed),
        "tests": scores.tests(request.seed),
        "metrics": {
            name: {"heading": metric.heading, "better": metric.better, "says": metric.says}
            for name, metric in summary.METRICS.items()
            if name in means[GREY]
        },
        "bootstrap": intervals.SETTINGS,
        "images": list(scores.per_image),
        "pictures": kept.list(),
        "trained_on": scores.trained_on,
        "photographs": scores.count,
        "skipped": len(source.skipped),
        "left_out": sorted({name for one in others for name, _ in one.missing}),
        "results": {one.name: one.mismatches() for one in others},
        "data": request.data,
        "fingerprint": source.fingerprint,
        "size": request.size,
        "crop": _CROP,
        "color": _COLOR,
        "prior": request.prior or "these photographs",
        "fid": f"{perceptual.INCEPTION}. Reference: the truth row" if fid else None,
        "lpips": perceptual.LPIPS if lpips else None,
        "seed": request.seed,
        "protocol": request.protocol,
        "models": {name: str(model.path) for name, model in request.named.items()},
        "seconds": scores.seconds,
        "network_seconds": scores.network_seconds,
        "version": __version__,
        "date": datetime.now().astimezone().isoformat(" ", "minutes"),
    }
    files.write_json(folder / "metrics.json", result)
    files.write_text(folder / "prior.txt", "".join(f"{count:.0f}\n" for count in counts))
    columns = ["image", "row", *scores.image_metrics]
    files.write_csv(folder / "per_image.csv", columns, scores.per_image)
    text = tables.whole(scores, result)
    files.write_text(folder / "table.md", text)
    photographs.write(folder / "grid.png", plots.grid(grid.columns))
    report.write(folder / "report.html", scores, result, gallery)
    if request.plan:
        text = protocol.text(request.plan, scores, result)
        figure = protocol.figure(request.plan, scores, result, grid)
        _write_protocol(folder, text, figure)
    _remove_old(folder, set() if request.plan else _PROTOCOL_FILES)
    if request.turing:
        turing.write(files.make_folder(folder / "turing"), sample, asked)
    share = 100 * scores.network_seconds / scores.seconds
    print(text.split("\n## ")[0])
    print(f"Scored in {scores.seconds:.1f} s, {share:.0f} % of it in the networks.\n")
    return result


def _crops(source, others, request, of_others=True):
    """Yield every photograph that all other programs have a picture of, and those pictures."""
    for name, digest, rgb in source.read_all():
        if of_others:
            made = {one.name: one.crop(name, rgb, request.size) for one in others}
        else:
            made = {one.name: one.find(name) for one in others}
        if all(picture is not None for picture in made.values()):
            crop = photographs.center_crop(rgb, request.size)
            yield scoring.Photograph(name, digest, crop, made)


def _measure_prior(source, others, request):
    # Files that cannot be read are reported by the pass that scores.
    quiet = dataclasses.replace(source, skipped=[])
    crops = (photograph.truth for photograph in _crops(quiet, others, request, of_others=False))
    return prior.measure(_show(crops, "prior", source.count, leave=False))


def _show(items, what, count, **options):
    """Show progress while photographs pass by."""
    return tqdm(items, what, count, unit="photo", disable=None, **options)


def _report_mismatches(results) -> None:
    resized = "of another size than the photograph (both are cropped alike) in"
    for noun, what, listed in (
        ("photograph", "left out: no picture in", results.missing),
        ("picture", resized, results.resized),
        ("picture", "without a photograph in --data, in", [(name, "") for name in results.extra]),
    ):
        cli.report(f"{errors.counted(len(listed), noun)} {what} {results.folder}", listed)


# ---- files ----


def _write_protocol(folder, text, figure) -> None:
    files.write_text(folder / "protocol.md", text)
    photographs.write(folder / "figure.png", figure)


def _remove_old(folder: Path, names: set[str]) -> None:
    """Remove what an earlier evaluation left in a folder, but nothing that a person put there."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
    pages = folder / "turing"
    for page in pages.glob("*.html"):
        page.unlink()
    if pages.is_dir() and not any(pages.iterdir()):
        pages.rmdir()


def _compare_losses(request) -> dict:
    """Carry out a protocol that looks at runs, not at photographs."""
    histories = {}
    for name in request.plan.rows:
        if name in request.named:
            path = request.named[name].path / "history.csv"
            if not path.is_file():
                text = "`model` must be a run's folder, with its history.csv."
                raise errors.wrong(text, model=f"{name}={path.parent}")
            with open(path, newline="", encoding="utf-8") as file:
                histories[name] = [
                    {key: float(value) for key, value in row.items() if value}
                    for row in csv.DictReader(file)
                ]
    text = protocol.loss_text(request.plan, histories)
    with files.output_folder(request.out) as folder:
        _write_protocol(folder, text, protocol.loss_figure(histories))
        _remove_old(folder, _FILES)
    print(text, end="")
    return {"format": _FORMAT, "losses": {name: rows[-1] for name, rows in histories.items()}}
