import ctypes
import os

from keras_colorize import quiet


def test_libtiff_messages_are_kept_from_standard_error_and_others_are_not(capfd):
    with quiet.libtiff() as messages:
        os.write(2, b"\ra.mp4:  50%|##  | 1/2\n")
        os.write(2, b"ZIPDecode: Decoding error at scanline 0.\n")
    assert messages == ["ZIPDecode: Decoding error at scanline 0."]
    assert capfd.readouterr().err == "\ra.mp4:  50%|##  | 1/2\n"


def test_native_keeps_what_c_writes_from_standard_error_and_lets_bars_through(capfd):
    with quiet.native() as stderr:
        ctypes.CDLL(None).write(2, b"Corrupt JPEG data", 17)
        print("half done", file=stderr)
    os.write(2, b"after it\n")
    assert capfd.readouterr().err == "half done\nafter it\n"
