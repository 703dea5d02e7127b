import hashlib
import io
import random
import shutil
import struct
import tarfile
import zlib

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from keras_colorize.data import sources
from keras_colorize.errors import UsageError


def save(path, rgb, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path, **options)
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def names(source):
    return [photograph.name for photograph in source.photographs]


def pack(tar_path, files, mode="w"):
    with tarfile.open(tar_path, mode) as tar:
        for name, path in files.items():
            tar.add(path, arcname=name)
    return tar_path


@pytest.fixture
def folder(tmp_path, picture):
    """Eight photographs, a.png … h.png."""
    for seed, letter in enumerate("abcdefgh"):
        save(tmp_path / "photos" / f"{letter}.png", picture(seed=seed))
    return tmp_path / "photos"


# ---- samples ----


def test_samples_are_six_photographs():
    source = sources.open_source("samples")
    assert source.count == len(source.photographs) == 6
    assert source.skipped == []
    assert "astronaut.png" in names(source) and "grace_hopper.jpg" in names(source)
    read = [(name, rgb) for name, _, rgb in source.read_all()]
    assert [name for name, _ in read] == names(source)
    astronaut = dict(read)["astronaut.png"]
    assert astronaut.shape == (512, 512, 3) and astronaut.dtype == np.uint8


# ---- folders ----


