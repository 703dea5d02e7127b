"""An exported model under load on loopback: requests a second, latency, memory, refusals.

    python benchmarks/serving.py lite_unet.natural            # prints benchmarks/serving.md
    python benchmarks/serving.py lite_unet.natural --write    # and writes it

The model is exported and served by the servers of `examples/serving`, in processes of their own
that share the machine with the clients. TensorFlow Serving cannot be installed here, but the queue
that it puts before a model is part of TensorFlow: it is tried in this process, with the
`batching.txt` that the export brings.
"""

import argparse
import base64
import http.client
import io
import itertools
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent import futures
from pathlib import Path

import grpc
import numpy as np
import psutil
import skimage.data
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

import keras_colorize
from keras_colorize.runtimes import tf_serving
from keras_colorize.runtimes.saved_model import export

SERVERS = Path(__file__).parent.parent / "examples" / "serving"
SECONDS, AT_ONCE, OVERLOAD = 5, 4, 10
WAIT = 600  # seconds for an answer, which must come late rather than never
WIDTH, HEIGHT, BATCH, ROUNDS = 516, 387, 8, 3
REFUSED = {"503", "RESOURCE_EXHAUSTED", "UNAVAILABLE"}


def photograph(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Return a grey JPEG of 0.2 megapixels."""
    content = io.BytesIO()
    Image.fromarray(skimage.data.camera()).resize((width, height)).save(content, "JPEG", quality=90)
    return content.getvalue()


# ---- servers, and how each is asked ----


def start(command: list, is_ready: Callable) -> subprocess.Popen:
    """Start a server; return its process once it is ready."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, *map(str, command)], **silent)
    while process.poll() is None:
        if is_ready():
            return process
        time.sleep(0.5)
    raise SystemExit("The server ended before it was ready.")


def free_port() -> int:
    """Return a port that nobody listens to."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def litserve(model: Path):
    """Return LitServe's process, and what asks it for a photograph and returns the status."""
    port = free_port()

    def is_ready():
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health").close()
        except OSError:
            return False
        return True

    def ask(content: bytes) -> str:
        body = json.dumps({"instances": [{"b64": base64.b64encode(content).decode()}]}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
        try:
            path = f"/v1/models/{model.name}:predict"
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return str(answer.status)
        finally:
            connection.close()

    command = [SERVERS / "litserve_server.py", model, "--port", port, "--at-once", AT_ONCE]
    return start(command, is_ready), ask


def reference(model: Path):
    """Return the same for the reference server's gRPC."""
    port, rest = free_port(), free_port()
    options = [("grpc.max_receive_message_length", 2**26)]
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options)
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

    def is_ready():
        try:
            grpc.channel_ready_future(channel).result(timeout=1)
        except grpc.FutureTimeoutError:
            return False
        return True

    def ask(content: bytes) -> str:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = model.name
        request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([content]))
        try:
            stub.Predict(request, timeout=WAIT)
        except grpc.RpcError as error:
            return error.code().name
        return "OK"

    command = [SERVERS / "reference_server.py", model, "--port", port, "--rest-port", rest]
    return start(command, is_ready), ask


def queue(version: Path):
    """Return this process, with TensorFlow Serving's queue before the model, and what asks it."""
    text = (version.parent / tf_serving.BATCHING).read_text()
    found = dict(re.findall(r"^(\w+) \{ value: (\w+) \}", text, re.MULTILINE))
    most = int(found.pop("max_execution_batch_size"))
    splits = {"enable_large_batch_splitting": found.pop("enable_large_batch_splitting") == "true"}
    options = {name: int(value) for name, value in found.items()} | splits
    loaded = tf.saved_model.load(str(version))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def predict(images):
        colorize = loaded.signatures["serving_default"]
        batched = tf.nondifferentiable_batch_function(allowed_batch_sizes=[most], **options)
        return batched(lambda images: colorize(image_bytes=images)["png_bytes"])(images)

    def ask(content: bytes) -> str:
        try:
            predict(tf.constant([content]))
        except tf.errors.UnavailableError:
            return "UNAVAILABLE"
        return "OK"

    return psutil.Process(), ask


