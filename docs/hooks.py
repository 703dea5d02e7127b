"""MkDocs hooks: pages from files outside docs/, and links that work on GitHub and on the site.

Markdown files link to each other by their paths in the repository, so that GitHub can show them.
On the site such a link leads to the page of that file, or, for files that are no pages, to the
repository. The class at the end is an extension of Griffe, which reads the docstrings.
"""

import configparser
import posixpath
import re
from pathlib import Path

import griffe
from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)\s#]+)")


def _pages() -> dict[str, str]:
    """Return path in the repository → path on the site, for the pages from outside docs/."""
    pages = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
    pages |= {
        f"benchmarks/{path.name}": f"benchmarks/{path.name}"
        for path in ROOT.glob("benchmarks/*.md")
    }
    for card in ROOT.glob("pretrained/*/README.md"):
        pages[f"pretrained/{card.parent.name}/README.md"] = f"weights/{card.parent.name}.md"
    return pages


def _repository() -> str:
    setup = configparser.RawConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return setup["metadata"]["url"]


PAGES = _pages()
REPOSITORY = _repository()


def on_files(files, config):
    """Add the pages from outside docs/."""
    for path, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown, page, config, files):
    """Point links between files of the repository to pages of the site."""
    here = page.file.src_uri
    path = next((path for path, uri in PAGES.items() if uri == here), f"docs/{here}")

    def rewrite(link: re.Match) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link[1]))
        if target.startswith("docs/"):
            uri = target.removeprefix("docs/")
        elif target in PAGES:
            uri = PAGES[target]
        elif (ROOT / target).exists():
            kind = "tree" if (ROOT / target).is_dir() else "blob"
            return f"{REPOSITORY}/{kind}/main/{target}"
        else:
            return link[0]  # MkDocs will warn
        return posixpath.relpath(uri, posixpath.dirname(here) or ".")

    return _LINK.sub(rewrite, markdown)


class Examples(griffe.Extension):
    """Take a docstring's `Example:` for the section that Griffe knows as `Examples:`."""

    def on_instance(self, *, obj, **kwargs):
        if obj.docstring:
            obj.docstring.value = re.sub(
                r"^Example:$", "Examples:", obj.docstring.value, flags=re.M
            )
