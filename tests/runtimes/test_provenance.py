import hashlib
import importlib.metadata
import json

import pytest

from keras_colorize import __version__, errors
from keras_colorize.colorizer import Decoding
from keras_colorize.runtimes import provenance

PLAIN = Decoding()


@pytest.mark.parametrize("name", ["lite.v2", "4", "a-b_c"])
def test_name_that_a_servers_address_can_hold_is_taken(tiny_model, tmp_path, name):
    assert provenance.check(tiny_model, tmp_path, PLAIN, name) == name


@pytest.mark.parametrize("name", ["", "a b", "a/b", "-a", "ü", "a\n"])
def test_name_that_an_address_cannot_hold_is_refused(tiny_model, tmp_path, name):
    with pytest.raises(errors.UsageError, match="`name` must begin with a letter or a digit"):
        provenance.check(tiny_model, tmp_path, PLAIN, name)


def test_name_is_the_models_own_unless_told(tiny_model, tmp_path):
    assert provenance.check(f"{tiny_model}/", tmp_path, PLAIN, None) == tiny_model.name
    with pytest.raises(errors.UsageError, match="no_such"):
        provenance.check("no_such", tmp_path, PLAIN, None)


def test_what_cannot_be_exported_is_told_before_anything_is_made(tiny_model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.UsageError, match="`out` cannot be written to"):
        provenance.check(tiny_model, tmp_path / "file", PLAIN, None)
    with pytest.raises(errors.UsageError, match="`chroma`"):
        provenance.check(tiny_model, tmp_path, Decoding(chroma=-1.0), None)


def test_description_tells_weights_decoding_and_writers(tiny_model):
    about = provenance.describe(tiny_model, "served", Decoding(chroma=1.5), ("onnx",))
    weights = (tiny_model / "model.weights.h5").read_bytes()
    assert about["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    assert (about["name"], about["weights"]) == ("served", tiny_model.name)
    assert (about["arch"], about["head"], about["size"]) == ("vgg_fusion", "regression", 32)
    assert about["decoding"]["chroma"] == 1.5
    packages = ("keras", "tensorflow", "onnx")
    expected = {package: importlib.metadata.version(package) for package in packages}
    assert about["versions"] == {"keras_colorize": __version__, **expected}
    assert json.dumps(about)


@pytest.mark.parametrize("place", ["2/assets", "onnx"])  # of a SavedModel, of a file
def test_name_of_another_network_is_refused(tmp_path, place):
    about = {"name": "a", "arch": "zhang2016", "head": "gamut313"}
    provenance.check_same(tmp_path / "a", about)  # nothing is there yet
    folder = tmp_path / "a" / place
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(about))
    provenance.check_same(tmp_path / "a", about)
    for changed in ({"arch": "pix2pix"}, {"head": "regression"}):
        with pytest.raises(errors.UsageError, match="holds zhang2016 with head gamut313, this is"):
            provenance.check_same(tmp_path / "a", about | changed)