# ---- load ----


def from_clients(ask: Callable, clients: int, back_off: float = 0.2) -> list:
    """Ask from so many threads, one request after the other; return (seconds, status) of each."""
    answers, end = [], time.perf_counter() + SECONDS

    def client():
        while (began := time.perf_counter()) < end:
            status = ask()
            answers.append((time.perf_counter() - began, status))
            if status in REFUSED:
                time.sleep(back_off)  # as a polite client does

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def at_a_rate(ask: Callable, rate: float) -> list:
    """Ask so many times a second, whether or not the requests before have been answered."""
    answers, began = [], time.perf_counter()

    def once(due):
        status = ask()
        answers.append((time.perf_counter() - due, status))

    with futures.ThreadPoolExecutor(512) as clients:
        for due in np.arange(began, began + SECONDS, 1 / rate):
            time.sleep(max(0, due - time.perf_counter()))
            clients.submit(once, due)
    return answers


class Memory:
    """The resident MiB of a server's processes, what they share counted once, and their peak."""

    def __init__(self, process):
        self._process, self.peak = psutil.Process(process.pid), 0.0

    def __enter__(self):
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self):
        while not self._ended.wait(0.5):
            self.peak = max(self.peak, self.now())

    def now(self) -> float:
        family = [self._process, *self._process.children(recursive=True)]
        return sum(each.memory_full_info().pss for each in family) / 2**20

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


def split(answers):
    """Return the seconds of the requests that were answered, and of those refused."""
    good = [seconds for seconds, status in answers if status not in REFUSED]
    return good, [seconds for seconds, status in answers if status in REFUSED]


def row(name: str, answers, process) -> str:
    """Return a row of the first table."""
    good, _ = split(answers)
    middle, slow = np.percentile(good, [50, 99])
    counts = Counter(status for _, status in answers)
    statuses = ", ".join(f"{count} × {status}" for status, count in sorted(counts.items()))
    used = Memory(process).now()
    return (
        f"| {name} | {len(good) / SECONDS:.1f} | {middle:.2f} | {slow:.2f} | {used:.0f} | "
        f"{statuses} |"
    )


def overloaded(name: str, process, ask: Callable) -> list[str]:
    """Return the rows of a server with what two clients ask for, and with ten times as much."""
    rows = []
    for load in ("2 clients", f"{OVERLOAD} × as many"):
        with Memory(process) as memory:
            if not rows:
                answers = from_clients(ask, 2)
                rate = len(answers) / SECONDS
            else:
                answers = at_a_rate(ask, OVERLOAD * rate)
        good, bad = split(answers)
        middle, slow = np.percentile(good, [50, 99])
        refusal = f"{np.percentile(bad, 99):.2f}" if bad else ""
        rows.append(
            f"| {name} | {load} | {len(answers) / SECONDS:.1f} | {len(good) / SECONDS:.1f} | "
            f"{len(bad) / len(answers):.0%} | {middle:.2f} | {slow:.2f} | {refusal} | "
            f"{memory.peak:.0f} |"
        )
    return rows


# ---- sizes ----


def sizes(version: Path) -> list[str]:
    """Return rows of batches of one size and of mixed sizes, of equally many pixels."""
    loaded = tf.saved_model.load(str(version))
    colorize = loaded.signatures["serving_default"]
    random = np.random.default_rng(0)

    def mixed():
        widths = (WIDTH * HEIGHT * np.exp(random.uniform(-0.7, 0.7, BATCH))) ** 0.5
        return [photograph(round(w), round(WIDTH * HEIGHT / w)) for w in widths]

    kinds = {
        f"{BATCH} of one size": itertools.repeat([photograph()] * BATCH),
        f"{BATCH} sizes, the same in each batch": itertools.repeat(mixed()),
        f"{BATCH} sizes that never came before": iter(mixed, None),
    }
    taken = {kind: [] for kind in kinds}
    for _ in range(1 + ROUNDS):
        for kind, batches in kinds.items():
            images = tf.constant(next(batches))
            began = time.perf_counter()
            colorize(image_bytes=images)
            taken[kind].append(time.perf_counter() - began)
    rates = {kind: BATCH / np.median(seconds[1:]) for kind, seconds in taken.items()}
    first = next(iter(rates.values()))
    return [f"| {kind} | {rate:.1f} | {rate / first:.2f} |" for kind, rate in rates.items()]


