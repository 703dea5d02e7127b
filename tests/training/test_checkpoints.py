import os
import resource

import keras
import numpy as np
import pytest

from keras_colorize import errors
from keras_colorize.training.checkpoints import Checkpoints, Progress


@pytest.fixture
def variable():
    return keras.Variable(np.zeros(50_000, "float32"), name="weight")


@pytest.fixture
def checkpoints(tmp_path, variable):
    return Checkpoints(tmp_path / "checkpoints", [variable])


def save(checkpoints, variable, step):
    variable.assign(np.full(50_000, step, "float32"))
    checkpoints.save(Progress(step, 1.5 * step, {"loss": 0.1 + step}, [{"epoch": 1, "loss": 0.3}]))


def test_begin_keeps_the_first_weights_and_clears_what_a_kill_left(checkpoints, variable):
    stale = checkpoints.folder / ".tmp-half"
    stale.mkdir(parents=True)
    checkpoints.begin(Progress())
    assert os.listdir(checkpoints.folder) == ["step-00000000"]
    variable.assign(np.ones(50_000))
    checkpoints.begin(Progress())  # of a process that goes on: nothing to keep any more
    assert checkpoints.restore().step == 0
    np.testing.assert_array_equal(variable, 0)


def test_restore_of_nothing_is_the_beginning(checkpoints):
    assert checkpoints.restore() == Progress(0, 0.0, {}, [])


def test_restore_brings_back_weights_and_progress(checkpoints, variable):
    save(checkpoints, variable, 7)
    variable.assign(np.ones(50_000))
    assert checkpoints.restore() == Progress(7, 10.5, {"loss": 7.1}, [{"epoch": 1, "loss": 0.3}])
    np.testing.assert_array_equal(variable, 7)


def test_save_keeps_the_last_two(checkpoints, variable):
    for step in (1, 2, 30):
        save(checkpoints, variable, step)
    assert sorted(os.listdir(checkpoints.folder)) == ["step-00000002", "step-00000030"]


def damage(checkpoints, step, how):
    folder = checkpoints.folder / f"step-{step:08d}"
    if how == "of another step":
        text = (folder / "progress.json").read_text()
        (folder / "progress.json").write_text(
            text.replace(f'"step": {step}', f'"step": {step ^ 1}')
        )
        return
    data = next(folder.glob("variables.data*"))
    content = bytearray(data.read_bytes())
    if how == "truncated":
        del content[len(content) // 2 :]
    elif how == "altered":
        content[len(content) // 2] ^= 1
    data.write_bytes(content)
    if how == "gone":
        data.unlink()


@pytest.mark.parametrize("how", ["truncated", "altered", "gone", "of another step"])
def test_restore_falls_back_to_the_one_before_and_says_so(checkpoints, variable, how, capsys):
    save(checkpoints, variable, 1)
    save(checkpoints, variable, 2)
    damage(checkpoints, 2, how)
    assert checkpoints.restore().step == 1
    np.testing.assert_array_equal(variable, 1)
    said = capsys.readouterr().err
    assert "step-00000002 cannot be read" in said and "{{" not in said


def test_restore_reads_a_checkpoint_of_an_earlier_release(checkpoints, variable):
    save(checkpoints, variable, 7)
    (checkpoints.folder / "step-00000007" / "progress.sha256").unlink()  # which had no such file
    assert checkpoints.restore().step == 7


def test_restore_with_none_readable_is_an_error(checkpoints, variable):
    save(checkpoints, variable, 1)
    damage(checkpoints, 1, "truncated")
    with pytest.raises(errors.RunError, match=r"No checkpoint .* can be read"):
        checkpoints.restore()


def test_restore_refuses_other_variables(checkpoints, variable):
    save(checkpoints, variable, 1)
    for others in ([keras.Variable(np.zeros(3))], [variable, keras.Variable(np.zeros(3))]):
        with pytest.raises(errors.RunError, match=r"No checkpoint .* can be read"):
            Checkpoints(checkpoints.folder, others).restore()


def test_save_on_a_full_disk_is_an_error_and_keeps_the_one_before(checkpoints, variable):
    save(checkpoints, variable, 1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A limit on the size of files fails a write as a full disk does.
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, before[1]))
    try:
        with pytest.raises(errors.RunError, match=r"step 2 could not be written.*step 1 is whole"):
            save(checkpoints, variable, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(checkpoints.folder) == ["step-00000001"]
    assert checkpoints.restore().step == 1


def test_save_refuses_weights_that_are_not_finite(checkpoints, variable):
    save(checkpoints, variable, 1)
    values = np.zeros(50_000)
    values[77] = np.nan
    variable.assign(values)
    with pytest.raises(errors.RunError, match=r"weight.*not finite after step 2"):
        checkpoints.save(Progress(2))
    assert os.listdir(checkpoints.folder) == ["step-00000001"]
