"""The evaluate verb: its flags, and what it refuses before Keras starts."""

import json
import subprocess
import sys

import pytest

from keras_colorize import evaluate


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--results", "a=nowhere"], "There is no such folder. Received: results='a=nowhere'."),
        (["--prior", "nowhere"], "`prior` cannot be read"),
    ],
)
def test_evaluate_wrong_usage_names_the_argument(argv, message, tiny_model, tmp_path, capsys):
    argv = [*argv, "--model", str(tiny_model)]
    assert evaluate.main([*argv, "-o", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--model", "nowhere"], "Received: model='nowhere'."),
        (["--model", "lite_unet.natural,chroma=2000"], "at most 10. Received: chroma=2000.0"),
        (["--model", "a=unet_vae.photos26k,temperature=1"], "and a has none: it predicts one"),
        (["--data", "nowhere"], "There is no such file or folder. Received: data='nowhere'."),
        (["--results", "x=nowhere"], "There is no such folder. Received: results='x=nowhere'."),
        (["--size", "0"], "`size` must be at least 16. Received: size=0."),
        (["--pictures", "-1"], "`pictures` must be at least 0. Received: pictures=-1."),
        (["--protocol", "psnr"], "'vgg_fusion_psnr'], or give a file that ends in .toml. Received"),
        (["-o", "file/out"], "`out` cannot be written to"),
    ],
)
def test_evaluate_refuses_before_keras_starts(argv, message, tmp_path, monkeypatch, capsys):
    def start():
        raise AssertionError("Keras has been started")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("keras_colorize.cli.start_keras", start)
    (tmp_path / "file").touch()
    assert evaluate.main(["-o", "out", *argv]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_evaluate_refuses_a_row_name_before_keras_starts(tmp_path):
    program = (
        "import sys\nfrom keras_colorize import evaluate\n"
        "assert evaluate.main(['--model', 'grey=x']) == 2\n"
        "assert not {'keras', 'numpy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0 and "Two rows would be called 'grey'" in done.stderr


def test_evaluate_decodes_each_model_as_asked(tiny_model, tmp_path, capsys):
    argv = ["--model", f"pale={tiny_model},chroma=0.04", "--model", f"{tiny_model},chroma=0.02"]
    assert evaluate.main([*argv, "--size", "32", "-o", str(tmp_path)]) == 0
    rows = json.loads((tmp_path / "metrics.json").read_text())["rows"]
    assert list(rows) == ["grey", "pale", "tiny,chroma=0.02", "truth"]
    paler = rows["tiny,chroma=0.02"]["chroma"]
    assert paler > 1 and rows["pale"]["chroma"] == pytest.approx(2 * paler, rel=0.1)
    shown = capsys.readouterr().out
    assert f"Report    {tmp_path / 'report.html'}" in shown and "Turing" not in shown


def test_evaluate_refuses_a_decoding_that_the_head_does_not_have(tiny_model, tmp_path, capsys):
    argv = ["--model", f"mine={tiny_model},temperature=0.4", "-o", str(tmp_path / "out")]
    assert evaluate.main(argv) == 2
    assert "temperature=0.4" in capsys.readouterr().err
