"""The train verb as a user runs it, on real photographs and small sizes."""

import csv
import errno
import json
import os
import resource
import signal
import sys
import time

import h5py
import numpy as np
import processes
import pytest
import skimage.data
import stand_in
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

import keras_colorize
from keras_colorize import evaluate, models, train
from keras_colorize.training import callbacks, run_folder

SMALL = ["--size", "16", "--batch-size", "2"]
VGG = [*SMALL, "--backbone-weights", "none"]  # vgg_fusion, the default
TINY = [*SMALL, "--arch", "stand_in"]
LONG = [*TINY, "--epochs", "4", "--steps", "40"]


@pytest.fixture(scope="module", autouse=True)
def _with_stand_in():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "ARCHITECTURES", dict(models.ARCHITECTURES))
        stand_in.register()
        yield


def run(*argv):
    return train.main([str(argument) for argument in argv])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of vgg_fusion."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    assert run("-o", out, *VGG, "--epochs", 2, "--steps", 4) == 0
    return out


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A run of the stand-in that nobody disturbed."""
    out = tmp_path_factory.mktemp("runs") / "long"
    assert run("-o", out, *LONG) == 0
    return out


def weights(folder):
    values = {}
    with h5py.File(folder / "model" / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: values.update({name: item[()]}) if hasattr(item, "dtype") else None
        )
    return values


def losses(folder):
    with open(folder / "history.csv") as file:
        return [row["loss"] for row in csv.DictReader(file)]


# ---- what a run writes ----


def test_train_writes_the_run_folder(finished):
    record = json.loads((finished / "run.json").read_text())
    assert record["status"] == "done"
    assert record["recipe"]["size"] == 16 and record["recipe"]["arch"] == "vgg_fusion"
    assert record["seed"] == 0
    assert record["backbone_weights"] == "none" and record["trainable_backbone"] is True
    assert record["versions"]["tensorflow"] == tf.__version__
    assert record["photographs"] == {"data": 6, "val_data": 0}
    assert len(losses(finished)) == 2
    for name in ["curves.png", *(f"samples/epoch-00{n}.png" for n in (1, 2))]:
        with Image.open(finished / name) as picture:
            assert min(picture.size) > 200
    assert sorted(os.listdir(finished / "model")) == [
        "config.json",
        "model.weights.h5",
        "trained_on.txt",
    ]


def test_train_scores_beside_grey_and_truth(finished):
    rows = json.loads((finished / "run.json").read_text())["scores"]["rows"]
    assert list(rows) == ["grey", "vgg_fusion", "truth"]
    assert rows["truth"]["psnr"] is None  # infinite, which JSON lacks
    assert rows["truth"]["ssim"] == pytest.approx(1)
    assert rows["grey"]["colorfulness"] < 1 < rows["truth"]["colorfulness"]


def test_train_writes_pictures_and_scalars_for_tensorboard(finished):
    tags = set()
    for path in (finished / "tensorboard").iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            tags |= {value.tag for value in event.summary.value}
    assert {"loss", "learning_rate", "photographs"} <= tags


def test_train_leaves_a_colorizer_that_loads(finished):
    colorizer = keras_colorize.load(finished)
    assert colorizer.size == 16
    assert len(colorizer.trained_on) == 6
    assert colorizer.colorize(skimage.data.camera()).shape == (512, 512, 3)


# ---- kill, resume ----


def start(out):
    return processes.Process(stand_in.TRAIN, "-o", out, *LONG)


def wait_for_epoch(process, out, epoch):
    while not (out / "history.csv").exists() or len(losses(out)) < epoch:
        assert process.returncode is None, process.written()
        time.sleep(0.01)


def test_train_killed_twice_ends_with_the_same_weights(undisturbed, tmp_path):
    out = tmp_path / "parts"
    first = start(out)
    wait_for_epoch(first, out, 1)
    first.send_signal(signal.SIGINT)
    said, error = first.communicate()
    assert first.returncode == 128 + signal.SIGINT, error
    assert "The same command goes on from there" in said
    assert json.loads((out / "run.json").read_text())["status"] == "interrupted"

    second = start(out)
    wait_for_epoch(second, out, 2)
    second.kill()
    second.communicate()
    assert len(losses(out)) < 4
    for name in ("samples/.tmp-a.png", ".tmp-b.json", ".tmp-c/model.weights.h5", ".old-d/e"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).touch()  # half-written, by a process that was killed

    third = start(out)
    third.communicate()
    assert third.returncode == 0, third.written()
    assert losses(out) == losses(undisturbed)
    assert not [*out.rglob(".tmp-*"), *out.rglob(".old-*")]
    expected, got = weights(undisturbed), weights(out)
    assert expected.keys() == got.keys()
    for name in expected:
        np.testing.assert_array_equal(got[name], expected[name], err_msg=name)


def test_train_killed_before_its_first_step_starts_from_the_same_weights(undisturbed, tmp_path):
    out = tmp_path / "run"
    first = start(out)
    while not (out / "run.json").exists():
        assert first.returncode is None, first.written()
        time.sleep(0.01)
    first.kill()
    first.communicate()
    assert run("-o", out, *LONG) == 0
    expected, got = weights(undisturbed), weights(out)
    for name in expected:
        np.testing.assert_array_equal(got[name], expected[name], err_msg=name)


def test_train_again_on_a_finished_run_keeps_it(undisturbed, capsys):
    before = weights(undisturbed)
    assert run("-o", undisturbed, *LONG) == 0
    assert "truth" in capsys.readouterr().out
    for name, value in weights(undisturbed).items():
        np.testing.assert_array_equal(value, before[name])


def test_train_goes_on_with_more_epochs_and_another_rate(tmp_path, capsys):
    argv = ["-o", tmp_path, *TINY, "--steps", 1]
    assert run(*argv, "--epochs", 1) == 0
    assert run(*argv, "--epochs", 2, "--lr", 1e-4) == 0
    assert "The run goes on with lr 0.0001, not 0.001." in capsys.readouterr().err
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["recipe"]["epochs"] == 2 and len(record["commands"]) == 2
    assert len(losses(tmp_path)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="flock")
def test_train_two_processes_cannot_share_a_folder(finished, capsys):
    with run_folder.held(finished):
        assert run("-o", finished, *VGG, "--epochs", 2, "--steps", 4) == 2
    assert "Another process is training in this folder" in capsys.readouterr().err
    assert not (finished / ".lock").exists()


@pytest.mark.parametrize("argv", [["--data", "nowhere"], ["--backbone-weights", "nope.h5"]])
def test_train_that_cannot_start_leaves_nothing(argv, tmp_path):
    assert run("-o", tmp_path / "run", *argv) == 2
    assert list(tmp_path.iterdir()) == []


def test_train_on_a_full_disk_says_so_and_goes_on_later(tmp_path, capsys, monkeypatch):
    out = tmp_path / "run"
    argv = ["-o", out, *TINY, "--head", "gamut313", "--epochs", 1, "--steps", 1]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A limit on the size of files fails a write as a full disk does; it spares small ones. With 313
    # classes a checkpoint has 270 kB.
    write = run_folder.Run.write

    def write_before_it_is_full(record, folder):
        if record.status != "running":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(record, folder)

    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with monkeypatch.context() as patch:
            patch.setattr(run_folder.Run, "write", write_before_it_is_full)
            assert run(*argv) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "The checkpoint of step 0 could not be written" in capsys.readouterr().err
    assert run(*argv) == 0


def test_train_says_when_the_disk_is_full_between_checkpoints(tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(callbacks.History, "on_epoch_end", full)
    assert run("-o", tmp_path, *TINY, "--epochs", 1, "--steps", 1) == 1
    said = f"{tmp_path} could not be written to ([Errno 28] No space left on device). The last"
    assert said in capsys.readouterr().err
    assert json.loads((tmp_path / "run.json").read_text())["status"].startswith("stopped: ")


# ---- several devices ----


def test_train_mirrored_on_two_logical_cpus(tmp_path):
    folder = make_photographs(tmp_path / "photographs", 100)  # five of them for validation
    out = tmp_path / "run"
    argv = ["-o", out, *TINY, "--strategy", "mirrored", "--data", folder, "--epochs", 2]
    done = processes.run(stand_in.TWO_DEVICES + stand_in.TRAIN, *argv, "--steps", 3)
    assert done.returncode == 0, done.stderr[-3000:]
    record = json.loads((out / "run.json").read_text())
    assert record["devices"] == 2
    assert all(np.isfinite([row["loss"], row["val_loss"]]).all() for row in record["history"])
    assert keras_colorize.load(out).colorize(skimage.data.camera()).shape == (512, 512, 3)


# ---- data ----


def make_photographs(folder, count):
    folder.mkdir()
    photograph = skimage.data.coffee()
    for i in range(count):
        part = photograph[i : i + 64, 4 * i : 4 * i + 80].copy()
        part[:32, :32] = part[:32, :32, ::-1]  # blue, or a few would be of one tint
        Image.fromarray(part).save(folder / f"{i}.png")
    return folder


def test_train_holds_out_validation_photographs(tmp_path):
    folder = make_photographs(tmp_path / "photographs", 100)
    out = tmp_path / "run"
    assert run("-o", out, *TINY, "--data", folder, "--epochs", 1, "--steps", 1) == 0
    record = json.loads((out / "run.json").read_text())
    assert record["photographs"] == {"data": 95, "val_data": 5}
    assert "val_loss" in record["history"][0]
    assert record["scores"]["photographs"] == 5


def test_train_takes_file_names_that_are_not_utf_8(tmp_path):
    folder = make_photographs(tmp_path / "photographs", 2)
    os.rename(folder / "0.png", os.fsencode(folder) + b"/caf\xe9.png")
    argv = [*TINY, "--data", folder, "--epochs", 1, "--steps", 1]
    assert run("-o", tmp_path / "run", *argv) == 0
    scored = ["--data", folder, "--model", tmp_path / "run", "-o", tmp_path / "scored"]
    assert evaluate.main([str(argument) for argument in scored]) == 0
    assert "caf\\xe9.png" in (tmp_path / "scored" / "per_image.csv").read_text()


def test_train_with_bins_measures_the_colors_once(tmp_path, capsys):
    out = tmp_path / "run"
    argv = ["-o", out, *TINY, "--head", "gamut", "--steps", 1]
    assert run(*argv, "--epochs", 1) == 0
    head = json.loads((out / "run.json").read_text())["head"]
    assert f"{len(head['kept'])} color classes" in capsys.readouterr().out
    assert keras_colorize.load(out).head.config() == head
    assert run(*argv, "--epochs", 2) == 0
    assert "color classes" not in capsys.readouterr().out


def test_train_one_real_step_of_the_recipe_on_mocked_coco(tmp_path):
    # Shrunk in size, batch, steps and backbone weights only.
    with tfds.testing.mock_data(num_examples=6):
        argv = ["--recipe", "vgg_fusion_regression", *VGG, "--epochs", 1, "--steps", 1]
        assert run("-o", tmp_path / "run", *argv) == 0
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["fingerprints"]["data"] == "coco/2017/1.1.0[train[:70000]]"
    assert "val_loss" in record["history"][0]


# ---- starting from a trained model ----


def test_train_starts_from_a_trained_model(finished, tmp_path):
    argv = ["--model", finished, "--batch-size", 2, "--epochs", 1, "--steps", 1, "--lr", 1e-12]
    assert run("-o", tmp_path / "run", *argv) == 0  # at the model's size, with its head
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["recipe"]["size"] == 16 and record["recipe"]["head"] == "regression"
    assert record["trainable_backbone"] is False
    before, after = weights(finished), weights(tmp_path / "run")
    for name, value in before.items():
        if "moving" not in name and "/vars/2" not in name and "/vars/3" not in name:
            np.testing.assert_allclose(after[name], value, atol=1e-9, err_msg=name)


def test_train_starts_with_another_head_from_a_trained_model(finished, tmp_path):
    argv = ["--model", finished, "--head", "bins64", *VGG, "--epochs", 1, "--steps", 1]
    assert run("-o", tmp_path / "run", *argv, "--lr", 1e-12) == 0
    before, after = weights(finished), weights(tmp_path / "run")
    changed = {name for name in before if before[name].shape != after[name].shape}
    assert {before[name].shape for name in changed} == {(3, 3, 32, 2), (2,)}
    kernels = [name for name in before.keys() - changed if before[name].ndim == 4]
    assert len(kernels) > 15
    for name in kernels:
        np.testing.assert_allclose(after[name], before[name], atol=1e-9, err_msg=name)


def test_train_with_batch_norm_needs_no_imagenet_and_is_followed(tmp_path, capsys):
    argv = ["--size", 16, "--batch-size", 2, "--epochs", 1, "--steps", 1]
    assert run("-o", tmp_path / "run", *argv, "--batch-norm") == 0
    assert "not ImageNet's, which have no batch norm;" in capsys.readouterr().err
    assert run("-o", tmp_path / "more", *argv, "--model", tmp_path / "run", "--lr", 1e-12) == 0
    before, after = weights(tmp_path / "run"), weights(tmp_path / "more")
    assert {v.shape for v in before.values()} >= {(3, 3, 512, 512), (512,)}
    assert before.keys() == after.keys()
    kernels = [name for name in before if before[name].ndim == 4]
    for name in kernels:
        np.testing.assert_allclose(after[name], before[name], atol=1e-9, err_msg=name)
    assert keras_colorize.load(tmp_path / "more").options == {"batch_norm": True}


# ---- overfitting on purpose ----


@pytest.mark.parametrize(  # the two cheapest; the others pass by hand
    "more",
    [["--steps", 160, "--backbone-weights", "none"], ["--arch", "zhang_small", "--steps", 250]],
)
def test_train_overfit_passes_and_says_so(tmp_path, capsys, more):
    argv = ["--overfit", 2, "--size", 32, "--epochs", 1, *more]
    assert run("-o", tmp_path / "run", *argv) == 0
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["overfit"]["passed"] and record["overfit"]["photographs"] == 2
    assert record["overfit"]["ab_rmse"] <= 0.5 * record["overfit"]["grey_ab_rmse"]
    assert record["photographs"] == {"data": 2, "val_data": 0}
    said = capsys.readouterr().out
    assert "Overfit   passed" in said and "| truth |" not in said  # one number for each metric


def test_train_overfit_that_has_not_learned_exits_1(tmp_path, capsys):
    argv = ["--overfit", 2, *TINY, "--epochs", 1, "--steps", 1]
    assert run("-o", tmp_path / "run", *argv) == 1
    assert not json.loads((tmp_path / "run" / "run.json").read_text())["overfit"]["passed"]
    said = capsys.readouterr().out
    assert "Overfit   FAILED" in said and "the same command with more --epochs goes on" in said
