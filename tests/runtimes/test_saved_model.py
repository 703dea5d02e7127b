"""What an export answers, in this process, in one without Keras, and over the network.

TensorFlow Serving cannot be installed for a test. Its protocols are spoken here by the servers of
`examples/serving`, which load the SavedModel in processes of their own.
"""

import base64
import json
import re
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent import futures
from pathlib import Path

import grpc
import numpy as np
import pytest
import skimage.data
import tensorflow as tf
from encoded import decode, encode
from PIL import Image
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

import keras_colorize
from keras_colorize.data import photographs

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "serving"


@pytest.fixture(scope="module")
def colorizer(tiny_model):
    return keras_colorize.load(tiny_model)


@pytest.fixture(scope="module")
def images():
    """Files of different formats, sizes and colors: {name: bytes}."""
    color, grey = skimage.data.chelsea()[:201, :301], skimage.data.camera()[::4, 1::3]
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "color.jpg": encode(color, "JPEG", quality=90),
        "grey.jpg": encode(grey, "JPEG", quality=80),
        "turned.jpg": encode(color[:99], "JPEG", exif=exif),
        "color.png": encode(color[:, :77]),
        "grey.png": encode(grey[:33]),
        "alpha.png": encode(np.dstack([color, color[..., 0]])),
        "color.webp": encode(color, "WEBP", quality=80),
        "grey.webp": encode(np.stack([grey] * 3, -1), "WEBP", lossless=True),
        "pixel.png": encode(color[:1, :1]),
    }


def assert_as_colorize(colorizer, content, png):
    expected = colorizer.colorize(photographs.read(content))
    assert np.abs(decode(png)[..., :3] - expected).max() <= 1


def test_savedmodel_equals_colorize_where_keras_is_not_installed(
    colorizer, exported, images, tmp_path
):
    for name, content in images.items():
        (tmp_path / name).write_bytes(content)
    program = """
        import sys
        sys.modules["keras"] = sys.modules["keras_colorize"] = None  # any import of them fails
        import tensorflow as tf
        folder, *names = sys.argv[1:]
        colorize = tf.saved_model.load(folder).signatures["serving_default"]
        photographs = tf.constant([open(name, "rb").read() for name in names])
        for name, png in zip(names, colorize(image_bytes=photographs)["png_bytes"].numpy()):
            open(name + ".colored", "wb").write(png)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(exported / "1"), *images]
    subprocess.run(command, check=True, cwd=tmp_path)
    for name, content in images.items():
        png = (tmp_path / f"{name}.colored").read_bytes()
        assert_as_colorize(colorizer, content, png)
        alpha = photographs.File(tmp_path / name).read().alpha
        assert (decode(png).shape[2] == 4) == (alpha is not None)
        if alpha is not None:
            np.testing.assert_array_equal(decode(png)[..., 3], alpha)


def test_savedmodel_says_what_its_signatures_take_and_give(exported):
    said = json.loads((exported / "1" / "assets" / "model.json").read_text())
    assert (said["name"], said["weights"], said["version"]) == ("colorizer", "tiny", 1)
    assert {
        name: (set(signature["inputs"]), set(signature["outputs"]))
        for name, signature in said["signatures"].items()
    } == {
        "serving_default": ({"image_bytes"}, {"png_bytes"}),
        "lightness_to_ab": ({"lightness"}, {"ab"}),
    }


def test_savedmodel_names_the_bad_image_of_a_batch(signatures, images):
    colorize, good = signatures["serving_default"], images["pixel.png"]
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"image 1 of the batch .*: damaged or truncated JPEG"
    ):
        colorize(image_bytes=tf.constant([good, images["color.jpg"][:-99], good]))


# ---- over the network ----


def start(command, wait):
    """Start a server's process; return it and what `wait(process)` finds out about it."""
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return process, wait(process)


