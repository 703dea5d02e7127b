"""Our own work, and OpenCV's and Pillow's, for benchmarks/table.py: `CORES WORK ARGUMENT…`."""

import functools
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import table_worker

MODEL = "lite_unet.natural"
QUALITY = 95  # of JPEGs, as `colorize` writes them


# ---- input pipeline: a pass over the photographs ----


def batches(way: str, folder: str):
    """Decode, crop, mirror, average areas, Lab: one way of making batches of examples."""
    import pipeline

    paths = sorted(map(str, Path(folder).glob("*.jpg")))
    make = {"tf.data": _of_ours, "opencv": _of_opencv, "pillow": _of_pillow}[way]
    stream = make(paths, folder, pipeline.SIZE, pipeline.BATCH)

    def one_pass():
        for _ in range(len(paths) // pipeline.BATCH):
            next(stream)

    return one_pass


def _of_ours(paths, folder, size, batch):
    from keras_colorize.data import pipeline, sources

    source = sources.open_source(folder)
    return iter(pipeline.training_batches(source, pipeline.BatchOptions(size, batch)))


def _of_pillow(paths, folder, size, batch):
    from pillow_examples import example

    return _in_threads(paths, batch, lambda path, draw: example(path, size, draw))


def _of_opencv(paths, folder, size, batch):
    import cv2
    from pillow_examples import window

    cv2.setNumThreads(1)  # each photograph is one thread's

    def example(path, draw):
        photograph = cv2.imread(path, cv2.IMREAD_COLOR)
        left, top, side = window(photograph.shape[1], photograph.shape[0], draw)
        crop = photograph[top : top + side, left : left + side]
        crop = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)
        if draw.random() < 0.5:
            crop = cv2.flip(crop, 1)
        return cv2.cvtColor(crop.astype("float32") / 255, cv2.COLOR_BGR2Lab)

    return _in_threads(paths, batch, example)


def _in_threads(paths, batch, example):
    """Yield batches for ever, each photograph made in one of two threads."""
    import numpy as np

    draw = np.random.default_rng(0)
    with ThreadPoolExecutor(2) as pool:
        while True:
            for start in range(0, len(paths), batch):
                some = paths[start : start + batch]
                yield np.stack(list(pool.map(example, some, draw.spawn(len(some)))))


# ---- training ----


def training_step(arch: str, size: str, batch: str):
    """Return a training step of a network."""
    import step

    return step.prepare(arch, int(size), int(batch))


# ---- networks: L* of one size → ab ----


def network(runtime: str, size: str, cores: int):
    """Return the default network with the decoding of its classes, in one runtime."""
    import numpy as np

    lightness = np.random.default_rng(0).uniform(0, 100, (1, int(size), int(size), 1))
    make = {
        "keras": _in_keras,
        "compiled": functools.partial(_in_keras, compiled=True),
        "onnx": _in_onnx,
        "litert": _in_litert,
    }[runtime]
    return make(lightness.astype("float32"), cores)


def _in_keras(lightness, cores, compiled=False):
    import keras
    import tensorflow as tf

    from keras_colorize.colorizer import load

    tf.config.threading.set_intra_op_parallelism_threads(cores)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    colorizer = load(MODEL)
    own, head = colorizer.decoding, colorizer.head

    def ab(lightness):
        outputs = colorizer.network({"lightness": lightness}, training=False)
        color = head.rebalance(outputs["color"], own.rebalance)
        return head.decode(color, own.method, own.temperature)

    ab = tf.function(ab) if compiled else ab
    return lambda: keras.ops.convert_to_numpy(ab(keras.ops.convert_to_tensor(lightness)))


def _file(runtime):
    from keras_colorize.colorizer import Decoding
    from keras_colorize.runtimes import choice

    choice.load(MODEL, Decoding(), runtime)  # it is translated where it has no file
    format = choice.PORTABLE[runtime].format
    folder = format.find(MODEL)
    return (folder / format.network).read_bytes(), format.read(folder).decoding


def translate() -> None:
    """Write the files that are not there yet, so that no row has to."""
    for runtime in ("onnx", "litert"):
        _file(runtime)


def _in_onnx(lightness, cores):
    import onnxruntime

    session = onnxruntime.InferenceSession(_file("onnx")[0], _options(cores))
    return lambda: session.run(["ab"], {"lightness": lightness})


def _options(cores):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = cores, 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as ours
    return options


def _in_litert(lightness, cores):
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    content, own = _file("litert")
    interpreter = Interpreter(model_content=content, num_threads=cores)
    (place,) = (each["index"] for each in interpreter.get_input_details() if len(each["shape"]) > 1)
    interpreter.resize_tensor_input(place, lightness.shape)
    interpreter.allocate_tensors()
    signature = interpreter.get_signature_runner()
    given = {"temperature": np.float32(own.temperature), "rebalance": np.float32(own.rebalance)}
    return lambda: signature(lightness=lightness, **given)["ab"]


def profile(size: str) -> None:
    """Print what ONNX Runtime's profiler says: for each operation, count and seconds of a run."""
    import collections

    import numpy as np
    import onnxruntime

    options = _options(1)
    options.enable_profiling, runs = True, 15
    options.profile_file_prefix = str(Path("/tmp") / "table_profile")
    session = onnxruntime.InferenceSession(_file("onnx")[0], options)
    for _ in range(runs):
        session.run(["ab"], {"lightness": np.full((1, int(size), int(size), 1), 50, "float32")})
    path = Path(session.end_profiling())
    times = collections.defaultdict(list)
    for event in json.loads(path.read_text(encoding="utf-8")):
        if event.get("cat") == "Node" and event["name"].endswith("kernel_time"):
            times[event["args"]["op_name"], event["name"]].append(event["dur"] / 1e6)
    path.unlink()
    kinds = collections.defaultdict(list)
    for (kind, _), each in times.items():
        kinds[kind].append(float(np.median(each)))
    table_worker.answer({kind: [len(each), sum(each)] for kind, each in kinds.items()})


# ---- photographs, from files to files ----


def folder(given: str, out: str):
    """Return what colors a folder, as `colorize` does."""
    from keras_colorize.runtimes.color_files import color_files

    def color():
        outcome = color_files([given], out, MODEL, overwrite=True)
        assert not outcome.failed, outcome.failed

    return color


def codec(given: str, out: str):
    """Return what only decodes and encodes a folder of JPEGs, on one core."""
    import cv2

    cv2.setNumThreads(1)

    def copy():
        for path in sorted(Path(given).iterdir()):
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            cv2.imwrite(str(Path(out) / path.name), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])

    return copy


def one(runtime: str, given: str, out: str) -> None:
    """Color one photograph; print seconds, processor seconds and the peak of memory."""
    from keras_colorize.runtimes.color_files import color_files

    began, processor = time.perf_counter(), time.process_time()
    outcome = color_files([given], out, MODEL, runtime=runtime, overwrite=True)
    assert not outcome.failed, outcome.failed
    took = {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - processor,
    }
    table_worker.answer({**took, "memory": table_worker.peak_memory()})


def main() -> None:
    cores, work, *arguments = sys.argv[1:]
    table_worker.take_cores(int(cores))
    if work == "network":
        return table_worker.serve(network(*arguments, int(cores)))
    if work == "step":
        run, trained = training_step(*arguments)
        return table_worker.serve(run, trained=trained)
    if work in ("one", "profile", "translate"):
        return {"one": one, "profile": profile, "translate": translate}[work](*arguments)
    works = {"batches": batches, "folder": folder, "codec": codec}
    table_worker.serve(works[work](*arguments))


if __name__ == "__main__":
    main()
