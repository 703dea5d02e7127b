"""Answer as TensorFlow Serving does, over gRPC and REST, where its container cannot run.

    pip install -e ".[serving]"
    python examples/serving/reference_server.py exported/colorizer

One process, one SavedModel, its newest version: for tests, notebooks and trying a client out. Under
load run TensorFlow Serving itself. Nothing of keras_colorize is imported.
"""

import argparse
import base64
import http.server
import json
import re
import threading
from concurrent import futures
from pathlib import Path

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

MOST_BYTES = 2**26  # of a request: 64 MiB
AT_ONCE, WAITING = 2, 4  # requests that are worked on, and that may wait for it


class Refusal(Exception):
    """A request that is not answered: a gRPC status and its HTTP counterpart."""

    def __init__(self, status: grpc.StatusCode, code: int, message: str):
        super().__init__(message)
        self.status, self.code = status, code


def wrong(message: str) -> Refusal:
    """Return the refusal of a request that makes no sense."""
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, 400, message)


def unknown(message: str) -> Refusal:
    """Return the refusal of a request for what is not here."""
    return Refusal(grpc.StatusCode.NOT_FOUND, 404, message)


def sentence(error: Exception) -> str:
    """Return what the model says is wrong, without the trace of its graph around it."""
    message = getattr(error, "message", str(error))
    found = re.search(r"assertion failed: \[(.*)\]", message)
    lines = [line for line in message.splitlines() if line and not line[0].isspace()]
    return found[1] if found else lines[-1]


class Servable:
    """The newest version of a SavedModel, and a queue before it."""

    def __init__(self, folder: Path):
        versions = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
        if not versions:
            raise SystemExit(f"There is no version of a model in {folder}.")
        self.name, self.version = folder.resolve().name, max(versions)
        self._loaded = tf.saved_model.load(str(folder / str(self.version)))
        self._waiting = threading.BoundedSemaphore(AT_ONCE + WAITING)
        self._working = threading.BoundedSemaphore(AT_ONCE)

    def signature(self, name: str):
        """Return the function of a signature."""
        name = name or "serving_default"
        if name not in self._loaded.signatures:
            raise wrong(f"Serving signature name: {name!r} not found in signature def")
        return self._loaded.signatures[name]

    def predict(self, signature_name: str, inputs: dict) -> dict:
        """Run a signature on tensors or values, by name."""
        function = self.signature(signature_name)
        expected = function.structured_input_signature[1]
        if set(inputs) != set(expected):
            raise wrong(f"inputs are {sorted(inputs)}, expected {sorted(expected)}")
        if not self._waiting.acquire(blocking=False):
            raise Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, 503, "too many requests are waiting")
        try:
            with self._working:
                tensors = {
                    name: tf.constant(value, expected[name].dtype) for name, value in inputs.items()
                }
                return {name: each.numpy() for name, each in function(**tensors).items()}
        except (tf.errors.InvalidArgumentError, ValueError, TypeError) as error:
            raise wrong(sentence(error)) from error
        finally:
            self._waiting.release()


# ---- gRPC ----


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """tensorflow.serving.PredictionService, as far as Predict."""

    def __init__(self, servable: Servable):
        self._servable = servable

    def Predict(self, request, context):  # noqa: N802, the protocol's name
        spec = request.model_spec
        try:
            asked = spec.version.value if spec.HasField("version") else self._servable.version
            if (spec.name, asked) != (self._servable.name, self._servable.version):
                raise unknown(f"Servable not found for request: {spec.name} version {asked}")
            inputs = {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}
            outputs = self._servable.predict(spec.signature_name, inputs)
        except Refusal as refusal:
            context.abort(refusal.status, str(refusal))
        answer = predict_pb2.PredictResponse()
        answer.model_spec.CopyFrom(spec)
        for name, values in outputs.items():
            dtype = tf.string if values.dtype == object else None
            answer.outputs[name].CopyFrom(tf.make_tensor_proto(values, dtype))
        return answer


# ---- REST ----


def from_json(value):
    """Undo TensorFlow Serving's convention for bytes: {"b64": …}."""
    if isinstance(value, dict) and set(value) == {"b64"}:
        return base64.b64decode(value["b64"], validate=True)
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value


def to_json(name: str, value):
    """Apply it, to outputs whose names end in _bytes."""
    if isinstance(value, list):
        return [to_json(name, item) for item in value]
    if isinstance(value, bytes) and name.endswith("_bytes"):
        return {"b64": base64.b64encode(value).decode()}
    return value.decode() if isinstance(value, bytes) else value


