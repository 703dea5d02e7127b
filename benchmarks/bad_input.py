"""What becomes of thousands of broken and hostile files; writes the table of bad_input.md.

    python benchmarks/bad_input.py [COUNT]

Each file ends as a whole picture or as a failure with its name and a reason; nothing is left
half-written, and memory stays bounded. The files are those of tests/bad_input.py.
"""

import collections
import os
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import bad_input

from keras_colorize.cli import DEFAULT_MODEL
from keras_colorize.data import photographs
from keras_colorize.runtimes.color_files import color_files


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "given", Path(folder) / "out"
        given.mkdir()
        expected = bad_input.make(given, count, seed=1)
        good = bytes(next(n for n, outcome in expected.items() if outcome == bad_input.GOOD))
        color_files([str(given / os.fsdecode(good))], str(Path(folder) / "first"), DEFAULT_MODEL)
        before, started = _peak(), time.monotonic()
        outcome = color_files([str(given)], str(out), DEFAULT_MODEL)
        seconds, after = time.monotonic() - started, _peak()
        failed = {os.path.basename(os.fsencode(name)) for name, _ in outcome.failed}
        made = {name[: bad_input.DIGITS]: name for name in os.listdir(os.fsencode(out))}
        rows, wrong = collections.defaultdict(collections.Counter), []
        for name, allowed in expected.items():
            picture = made.get(name[: bad_input.DIGITS])
            fate = "colored" if picture else "named" if name in failed else "lost"
            if picture:
                photographs.read(out / os.fsdecode(picture))  # raises if it is not whole
            both = bool(picture) and name in failed
            if fate == "lost" or fate not in allowed or both != (allowed == bad_input.SOME):
                wrong.append(name)
            rows[_kind(name)][fate] += 1
        half = [name for name in os.listdir(out) if name.startswith(".")]
        _write(rows, count, seconds, before, after, wrong, half)


def _kind(name: bytes) -> str:
    """Name a kind: the file's name without its number, tenth or format."""
    text = os.fsdecode(name)[bad_input.DIGITS + 1 :]
    for kind, pattern in {
        "whole": r"whole|three pages\.",
        "truncated at a tenth of its length": "cut|three pages, cut",
        "bits flipped": "flipped",
        "bits of the head flipped": "head flipped",
        "header that lies, or a bomb": "claims|tag|a row too|unpacks|text unpacks|pages in",
        "no picture at all": r"zeros|text\.png|noise|empty",
        "one row, column or pixel": "one ",
        "link that leads nowhere": "link",
        "locked (the benchmark ran as root)" if os.geteuid() == 0 else "locked": "locked",
    }.items():
        if re.match(pattern, text):
            return kind
    return "odd name or wrong suffix"


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # GiB, on Linux


def _write(rows, count, seconds, before, after, wrong, half):
    lines = [
        "# Broken and hostile files",
        "",
        f"`python benchmarks/bad_input.py {count}`: {count} files of `tests/bad_input.py`, "
        "colored in one call.",
        "",
        "| kind | colored | named as failed | neither |",
        "|---|---:|---:|---:|",
    ]
    for kind, fates in sorted(rows.items()):
        lines.append(f"| {kind} | {fates['colored']} | {fates['named']} | {fates['lost']} |")
    lines += [
        "",
        f"Against what the generator expects: {len(wrong)} files. Half-written files: {len(half)}. "
        f"All pictures can be read. {count / seconds * 60:.0f} files a minute. Peak memory "
        f"{after:.2f} GiB, {before:.2f} GiB after one good photograph.",
        "",
        "*colored* among damaged files: the damage cannot be told from the file, as with a flipped "
        "bit in samples without a checksum.",
    ]
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines), *wrong, sep="\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
