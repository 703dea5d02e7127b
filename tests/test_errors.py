from pathlib import Path

import pytest

from keras_colorize import errors


def test_wrong_shows_what_was_received():
    error = errors.wrong("`size` must be at least 16.", size=8, out=Path("a/b"))
    assert str(error) == "`size` must be at least 16. Received: size=8, out='a/b'."


def test_unknown_names_the_choices_in_order():
    error = errors.unknown("head", "rbg", {"rgb", "gamut"}, "give a file")
    assert str(error) == (
        "Unknown `head`. Choose from ['gamut', 'rgb'], or give a file. Received: head='rbg'."
    )


@pytest.mark.parametrize(
    "error, said",
    [
        (PermissionError(13, "Permission denied", "a.png"), "Permission denied"),
        (ValueError("too dark"), "too dark"),
        (KeyError(), "KeyError"),
    ],
)
def test_reason_is_never_empty(error, said):
    assert errors.reason(error) == said


@pytest.mark.parametrize("number, said", [(0, "0 files"), (1, "1 file"), (2000, "2,000 files")])
def test_counted_agrees_with_its_number(number, said):
    assert errors.counted(number, "file") == said
