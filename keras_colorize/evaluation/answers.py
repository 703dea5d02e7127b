"""The answers of a colorization Turing test: pooled over judges, with an interval of the rate."""

import csv
import math
import os
import re
import statistics
from collections.abc import Iterable

from keras_colorize import errors

Z = statistics.NormalDist().inv_cdf(0.975)  # for a 95 % interval
COLUMNS = (
    *("session", "judge", "model", "trial", "kind", "image"),
    *("colored_side", "answer", "fooled", "shown_ms", "response_ms"),
)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a rate, without continuity correction.

    Wilson 1927. It keeps within 0…1, and near 95 % for few trials too, where the usual ± 1.96
    standard errors collapse: at 0 of 36 fooled they would claim certainty. It takes judgments as
    independent; those of one judge are not quite.

    Raises:
        ValueError: No trials.
    """
    if trials < 1:
        raise ValueError(f"An interval needs at least one trial. Received: trials={trials}.")
    rate, share = successes / trials, Z * Z / trials
    middle = (rate + share / 2) / (1 + share)
    half = Z * math.sqrt(rate * (1 - rate) / trials + share / (4 * trials)) / (1 + share)
    return max(0.0, middle - half), min(1.0, middle + half)


def pool(answers: Iterable[str | os.PathLike]) -> str:
    """Pool the answers of any number of judges, for each program by itself.

    Args:
        answers: CSV files that the pages have saved.

    Returns:
        A Markdown table with a line for each program.

    Raises:
        UsageError: A file that no page saved, or a session that is given twice.
    """
    origin: dict[str, str] = {}
    by_model: dict[str, list[dict]] = {}
    for path in map(str, answers):
        for line in _read(path):
            if origin.setdefault(line["session"], path) != path:
                raise errors.UsageError(
                    f"The same session is in two files, {origin[line['session']]!r} and {path!r}: "
                    "its judge would count twice."
                )
            by_model.setdefault(line["model"], []).append(line)
    table = (
        "| | judges | judgments | fooled | 95 % interval (Wilson) | checks found out | shown |\n"
        "|---|---:|---:|---:|---:|---:|---:|\n"
    )
    for model, lines in sorted(by_model.items()):
        test, check = (
            [int(line["fooled"]) for line in lines if line["kind"] == kind]
            for kind in ("test", "check")  # practice does not count
        )
        if test:
            judges = len({line["session"] for line in lines})
            low, high = wilson(sum(test), len(test))
            shown = statistics.median(float(line["shown_ms"]) for line in lines)
            table += (
                f"| {model} | {judges} | {len(test)} | {sum(test)} ({sum(test) / len(test):.1%}) "
                f"| {low:.1%} – {high:.1%} | {check.count(0)} of {len(check)} | {shown:.0f} ms |\n"
            )
    return table


def _read(path: str) -> list[dict]:
    """Read one file of answers, checked."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = sorted(set(COLUMNS) - set(reader.fieldnames or ()))
            lines = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        text = f"These answers cannot be read ({errors.reason(error)})."
        raise errors.wrong(text, turing_answers=path) from error
    if missing:
        text = f"These are no answers of a Turing test: {missing} are missing."
        raise errors.wrong(text, turing_answers=path)
    for number, line in enumerate(lines, 2):
        if (
            line["kind"] not in ("practice", "test", "check")
            or line["fooled"] not in ("0", "1")
            or not re.fullmatch(r"\d+(\.\d+)?", line["shown_ms"] or "")
        ):
            raise errors.wrong(
                f"Line {number} is no answer: kind={line['kind']!r}, fooled={line['fooled']!r}, "
                f"shown_ms={line['shown_ms']!r}.",
                turing_answers=path,
            )
    return lines
