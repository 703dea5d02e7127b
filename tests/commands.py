"""Shell commands in Markdown and in notebooks."""

import itertools
import re
import shlex


def commands(text: str) -> list[list[str]]:
    """Return the package's commands in ```bash blocks and in cells, each split into words."""
    blocks = re.findall(r"^(?:```bash\n((?:.*\n)*?)```|!((?:.*\\\n)*.*))$", text, re.MULTILINE)
    lines = "\n".join(map("".join, blocks)).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True) for line in lines if line.startswith("keras-colorize")]


def clashes(listed: list[list[str]]) -> list[list[str]]:
    """Return the commands that write where an earlier one of them has written something else."""
    written, clashing = {}, []
    for command in listed:
        for place in _places(command[1:]):
            # The same training goes on, and the same evaluation comes out again.
            if place in written and (command[1] == "colorize" or written[place] != command):
                clashing.append(command)
            written[place] = command
    return clashing


def _places(words):
    """Return what a command writes; not that of exports, which get a number."""
    verb, *given = words
    flags = {flag: given[i + 1] for i, flag in enumerate(given[:-1]) if flag.startswith("-")}
    out = flags.get("-o")
    if verb == "train" and "--dry-run" not in given:
        return {out or "runs/" + (flags.get("--recipe") or flags.get("--arch") or "vgg_fusion")}
    if verb == "evaluate" and "--turing-answers" not in given:
        return {out or "evaluation"}
    if verb != "colorize":
        return set()
    if "." in (out or ""):
        return {out}
    inputs = itertools.takewhile(lambda word: not word.startswith("-"), given)
    return {f"{out or 'colorized'}/{name}" for name in inputs}
