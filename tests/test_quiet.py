import os

from keras_colorize import quiet


def test_libtiff_messages_are_kept_from_standard_error_and_others_are_not(capfd):
    with quiet.libtiff() as messages:
        os.write(2, b"\ra.mp4:  50%|##  | 1/2\n")
        os.write(2, b"ZIPDecode: Decoding error at scanline 0.\n")
    assert messages == ["ZIPDecode: Decoding error at scanline 0."]
    assert capfd.readouterr().err == "\ra.mp4:  50%|##  | 1/2\n"
