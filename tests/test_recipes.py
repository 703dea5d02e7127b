"""One real step of every recipe, on the samples."""

import gc
import re
from pathlib import Path

import keras
import pytest
import tensorflow as tf

from keras_colorize import models
from keras_colorize.colorizer import Colorizer
from keras_colorize.training import callbacks, header, run
from keras_colorize.training import recipe as recipes
from keras_colorize.training.checkpoints import Checkpoints

ROOT = Path(__file__).parent.parent
# What may be shrunk; layers, head, losses and optimizer stay as the recipe has them.
SHRUNK = {"data": "samples", "val_data": "", "batch_size": 2, "epochs": 1, "steps": 1}


@pytest.fixture(scope="module", autouse=True)
def _graphs_as_traced():
    """Spare TensorFlow optimizing a graph that runs once, which takes longer than running it."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.mark.parametrize("name", recipes.RECIPES.names())
def test_recipes_take_one_real_step(name, tmp_path, monkeypatch):
    # What they would write is hundreds of MB each; test_train.py sees to that, and to the pictures
    # and scores, and tests/runtimes to what each network and each head paints.
    monkeypatch.setattr(Checkpoints, "save", lambda self, progress: None)
    monkeypatch.setattr(Colorizer, "save", lambda self, folder: None)
    monkeypatch.setattr(callbacks.Pictures, "on_epoch_end", lambda self, epoch, logs: None)
    monkeypatch.setattr(run, "_score", lambda row, colorizer, source: {})
    asked = recipes.RECIPES.read(name)
    keys = asked | SHRUNK
    build = models.get(asked["arch"])
    if build.stride is not None:
        keys["size"] = max(32, build.stride)
    if "finetune_epochs" in asked:
        keys["finetune_epochs"] = 1
    if "backbone_weights" in asked:
        keys["backbone_weights"] = "none"
    trained = run.train(recipes.resolve(recipes.build(keys)), tmp_path / "run")
    assert trained.status == "done"
    assert trained.head["name"] == asked["head"]  # every paper says which
    assert len(trained.history) == (2 if "finetune_epochs" in asked else 1)
    keras.backend.clear_session()  # or each network's gigabyte would stay
    gc.collect()


def test_recipes_state_their_paper_and_command():
    for name in recipes.RECIPES.names():
        header = recipes.RECIPES.path(name).read_text(encoding="utf-8").split("\n\n")[0]
        for part in ("— [", "Number to expect:", "Needs:", f"--recipe {name}\n"):
            assert part in header + "\n", (name, part)


def test_recipes_say_where_their_photographs_are_to_be_had():
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    sections = {title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", page, re.M)}
    for name in recipes.RECIPES.names():
        told = header.read(recipes.RECIPES.path(name))
        assert told.expect and told.needs, name
        if recipes.RECIPES.read(name)["data"] != "samples":
            assert told.section.removeprefix("docs/data.md#") in sections, name
