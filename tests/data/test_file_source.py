import hashlib
import random
import shutil
import tarfile

import numpy as np
import pytest
from PIL import Image
from shards import names, pack, save

from keras_colorize.data import file_source, sources
from keras_colorize.data.file_source import FileSource, Photograph
from keras_colorize.errors import UsageError


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
    """Two photographs in a folder of other things."""
    root = tmp_path / "mixture"
    save(root / "plain.jpg", picture(seed=5))
    save(root / "sub" / "plain.PNG", picture(seed=6))
    (root / "twice.jpg").write_bytes((root / "plain.jpg").read_bytes())
    save(root / "grey.png", picture()[..., 0])
    save(root / ".hidden.png", picture(seed=11))
    (root / "notes.txt").write_text("nothing")
    return root


def test_folder_uses_the_good_and_says_why_not_the_others(mixture):
    source = sources.open_source(str(mixture))
    assert names(source) == ["plain.jpg", "sub/plain.PNG"] and source.count == 2
    reasons = [("grey.png", "no color to learn from"), ("twice.jpg", "the same file as one before")]
    assert source.skipped == reasons


def test_folder_records_what_the_files_are(mixture):
    source = sources.open_source(str(mixture))
    for photograph in source.photographs:
        content = (mixture / photograph.name).read_bytes()
        assert photograph.read() == content
        assert hashlib.sha256(content).hexdigest().startswith(photograph.digest)
        assert len(photograph.digest) == 16
    assert source.digests == {p.digest for p in source.photographs}
    assert len(source.digests) == 2


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


def test_glob_and_single_file(photos):
    source = sources.open_source(f"{photos}/[ac].png")
    assert names(source) == ["a.png", "c.png"]
    source = sources.open_source(str(photos / "b.png"))
    assert names(source) == ["b.png"]


def test_progress_counts_to_the_end(photos, monkeypatch, capfd):
    monkeypatch.setattr(file_source, "_BAR", {})  # shown on no terminal, too, and left there
    sources.open_source(str(photos))
    said = capfd.readouterr().err
    assert "check data: 100%" in said and "8/8" in said


# ---- tar shards ----


def test_tar_members_equal_the_files(photos, tmp_path):
    order = list("hgfedcba")
    files = {f"deep/{letter}.png": photos / f"{letter}.png" for letter in order}
    files["deep/notes.txt"] = save(tmp_path / "notes.png", np.zeros((1, 1, 3), "uint8"))
    source = sources.open_source(str(pack(tmp_path / "a.tar", files)))
    assert names(source) == [f"a.tar/deep/{letter}.png" for letter in order]
    contents = [photograph.read() for photograph in source.photographs]
    assert contents == [(photos / f"{letter}.png").read_bytes() for letter in order]
    for (_, _, rgb), letter in zip(source.read_all(), order):
        np.testing.assert_array_equal(rgb, np.asarray(Image.open(photos / f"{letter}.png")))


def test_tar_shards_follow_each_other_by_name(photos, tmp_path):
    shards = tmp_path / "shards"
    shards.mkdir()
    pack(shards / "1.tar", {"x.png": photos / "a.png", "w.png": photos / "b.png"})
    pack(shards / "0.tar", {"y.png": photos / "c.png"})
    shutil.copy(photos / "d.png", shards / "2.png")
    source = sources.open_source(str(shards))
    assert names(source) == ["0.tar/y.png", "1.tar/x.png", "1.tar/w.png", "2.png"]
    assert names(sources.open_source(f"{shards}/*.tar")) == names(source)[:3]


def test_tar_members_that_cannot_be_used_are_named(photos, tmp_path):
    (tmp_path / "empty.png").touch()
    files = {"a.png": photos / "a.png", "empty.png": tmp_path / "empty.png"}
    source = sources.open_source(str(pack(tmp_path / "a.tar", files)))
    assert names(source) == ["a.tar/a.png"]
    assert source.skipped == [("a.tar/empty.png", "empty file")]


@pytest.mark.parametrize("cut", [100, 700, 0.5, 0.8])
def test_truncated_tar_is_named_and_its_whole_members_used(photos, tmp_path, cut):
    files = {path.name: path for path in sorted(photos.iterdir())}
    with open(pack(tmp_path / "whole.tar", files), "rb") as file:
        whole = file.read()
    with tarfile.open(tmp_path / "whole.tar") as tar:
        ends = {f"cut.tar/{m.name}": m.offset_data + m.size for m in tar}
    end = max(ends.values())  # padding follows
    length = cut if cut > 1 else int(cut * end)
    (tmp_path / "cut.tar").write_bytes(whole[:length])
    there = [name for name, end in ends.items() if end <= length]
    if not there:
        with pytest.raises(UsageError, match=r"cut\.tar: no uncompressed tar file, truncated"):
            sources.open_source(str(tmp_path / "cut.tar"))
        return
    source = sources.open_source(str(tmp_path / "cut.tar"))
    assert set(names(source)) <= set(there)
    reasons = dict(source.skipped)
    assert "truncated" in reasons["cut.tar"]
    # A member is used, or it is named; only those after the cut are known by the shard alone.
    assert set(there) <= set(names(source)) | set(reasons)


