import pytest
import tensorflow as tf

from keras_colorize import export


@pytest.fixture(scope="session")
def exported(tiny_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported")
    command = ["--model", str(tiny_model), "--name", "colorizer", "-o", str(out)]
    assert export.main(command) == 0
    return out / "colorizer"


@pytest.fixture(scope="session")
def signatures(exported):
    return tf.saved_model.load(str(exported / "1")).signatures
