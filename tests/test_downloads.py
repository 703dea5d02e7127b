"""What answers within seconds, and what does not; no other machine is asked."""

import http.server
import socket
import threading

from keras_colorize.downloads import unreachable


def test_whoever_answers_is_within_reach():
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.handle_request)  # which answers 501 to all
    thread.start()
    assert unreachable(f"http://127.0.0.1:{server.server_port}/a.zip") == ""
    thread.join()
    server.server_close()


def test_whoever_does_not_is_named():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        reason = unreachable(f"http://127.0.0.1:{closed.getsockname()[1]}/a.zip")
    assert reason == "127.0.0.1 cannot be reached (Connection refused)"
