"""The house's rules: which module may import which, and what answers without TensorFlow."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from keras_colorize import cli

PACKAGE = Path(__file__).parent.parent / "keras_colorize"

# Each room may import those named, and itself. Verbs never import each other.
BASE = {"errors", "files", "downloads", "_version"}
ROOMS = {
    "_version": set(),
    "errors": set(),
    "downloads": {"errors"},
    "quiet": set(),
    "files": {"errors"},
    "cli": BASE | {"colorizer", "quiet"},
    "catalog": {"errors"},
    "color": BASE,
    "plots": set(),
    "layers": BASE | {"color"},
    "heads": BASE | {"color", "layers"},
    "models": BASE | {"catalog", "color", "layers", "heads"},
    "colorizer": BASE | {"catalog", "color", "layers", "heads", "models", "data"},
    "data": BASE | {"color", "quiet"},
    "video": BASE | {"color", "layers", "colorizer", "data"},
    "runtimes": BASE | {"cli", "color", "layers", "heads", "colorizer", "data", "quiet", "video"},
}
ROOMS["page"] = BASE | {"cli", "color", "colorizer", "data"}
ROOMS["evaluation"] = BASE | {"catalog", "cli", "color", "plots", "colorizer", "data"}
ROOMS["training"] = ROOMS["evaluation"] | {"layers", "heads", "models", "evaluation"}
ROOMS["verb"] = set(ROOMS)
NETWORKS = {"color", "layers", "heads", "models", "colorizer"}
VERBS = {"train", "evaluate", "colorize", "export", "demo", "show_models", "show_recipes"}


def modules():
    return sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def room_of(path):
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if first == "__main__":
        return "cli"
    return "verb" if first in VERBS else first


def imports_of(path):
    """Return the rooms that a module imports, wherever in it the import stands."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "keras_colorize" and len(parts) > 1 and not parts[1].startswith("__"):
                rooms.add(parts[1])
    return rooms


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_left_only(path):
    room = room_of(path)
    assert room in ROOMS, f"{room} has no place in the house yet: give it one here"
    strangers = imports_of(path) - ROOMS[room] - {room}
    assert not strangers


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if room_of(path) in NETWORKS],
    ids=lambda path: path.stem,
)
def test_networks_name_no_backend(path):
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert not names & {"tensorflow", "jax", "torch"}


@pytest.mark.parametrize("verb", cli.VERBS)
def test_help_does_not_wait_for_tensorflow(verb):
    program = (
        "import sys\n"
        "from keras_colorize.cli import main\n"
        f"try:\n    main(['{verb}', '--help'])\n"
        "except SystemExit as done:\n    assert done.code == 0\n"
        "slow = {'tensorflow', 'keras', 'numpy', 'cv2', 'matplotlib'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"usage: keras-colorize {verb}" in done.stdout


def test_public_face_is_lazy_and_whole_and_says_nothing_of_tensorflow(tiny_model):
    program = (
        "import sys, keras_colorize\n"
        "assert 'keras' not in sys.modules\n"
        "assert keras_colorize.list_models()\n"
        "assert 'keras' not in sys.modules\n"
        "for name in keras_colorize.__all__: getattr(keras_colorize, name)\n"
        "import numpy\n"
        "colorizer = keras_colorize.load(sys.argv[1])\n"
        "colorizer.colorize(numpy.zeros((8, 8), 'uint8'))\n"
    )
    command = [sys.executable, "-c", program, str(tiny_model)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_package_runs_as_a_module():
    command = [sys.executable, "-m", "keras_colorize", "train", "--help"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "usage: keras-colorize train" in done.stdout


def test_train_help_lists_every_head():
    from keras_colorize import heads
    from keras_colorize.training.recipe import Recipe

    listed = Recipe.__dataclass_fields__["head"].metadata["help"]
    assert all(name in listed for name in heads.list_heads())
