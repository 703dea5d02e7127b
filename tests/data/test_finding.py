import os

import pytest

from keras_colorize.data import finding
from keras_colorize.errors import UsageError


@pytest.fixture
def tree(tmp_path):
    for name in ("b.jpg", "a.PNG", ".c.jpg", "notes.txt", "in/d.jpg", "in/deeper/e.jpeg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def found(source, root):
    files = finding.find(source, "data")
    return [file.relative_to(root).as_posix() for file in files]


def test_find_folder_is_recursive_and_sorted_without_hidden_files(tree):
    assert found(tree, tree) == ["a.PNG", "b.jpg", "in/d.jpg", "in/deeper/e.jpeg"]


def test_find_glob(tree):
    assert found(f"{tree}/*.jpg", tree) == ["b.jpg"]
    assert found(f"{tree}/**/*.jp*g", tree) == ["b.jpg", "in/d.jpg", "in/deeper/e.jpeg"]
    assert found(f"{tree}/*", tree) == ["a.PNG", "b.jpg"]  # neither the text nor the folder


def test_search_names_pictures_that_are_not_read_and_what_is_no_file(tree):
    (tree / "f.fits").write_bytes(b"SIMPLE")
    (tree / "h").write_bytes(b"v/1\x01\x02\0\0\0")
    os.mkfifo(tree / "g.png")
    assert finding.search(tree, "data").failed == [
        (f"{tree}/f.fits", "FITS is not read; convert it to PNG or TIFF"),
        (f"{tree}/g.png", "it is no regular file"),
        (f"{tree}/h", "OpenEXR is not read; convert it to PNG or TIFF"),
    ]


def test_find_file_named_outright_whatever_its_suffix(tree):
    assert found(tree / "notes.txt", tree) == ["notes.txt"]
    (tree / "a.nef").write_bytes(b"II*\0")
    ((_, reason),) = finding.search(tree / "a.nef", "data").failed
    assert reason.startswith("raw files of cameras are not read")


def test_pipe_named_outright_is_not_read_to_see_what_it_is(tree):
    os.mkfifo(tree / "pipe")
    assert found(tree / "pipe", tree) == ["pipe"]


def test_find_file_with_glob_characters_in_its_name(tree):
    (tree / "b[1].jpg").write_bytes(b"x")
    assert found(f"{tree}/b[1].jpg", tree) == ["b[1].jpg"]


def test_find_expands_the_home_folder(tree, monkeypatch):
    monkeypatch.setenv("HOME", str(tree))
    assert found("~/in", tree) == ["in/d.jpg", "in/deeper/e.jpeg"]


@pytest.mark.parametrize(
    "name, reason",
    [
        ("no/such", "no such file or folder"),
        ("*.webp", "No photograph matches"),
        ("empty", "no photographs"),
    ],
)
def test_find_nothing_names_the_argument(tree, name, reason):
    (tree / "empty").mkdir()
    source = f"{tree}/{name}"
    with pytest.raises(UsageError, match=reason) as raised:
        finding.find(source, "data")
    assert str(raised.value).endswith(f"Received: data={source!r}.")


def test_find_nothing_shows_what_was_given(tree, monkeypatch):
    monkeypatch.setenv("HOME", str(tree))
    with pytest.raises(UsageError, match=r"Received: data='~/gone'\."):
        finding.find("~/gone", "data")


def test_find_downloads_nothing(tree):
    with pytest.raises(UsageError, match=r"`val_data` is read from this machine.*'https://a/b'"):
        finding.find("https://a/b", "val_data")
