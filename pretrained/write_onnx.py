"""Write the ONNX file beside the weights of a model that comes with the package.

    pip install 'keras_colorize[onnx]'
    python pretrained/write_onnx.py lite_unet.natural

`colorize` then runs the model without TensorFlow and Keras. The file belongs to these weights and
this `config.json`, whose SHA-256 is in `onnx/model.json`: when either changes, write it anew.
"""

import argparse
from pathlib import Path

from keras_colorize.colorizer import pretrained
from keras_colorize.runtimes import portable_files
from keras_colorize.runtimes.onnx_runtime import ONNX


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=pretrained.list_pretrained())
    folder = Path(__file__).parent / parser.parse_args().model
    portable_files.write_network(folder, ONNX, folder / ONNX.name)
    for path in sorted((folder / "onnx").iterdir()):
        print(f"{path.stat().st_size / 1e6:6.2f} MB  {path}")


if __name__ == "__main__":
    main()
