"""Records are written by hand or by Pillow, and read back by Pillow and tifffile."""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image
from tags import DESCRIPTION, IPTC, ORIENTATION, XMP, app13, block, jpeg, png, resource, text

from keras_colorize.data import exif, photographs, record

ARTIST, RIGHTS = 0x013B, 0x8298
EXPOSURE, GPS, INTEROP, MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
CAPTION = "Großmutter in Łódź, 1923 – 写真".encode()
SUFFIXES = ["jpg", "png", "tif", "webp"]


@pytest.fixture
def rewrite(tmp_path):
    """Read a photograph and write it as another file; return the path and what was lost."""

    def call(content, suffix):
        scan = photographs.File(content).read()
        path = tmp_path / f"b.{suffix}"
        return path, photographs.write(path, scan.pixels, scan.alpha, scan.told)

    return call


# ---- EXIF ----


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("order", "<>")
def test_captions_stay_byte_for_byte(picture, rewrite, order, suffix):
    exposure = [(0x829A, 5, 1, struct.pack(order + "II", 1, 125))]
    gps = [(1, 2, 2, b"N\0"), (2, 5, 3, struct.pack(order + "6I", 53, 1, 33, 1, 7, 1))]
    entries = [text(DESCRIPTION, CAPTION), text(ARTIST, "José".encode()), text(RIGHTS, b"\xa9 J")]
    path, lost = rewrite(jpeg(picture(), block(order, entries, exposure, gps)), suffix)
    assert lost == []
    if suffix == "tif":
        content = path.read_bytes()  # the directories are the file's own
    else:
        content = Image.open(path).info["exif"].removeprefix(b"Exif\0\0")
    assert CAPTION + b"\0" in content and b"\xa9 J\0" in content
    held = Image.open(path).getexif()
    assert held[DESCRIPTION].encode("latin-1") == CAPTION
    assert held.get_ifd(EXPOSURE)[0x829A] == 1 / 125
    assert held.get_ifd(GPS)[1] == "N" and held.get_ifd(GPS)[2] == (53, 33, 7)


def test_exif_of_old_pixels_goes_or_is_set(picture, rewrite):
    exposure = [
        (0x829A, 5, 1, struct.pack("<II", 1, 125)),
        (0xA001, 3, 1, struct.pack("<H", 65535)),
        (0xA002, 4, 1, struct.pack("<I", 64)),
        (0xA003, 4, 1, struct.pack("<I", 40)),
        (INTEROP, 4, 1, struct.pack("<I", 8)),
        (0x9214, 3, 2, struct.pack("<HH", 60, 30)),
    ]
    orientation = (0x0112, 4, 1, struct.pack("<I", 6))  # a LONG, as some writers have it
    path, _ = rewrite(jpeg(picture(), block("<", [orientation], exposure)), "jpg")
    image = Image.open(path)
    assert image.size == (40, 64)
    held = image.getexif().get_ifd(EXPOSURE)
    assert (held[0xA002], held[0xA003], held[0xA001]) == (40, 64, 1)
    assert not {INTEROP, 0x9214} & set(held)
    assert 0x0112 not in image.getexif()


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_names_of_document_and_page_and_private_tags_are_kept(picture, rewrite, suffix):
    kept = [
        text(0x010D, b"Album 3"),
        text(0x011D, b"recto"),
        (0x0129, 3, 2, b"\2\0\5\0"),  # page 2 of 5
        text(0xC614, b"Leica III"),
        (0xFDE8, 1, 5, b"a mus"),
    ]
    old = [(0x0103, 3, 1, b"\6\0"), (0xC612, 1, 4, b"\1\4\0\0"), (0x0201, 4, 1, b"\1\2\0\0")]
    path, lost = rewrite(jpeg(picture(), block("<", [*kept, *old])), suffix)
    image = photographs.File(path.read_bytes()).told.exif.image
    for tag, _, _, raw in kept:
        assert image[tag].raw == raw
    assert not {0xC612, 0x0201} & set(image)
    assert suffix == "tif" or 0x0103 not in image  # there it is the new picture's own
    assert not lost


def test_xmp_in_exif_is_read(picture):
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    told = photographs.File(jpeg(picture(), block("<", [(700, 1, len(packet), packet)]))).told
    assert told.xmp == packet


@pytest.mark.parametrize(
    "old",
    [
        b'photoshop:ICCProfile="Dot Gain 20%"', b'photoshop:ColorMode="1"',
        b'tiff:YCbCrSubSampling="2 1"', b'exif:SubjectArea="8 8"',
    ],
)  # fmt: skip
def test_xmp_loses_what_describes_the_old_pixels(old):
    told = record.Record(xmp=b"<a " + old + b' photoshop:City="Ulm"/>')
    assert told.cleaned(8, 8).xmp == b'<a photoshop:City="Ulm"/>'


