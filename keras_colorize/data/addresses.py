"""Photographs at http(s) addresses: fetched within limits of size and time.

Neither a name nor a redirect may lead into the network that we are in, unless the user wrote a
numeric address of it, or `localhost`, with the same port. A host's numeric addresses are looked up
once, and the connection goes to the one that was checked: a second look-up may lead elsewhere.
"""

import contextlib
import http.client
import ipaddress
import os
import re
import socket
import ssl
import threading
import time
import urllib.parse

from keras_colorize import errors
from keras_colorize.errors import BadPhotograph

MAX_BYTES = 2**28
SECONDS = 60  # for all of it
_SILENCE = 10  # seconds without a byte
_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_open: set[socket.socket] = set()  # of the download that goes on
# IPv4 addresses inside IPv6 ones, local ones among them.
_TUNNELS = [ipaddress.ip_network(net) for net in ("64:ff9b::/96", "2002::/16", "2001::/32")]


def is_address(text: str) -> bool:
    """Tell whether a text is an http(s) address."""
    return text.lower().startswith(("http://", "https://"))


def has_scheme(text: str) -> bool:
    """Tell whether a text starts as an address of any kind does, http(s) or not."""
    return bool(re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE))


def fault(address: str) -> str:
    """Say what is wrong with how an http(s) address is written; empty if nothing is.

    Example:
        >>> fault("https:///cat.jpg")
        'An address needs a host, as in https://example.org/cat.jpg.'
    """
    try:
        parts = urllib.parse.urlsplit(address)
        host, _ = parts.hostname, parts.port  # which is checked when it is read
    except ValueError as error:
        return f"This is not an address ({error})."
    return "" if host else "An address needs a host, as in https://example.org/cat.jpg."


def file_name(address: str) -> str:
    """Return a file name for what an address leads to: the last part of its path."""
    path = urllib.parse.unquote(urllib.parse.urlsplit(address).path)
    name = re.sub(r"[^\w.() -]", "_", os.path.basename(path)).lstrip(".")
    return name[-100:] or "photograph"


def fetch(address: str) -> bytes:
    """Download a file.

    Raises:
        BadPhotograph: The address leads nowhere or redirects to a local network; the server
            answers with an error, too slowly, or with more than `MAX_BYTES`.
    """
    end = time.monotonic() + SECONDS
    try:
        local = _local_host(address)
        for _ in range(_MOST_REDIRECTS + 1):
            answer = _get(address, local, end)
            if isinstance(answer, bytes):
                return answer
            address = urllib.parse.urljoin(address, answer)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, BadPhotograph):
            raise
        if time.monotonic() > end:
            raise BadPhotograph(f"it takes more than {SECONDS} seconds") from None
        raise BadPhotograph(f"it cannot be downloaded ({errors.reason(error)})") from None
    raise BadPhotograph(f"it redirects more than {_MOST_REDIRECTS} times")


def _get(address: str, local: tuple[str, int] | None, end: float) -> bytes | str:
    """Return the content, or the address that it redirects to."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadPhotograph("it leads to an address that is not http or https")
    port = _port(parts)
    number, public = _look_up(parts.hostname, port)
    if not public and (parts.hostname, port) != local:
        raise BadPhotograph(f"{parts.hostname} is in a local network, where nothing is fetched")
    connection = http.client.HTTPConnection(parts.hostname, port)
    connection.sock = socket.create_connection((number, port), _SILENCE)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection.sock = context.wrap_socket(connection.sock, server_hostname=parts.hostname)
    # However slowly a server sends its bytes, this ends it.
    clock = threading.Timer(max(0.0, end - time.monotonic()), _hang_up, [connection.sock])
    clock.daemon = True
    clock.start()
    _open.add(connection.sock)
    try:
        target = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        query = urllib.parse.quote(parts.query, safe="/?%:@!$&'()*+,;=~[]")
        target += f"?{query}" if query else ""
        connection.request("GET", target, headers={"User-Agent": "keras_colorize"})
        answer = connection.getresponse()
        if answer.status in _REDIRECTS and answer.getheader("Location"):
            return answer.getheader("Location")
        if answer.status != 200:
            raise BadPhotograph(f"the server answers {answer.status} {answer.reason}")
        content = answer.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise BadPhotograph(f"it has more than {MAX_BYTES:,} bytes")
        if time.monotonic() > end:
            raise BadPhotograph(f"it takes more than {SECONDS} seconds")
        if not _open:
            raise BadPhotograph("the download was stopped")
        if answer.length:  # what the server has promised and not sent
            raise BadPhotograph(f"the download ends {answer.length:,} bytes early")
        return content
    finally:
        clock.cancel()
        _open.clear()
        connection.close()


def stop() -> None:
    """End the download that another thread waits for."""
    for sock in list(_open):  # not one that is opened meanwhile
        _open.discard(sock)
        _hang_up(sock)


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _local_host(address: str) -> tuple[str, int] | None:
    """Return host and port of an address if the user wrote `localhost` or a number."""
    parts = urllib.parse.urlsplit(address)
    if parts.hostname != "localhost":
        try:
            ipaddress.ip_address(parts.hostname or "")
        except ValueError:
            return None
    return parts.hostname, _port(parts)


def _port(parts: urllib.parse.SplitResult) -> int | None:
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _look_up(host: str, port: int) -> tuple[str, bool]:
    """Return a numeric address of a host, and whether all that it has are public."""
    found = [item[4][0] for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    addresses = [ipaddress.ip_address(number.partition("%")[0]) for number in found]
    addresses = [getattr(address, "ipv4_mapped", None) or address for address in addresses]
    public = all(
        address.is_global and not address.is_multicast and not any(address in n for n in _TUNNELS)
        for address in addresses
    )
    return found[0], public
