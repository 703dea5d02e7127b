"""The notebooks: run from start to end, small enough to read, and in step with the README."""

import base64
import configparser
import hashlib
import io
import re
import runpy
from pathlib import Path

import matplotlib
import nbclient
import nbformat
import numpy as np
import pytest
from commands import clashes, commands
from PIL import Image

from keras_colorize import cli
from keras_colorize.colorizer import pretrained

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXPORT = ROOT / "notebooks" / "export.ipynb"
SMALL = {
    "train": "--size 16 --batch-size 2 --epochs 1 --steps 1 --backbone-weights none",
    "evaluate": "--size 32",
}
MOST_BYTES = 300_000

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def pictures_in(notebook):
    """Decode what the cells show, in order."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    encoded = [o.data["image/jpeg"] for o in outputs if "image/jpeg" in o.get("data", {})]
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(jpeg)))) for jpeg in encoded]


def chroma(rgb):
    """Return the mean distance between a pixel's largest and smallest channel, 8-bit steps."""
    return float(np.ptp(rgb.astype(int), axis=-1).mean())


# ---- executed ----


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Execute a notebook, all in one folder, so that the default run is trained once."""
    folder = tmp_path_factory.mktemp("notebooks")
    execute = runpy.run_path(str(ROOT / "notebooks" / "execute.py"))["execute"]
    return lambda name: execute(ROOT / "notebooks" / f"{name}.ipynb", folder, SMALL)


def test_notebook_train_shows_grid_and_curves(run):
    grid, curves = pictures_in(run("train"))
    assert grid.shape == (22 + 6 * 196, 3 * 196 - 4, 3)  # six photographs, three columns
    assert curves.shape == (480, 840, 3)


def test_notebook_colorize_shows_the_photograph_beside_its_colors(run):
    pair, vivid = pictures_in(run("colorize"))
    assert pair.shape == (600, 2 * 512, 3)  # Matplotlib's Grace Hopper, twice
    grey, colored = np.split(pair, 2, axis=1)
    assert chroma(grey[:, :-16]) < 1 < 5 < chroma(colored)
    assert vivid.shape == (600, 512, 3) and chroma(vivid) > 1.2 * chroma(colored)


def test_notebook_reproduce_shows_the_protocol(run):
    notebook = run("reproduce")
    said = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []))
    for row in ("grey", "regression", "classification", "truth"):
        assert re.search(rf"^\| {row} .*\|", said, re.MULTILINE)
    assert "Paper: [vgg-fusion] D. Ciugurean" in said
    (figure,) = pictures_in(notebook)
    assert chroma(figure) > 5


def test_notebook_export_shows_what_the_savedmodel_answers(run):
    (picture,) = pictures_in(run("export"))
    assert picture.shape == (600, 512, 3)
    assert chroma(picture) > 5


def test_notebook_export_colors_a_photograph_that_its_model_has_not_seen():
    (exported,) = [words for words in commands(cells_of(EXPORT, ["code"])) if words[1] == "export"]
    model = exported[exported.index("--model") + 1] if "--model" in exported else cli.DEFAULT_MODEL
    trained_on = (pretrained.locate(model) / "trained_on.txt").read_text().splitlines()
    sample = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    assert sample.name in cells_of(EXPORT, ["code"])
    digest = hashlib.sha256(sample.read_bytes()).hexdigest()
    assert trained_on and not any(digest.startswith(each) for each in trained_on)
    assert "not trained on" in cells_of(EXPORT, ["markdown"])


def test_notebook_with_a_failing_command_fails(tmp_path):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell("!keras-colorize colorize nowhere.jpg")]
    nbformat.write(notebook, tmp_path / "wrong.ipynb")
    execute = runpy.run_path(str(ROOT / "notebooks" / "execute.py"))["execute"]
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="no such file or folder"):
        execute(tmp_path / "wrong.ipynb", tmp_path)


# ---- read ----


def cells_of(path, kinds=("code", "markdown")):
    cells = nbformat.read(path, 4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type in kinds)


@each_notebook
def test_notebook_command_is_one_that_its_verb_understands(path, monkeypatch):
    monkeypatch.setattr(cli, "guard", lambda parser, run: cli.DONE)  # parsed, not run
    assert commands(cells_of(path))
    for _, *arguments in commands(cells_of(path)):
        assert cli.main(arguments) == cli.DONE, arguments


@each_notebook
def test_notebook_command_writes_where_no_other_one_does(path):
    assert clashes(commands(cells_of(path))) == []


def test_notebooks_are_four():
    assert [path.stem for path in NOTEBOOKS] == ["colorize", "export", "reproduce", "train"]


@each_notebook
def test_notebook_trains_the_models_that_it_uses(path):
    trained = set()
    for _, verb, *arguments in commands(cells_of(path, ["code"])):
        if verb == "train":
            out = arguments[arguments.index("-o") + 1] if "-o" in arguments else "runs/vgg_fusion"
            trained.add(out)
        else:
            assert set(re.findall(r"runs/\w+", " ".join(arguments))) <= trained


@each_notebook
def test_notebook_opens_in_colab_and_installs_from_the_repository(path):
    setup = configparser.RawConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    url = setup["metadata"]["url"]
    colab = url.replace("https://github.com", "https://colab.research.google.com/github")
    colab = f"({colab}/blob/main/notebooks/{path.name})"
    cells = nbformat.read(path, 4).cells
    assert colab in cells[0].source
    assert colab in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"%pip install -q git+{url}\n" in cells[1].source + "\n"
    links = re.findall(r"https://github\.com/[^/]+/[^/\s)]+", cells_of(path))
    assert set(links) <= {url}


@each_notebook
def test_notebook_is_committed_executed_and_small(path):
    assert path.stat().st_size < MOST_BYTES
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not any(output.output_type == "error" for cell in code for output in cell.outputs)
    assert pictures_in(notebook)
    assert '"image/png"' not in path.read_text(encoding="utf-8")