def predict_json(servable: Servable, body: dict) -> dict:
    """Answer a request in the row format ("instances") or the columnar one ("inputs")."""
    if not isinstance(body, dict) or ("instances" in body) == ("inputs" in body):
        raise wrong('the body must have either "instances" or "inputs"')
    signature_name = body.get("signature_name", "")
    names = list(servable.signature(signature_name).structured_input_signature[1])

    def is_named(value):
        return isinstance(value, dict) and set(value) != {"b64"}

    if "inputs" in body:
        given = body["inputs"] if is_named(body["inputs"]) else {names[0]: body["inputs"]}
    else:
        rows = body["instances"]
        if not isinstance(rows, list) or not rows:
            raise wrong('"instances" must be a list that is not empty')
        rows = [row if is_named(row) else {names[0]: row} for row in rows]
        if any(set(row) != set(rows[0]) for row in rows):
            raise wrong('every one of "instances" must name the same inputs')
        given = {name: [row[name] for row in rows] for name in rows[0]}
    try:
        inputs = {name: from_json(value) for name, value in given.items()}
    except ValueError as error:
        raise wrong(f"not base64: {error}") from error
    outputs = servable.predict(signature_name, inputs)
    outputs = {name: to_json(name, values.tolist()) for name, values in outputs.items()}
    only = next(iter(outputs.values())) if len(outputs) == 1 else None
    if "inputs" in body:
        return {"outputs": outputs if only is None else only}
    rows = [dict(zip(outputs, row)) for row in zip(*outputs.values())]
    return {"predictions": rows if only is None else only}


class Handler(http.server.BaseHTTPRequestHandler):
    """/v1/models/NAME[/versions/N][:predict]."""

    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a silent client keeps its thread
    servable: Servable

    def do_GET(self):
        self._answer(self._status)

    def do_POST(self):
        self._answer(self._predict)

    def _status(self):
        self._check_path("")
        state = {"version": str(self.servable.version), "state": "AVAILABLE"}
        state["status"] = {"error_code": "OK", "error_message": ""}
        return {"model_version_status": [state]}

    def _predict(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True  # what is not read must not be taken for a request
            raise Refusal(
                grpc.StatusCode.RESOURCE_EXHAUSTED, 413, f"more than {MOST_BYTES:,} bytes"
            )
        content = self.rfile.read(length)
        self._check_path(":predict")
        try:
            body = json.loads(content)
        except ValueError as error:
            raise wrong(f"JSON Parse error: {error}") from error
        return predict_json(self.servable, body)

    def _check_path(self, verb):
        name, version = re.escape(self.servable.name), self.servable.version
        if not re.fullmatch(f"/v1/models/{name}(/versions/{version})?{verb}", self.path):
            raise unknown(f"Servable not found for request: {self.path}")

    def _answer(self, work):
        try:
            code, answer = 200, work()
        except Refusal as refusal:
            code, answer = refusal.code, {"error": str(refusal)}
        content = json.dumps(answer, indent=4).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        """Say nothing of requests that went well or wrong: the client is told."""


class RestServer(http.server.ThreadingHTTPServer):
    """A thread for each connection; those of a crowd wait to be refused, and are not cut off."""

    request_queue_size = 128


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="the folder whose subfolders are versions")
    parser.add_argument("--port", type=int, default=8500, help="of gRPC; 0 for a free one")
    parser.add_argument("--rest-port", type=int, default=8501, help="of REST; 0 for a free one")
    arguments = parser.parse_args()
    servable = Servable(arguments.model)
    Handler.servable = servable

    most = AT_ONCE + WAITING  # what comes beyond gets RESOURCE_EXHAUSTED, before it is parsed
    options = [("grpc.max_receive_message_length", MOST_BYTES)]
    pool = futures.ThreadPoolExecutor(most)
    grpc_server = grpc.server(pool, options=options, maximum_concurrent_rpcs=most)
    service = PredictionService(servable)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(service, grpc_server)
    port = grpc_server.add_insecure_port(f"127.0.0.1:{arguments.port}")
    grpc_server.start()
    rest = RestServer(("127.0.0.1", arguments.rest_port), Handler)
    print(f"gRPC  127.0.0.1:{port}")
    url = f"http://127.0.0.1:{rest.server_port}/v1/models/{servable.name}"
    print(f"REST  {url}:predict", flush=True)
    try:
        rest.serve_forever()
    except KeyboardInterrupt:
        grpc_server.stop(grace=5)


if __name__ == "__main__":
    main()
