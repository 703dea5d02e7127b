"""`python -m keras_colorize.evaluate`: score models beside grey and truth."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from keras_colorize import cli, errors, files

_IN_GRID = 12


def evaluate(models: list[str], data: str, out: str, size: int = 256) -> dict:
    """Score models on photographs, all in one pass.

    Args:
        models: Colorizers' folders, or runs'; `NAME=FOLDER` gives the row a name.
        data: What `--data` takes.
        out: Folder for `metrics.json`, `per_image.csv`, `table.md` and `grid.png`.
        size: Photographs are brought to this short side and cut to the central square, pixels.

    Returns:
        What `metrics.json` holds.

    Raises:
        UsageError: A model or the data cannot be used, or `out` cannot be written.
    """
    if size < 16:
        raise errors.UsageError(f"`size` must be at least 16. Received: size={size}.")
    folder = cli.make_folder(out, "out")
    named = _name(models)

    cli.start_keras()
    from tqdm import tqdm

    from keras_colorize import metrics, viz
    from keras_colorize.colorizer import load
    from keras_colorize.data import photographs, sources
    from keras_colorize.scoring import score

    colorizers = {name: load(path) for name, path in named.items()}
    source = sources.open_source(data)
    crops = (
        (name, digest, photographs.center_crop(rgb, size))
        for name, digest, rgb in source.read_all()
    )
    with tqdm(total=source.count, unit="photo", disable=None) as bar:
        scores = score(colorizers, crops, _IN_GRID, bar.update)
    cli.report_skipped(source.skipped)

    result = {
        "rows": scores.rows(),
        "trained_on": scores.trained_on,
        "photographs": scores.count,
        "skipped": len(source.skipped),
        "data": data,
        "fingerprint": source.fingerprint,
        "size": size,
        "models": {name: str(path) for name, path in named.items()},
    }
    files.write_json(folder / "metrics.json", result)
    note = f"{scores.count} photographs of {data}, centre crops of {size}², 8-bit sRGB.\n"
    files.write_text(folder / "table.md", scores.table() + "\n" + note)
    with files.atomic_file(folder / "per_image.csv") as temporary:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, ["image", "row", *metrics.NAMES])
            table.writeheader()
            table.writerows(scores.per_image)
    viz.save(folder / "grid.png", viz.grid(scores.pictures))
    print(scores.table() + "\n" + note, end="")
    return result


def _name(models) -> dict[str, Path]:
    """Give each model's row a name: the run's, or the folder's."""
    named = {}
    for given in models:
        name, equals, path = given.partition("=")
        if not equals or Path(given).exists():
            path = Path(given)
            name = path.resolve().name
            if name == "model":  # a run's folder/model
                name = path.resolve().parent.name
        if name in named or name in ("grey", "truth"):
            raise errors.UsageError(
                f"Two rows would be called {name!r}; name this model with --model NAME=DIR. "
                f"Received: model={given!r}."
            )
        named[name] = Path(path)
    return named


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = cli.parser("evaluate", "Score models on photographs, beside grey and truth.")
    parser.add_argument(
        "--model",
        action="append",
        metavar="[NAME=]DIR",
        help="a trained model's folder, or a run's; may be repeated (default: runs/vgg_fusion)",
    )
    parser.add_argument(
        "--data",
        default="samples",
        help="samples, a folder, a glob, tar shards or tfds:NAME[:SPLIT] (default: %(default)s)",
    )
    parser.add_argument(
        "-o", "--out", default="evaluation", help="folder for the results (default: %(default)s)"
    )
    parser.add_argument(
        "--size", type=int, default=256, help="side of the centre crops (default: %(default)s)"
    )
    arguments = parser.parse_args(argv)

    def run() -> int:
        models = arguments.model or ["runs/vgg_fusion"]
        evaluate(models, arguments.data, arguments.out, arguments.size)
        print(f"\nPictures  {Path(arguments.out) / 'grid.png'}")
        print(f"Metrics   {Path(arguments.out) / 'metrics.json'}")
        return cli.DONE

    return cli.guard(parser, run)


if __name__ == "__main__":
    sys.exit(main())
