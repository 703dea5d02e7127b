"""Broken and hostile files: each ends as a picture or a named failure, and harms no other."""

import os

import bad_input
import numpy as np
import pytest
import skimage.color

from keras_colorize.data import photographs
from keras_colorize.runtimes.color_files import color_files


@pytest.fixture(scope="module")
def colored(tiny_model, tmp_path_factory):
    """Color files of each kind; return their folder, what was expected, and what happened."""
    folder, out = tmp_path_factory.mktemp("bad"), tmp_path_factory.mktemp("out")
    expected = bad_input.make(folder, 120)
    outcome = color_files([str(folder)], str(out), str(tiny_model))
    return folder, out, expected, outcome


def pictures_in(out):
    """Return the pictures by the numbers that their names start with."""
    return {name[: bad_input.DIGITS]: name for name in os.listdir(os.fsencode(out))}


def test_bad_input_is_colored_or_named(colored):
    _, out, expected, outcome = colored
    pictures = pictures_in(out)
    failed = {os.path.basename(os.fsencode(name)): reason for name, reason in outcome.failed}
    for name, allowed in expected.items():
        made = pictures.get(name[: bad_input.DIGITS])
        if allowed == bad_input.SOME:
            assert made and name in failed, name
            continue
        assert (made is None) == (name in failed), name
        if allowed == bad_input.GOOD:
            assert made, (name, failed[name])
        if allowed == bad_input.BAD:
            assert made is None, name
        assert failed.get(name, "a reason"), name


def test_bad_input_pictures_are_whole(colored):
    folder, out, expected, _ = colored
    pictures = pictures_in(out)
    for name in expected:
        made = pictures.get(name[: bad_input.DIGITS])
        if made is None:
            continue
        written = photographs.read(out / os.fsdecode(made))
        before = photographs.read(folder / os.fsdecode(name))
        assert written.shape == before.shape, name
        lightness = [skimage.color.rgb2lab(rgb)[..., 0] for rgb in (written, before)]
        # JPEG and WebP are lossy, most where noise is.
        assert np.abs(lightness[0] - lightness[1]).mean() <= 2, name


def test_bad_input_leaves_nothing_half_written(colored):
    _, out, expected, outcome = colored
    names = os.listdir(os.fsencode(out))
    assert not [name for name in names if name.startswith(b".")]
    nothing_of = [name for name, what in expected.items() if what == bad_input.BAD]
    assert len(nothing_of) <= len(expected) - len(names) <= len(outcome.failed)