@pytest.fixture
def mixture(tmp_path, picture):
    """A folder of everything: the good, and by name the reason why each other is skipped."""
    root = tmp_path / "mixture"
    good = {
        "cmyk.jpg": (Image.fromarray(picture(seed=1)).convert("CMYK"), {}),
        "frames.gif": (
            Image.fromarray(picture(seed=2)).quantize(64),
            {"save_all": True, "append_images": [Image.fromarray(picture(seed=3)).quantize(64)]},
        ),
        "palette.png": (Image.fromarray(picture(seed=4)).quantize(64), {}),
        "plain.jpg": (Image.fromarray(picture(seed=5)), {}),
        "sub/plain.PNG": (Image.fromarray(picture(seed=6)), {}),
        "sub/rgba.png": (Image.fromarray(picture(seed=7)).convert("RGBA"), {}),
    }
    for name, (image, options) in good.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(root / name, **options)
    rows = b"".join(b"\0" + (row.astype(">u2") * 257).tobytes() for row in picture(seed=8))
    header = struct.pack(">IIBBBBB", 64, 40, 16, 2, 0, 0, 0)
    deep = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        deep += struct.pack(">I", len(body)) + kind + body
        deep += struct.pack(">I", zlib.crc32(kind + body))
    (root / "deep.png").write_bytes(deep)

    jpeg, png = (root / "plain.jpg").read_bytes(), (root / "sub/plain.PNG").read_bytes()
    (root / "half.jpg").write_bytes(jpeg[: len(jpeg) * 9 // 10])
    (root / "half.png").write_bytes(png[: len(png) // 2])
    (root / "empty.jpg").write_bytes(b"")
    (root / "text.jpg").write_text("Dear Sir")
    (root / "twice.jpg").write_bytes(jpeg)  # sorts after plain.jpg
    save(root / "icon.png", picture(31, 200))
    save(root / "grey.png", picture()[..., 0])
    save(root / "grey_as_rgb.jpg", np.stack([picture()[..., 0]] * 3, -1))
    save(root / "scan.tif", picture(seed=9))
    save(root / "exif.png", picture(seed=10), exif=b"Exif\0\0garbagegarbage")
    save(root / ".hidden.png", picture(seed=11))
    (root / "notes.txt").write_text("nothing")
    reasons = {
        "empty.jpg": "empty file",
        "grey.png": "no color",
        "grey_as_rgb.jpg": "no color",
        "half.jpg": "truncated",
        "half.png": "truncated",
        "icon.png": "200×31 is under 32 pixels",
        "scan.tif": "TIFF cannot be trained on",
        "text.jpg": "not a picture",
        "twice.jpg": "same file",
    }
    return root, sorted([*good, "deep.png", "exif.png"]), reasons


def test_folder_uses_the_good_and_says_why_not_the_others(mixture):
    root, good, reasons = mixture
    source = sources.open_source(str(root))
    assert names(source) == good
    assert source.count == len(good)
    skipped = dict(source.skipped)
    assert sorted(skipped) == sorted(reasons)
    for name, reason in reasons.items():
        assert reason in skipped[name], (name, skipped[name])
        assert "{{" not in skipped[name]  # TensorFlow's names for its functions


def test_folder_records_what_the_files_are(mixture):
    root, good, _ = mixture
    source = sources.open_source(str(root))
    for photograph in source.photographs:
        content = (root / photograph.name).read_bytes()
        assert photograph.read() == content
        assert hashlib.sha256(content).hexdigest().startswith(photograph.digest)
        assert len(photograph.digest) == 16
    assert source.digests == {p.digest for p in source.photographs}
    assert len(source.digests) == len(good)


def test_folder_of_none_that_can_be_used_is_an_error(tmp_path, picture):
    save(tmp_path / "bad" / "grey.png", picture()[..., 0])
    (tmp_path / "bad" / "empty.jpg").touch()
    with pytest.raises(UsageError) as raised:
        sources.open_source(str(tmp_path / "bad"), "val")
    message = str(raised.value)
    assert "None of the 2 files can be used" in message
    assert f"val={str(tmp_path / 'bad')!r}" in message
    assert "empty.jpg: empty file" in message and "grey.png: no color" in message


def test_orientation_is_recorded(tmp_path, picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "a.jpg", picture(), exif=exif)
    save(tmp_path / "b.jpg", picture(seed=1))
    source = sources.open_source(str(tmp_path))
    assert [photograph.orientation for photograph in source.photographs] == [6, 1]


def test_glob_and_single_file(folder):
    source = sources.open_source(f"{folder}/[ac].png")
    assert names(source) == ["a.png", "c.png"]
    source = sources.open_source(str(folder / "b.png"))
    assert names(source) == ["b.png"]


def test_missing_data_names_the_argument(tmp_path):
    with pytest.raises(UsageError, match="val='/no/such'"):
        sources.open_source("/no/such", "val")


def test_progress_counts_to_the_end(folder):
    calls = []
    sources.open_source(str(folder), progress=lambda done, of: calls.append((done, of)))
    assert calls == [(number, 8) for number in range(1, 9)]


# ---- tar shards ----


def test_tar_members_equal_the_files(folder, tmp_path):
    order = list("hgfedcba")
    files = {f"deep/{letter}.png": folder / f"{letter}.png" for letter in order}
    files["deep/notes.txt"] = save(tmp_path / "notes.png", np.zeros((1, 1, 3), "uint8"))
    source = sources.open_source(str(pack(tmp_path / "a.tar", files)))
    assert names(source) == [f"a.tar/deep/{letter}.png" for letter in order]
    contents = [photograph.read() for photograph in source.photographs]
    assert contents == [(folder / f"{letter}.png").read_bytes() for letter in order]
    for (_, _, rgb), letter in zip(source.read_all(), order):
        np.testing.assert_array_equal(rgb, np.asarray(Image.open(folder / f"{letter}.png")))


def test_tar_shards_follow_each_other_by_name(folder, tmp_path):
    shards = tmp_path / "shards"
    shards.mkdir()
    pack(shards / "1.tar", {"x.png": folder / "a.png", "w.png": folder / "b.png"})
    pack(shards / "0.tar", {"y.png": folder / "c.png"})
    shutil.copy(folder / "d.png", shards / "2.png")
    source = sources.open_source(str(shards))
    assert names(source) == ["0.tar/y.png", "1.tar/x.png", "1.tar/w.png", "2.png"]
    assert names(sources.open_source(f"{shards}/*.tar")) == names(source)[:3]


def test_tar_members_that_cannot_be_used_are_named(folder, tmp_path):
    (tmp_path / "empty.png").touch()
    files = {"a.png": folder / "a.png", "empty.png": tmp_path / "empty.png"}
    source = sources.open_source(str(pack(tmp_path / "a.tar", files)))
    assert names(source) == ["a.tar/a.png"]
    assert source.skipped == [("a.tar/empty.png", "empty file")]


@pytest.mark.parametrize("cut", [100, 700, 0.5, 0.8])
def test_truncated_tar_is_named_and_its_whole_members_used(folder, tmp_path, cut):
    files = {path.name: path for path in sorted(folder.iterdir())}
    with open(pack(tmp_path / "whole.tar", files), "rb") as file:
        whole = file.read()
    with tarfile.open(tmp_path / "whole.tar") as tar:
        ends = {f"cut.tar/{m.name}": m.offset_data + m.size for m in tar}
    end = max(ends.values())  # padding follows
    length = cut if cut > 1 else int(cut * end)
    (tmp_path / "cut.tar").write_bytes(whole[:length])
    there = [name for name, end in ends.items() if end <= length]
    if not there:
        with pytest.raises(UsageError, match=r"cut\.tar: no uncompressed tar file, or truncated"):
            sources.open_source(str(tmp_path / "cut.tar"))
        return
    source = sources.open_source(str(tmp_path / "cut.tar"))
    assert set(names(source)) <= set(there)
    reasons = dict(source.skipped)
    assert "truncated" in reasons["cut.tar"]
    # A member is used, or it is named; only those after the cut are known by the shard alone.
    assert set(there) <= set(names(source)) | set(reasons)


def test_compressed_tar_is_not_listed(folder, tmp_path):
    shards = tmp_path / "shards"
    shards.mkdir()
    pack(shards / "a.tar.gz", {"a.png": folder / "a.png"}, "w:gz")
    with pytest.raises(UsageError, match="no photographs"):
        sources.open_source(str(shards))
    shutil.copy(folder / "b.png", shards / "b.png")
    assert names(sources.open_source(str(shards))) == ["b.png"]


def test_compressed_tar_under_a_tar_name_is_an_error(folder, tmp_path):
    pack(tmp_path / "a.tar", {"a.png": folder / "a.png"}, "w:gz")
    with pytest.raises(UsageError, match="no uncompressed tar file"):
        sources.open_source(str(tmp_path / "a.tar"))


def test_tar_without_photographs_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    pack(tmp_path / "a.tar", {"notes.txt": tmp_path / "notes.txt"})
    with pytest.raises(UsageError, match="no photographs in the tar"):
        sources.open_source(str(tmp_path / "a.tar"))


# ---- tfds ----


@pytest.mark.parametrize("split", ["", ":train", ":train[:3]", ":validation"])
def test_tfds_hands_over_encoded_images(split):
    # The mock gives five examples whatever the split.
    with tfds.testing.mock_data(num_examples=5):
        source = sources.open_source(f"tfds:coco/2017{split}")
        encoded = [example["image"] for example in source.tfds.as_numpy_iterator()]
        read = [rgb for _, _, rgb in source.read_all()]
    assert len(encoded) == len(read) == 5
    assert all(Image.open(io.BytesIO(one)).format == "JPEG" for one in encoded)
    for one, rgb in zip(encoded, read):
        np.testing.assert_array_equal(rgb, np.asarray(Image.open(io.BytesIO(one)).convert("RGB")))
    assert source.count == 5
    assert source.digests == frozenset() and source.skipped == []
    assert "coco/2017" in source.fingerprint and (split[1:] or "train") in source.fingerprint


def test_tfds_first_and_read_some():
    with tfds.testing.mock_data(num_examples=5):
        source = sources.open_source("tfds:coco/2017:train")
        few = sources.first(source, 2)
        everything = [rgb for _, _, rgb in source.read_all()]
        some = source.read_some(2)
        listed = [(name, digest) for name, digest, _ in few.read_all()]
        digests = [hashlib.sha256(e["image"]).hexdigest() for e in source.tfds.as_numpy_iterator()]
    assert few.count == 2 and sources.first(source, 99).count == 5
    assert [name for name, _ in listed] == [f"tfds:coco/2017:train#{i}" for i in range(2)]
    assert all(whole.startswith(short) for (_, short), whole in zip(listed, digests))
    for one, other in zip(some, everything[:2], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["tfds:no_such_data_set", "tfds:", "tfds:coco/1066"])
def test_tfds_unknown_data_set_is_an_error(name):
    with pytest.raises(UsageError, match="tfds could not provide") as raised:
        sources.open_source(name, "val")
    assert f"val={name!r}" in str(raised.value)


def test_tfds_without_images_is_an_error():
    with pytest.raises(UsageError, match=r"no feature 'image'.*'sentence'"):
        sources.open_source("tfds:glue/cola")


# ---- labels ----


def test_labels_are_the_names_of_the_folders(folder, tmp_path, monkeypatch):
    for place, letters in {"beach": "ab", "deep/forest": "c"}.items():
        (tmp_path / "scenes" / place).mkdir(parents=True)
        for letter in letters:
            shutil.copy(folder / f"{letter}.png", tmp_path / "scenes" / place)
    for name in (tmp_path / "scenes", f"{tmp_path}/scenes/**/*.png"):
        source = sources.open_source(str(name))
        assert [photograph.label for photograph in source.photographs] == ["beach"] * 2 + ["forest"]
        assert sources.classes_of(source) == ["beach", "forest"]
    monkeypatch.chdir(tmp_path / "scenes" / "beach")
    assert sources.open_source("a.png").photographs[0].label == "beach"


def test_labels_in_a_tar_are_the_folders_of_its_members(folder, tmp_path):
    files = {"x/beach/1.png": folder / "a.png", "forest/2.png": folder / "b.png"}
    source = sources.open_source(str(pack(tmp_path / "a.tar", files)))
    assert sources.classes_of(source) == ["beach", "forest"]
    assert [photograph.label for photograph in source.photographs] == ["beach", "forest"]


def test_labels_of_training_and_validation_are_numbered_together(folder, tmp_path):
    one = sources.open_source(str(pack(tmp_path / "1.tar", {"b/1.png": folder / "a.png"})))
    two = sources.open_source(str(pack(tmp_path / "2.tar", {"a/1.png": folder / "b.png"})))
    assert sources.classes_of(one, two) == ["a", "b"]


def test_labels_of_one_class_or_of_none_are_wrong_usage(folder, tmp_path):
    with pytest.raises(UsageError, match=r"`labels` needs.*two folders or more.*\['photos'\]"):
        sources.classes_of(sources.open_source(str(folder)))
    files = {"a.png": folder / "a.png", "x/b.png": folder / "b.png"}
    with pytest.raises(UsageError, match=r"`labels` needs.*\['', 'x'\]"):
        sources.classes_of(sources.open_source(str(pack(tmp_path / "a.tar", files))))


def test_labels_of_tfds_are_its_own(folder):
    with tfds.testing.mock_data(num_examples=3):
        source = sources.open_source("tfds:places365_small")
        labels = [int(example["label"]) for example in source.tfds.as_numpy_iterator()]
        coco = sources.open_source("tfds:coco/2017")
        none = [int(example["label"]) for example in coco.tfds.as_numpy_iterator()]
    assert len(sources.classes_of(source)) == 365 and len(set(labels)) > 1
    assert none == [-1] * 3
    with pytest.raises(UsageError, match=r"`labels` needs.*feature 'label'"):
        sources.classes_of(coco)
    with pytest.raises(UsageError, match=r"the same classes.*places365_small and .*photos differ"):
        sources.classes_of(source, sources.open_source(str(folder)))


# ---- parts of a source ----


def test_hold_out_splits_once_and_for_all(folder):
    source = sources.open_source(str(folder))
    rest, held = sources.hold_out(source, share=0.25)
    assert (rest.count, held.count) == (6, 2)
    assert not rest.digests & held.digests
    assert rest.digests | held.digests == source.digests
    again, held_again = sources.hold_out(source, share=0.25)
    assert names(again) == names(rest) and names(held_again) == names(held)


def test_hold_out_is_capped(folder):
    source = sources.open_source(str(folder))
    rest, held = sources.hold_out(source, share=0.5, most=3)
    assert (rest.count, held.count) == (5, 3)


def test_hold_out_depends_on_content_alone(folder, tmp_path):
    _, held = sources.hold_out(sources.open_source(str(folder)), share=0.25)
    files = sorted(folder.iterdir())
    random.Random(1).shuffle(files)
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for number, path in enumerate(files):
        shutil.copy(path, renamed / f"{number}.png")
    _, held_renamed = sources.hold_out(sources.open_source(str(renamed)), share=0.25)
    assert held_renamed.digests == held.digests
    tar = pack(tmp_path / "a.tar", {path.name: path for path in files})
    _, held_packed = sources.hold_out(sources.open_source(str(tar)), share=0.25)
    assert held_packed.digests == held.digests


def test_without_leaves_the_order(folder):
    source = sources.open_source(str(folder))
    unwanted = frozenset(digest(folder / f"{letter}.png")[:16] for letter in "bd")
    rest = sources.without(source, unwanted)
    assert names(rest) == [f"{letter}.png" for letter in "acefgh"]
    assert rest.count == 6 and rest.fingerprint != source.fingerprint
    same = sources.without(source, frozenset())
    assert names(same) == names(source) and same.fingerprint == source.fingerprint


def test_first(folder):
    source = sources.open_source(str(folder))
    assert names(sources.first(source, 3)) == ["a.png", "b.png", "c.png"]
    assert sources.first(source, 3).count == 3
    assert sources.first(source, 99).count == 8


@pytest.mark.parametrize(
    "count, letters", [(1, "a"), (2, "ae"), (3, "ace"), (8, "abcdefgh"), (99, "abcdefgh")]
)
def test_read_some_is_spread_over_the_whole(folder, count, letters):
    some = sources.open_source(str(folder)).read_some(count)
    expected = [np.asarray(Image.open(folder / f"{letter}.png")) for letter in letters]
    np.testing.assert_array_equal(np.stack(some), np.stack(expected))


def test_read_all_skips_a_file_that_went_bad_meanwhile(folder):
    source = sources.open_source(str(folder))
    (folder / "b.png").write_bytes(b"")
    assert [name for name, _, _ in source.read_all()] == [f"{x}.png" for x in "acdefgh"]
    assert source.skipped == [("b.png", "empty file")]


def test_fingerprint_changes_with_any_photograph(folder, picture):
    before = sources.open_source(str(folder)).fingerprint
    assert sources.open_source(str(folder)).fingerprint == before
    save(folder / "d.png", picture(seed=77))
    changed = sources.open_source(str(folder)).fingerprint
    assert changed != before
    (folder / "e.png").unlink()
    assert sources.open_source(str(folder)).fingerprint not in (before, changed)
