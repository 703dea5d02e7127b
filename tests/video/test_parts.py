import json

import numpy as np
import pytest

from keras_colorize.video.parts import Parts, folder_of

KEY = {"film": "a.mp4", "size": (64, 48)}


def add(parts, content, seen):
    with parts.next() as (path, state):
        path.write_bytes(content)
        state["ab"] = np.full(2, seen)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_parts_go_on_where_they_ended(tmp_path):
    film = tmp_path / "out.mp4"
    first = Parts(film, KEY)
    assert first.state() == {} and first.paths == []
    add(first, b"one", 1.0)
    add(first, b"two", 2.0)
    again = Parts(film, KEY)
    assert [path.read_bytes() for path in again.paths] == [b"one", b"two"]
    np.testing.assert_array_equal(again.state()["ab"], [2.0, 2.0])
    # What was known after the first part is of no more use.
    assert names(folder_of(film)) == ["000000.nut", "000001.npz", "000001.nut", "made_from.json"]


def test_part_that_was_interrupted_is_not_kept(tmp_path):
    film = tmp_path / "out.mp4"
    parts = Parts(film, KEY)
    add(parts, b"one", 1.0)
    with pytest.raises(KeyboardInterrupt), parts.next() as (path, _):
        path.write_bytes(b"half of t")
        raise KeyboardInterrupt
    assert names(folder_of(film)) == ["000000.npz", "000000.nut", "made_from.json"]


@pytest.mark.parametrize("damage", [None, "{", "[]"], ids=["another key", "cut", "another kind"])
def test_parts_that_were_made_from_something_else_are_removed(tmp_path, damage):
    film = tmp_path / "out.mp4"
    add(Parts(film, KEY), b"one", 1.0)
    if damage:
        (folder_of(film) / "made_from.json").write_text(damage)
    key = KEY if damage else {**KEY, "film": "b.mp4"}
    assert Parts(film, key).paths == []
    assert json.loads((folder_of(film) / "made_from.json").read_text())["film"] == key["film"]


def test_removed_parts_leave_nothing(tmp_path):
    parts = Parts(tmp_path / "out.mp4", KEY)
    add(parts, b"one", 1.0)
    parts.remove()
    assert list(tmp_path.iterdir()) == []
