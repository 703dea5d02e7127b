"""The record of a run: what an earlier release wrote, and what may change when a run goes on."""

import json
import types

import pytest

from keras_colorize import errors
from keras_colorize.training import run_folder
from keras_colorize.training.recipe import Recipe

OF_AN_EARLIER_RELEASE = {
    "status": "interrupted",
    "recipe": {"arch": "vgg_fusion", "head": "gamut", "size": 16, "epochs": 2, "lr": 0.001},
    "commands": [["train.py", "-o", "run"]],
    "seed": 0,
    "fingerprints": {"data": "aac5d87bee4dd145", "val_data": ""},
    "photographs": {"data": 6, "val_data": 0},
    "skipped": [["grey.png", "no color to learn from"]],
    "git_commit": None,
    "versions": {"keras_colorize": "0.1.0"},
    "machine": "Linux",
    "began": "2026-11-27T09:01:20+0000",
    "classes": [],
    "devices": 1,
    "head": {"name": "gamut", "kept": [312, 313], "prior": [0.25, 0.75]},
    "backbone_weights": "none",
    "trainable_backbone": True,
}
RECIPE = Recipe(head="gamut", size=16, epochs=2)


def source(fingerprint="aac5d87bee4dd145"):
    return types.SimpleNamespace(fingerprint=fingerprint, count=6, skipped=[])


@pytest.fixture
def out(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(OF_AN_EARLIER_RELEASE))
    return tmp_path


def test_run_is_written_as_an_earlier_release_did(tmp_path):
    run_folder.Run.from_json(OF_AN_EARLIER_RELEASE).write(tmp_path)
    written = json.loads((tmp_path / "run.json").read_text())
    assert written.pop("recipe").items() > OF_AN_EARLIER_RELEASE["recipe"].items()
    assert written == {k: v for k, v in OF_AN_EARLIER_RELEASE.items() if k != "recipe"}


def test_open_run_begins_one(tmp_path):
    run = run_folder.open_run(tmp_path, RECIPE, source(), source("validation"))
    assert run.status == "running" and run.recipe == RECIPE and run.head is None
    assert run.fingerprints == {"data": "aac5d87bee4dd145", "val_data": "validation"}
    assert run.photographs == {"data": 6, "val_data": 6}


def test_open_run_goes_on_with_the_choices_made_before(out):
    run = run_folder.open_run(out, RECIPE, source(), None)
    assert run.status == "running" and len(run.commands) == 2
    assert run.head == OF_AN_EARLIER_RELEASE["head"]
    assert (run.backbone_weights, run.trainable_backbone) == ("none", True)


@pytest.mark.parametrize(
    "keys, said", [({"lr": 0.5}, "lr 0.5, not 0.001"), ({"epochs": 3}, "epochs 3, not 2")]
)
def test_open_run_goes_on_with_another_rate_or_more_epochs(out, keys, said, capsys):
    run = run_folder.open_run(
        out, Recipe(head="gamut", size=16, **{"epochs": 2} | keys), source(), None
    )
    assert run.recipe.lr == keys.get("lr", 0.001)
    assert f"The run goes on with {said}." in capsys.readouterr().err


@pytest.mark.parametrize(
    "keys, fingerprint, difference",
    [
        ({"epochs": 1}, "aac5d87bee4dd145", "epochs: 2 there, 1 now"),
        ({"seed": 5}, "aac5d87bee4dd145", "seed: 0 there, 5 now"),
        ({}, "others", "the photographs of data"),
    ],
)
def test_open_run_refuses_another_run(out, keys, fingerprint, difference):
    recipe = Recipe(**{"head": "gamut", "size": 16, "epochs": 2} | keys)
    with pytest.raises(errors.UsageError, match=f"holds another run .{difference}"):
        run_folder.open_run(out, recipe, source(fingerprint), None)


def test_open_run_that_is_being_fine_tuned_takes_no_more_epochs_before(out):
    (out / "checkpoints" / "finetune").mkdir(parents=True)
    with pytest.raises(errors.UsageError, match="epochs: 2 there, 3 now"):
        run_folder.open_run(out, Recipe(head="gamut", size=16, epochs=3), source(), None)


@pytest.mark.parametrize("content", ["[]", "{", '{"recipe": {}, "fingerprints": {}}'])
def test_open_run_names_a_broken_record(content, out):
    (out / "run.json").write_text(content)
    with pytest.raises(errors.RunError, match=r"run\.json is no record of a run"):
        run_folder.open_run(out, RECIPE, source(), None)


def test_held_leaves_no_trace_of_a_failed_start(tmp_path):
    with pytest.raises(ZeroDivisionError), run_folder.held(tmp_path / "runs" / "run"):
        assert (tmp_path / "runs" / "run" / ".lock").exists()
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with run_folder.held(tmp_path / "run"):
        (tmp_path / "run" / "run.json").touch()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["run.json"]
