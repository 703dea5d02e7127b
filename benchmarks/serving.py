"""An exported model under load on loopback: requests a second, latency, memory, refusals.

    python benchmarks/serving.py runs/vgg_fusion            # prints benchmarks/serving.md
    python benchmarks/serving.py runs/vgg_fusion --write    # and writes it

The model is exported and served by `examples/serving/litserve_server.py` in processes of its own,
which share the machine with the clients. Each row is a number of clients that ask for one
photograph after the other, for a bounded time, after one request that warms the server up.
"""

import argparse
import base64
import http.client
import io
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import skimage.data
import tensorflow as tf
from PIL import Image

import keras_colorize
from keras_colorize.runtimes.saved_model import export

SERVER = Path(__file__).parent.parent / "examples" / "serving" / "litserve_server.py"
SECONDS, AT_ONCE = 30, 16


def photograph() -> bytes:
    """Return a grey JPEG of 0.2 megapixels."""
    image = Image.fromarray(skimage.data.camera()).resize((516, 387))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=90)
    return content.getvalue()


def start(model: Path):
    """Start the server; return its process and port once it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, SERVER, model, "--port", str(port), "--at-once", str(AT_ONCE)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health").close()
            return process, port
        except OSError:
            time.sleep(0.5)
    raise SystemExit("The server ended before it was ready.")


def ask(port: int, path: str, content: bytes) -> int:
    """Post one request; return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def load(port: int, path: str, content: bytes, clients: int):
    """Ask from so many threads for SECONDS; return (seconds, status) of each request."""
    answers, end = [], time.perf_counter() + SECONDS

    def client():
        while (began := time.perf_counter()) < end:
            status = ask(port, path, content)
            answers.append((time.perf_counter() - began, status))
            if status == 503:
                time.sleep(0.2)  # as a polite client backs off

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def in_process(model: Path) -> str:
    """Return the row of the floor: the SavedModel called here, without a server."""
    loaded = tf.saved_model.load(str(model))
    colorize, image = loaded.signatures["serving_default"], tf.constant([photograph()])
    colorize(image_bytes=image)
    taken, end = [], time.perf_counter() + SECONDS
    while (began := time.perf_counter()) < end:
        colorize(image_bytes=image)
        taken.append(time.perf_counter() - began)
    middle, slow = np.percentile(taken, [50, 99])
    return f"| no server | {len(taken) / SECONDS:.1f} | {middle:.2f} | {slow:.2f} | | |"


def memory(process) -> float:
    """Return the resident MiB of a server's processes, what they share counted once."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return sum(each.memory_full_info().pss for each in family) / 2**20


def row(name: str, answers, process) -> str:
    good = np.array([seconds for seconds, status in answers if status != 503])
    middle, slow = np.percentile(good, [50, 99])
    counts = Counter(status for _, status in answers)
    statuses = ", ".join(f"{count} × {status}" for status, count in sorted(counts.items()))
    rate = len(good) / SECONDS
    return (
        f"| {name} | {rate:.1f} | {middle:.2f} | {slow:.2f} | {memory(process):.0f} | {statuses} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a trained model's folder, or a run's")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    good = json.dumps({"instances": [{"b64": base64.b64encode(photograph()).decode()}]}).encode()
    bad = json.dumps({"instances": [{"b64": base64.b64encode(photograph()[:-999]).decode()}]})
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        version = export(arguments.model, folder)
        model, rows = version.parent, [in_process(version)]
        path = f"/v1/models/{model.name}:predict"
        process, port = start(model)
        try:
            ask(port, path, good)
            for clients in (1, 2, 8, 64):
                rows.append(row(f"{clients}", load(port, path, good, clients), process))
            rows.append(row("2, damaged JPEGs", load(port, path, bad.encode(), 2), process))
            rows.append(row("2, after all that", load(port, path, good, 2), process))
        finally:
            process.terminate()
            process.wait(30)
    table = "\n".join(
        [
            "# An exported model under load",
            "",
            f"`python benchmarks/serving.py MODEL --write` with a `{model.name}` that works at "
            f"{keras_colorize.load(arguments.model).size} pixels: a grey JPEG of 0.2 megapixels a "
            f"request, {SECONDS} s a row, LitServe with one worker and at most {AT_ONCE} "
            f"connections, clients on the same machine. {platform.machine()}, "
            f"{psutil.cpu_count()} cores, Python {platform.python_version()}, "
            f"TensorFlow {tf.__version__}; load average before the run, of other work: {busy:.0f}.",
            "",
            "| clients | answers/s | p50 s | p99 s | memory MiB | statuses |",
            "|---|---:|---:|---:|---:|---|",
            *rows,
            "",
            "Rates and latencies are those of requests that were not refused with 503; memory is "
            "that of all the server's processes at the end of the row.",
            "",
        ]
    )
    print(table)
    if arguments.write:
        Path(__file__).with_suffix(".md").write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
