"""Segments laid out by hand; pixels are compared with Pillow's."""

import io

import numpy as np
import pytest
from PIL import Image

from keras_colorize.data import jpeg, photographs
from keras_colorize.errors import BadPhotograph


def encoded(pixels, mode=None, **options):
    content = io.BytesIO()
    Image.fromarray(pixels, mode).save(content, "JPEG", **options)
    return content.getvalue()


def pixels_by_pillow(content):
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize("marker", [b"\xff\xdb", b"\xff\xc0", b"\xff\xc4", b"\xff\xda"])
@pytest.mark.parametrize("filling", [b"\0\0\0", b"\xff\xff", b"odd", b"\xff\0"])
def test_bytes_between_segments_do_no_harm(picture, marker, filling):
    content = encoded(picture())
    at = content.index(marker)
    padded = content[:at] + filling + content[at:]
    scan = photographs.File(padded).read()
    np.testing.assert_array_equal(scan.pixels, pixels_by_pillow(content))
    assert scan.doubt == ""


@pytest.mark.parametrize("version", [b"\2\1", b"\0\0"])
def test_odd_version_of_jfif_does_no_harm(picture, version):
    content = bytearray(encoded(picture()))
    at = content.index(b"JFIF\0") + 5
    content[at : at + 2] = version
    np.testing.assert_array_equal(
        photographs.File(bytes(content)).read().pixels, pixels_by_pillow(content)
    )


@pytest.mark.parametrize("sampling", ["2x2", "2x1", "1x2", "4x1", "1x4"])
def test_rare_subsampling_is_read(picture, sampling):
    # By hand from a JPEG without subsampling, whose chroma is claimed to be finer than its
    # lightness: the picture is another one, which both decoders must see alike.
    whole = bytearray(encoded(picture(64, 96), subsampling=0))
    frame = whole.index(b"\xff\xc0")
    across, down = map(int, sampling.split("x"))
    whole[frame + 14] = whole[frame + 17] = 16 * across + down
    expected = pixels_by_pillow(bytes(whole))
    np.testing.assert_array_equal(photographs.File(bytes(whole)).read().pixels, expected)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_cmyk_of_any_subsampling_is_read(picture, subsampling):
    inks = np.dstack([picture(), picture()[..., :1]])
    content = encoded(inks, "CMYK", subsampling=subsampling)
    stored = pixels_by_pillow(content).astype("float32")
    expected = (255 - stored[..., :3]) * (255 - stored[..., 3:]) / 255
    made = photographs.File(content).read().pixels
    assert np.abs(made - expected).max() <= 0.5


def test_zeros_that_stand_for_missing_data_are_told_from_padding(picture):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), "uint8")
    content = encoded(noise)
    whole = content[:-2] + bytes(500) + content[-2:]
    assert photographs.File(whole).read().doubt == ""
    half = content[: len(content) // 2] + bytes(20_000) + content[-2:]
    assert "may be damaged" in photographs.File(half).read().doubt


def test_harmless_warning_does_not_hide_damage(picture):
    content = bytearray(encoded(picture(96, 128)))
    scan = content.index(b"\xff\xda")
    content[scan + 12] = 0  # the end of the spectrum, which some writers leave at 0
    np.testing.assert_array_equal(
        photographs.File(bytes(content)).read().pixels, pixels_by_pillow(bytes(content))
    )
    cut = content[: (scan + len(content)) // 2] + b"\xff\xd9"
    with pytest.raises(BadPhotograph, match="premature end"):
        photographs.File(bytes(cut)).read()


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_unknown_transform_of_adobe_does_not_hide_damage(picture, mode):
    values = picture(96, 128) if mode == "RGB" else np.dstack([picture(96, 128)] * 2)[..., :4]
    content = encoded(values, mode, subsampling=0)
    adobe = b"\xff\xee\0\x0eAdobe\0\x64" + bytes(4) + b"\5"  # 5: an unknown transform
    if mode == "CMYK":
        at = content.index(b"\xff\xee")
        content = content[:at] + content[at + len(adobe) :]
    content = bytearray(content[:2] + adobe + content[2:])
    made, expected = photographs.File(bytes(content)).read().pixels, pixels_by_pillow(content)
    if mode == "RGB":
        np.testing.assert_array_equal(made, expected)
    scan = content.index(b"\xff\xda")
    cut = content[: (scan + len(content)) // 2] + b"\xff\xd9"
    with pytest.raises(BadPhotograph, match="premature end"):
        photographs.File(bytes(cut)).read()


def test_many_comments_take_no_time_with_their_square(picture):
    comments = b"".join(b"\xff\xfe\0\x07%05d" % number for number in range(100_000))
    content = encoded(picture())
    told = photographs.File(content[:2] + comments + content[2:]).told
    assert told.comment.count(b"\n") == 99_999


def test_end_is_looked_for_behind_the_scan(picture):
    thumbnail = b"\xff\xe1\0\x06\xff\xd9\xff\xd9"  # a segment that holds another JPEG's end
    content = encoded(picture())
    whole = content[:2] + thumbnail + content[2:]
    assert jpeg.has_end(whole)
    assert not jpeg.has_end(whole[:-2])
    assert not jpeg.has_end(content[:20])
