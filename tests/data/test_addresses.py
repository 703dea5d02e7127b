"""Downloads from a server on this machine; the network's answers are played."""

import http.server
import socket
import threading
import time
import urllib.parse

import pytest

from keras_colorize.data import addresses
from keras_colorize.errors import BadPhotograph


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        if self.path.partition("?")[0] == "/there":
            return self.answer(200, b"the content")
        if self.path.startswith("/to/"):
            return self.answer(302, b"", urllib.parse.unquote(self.path[4:]))
        if self.path == "/circle":
            return self.answer(301, b"", "/circle")
        if self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            return self.wfile.write(b"the content")
        if self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b".")
                time.sleep(0.05)
        return self.answer(404, b"")

    def answer(self, status, content, location=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def outside(server, monkeypatch):
    """Let the name public.example be this server, as if it had a public address."""
    resolve, connect = socket.getaddrinfo, socket.create_connection

    def look_up(host, port, *arguments, **options):
        if host == "public.example":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port))]
        return resolve(host, port, *arguments, **options)

    def join(address, *arguments):
        host, port = address
        return connect(("127.0.0.1" if host == "93.184.215.14" else host, port), *arguments)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", join)
    return server.replace("127.0.0.1", "public.example")


def test_fetch_reads_a_file(outside):
    assert addresses.fetch(f"{outside}/there") == b"the content"


def test_fetch_follows_a_redirect(outside):
    assert addresses.fetch(f"{outside}/to/{outside}/there") == b"the content"
    assert addresses.fetch(f"{outside}/to//there") == b"the content"


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "http://10.0.0.1/",
        "http://192.168.1.1/", "http://169.254.169.254/latest", "http://2130706433/",
        "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://0.0.0.0/",
    ],
)  # fmt: skip
def test_fetch_is_not_led_into_the_local_network(outside, target):
    with pytest.raises(BadPhotograph, match="is in a local network"):
        addresses.fetch(f"{outside}/to/{target}")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://public.example/a"])
def test_fetch_is_not_led_to_another_scheme(outside, target):
    with pytest.raises(BadPhotograph, match="not http or https"):
        addresses.fetch(f"{outside}/to/{target}")


def test_fetch_refuses_a_name_that_is_local(server, monkeypatch):
    monkeypatch.setattr(addresses, "_look_up", lambda host, port: ("127.0.0.1", False))
    with pytest.raises(BadPhotograph, match=r"inside\.example is in a local network"):
        addresses.fetch(server.replace("127.0.0.1", "inside.example") + "/there")


def test_fetch_takes_a_local_address_that_the_user_wrote(server):
    assert addresses.fetch(f"{server}/there") == b"the content"


def test_fetch_is_not_led_to_another_port_of_this_machine(server):
    assert addresses.fetch(f"{server}/to/{server}/there") == b"the content"
    with pytest.raises(BadPhotograph, match=r"127\.0\.0\.1 is in a local network"):
        addresses.fetch(f"{server}/to/http://127.0.0.1:1/there")


@pytest.mark.parametrize(
    "path, reason",
    [
        ("gone", "the server answers 404"),
        ("circle", "redirects more than 5 times"),
        ("cut", "the download ends 989 bytes early"),
    ],
)
def test_fetch_says_what_the_server_did(outside, path, reason):
    with pytest.raises(BadPhotograph, match=reason):
        addresses.fetch(f"{outside}/{path}")


def test_stop_ends_a_download(server):
    threading.Timer(0.3, addresses.stop).start()
    began = time.monotonic()
    with pytest.raises(BadPhotograph):
        addresses.fetch(f"{server}/slow")
    assert time.monotonic() - began < 30  # of the 60 seconds that it has


def test_fetch_of_an_address_with_other_letters(server):
    assert addresses.fetch(f"{server}/there?größe=1") == b"the content"


def test_fetch_has_a_limit_of_size(outside, monkeypatch):
    monkeypatch.setattr(addresses, "MAX_BYTES", 10)
    with pytest.raises(BadPhotograph, match="more than 10 bytes"):
        addresses.fetch(f"{outside}/there")


def test_fetch_has_a_limit_of_time(outside, monkeypatch):
    monkeypatch.setattr(addresses, "SECONDS", 0.3)
    started = time.monotonic()
    with pytest.raises(BadPhotograph, match=r"more than 0\.3 seconds"):
        addresses.fetch(f"{outside}/slow")
    assert time.monotonic() - started < 5


def test_fetch_offline_says_so(monkeypatch):
    def offline(*arguments, **options):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    with pytest.raises(BadPhotograph, match=r"cannot be downloaded \(Temporary failure in name"):
        addresses.fetch("https://example.org/a.jpg")


@pytest.mark.parametrize(
    "address, name",
    [
        ("https://x.org/album/a%20b.jpg?size=2#top", "a b.jpg"),
        ("https://x.org/", "photograph"),
        ("https://x.org/..%2f..%2fetc%2fpasswd", "passwd"),
        ("https://x.org/.hidden", "hidden"),
        ("https://x.org/a%00%0ab.png", "a__b.png"),
        ("https://x.org/" + 300 * "x" + ".png", 96 * "x" + ".png"),
    ],
)
def test_file_name_of_an_address(address, name):
    assert addresses.file_name(address) == name
