import json
import os

import pytest

from keras_colorize import files


def test_atomic_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(RuntimeError), files.atomic_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["a.txt"]
    files.write_text(path, "after")
    assert path.read_text() == "after"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_atomic_file_has_ordinary_permissions(tmp_path):
    files.write_text(tmp_path / "ours", "x")
    (tmp_path / "theirs").write_text("x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


def test_atomic_folder_replaces_the_old_one_whole(tmp_path):
    path = tmp_path / "model"
    for content in ("one", "two"):
        with files.atomic_folder(path) as temporary:
            (temporary / content).write_text(content)
    assert os.listdir(path) == ["two"]
    with pytest.raises(RuntimeError), files.atomic_folder(path) as temporary:
        (temporary / "three").write_text("half")
        raise RuntimeError
    assert os.listdir(path) == ["two"]
    assert os.listdir(tmp_path) == ["model"]


def test_output_folder_goes_if_nothing_is_written(tmp_path):
    out = tmp_path / "deep" / "out"
    with pytest.raises(RuntimeError), files.output_folder(out, [out / "in" / "it"]):
        (out / "in" / "it").mkdir(parents=True)
        raise RuntimeError
    assert os.listdir(tmp_path) == []
    out.mkdir(parents=True)
    with files.output_folder(out, [out / "in"]):
        (out / "in").mkdir()
        (out / "in" / "picture").touch()
    assert os.listdir(out / "in") == ["picture"]
    (out / "in" / "picture").unlink()
    with files.output_folder(out / "in"):
        pass
    assert os.listdir(out) == ["in"]  # it was there before


def test_write_json_has_no_infinity(tmp_path):
    files.write_json(tmp_path / "a.json", {"psnr": float("inf"), "rows": [1.5, (float("inf"),)]})
    read = json.loads((tmp_path / "a.json").read_text())
    assert read == {"psnr": None, "rows": [1.5, [None]]}
