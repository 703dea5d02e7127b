import pytest
import tensorflow as tf

from keras_colorize import export


@pytest.fixture(scope="session")
def exported(tiny_model, once):
    def make(folder):
        command = ["--model", str(tiny_model), "--name", "colorizer", "-o", str(folder)]
        assert export.main(command) == 0

    return once("exported", make) / "colorizer"


@pytest.fixture(scope="session")
def signatures(exported):
    return tf.saved_model.load(str(exported / "1")).signatures