# ---- the page ----


def measure(version: Path) -> tuple[list, list, list]:
    """Return the rows of the three tables."""
    model, good = version.parent, photograph()
    loaded = tf.saved_model.load(str(version))
    colorize = loaded.signatures["serving_default"]
    colorize(image_bytes=tf.constant([good]))
    taken = from_clients(lambda: colorize(image_bytes=tf.constant([good])) and "200", 1)
    middle, slow = np.percentile([seconds for seconds, _ in taken], [50, 99])
    rows = [f"| no server | {len(taken) / SECONDS:.1f} | {middle:.2f} | {slow:.2f} | | |"]
    process, ask = litserve(model)
    try:
        ask(good)
        for clients in (1, 2, 8, 64):
            answers = from_clients(lambda: ask(good), clients)
            rows.append(row(f"{clients}", answers, process))
        for name, content in (("damaged JPEGs", good[:-999]), ("after all that", good)):
            answers = from_clients(lambda content=content: ask(content), 2)
            rows.append(row(f"2, {name}", answers, process))
    finally:
        process.terminate()
        process.wait(WAIT)
    crowd = []
    for name, make in (("LitServe", litserve), ("reference server, gRPC", reference)):
        process, ask = make(model)
        try:
            ask(good)
            crowd += overloaded(name, process, lambda: ask(good))  # noqa: B023
        finally:
            process.terminate()
            process.wait(WAIT)
    process, ask = queue(version)
    ask(good)
    crowd += overloaded("TensorFlow Serving's queue", process, lambda: ask(good))
    return rows, crowd, sizes(version)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a trained model's name or folder, or a run's")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        version = export(arguments.model, folder)
        rows, crowd, mixed = measure(version)
        name = version.parent.name
    table = f"""\
# An exported model under load

`python benchmarks/serving.py MODEL --write` with a `{name}` that works at \
{keras_colorize.load(arguments.model).size} pixels: a grey JPEG of 0.2 megapixels a request, \
{SECONDS} s a row, clients on the same machine. {platform.machine()}, {psutil.cpu_count()} cores, \
Python {platform.python_version()}, TensorFlow {tf.__version__}; load average before the run, of \
other work: {busy:.0f}.

## Clients that wait for their answers

LitServe with one worker and `--at-once {AT_ONCE}`. Each client asks for one photograph after the \
other.

| clients | answers/s | p50 s | p99 s | memory MiB | statuses |
|---|---:|---:|---:|---:|---|
{chr(10).join(rows)}

Rates and latencies are those of requests that were not refused with 503; memory is that of all \
the server's processes at the end of the row.

## Ten times the load

First as much as two clients ask for who wait for their answers, then {OVERLOAD} times as many \
requests a second, which wait for nothing.

| server | load | requests/s | answers/s | refused | p50 s | p99 s | refusals, p99 s | peak MiB |
|---|---|---:|---:|---:|---:|---:|---:|---:|
{chr(10).join(crowd)}

p50 and p99 are those of requests that were answered. TensorFlow Serving's queue is TensorFlow's \
own, with the exported `batching.txt`, in the process of the clients, whose memory is counted.

## Mixed sizes

Batches of {BATCH} photographs through the SavedModel, without a server; the median of {ROUNDS} \
batches, in turn.

| batch | photographs/s | beside one size |
|---|---:|---:|
{chr(10).join(mixed)}
"""
    print(table)
    if arguments.write:
        Path(__file__).with_suffix(".md").write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