def test_tar_with_a_damaged_header_is_named_and_what_precedes_it_used(photos, tmp_path):
    shard = pack(tmp_path / "a.tar", {f"{n}.png": photos / f"{n}.png" for n in "abcd"})
    with tarfile.open(shard) as tar:
        third = tar.getmembers()[2].offset
    content = bytearray(shard.read_bytes())
    content[third + 148] ^= 1  # in the header's checksum (POSIX.1-1988, ustar)
    shard.write_bytes(content)
    source = sources.open_source(str(shard))
    assert names(source) == ["a.tar/a.png", "a.tar/b.png"]
    [(name, reason)] = source.skipped
    assert name == "a.tar" and f"damaged header at byte {third:,}" in reason


def test_tar_that_ends_after_a_member_is_named(photos, tmp_path):
    shard = pack(tmp_path / "a.tar", {f"{n}.png": photos / f"{n}.png" for n in "ab"})
    with tarfile.open(shard) as tar:
        second = tar.getmembers()[1].offset
    shard.write_bytes(shard.read_bytes()[:second])
    source = sources.open_source(str(shard))
    assert names(source) == ["a.tar/a.png"]
    assert [name for name, _ in source.skipped] == ["a.tar"]


def test_compressed_tar_is_not_listed(photos, tmp_path):
    shards = tmp_path / "shards"
    shards.mkdir()
    pack(shards / "a.tar.gz", {"a.png": photos / "a.png"}, "w:gz")
    with pytest.raises(UsageError, match="no photographs"):
        sources.open_source(str(shards))
    shutil.copy(photos / "b.png", shards / "b.png")
    assert names(sources.open_source(str(shards))) == ["b.png"]


def test_compressed_tar_under_a_tar_name_is_an_error(photos, tmp_path):
    pack(tmp_path / "a.tar", {"a.png": photos / "a.png"}, "w:gz")
    with pytest.raises(UsageError, match="no uncompressed tar file"):
        sources.open_source(str(tmp_path / "a.tar"))


def test_tar_without_photographs_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    pack(tmp_path / "a.tar", {"notes.txt": tmp_path / "notes.txt"})
    with pytest.raises(UsageError, match="no photographs in the tar"):
        sources.open_source(str(tmp_path / "a.tar"))


# ---- parts ----


def of_digests(digests):
    return FileSource("many", [Photograph(f"{d}.png", "", digest=d) for d in digests])


@pytest.mark.parametrize("count, held_out", [(8, 0), (40, 2), (100, 5), (4000, 200), (6000, 200)])
def test_hold_out_takes_one_in_twenty_and_at_most_200(count, held_out):
    source = of_digests(f"{number:016x}" for number in range(count))
    rest, held = source.hold_out()
    assert (rest.count, held.count) == (count - held_out, held_out)
    assert not rest.digests & held.digests and rest.digests | held.digests == source.digests


def test_hold_out_depends_on_content_alone():
    digests = [hashlib.sha256(bytes([number])).hexdigest() for number in range(60)]
    _, held = of_digests(digests).hold_out()
    random.Random(1).shuffle(digests)
    assert of_digests(digests).hold_out()[1].digests == held.digests


def test_without_leaves_the_order(photos):
    source = sources.open_source(str(photos))
    unwanted = frozenset(
        hashlib.sha256((photos / f"{letter}.png").read_bytes()).hexdigest()[:16] for letter in "bd"
    )
    rest = source.without(unwanted)
    assert names(rest) == [f"{letter}.png" for letter in "acefgh"]
    assert rest.count == 6 and rest.fingerprint != source.fingerprint
    same = source.without(frozenset())
    assert names(same) == names(source) and same.fingerprint == source.fingerprint


def test_first(photos):
    source = sources.open_source(str(photos))
    assert names(source.first(3)) == ["a.png", "b.png", "c.png"]
    assert source.first(3).count == 3
    assert source.first(99).count == 8


@pytest.mark.parametrize(
    "count, letters", [(1, "a"), (2, "ae"), (3, "ace"), (8, "abcdefgh"), (99, "abcdefgh")]
)
def test_sample_is_spread_over_the_whole(photos, count, letters):
    source = sources.open_source(str(photos)).sample(count)
    some = [rgb for _, _, rgb in source.read_all()]
    expected = [np.asarray(Image.open(photos / f"{letter}.png")) for letter in letters]
    np.testing.assert_array_equal(np.stack(some), np.stack(expected))


def test_read_all_skips_a_file_that_went_bad_meanwhile(photos):
    source = sources.open_source(str(photos))
    (photos / "b.png").write_bytes(b"")
    assert [name for name, _, _ in source.read_all()] == [f"{x}.png" for x in "acdefgh"]
    assert source.skipped == [("b.png", "empty file")]


def test_fingerprint_changes_with_any_photograph(photos, picture):
    before = sources.open_source(str(photos)).fingerprint
    assert sources.open_source(str(photos)).fingerprint == before
    save(photos / "d.png", picture(seed=77))
    changed = sources.open_source(str(photos)).fingerprint
    assert changed != before
    (photos / "e.png").unlink()
    assert sources.open_source(str(photos)).fingerprint not in (before, changed)


def test_files_that_are_only_named_are_skipped_by_name(mixture):
    (mixture / "a.nef").write_bytes(b"II*\0")
    (mixture / "no suffix").write_bytes(b"SIMPLE  =                    T")
    skipped = {
        name.split("/")[-1]: reason for name, reason in sources.open_source(str(mixture)).skipped
    }
    assert "raw files" in skipped["a.nef"] and "FITS is not read" in skipped["no suffix"]