@pytest.fixture(scope="module")
def server(exported):
    """The addresses of TensorFlow Serving's protocols: gRPC's, and REST's for this model."""

    def wait(process):
        lines = [process.stdout.readline() for _ in range(2)]
        return [line.split()[-1].removesuffix(":predict") for line in lines]

    command = [EXAMPLES / "reference_server.py", exported, "--port", 0, "--rest-port", 0]
    process, addresses = start(command, wait)
    yield addresses
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def predict(server):
    """Call a signature over gRPC."""
    with grpc.insecure_channel(server[0]) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

        def call(signature="", model="colorizer", **inputs):
            request = predict_pb2.PredictRequest()
            request.model_spec.name, request.model_spec.signature_name = model, signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            outputs = stub.Predict(request, timeout=60).outputs
            return {name: tf.make_ndarray(proto) for name, proto in outputs.items()}

        yield call


def ask(url, body=None):
    """Return the status and the JSON of an answer over REST."""
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error) if "json" in error.headers["Content-Type"] else None


def b64(content):
    return {"b64": base64.b64encode(content).decode()}


def test_grpc_colors_a_batch_of_mixed_sizes(predict, colorizer, images):
    pngs = predict(image_bytes=list(images.values()))["png_bytes"]
    for content, png in zip(images.values(), pngs):
        assert_as_colorize(colorizer, content, png)


def test_grpc_predicts_ab(predict, colorizer):
    lightness = np.random.default_rng(0).uniform(0, 100, (2, 30, 50, 1)).astype("float32")
    ab = predict("lightness_to_ab", lightness=lightness)["ab"]
    np.testing.assert_allclose(ab, colorizer.predict_ab(lightness), atol=0.05)


@pytest.mark.parametrize(
    "arguments, status, message",
    [
        ({"image_bytes": [b"junk"]}, "INVALID_ARGUMENT", "image 0 of the batch"),
        ({"images": [b"junk"]}, "INVALID_ARGUMENT", "image_bytes"),
        ({"signature": "other", "image_bytes": [b""]}, "INVALID_ARGUMENT", "'other' not found"),
        ({"model": "other", "image_bytes": [b""]}, "NOT_FOUND", "other"),
    ],
)
def test_grpc_says_what_is_wrong(predict, arguments, status, message):
    with pytest.raises(grpc.RpcError) as caught:
        predict(**arguments)
    assert caught.value.code() is grpc.StatusCode[status]
    assert message in caught.value.details() and "\n" not in caught.value.details()


def test_rest_speaks_rows_and_columns(server, colorizer, images):
    url = f"{server[1]}:predict"
    some = [images[name] for name in ("grey.png", "pixel.png")]
    values, named = [b64(content) for content in some], [{"image_bytes": b64(c)} for c in some]
    for body, key in [
        ({"instances": values}, "predictions"),
        ({"instances": named, "signature_name": "serving_default"}, "predictions"),
        ({"inputs": values}, "outputs"),
        ({"inputs": {"image_bytes": values}}, "outputs"),
    ]:
        status, answer = ask(url, body)
        assert status == 200
        for content, each in zip(some, answer[key], strict=True):
            assert_as_colorize(colorizer, content, base64.b64decode(each["b64"]))
    assert ask(server[1])[1]["model_version_status"][0]["state"] == "AVAILABLE"


def test_rest_says_what_is_wrong(server, images):
    url = f"{server[1]}:predict"
    for body, message in [
        (
            {"instances": [b64(images["pixel.png"]), b64(b"junk")]},
            "image 1 of the batch (the first is 0): not a JPEG or PNG or WebP or GIF or BMP",
        ),
        ({"instances": []}, "must be a list that is not empty"),
        ({}, "instances"),
        (b"{", "JSON Parse error"),
    ]:
        status, answer = ask(url, body)
        assert status == 400 and message in answer["error"]
        assert "\n" not in answer["error"] and "Op:" not in answer["error"]
    assert ask(url.replace("colorizer", "other"), {})[0] == 404


def crowd(url, images):
    """Ask 40 times at once; count the statuses."""
    body = {"instances": 2 * [b64(images["color.jpg"])]}
    with futures.ThreadPoolExecutor(40) as pool:
        return Counter(pool.map(lambda _: ask(url, body)[0], range(40)))


