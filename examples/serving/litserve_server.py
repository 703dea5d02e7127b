"""Serve an exported model with LitServe: the same requests as TensorFlow Serving's REST interface.

    pip install -e ".[serving]"
    python examples/serving/litserve_server.py exported/colorizer

Bad requests are answered 400, those above `--most-bytes` 413, and those that come while
`--at-once` others are worked on or wait 503, so that a crowd finds a quick no instead of a queue.
"""

import argparse
import base64
import binascii
import re
import signal
from pathlib import Path

import litserve
from fastapi import HTTPException
from starlette.responses import JSONResponse

CONNECTIONS = 256  # open at once, most of them idle or about to be refused


class Colorize(litserve.LitAPI):
    """{"instances": [{"b64": …}, …]} → {"predictions": [{"b64": …}, …]}, photographs to PNGs."""

    def __init__(self, model: Path):
        super().__init__(api_path=f"/v1/models/{model.resolve().name}:predict")
        self._model = model

    def setup(self, device):
        """Load the newest version, in the worker process."""
        import tensorflow as tf

        versions = [path for path in self._model.iterdir() if path.name.isdecimal()]
        newest = max(versions, key=lambda path: int(path.name))
        self._tf, self._loaded = tf, tf.saved_model.load(str(newest))
        self._colorize = self._loaded.signatures["serving_default"]

    def decode_request(self, request):
        """Take the photographs out of the JSON."""
        try:
            return [base64.b64decode(each["b64"], validate=True) for each in request["instances"]]
        except (KeyError, TypeError, binascii.Error) as error:
            raise HTTPException(
                400, f'not {{"instances": [{{"b64": …}}, …]}} ({error!r})'
            ) from error

    def predict(self, images):
        """Color them; the model itself says which of them it cannot read, and why."""
        tf = self._tf
        try:
            return self._colorize(image_bytes=tf.constant(images, tf.string))["png_bytes"].numpy()
        except tf.errors.InvalidArgumentError as error:
            # The model's own check, without the trace of its graph around it.
            found = re.search(r"assertion failed: \[(.*)\]", error.message)
            raise HTTPException(400, found[1] if found else error.message) from error

    def encode_response(self, pictures):
        """Put the pictures into JSON."""
        return {"predictions": [{"b64": base64.b64encode(png).decode()} for png in pictures]}


class Limit:
    """Refuses requests, before anything of them is read, while so many others are at work."""

    def __init__(self, app, most: int):
        self._app, self._most, self._now = app, most, 0

    async def __call__(self, scope, receive, send):
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
        elif self._now >= self._most:
            headers = {"Retry-After": "1", "Connection": "close"}
            refusal = JSONResponse({"detail": "too many requests are waiting"}, 503, headers)
            await refusal(scope, receive, send)
        else:
            self._now += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._now -= 1


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="the folder whose subfolders are versions")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--most-bytes", type=int, default=2**26, help="of a request")
    parser.add_argument("--at-once", type=int, default=4, help="requests")
    arguments = parser.parse_args()
    server = litserve.LitServer(
        Colorize(arguments.model),
        accelerator="cpu",
        timeout=60,
        max_payload_size=arguments.most_bytes,
        middlewares=[(Limit, {"most": arguments.at_once})],
    )
    # On the signal that containers send LitServe would leave its workers behind; on Ctrl-C not.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server.run(
        host="127.0.0.1",
        port=arguments.port,
        generate_client_file=False,
        log_level="warning",
        limit_concurrency=CONNECTIONS,
    )


if __name__ == "__main__":
    main()