def test_tiff_is_turned_by_its_xmp_where_it_has_no_tag(picture):
    content = io.BytesIO()
    pixels, packet = picture(), b'<a tiff:Orientation="6"/>'
    tifffile.imwrite(content, pixels, extratags=[(700, 1, len(packet), packet)], metadata=None)
    file = photographs.File(content.getvalue())
    assert file.shape == pixels.shape[1::-1]
    np.testing.assert_array_equal(file.read().pixels, np.rot90(pixels, -1))


def test_tiff_of_many_pages_keeps_the_tags_of_each(picture, tmp_path):
    texts = [f"page {number}".encode() for number in range(12)]
    pages = []
    for number, caption in enumerate(texts):
        entries = [text(0x010E, caption)] if number % 3 else []
        held = exif.parse(block("<", [*entries, (0x0131, 2, 2, b"s\0")]))
        pages.append((picture(seed=number), None, record.Record(held if entries else exif.Exif())))
    photographs.write_pages(tmp_path / "a.tif", pages)
    with tifffile.TiffFile(tmp_path / "a.tif") as made:
        assert len(made.pages) == 12
        for number, one in enumerate(made.pages):
            np.testing.assert_array_equal(one.asarray(), pages[number][0])
            assert one.description.encode() == (texts[number] if number % 3 else b"")


@pytest.mark.parametrize(
    "entry",
    [
        (DESCRIPTION, 5, 1, struct.pack("<II", 7, 1)),  # a number where a text belongs
        (DESCRIPTION, 12, 1, struct.pack("<d", np.nan)),
        (DESCRIPTION, 99, 1, b"abcd"),  # a type that does not exist
        (0x0131, 11, 1, struct.pack("<f", np.nan)),
        (0x4746, 9, 1, struct.pack("<i", -5)),
    ],
)
def test_exif_of_odd_types_is_left_out(picture, rewrite, entry):
    path, _ = rewrite(jpeg(picture(), block("<", [entry, text(ARTIST, b"J")])), "jpg")
    held = Image.open(path).getexif()
    assert entry[0] not in held and held[ARTIST] == "J"


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_exif_that_is_too_large_is_shortened(picture, rewrite, suffix):
    note = [(MAKER_NOTE, 7, 100_000, bytes(100_000)), (0x829A, 5, 1, struct.pack("<II", 1, 125))]
    content = io.BytesIO()
    held = block("<", [text(DESCRIPTION, b"the harbour")], note)
    Image.fromarray(picture()).save(content, "PNG", exif=held)
    path, lost = rewrite(content.getvalue(), suffix)
    exposure = Image.open(path).getexif().get_ifd(EXPOSURE)
    assert exposure[0x829A] == 1 / 125
    assert Image.open(path).getexif()[DESCRIPTION] == "the harbour"
    assert (MAKER_NOTE in exposure) == (suffix == "png")
    assert lost == (["EXIF tag 0x927c, too large for JPEG"] if suffix == "jpg" else [])


@pytest.mark.parametrize("length", range(0, 60, 3))
def test_cut_exif_costs_no_picture(picture, rewrite, length):
    whole = block(">", [text(DESCRIPTION, b"the harbour"), (ORIENTATION, 3, 1, b"\0\6\0\0")])
    path, _ = rewrite(jpeg(picture(), whole[:length]), "jpg")
    assert Image.open(path).size in ((64, 40), (40, 64))


def test_orientation_of_xmp_counts_where_exif_has_none(picture):
    scan = photographs.File(jpeg(picture(), xmp=XMP)).read()
    assert scan.pixels.shape == (64, 40, 3)


# ---- resolution ----


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "bmp"])
@pytest.mark.parametrize("stored_as", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation, expected", [(1, (300, 150)), (6, (150, 300))])
def test_resolution_turns_with_the_picture(
    picture, rewrite, stored_as, suffix, orientation, expected
):
    content, told = io.BytesIO(), Image.Exif()
    told[0x0112] = orientation
    Image.fromarray(picture()).save(content, stored_as, exif=told, dpi=(300, 150))
    path, _ = rewrite(content.getvalue(), suffix)
    dpi = tuple(map(float, Image.open(path).info["dpi"]))
    assert dpi == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "bmp"])
def test_resolution_without_sense_is_left_out(picture, rewrite, suffix):
    ratio = struct.pack("<II", 2**32 - 1, 1)
    content = jpeg(picture(), block("<", [(0x011A, 5, 1, ratio), (0x011B, 5, 1, ratio)]))
    path, _ = rewrite(content, suffix)
    assert max(Image.open(path).info.get("dpi", (1, 1))) < 97  # Pillow's own choice for BMP


