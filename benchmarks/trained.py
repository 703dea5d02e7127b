"""Rows of the tables that compare trained networks: of training.py, networks.py and design.py."""

import json
import subprocess
import sys
from pathlib import Path

_COLUMNS = {  # heading → a number's name, and how it is written
    "parameters": ("parameters", "{:,}"),
    "PSNR dB": ("psnr", "{:.2f}"),
    "ab RMSE": ("ab_rmse", "{:.2f}"),
    "AuC": ("auc", "{:.2f}"),
    "CIEDE2000": ("ciede2000", "{:.2f}"),
    "colorfulness": ("colorfulness", "{:.1f}"),
    "val loss": ("val_loss", "{:.4f}"),
    "minutes": ("minutes", "{:.1f}"),
}


def train(out: Path, flags: dict) -> None:
    """Train a run, unless it is done; one that was stopped goes on."""
    written = out / "run.json"
    if written.exists() and json.loads(written.read_text())["status"] == "done":
        return
    given = [part for item in flags.items() for part in _flag(*item)]
    verb = [sys.executable, "-m", "keras_colorize.train"]
    subprocess.run([*verb, "-o", str(out), *given], check=True)


def _flag(key, value) -> list[str]:
    if isinstance(value, bool):
        return [f"--{key}" if value else f"--no-{key}"]
    return [f"--{key}", str(value)]


def score(runs: dict[str, Path], val_data: str, out: Path) -> dict:
    """Score runs on the same photographs, unless all are; return what `evaluate` writes down."""
    written = out / "metrics.json"
    if written.exists() and set(runs) <= set((done := json.loads(written.read_text()))["rows"]):
        return done
    models = [f"--model={name}={folder}" for name, folder in runs.items()]
    verb = [sys.executable, "-m", "keras_colorize.evaluate"]
    command = [*verb, "--data", val_data, *models, "--pictures", "0", "-o", str(out)]
    subprocess.run(command, check=True)
    return json.loads(written.read_text())


def of_run(folder: Path) -> dict:
    """Return what a run's folder tells beside its scores."""
    record = json.loads((folder / "run.json").read_text())
    config = json.loads((folder / "model/config.json").read_text())
    last = record["history"][-1]
    return {
        "parameters": config["parameters"],
        "val_loss": last.get("val_loss"),
        "minutes": record["seconds"] / 60,
    }


def table(rows: dict[str, dict], columns: list[str]) -> str:
    """Return rows as a table in Markdown.

    Args:
        rows: Numbers by the name of the row; the grey and truth rows lack some.
        columns: Headings.
    """
    lines = [f"| | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    for name, row in rows.items():
        cells = [name]
        for column in columns:
            key, text = _COLUMNS[column]
            if key in row and row[key] is None:
                cells.append("∞" if key == "psnr" else "")
            else:
                cells.append(text.format(row[key]) if key in row else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