def test_rest_refuses_a_crowd_and_goes_on(server, images):
    statuses = crowd(f"{server[1]}:predict", images)
    assert set(statuses) == {200, 503}
    assert ask(f"{server[1]}:predict", {"instances": [b64(images["pixel.png"])]})[0] == 200


@pytest.fixture(scope="module")
def litserve_url(exported):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    root = f"http://127.0.0.1:{port}"

    def wait(process):
        while process.poll() is None:
            try:
                with urllib.request.urlopen(f"{root}/health"):
                    return
            except OSError:  # not there yet, or not ready
                time.sleep(0.2)
        raise AssertionError("the server ended")

    command = [EXAMPLES / "litserve_server.py", exported, "--port", port]
    process, _ = start([*command, "--most-bytes", 200_000, "--at-once", 8], wait)
    yield f"{root}/v1/models/colorizer:predict"
    process.terminate()
    process.wait(20)
    with pytest.raises(OSError):  # none of its workers is left
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_litserve_example_colors_and_refuses(litserve_url, colorizer, images):
    content = images["color.jpg"]
    status, answer = ask(litserve_url, {"instances": [b64(content)]})
    assert status == 200
    assert_as_colorize(colorizer, content, base64.b64decode(answer["predictions"][0]["b64"]))
    status, answer = ask(litserve_url, {"instances": [b64(content), b64(b"junk")]})
    sentence = "image 1 of the batch (the first is 0): not a JPEG or PNG or WebP or GIF or BMP"
    assert status == 400 and answer["detail"] == sentence
    assert ask(litserve_url, {"pictures": []})[0] == 400
    assert ask(litserve_url, {"instances": [b64(bytes(200_000))]})[0] == 413
    assert set(crowd(litserve_url, images)) == {200, 503}
    assert ask(litserve_url, {"instances": [b64(content)]})[0] == 200


# ---- the page ----


def snippets(language):
    page = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


@pytest.fixture
def at_the_server(server, images, tmp_path, monkeypatch):
    """Point a snippet of the page to the server, in a folder with the photographs that it names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").write_bytes(images["color.jpg"])
    (tmp_path / "scan.png").write_bytes(images["grey.png"])
    rest = re.match(r"http://([^/]*)/", server[1])[1]
    return lambda text: text.replace("localhost:8501", rest).replace("localhost:8500", server[0])


def test_page_curl_command_works(at_the_server, colorizer, images, tmp_path):
    (command,) = [text for text in snippets("bash") if "curl" in text]
    subprocess.run(["bash", "-c", at_the_server(command)], check=True)
    assert_as_colorize(colorizer, images["color.jpg"], (tmp_path / "colored.png").read_bytes())


@pytest.mark.parametrize(
    "before, after, message",
    [
        ("photo.jpg", "notes.txt", "image 0 of the batch (the first is 0): not a JPEG"),
        ("colorizer:predict", "other:predict", "Servable not found"),
        ("http://", "http://nowhere.invalid/", "nowhere.invalid"),
    ],
)
def test_page_curl_command_fails_loudly(at_the_server, tmp_path, before, after, message):
    (tmp_path / "notes.txt").write_text("no photograph")
    (command,) = [text for text in snippets("bash") if "curl" in text]
    command = at_the_server(command).replace(before, after)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode != 0
    assert message in done.stderr
    assert not (tmp_path / "colored.png").exists()


def test_page_python_clients_work(at_the_server, colorizer, images, tmp_path):
    rest, rpc = snippets("python")
    assert len([line for line in rest.splitlines() if line]) <= 10
    exec(compile(at_the_server(rest), "serving.md", "exec"), {})
    for name, original in {"photo": "color.jpg", "scan": "grey.png"}.items():
        png = (tmp_path / f"{name}.colored.png").read_bytes()
        assert_as_colorize(colorizer, images[original], png)
    exec(compile(at_the_server(rpc), "serving.md", "exec"), {})
    assert_as_colorize(colorizer, images["color.jpg"], (tmp_path / "colored.png").read_bytes())