def test_resolution_in_centimeters(picture, rewrite):
    content = io.BytesIO()
    tifffile.imwrite(content, picture(), resolution=(100, 100), resolutionunit="centimeter")
    path, _ = rewrite(content.getvalue(), "png")
    assert Image.open(path).info["dpi"] == pytest.approx((254, 254), rel=1e-3)


# ---- XMP, IPTC, comments, texts ----


def full_jpeg(picture):
    return jpeg(picture, xmp=XMP, comment=b"Scanned 2004", extra=app13(resource(0x0404, IPTC)))


def iptc_in(path):
    """Find the caption that IIM's data set 2:120 holds, wherever the format keeps it."""
    content = path.read_bytes()
    if path.suffix == ".png":
        raw = Image.open(path).info["Raw profile type iptc"]
        return bytes.fromhex("".join(raw.split()[2:]))
    return content


def test_jpeg_keeps_all_records(picture, rewrite):
    path, lost = rewrite(full_jpeg(picture()), "jpg")
    assert lost == []
    image = Image.open(path)
    assert b'dc:title="harbour"' in image.info["xmp"] and b"Orientation" not in image.info["xmp"]
    assert image.info["comment"] == b"Scanned 2004"
    assert image.info["photoshop"][0x0404] == IPTC


@pytest.mark.parametrize("suffix, kept", [("png", True), ("tif", True), ("webp", False)])
def test_records_move_to_other_formats_or_the_loss_is_said(picture, rewrite, suffix, kept):
    path, lost = rewrite(full_jpeg(picture()), suffix)
    image = Image.open(path)
    xmp = image.info["xmp"]
    assert b'dc:title="harbour"' in (xmp.encode() if isinstance(xmp, str) else xmp)
    assert (IPTC in iptc_in(path)) == kept
    said = " ".join(lost)
    assert ("iptc" in said) == (not kept)
    assert ("comment" in said) == (suffix != "png")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_records_survive_a_second_time(picture, rewrite, tmp_path, suffix):
    first, _ = rewrite(full_jpeg(picture()), suffix)
    told = photographs.File(first).read().told
    assert b"harbour" in told.xmp
    assert told.iptc == (b"" if suffix == "webp" else IPTC)


def test_png_texts_are_kept(picture, rewrite):
    author = b"Author\0\0\0\0\0" + "José".encode()
    content = png(picture(), (b"tEXt", b"Description\0Grandmother, 1923"), (b"iTXt", author))
    path, lost = rewrite(content, "png")
    assert lost == []
    assert Image.open(path).text == {"Description": "Grandmother, 1923", "Author": "José"}
    assert rewrite(content, "jpg")[1] == ["texts, which JPEG has no place for"]


@pytest.mark.parametrize(
    "chunk",
    [
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"<x/>" + bytes(3_000_000))),
        (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000))),
        (b"iCCP", b"profile\0\0" + zlib.compress(bytes(3_000_000))),
        (b"iCCP", b"profile\0\0" + b"no zlib at all"),
        (b"eXIf", b"no exif"),
    ],
)
def test_png_with_a_large_or_damaged_record_is_a_picture(picture, chunk):
    np.testing.assert_array_equal(photographs.read(png(picture(), chunk)), picture())


def test_png_texts_do_not_unpack_without_limit(picture, monkeypatch):
    monkeypatch.setattr(record, "_MOST_TEXT", 2**16)
    content = png(picture(), (b"iCCP", b"profile\0\0" + zlib.compress(bytes(2**20))))
    assert photographs.File(content).read().told.profile == b""


# ---- pages ----


def test_tiff_pages_keep_their_own_records(picture, tmp_path):
    pages = []
    for number in range(3):
        held = block("<", [text(DESCRIPTION, f"page {number}".encode())])
        told = record.Record(exif=exif.parse(held), xmp=f"<x{number}/>".encode(), dpi=(300, 200))
        pages.append((picture(seed=number), None, told))
    photographs.write_pages(tmp_path / "a.tif", pages)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert len(file.pages) == 3
        for number, page in enumerate(file.pages):
            np.testing.assert_array_equal(page.asarray(), picture(seed=number))
            assert page.tags[DESCRIPTION].value == f"page {number}"
            assert page.tags[700].value == f"<x{number}/>".encode()
            assert page.tags[282].value == (300, 1) and page.tags[283].value == (200, 1)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_picture_says_what_made_it_unless_nothing_is_told(picture, tmp_path, suffix):
    tag = 0x000B  # ProcessingSoftware
    photographs.write(tmp_path / f"a.{suffix}", picture(), told=record.Record())
    assert Image.open(tmp_path / f"a.{suffix}").getexif()[tag] == "keras_colorize"
    photographs.write(tmp_path / f"b.{suffix}", picture())
    assert tag not in Image.open(tmp_path / f"b.{suffix}").getexif()
