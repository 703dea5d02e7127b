"""The default network in int8 beside float, in ONNX Runtime; writes int8.md.

    python benchmarks/int8.py PHOTOGRAPHS.tar

32 photographs of the tar calibrate, 30 others are colored. Weights are quantized per channel.
What is compared are a* and b* as the network gives them, before they are enlarged.
"""

import argparse
import itertools
import os
import platform
import tarfile
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process
from skimage.color import deltaE_ciede2000, rgb2lab

from keras_colorize.cli import DEFAULT_MODEL
from keras_colorize.color import pixels
from keras_colorize.data import photographs
from keras_colorize.layers import resizing
from keras_colorize.runtimes.onnx_runtime import ONNX

CALIBRATE, TEST, REPETITIONS = 32, 30, 25
_FOLDER = ONNX.find(DEFAULT_MODEL)
_SUMMARY = ONNX.read(_FOLDER)


def read(path: str) -> list[np.ndarray]:
    """Return the first photographs of a tar that are large enough for the network."""
    with tarfile.open(path) as tar:
        files = (tar.extractfile(member) for member in tar if member.name.endswith(".jpg"))
        found = (photographs.read(file.read()) for file in files)
        large = (rgb for rgb in found if min(rgb.shape[:2]) >= _SUMMARY.size)
        return list(itertools.islice(large, CALIBRATE + TEST))


def seen(rgb: np.ndarray) -> np.ndarray:
    """Return L* as the network sees it."""
    lightness = pixels.lightness_of(rgb[None])
    size = resizing.working_size(*rgb.shape[:2], _SUMMARY.size, _SUMMARY.stride)
    return resizing.resize(lightness, size, antialias=True)


class _Calibration(quantization.CalibrationDataReader):
    def __init__(self, rgbs):
        self._feeds = iter([{"lightness": seen(rgb)} for rgb in rgbs])

    def get_next(self):
        return next(self._feeds, None)


def whole(path: Path) -> None:
    """Write the network with the kernels that its file stores in half precision made whole."""
    model = onnx.load(_FOLDER / ONNX.network)
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in [node for node in model.graph.node if node.op_type == "Cast"]:
        if node.input[0] in stored:
            values = onnx.numpy_helper.to_array(stored[node.input[0]]).astype("float32")
            stored[node.input[0]].CopyFrom(onnx.numpy_helper.from_array(values, node.output[0]))
            model.graph.node.remove(node)
    onnx.save(model, path)


def networks(folder: Path, rgbs: list[np.ndarray]) -> dict[str, Path]:
    """Return the files of the float network and of those made of it."""
    names = "float32", "int8, static", "int8 convolutions, static", "int8, dynamic"
    made = {name: folder / f"{number}.onnx" for number, name in enumerate(names)}
    ready = folder / "ready.onnx"
    whole(made["float32"])
    quant_pre_process(made["float32"], ready, skip_symbolic_shape=True)
    for name, some in (("int8, static", None), ("int8 convolutions, static", ["Conv"])):
        quantization.quantize_static(
            ready,
            made[name],
            _Calibration(rgbs),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            op_types_to_quantize=some,
        )
    quantization.quantize_dynamic(
        ready, made["int8, dynamic"], per_channel=True, weight_type=quantization.QuantType.QUInt8
    )
    return made


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tar", help="a tar of color photographs")
    rgbs = read(parser.parse_args().tar)
    with tempfile.TemporaryDirectory() as folder:
        made = networks(Path(folder), rgbs[:CALIBRATE])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        sessions = {name: onnxruntime.InferenceSession(made[name], options) for name in made}
        megabytes = {name: os.path.getsize(path) / 1e6 for name, path in made.items()}

    path_alone = onnxruntime.RunOptions()
    path_alone.only_execute_path_to_fetches = True  # as `colorize` does

    def ab_of(name, lightness):
        ab = sessions[name].run(["ab"], {"lightness": lightness}, path_alone)[0][0]
        return _SUMMARY.decoding.chroma * ab

    taken, lightness = {name: [] for name in sessions}, seen(rgbs[0])
    for _ in range(REPETITIONS):
        for name in sessions:
            started = time.process_time()
            ab_of(name, lightness)
            taken[name].append(time.process_time() - started)
    apart, squares = ({name: [] for name in sessions} for _ in range(2))
    for rgb in rgbs[CALIBRATE:]:
        lightness = seen(rgb)
        size = ab_of("float32", lightness).shape[1::-1]
        small = rgb2lab(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
        expected = np.concatenate([small[..., :1], ab_of("float32", lightness)], -1)
        for name in sessions:
            ab = ab_of(name, lightness)
            lab = np.concatenate([small[..., :1], ab], -1)
            apart[name].append(deltaE_ciede2000(expected, lab).ravel())
            squares[name].append(((ab - small[..., 1:]) ** 2).mean())
    lines = [
        "# The network in int8",
        "",
        f"`python benchmarks/int8.py PHOTOGRAPHS.tar`: {DEFAULT_MODEL}, {CALIBRATE} photographs "
        f"calibrate, {TEST} others are colored. Median of {REPETITIONS} in turn, processor time of "
        f"one thread; ONNX Runtime {onnxruntime.__version__}, {platform.machine()}.",
        "",
        "| network | MB | ms | CIEDE2000 from float32, mean | 99th percentile | ab RMSE |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in sessions:
        distances, rmse = np.concatenate(apart[name]), np.sqrt(np.mean(squares[name]))
        lines.append(
            f"| {name} | {megabytes[name]:.1f} | {1000 * np.median(taken[name]):.0f} | "
            f"{distances.mean():.2f} | {np.percentile(distances, 99):.2f} | {rmse:.2f} |"
        )
    text = "\n".join(lines) + "\n"
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
