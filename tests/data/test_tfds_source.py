import hashlib
import io

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from keras_colorize.data import sources, tfds_source
from keras_colorize.errors import PhotographsUnavailable, UsageError


@pytest.mark.parametrize("split", ["", ":train", ":train[:3]", ":validation"])
def test_tfds_hands_over_encoded_images(split):
    # The mock gives five examples whatever the split.
    with tfds.testing.mock_data(num_examples=5):
        source = sources.open_source(f"tfds:coco/2017{split}")
        encoded = [example["image"] for example in source.examples.as_numpy_iterator()]
        read = [rgb for _, _, rgb in source.read_all()]
    assert len(encoded) == len(read) == 5
    assert all(Image.open(io.BytesIO(one)).format == "JPEG" for one in encoded)
    for one, rgb in zip(encoded, read):
        np.testing.assert_array_equal(rgb, np.asarray(Image.open(io.BytesIO(one)).convert("RGB")))
    assert source.count == 5
    assert source.digests == frozenset() and source.skipped == []
    assert "coco/2017" in source.fingerprint and (split[1:] or "train") in source.fingerprint


def test_tfds_first_and_sample():
    with tfds.testing.mock_data(num_examples=5):
        source = sources.open_source("tfds:coco/2017:train")
        few = source.first(2)
        everything = [rgb for _, _, rgb in source.read_all()]
        some = [rgb for _, _, rgb in source.sample(2).read_all()]
        listed = [(name, digest) for name, digest, _ in few.read_all()]
        digests = [
            hashlib.sha256(e["image"]).hexdigest() for e in source.examples.as_numpy_iterator()
        ]
    assert few.count == 2 and source.first(99).count == 5
    assert [name for name, _ in listed] == [f"tfds:coco/2017:train#{i}" for i in range(2)]
    assert all(whole.startswith(short) for (_, short), whole in zip(listed, digests))
    for one, other in zip(some, everything[:2], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["tfds:no_such_data_set", "tfds:", "tfds:coco/1066"])
def test_tfds_unknown_data_set_is_an_error(name):
    with pytest.raises(UsageError, match="tfds could not provide") as raised:
        sources.open_source(name, "val")
    assert f"val={name!r}" in str(raised.value)


def test_tfds_offline_says_so_before_it_tries(monkeypatch, tmp_path):
    def unreachable(address):
        assert address.startswith("http") and "cocodataset" in address
        return "images.cocodataset.org cannot be reached (no network)"

    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path))
    monkeypatch.setattr("keras_colorize.downloads.unreachable", unreachable)
    with pytest.raises(PhotographsUnavailable, match=r"cannot be reached .*data='tfds:coco/2017'"):
        sources.open_source("tfds:coco/2017")


def test_tfds_reason_says_what_its_first_line_announces():
    announced = tfds_source._reason(AssertionError("Create it using instructions:\n\n Do this.\n"))
    assert announced == "AssertionError: Create it using instructions: Do this"
    assert tfds_source._reason(ValueError("No such thing.\na\nb")) == "ValueError: No such thing"
    assert tfds_source._reason(KeyError()) == "KeyError"


def test_tfds_without_images_is_an_error():
    with pytest.raises(UsageError, match=r"no feature 'image'.*'sentence'"):
        sources.open_source("tfds:glue/cola")
