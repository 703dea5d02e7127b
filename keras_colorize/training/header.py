"""A recipe's header: the comment that says what the paper states and what a run needs."""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Header:
    """What the header of a recipe says; whatever it leaves out is empty.

    Attributes:
        title: The network, and the paper with the row or the model of it that the recipe trains.
        expect: The number to expect.
        needs: Weights, photographs and machine.
    """

    title: str = ""
    expect: str = ""
    needs: str = ""

    @property
    def section(self) -> str:
        """The section of the documentation that says where its photographs are to be had."""
        found = re.search(r"docs/data\.md#[\w-]+", self.needs)
        return found[0] if found else ""


def read(path: Path) -> Header:
    """Read the header of a recipe's file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = itertools.takewhile(lambda line: line.startswith("#"), lines)
    paragraphs = "\n".join(line[1:].strip() for line in comment).split("\n\n")
    title, *more = (" ".join(paragraph.split()) for paragraph in paragraphs)
    text = " ".join(more[:1])
    found = re.search(r"Number to expect: (.*) Needs: (.*)", text)
    return Header(title, *found.groups()) if found else Header(title)
