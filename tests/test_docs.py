"""The documentation: its commands, its papers, its figures. MkDocs checks the links of the site."""

import ast
import builtins
import doctest
import importlib
import io
import re
import runpy
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from commands import clashes, commands
from PIL import Image

from keras_colorize import cli, models

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("pretrained/*/README.md")]
PYTHON = {
    path: re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)
    for path in sorted(PAGES)
}
PYTHON = {path: blocks for path, blocks in PYTHON.items() if blocks}
PAGES = sorted(path for path in PAGES if commands(path.read_text(encoding="utf-8")))


# Modules whose docstrings have examples; those of the evaluation need runs and photographs.
EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for room in ("color", "heads", "models", "colorizer")
    for path in sorted((ROOT / "keras_colorize" / room).rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


def prose_of(path):
    """Return the docstrings and comments of a Python file, without their `code`."""
    text = path.read_text(encoding="utf-8")
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    text = "\n".join([*(ast.get_docstring(node) or "" for node in nodes), *comments])
    return re.sub(r"\s+(# )?", " ", re.sub(r"`[^`]*`", "", text))


def citations():
    """Yield the file, the name and the year of every citation; a key has no year."""
    for folder in ("keras_colorize", "train", "eval"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py":
                text = prose_of(path)
            elif path.suffix == ".toml":
                text = "\n".join(re.findall("^# .*|paper = .*|says = .*", path.read_text(), re.M))
            else:
                continue
            yield from ((path, key, "") for key in re.findall(r"\[([a-z]+(?:-[a-z]+)*)\]", text))
            dated = r"\b([A-Z][a-zäöü]+)(?: et al\.)?(?:'s)?,? \(?((?:19|20)\d\d)\b"
            yield from ((path, *found) for found in re.findall(dated, text))


def test_papers_page_resolves_every_citation():
    page = (ROOT / "docs" / "papers.md").read_text(encoding="utf-8")
    entries = re.split(r"\n\n|\n- ", page)
    found = list(citations())
    assert {("vgg-fusion", ""), ("Zhang", "2016")} <= {(name, year) for _, name, year in found}
    for path, name, year in found:
        said = [entry for entry in entries if (name if year else f"[{name}]") in entry]
        assert any(year in entry for entry in said), f"{path}: {name} {year} is not in papers.md"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_command_is_one_that_its_verb_understands(path, monkeypatch):
    monkeypatch.setattr(cli, "guard", lambda parser, run: cli.DONE)  # parsed, not run
    for _, *arguments in commands(path.read_text(encoding="utf-8")):
        assert cli.main(arguments) == cli.DONE, arguments


def test_command_writes_where_no_other_one_does():
    texts = {path: path.read_text(encoding="utf-8") for path in PAGES}
    assert clashes([command for text in texts.values() for command in commands(text)]) == []


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_on_a_page_knows_its_names(path):
    known = set(dir(builtins))
    for block in PYTHON[path]:
        nodes = list(ast.walk(ast.parse(block)))
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                known |= {(name.asname or name.name).split(".")[0] for name in node.names}
            elif isinstance(node, ast.arg):
                known.add(node.arg)
        names = [node for node in nodes if isinstance(node, ast.Name)]
        known |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
        assert {node.id for node in names} <= known


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_of_a_docstring_says_what_comes_out(name):
    tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert tried.attempted and not tried.failed


@pytest.mark.parametrize("name", models.list_models())
def test_network_has_a_section_a_figure_and_a_paper(name):
    paper = models.get(name).paper.split(",")[0]
    papers = (ROOT / "docs" / "papers.md").read_text(encoding="utf-8")
    assert paper == "our own" or re.search(rf"^### \[?{paper}\]?$", papers, re.M)
    page = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    assert f"\n## {name}\n" in page and f"](networks/{name}.svg)" in page
    assert f"<title>{name}</title>" in (ROOT / "docs" / "networks" / f"{name}.svg").read_text(
        "utf-8"
    )


def test_figure_is_drawn_from_the_network_as_it_is():
    draw = runpy.run_path(str(ROOT / "docs" / "draw_networks.py"))["figure"]
    kept = (ROOT / "docs" / "networks" / "unet_vae.svg").read_text(encoding="utf-8")
    assert draw("unet_vae") == kept


def test_readme_is_short_and_its_links_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_install_without_tensorflow_names_all_that_colorize_imports(picture, tmp_path):
    page = (ROOT / "docs/colorize.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^pip install (\"onnxruntime.*)$", page, re.M)
    named = re.findall(r'"([^"]+)"', line)
    bounds = (ROOT / "setup.cfg").read_text(encoding="utf-8").replace(" ", "")
    assert [each for each in named if f"{each}\n" not in bounds] == []
    program = """
import importlib.metadata, sys
from keras_colorize import colorize
assert colorize.main(["a.png", "-o", "out"]) == 0
owners = importlib.metadata.packages_distributions()
loaded = {name.partition(".")[0] for name in sys.modules}
print(*sorted({owners[name][0] for name in loaded & owners.keys()}))
"""
    Image.fromarray(picture()).save(tmp_path / "a.png")
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    (*_, loaded) = done.stdout.splitlines()
    expected = {re.split("[<>=]", each)[0] for each in named} | {"keras_colorize"}
    assert set(loaded.split()) - {"setuptools"} == expected
