import shutil

import pytest
import tensorflow_datasets as tfds
from shards import pack

from keras_colorize.data import sources
from keras_colorize.errors import UsageError


def test_missing_data_names_the_argument(tmp_path):
    with pytest.raises(UsageError, match="val='/no/such'"):
        sources.open_source("/no/such", "val")


# ---- labels ----


def test_labels_are_the_names_of_the_folders(photos, tmp_path, monkeypatch):
    for place, letters in {"beach": "ab", "deep/forest": "c"}.items():
        (tmp_path / "scenes" / place).mkdir(parents=True)
        for letter in letters:
            shutil.copy(photos / f"{letter}.png", tmp_path / "scenes" / place)
    for name in (tmp_path / "scenes", f"{tmp_path}/scenes/**/*.png"):
        source = sources.open_source(str(name))
        assert [photograph.label for photograph in source.photographs] == ["beach"] * 2 + ["forest"]
        assert sources.classes_of(source) == ["beach", "forest"]
    monkeypatch.chdir(tmp_path / "scenes" / "beach")
    assert sources.open_source("a.png").photographs[0].label == "beach"


def test_labels_in_a_tar_are_the_folders_of_its_members(photos, tmp_path):
    files = {"x/beach/1.png": photos / "a.png", "forest/2.png": photos / "b.png"}
    source = sources.open_source(str(pack(tmp_path / "a.tar", files)))
    assert sources.classes_of(source) == ["beach", "forest"]
    assert [photograph.label for photograph in source.photographs] == ["beach", "forest"]


def test_labels_of_training_and_validation_are_numbered_together(photos, tmp_path):
    one = sources.open_source(str(pack(tmp_path / "1.tar", {"b/1.png": photos / "a.png"})))
    two = sources.open_source(str(pack(tmp_path / "2.tar", {"a/1.png": photos / "b.png"})))
    assert sources.classes_of(one, two) == ["a", "b"]


def test_labels_of_one_class_or_of_none_are_wrong_usage(photos, tmp_path):
    with pytest.raises(UsageError, match=r"`labels` needs.*two folders or more.*\['photos'\]"):
        sources.classes_of(sources.open_source(str(photos)))
    files = {"a.png": photos / "a.png", "x/b.png": photos / "b.png"}
    with pytest.raises(UsageError, match=r"`labels` needs.*\['', 'x'\]"):
        sources.classes_of(sources.open_source(str(pack(tmp_path / "a.tar", files))))


def test_labels_of_tfds_are_its_own(photos):
    with tfds.testing.mock_data(num_examples=3):
        source = sources.open_source("tfds:places365_small")
        labels = [int(example["label"]) for example in source.examples.as_numpy_iterator()]
        coco = sources.open_source("tfds:coco/2017")
        none = [int(example["label"]) for example in coco.examples.as_numpy_iterator()]
    assert len(sources.classes_of(source)) == 365 and len(set(labels)) > 1
    assert none == [-1] * 3
    with pytest.raises(UsageError, match=r"`labels` needs.*feature 'label'"):
        sources.classes_of(coco)
    with pytest.raises(UsageError, match=r"the same classes.*places365_small and .*photos differ"):
        sources.classes_of(source, sources.open_source(str(photos)))
