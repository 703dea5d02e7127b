"""Whether something can be downloaded at all, told within seconds.

Those who download in earnest try again and again, for minutes.
"""

import urllib.error
import urllib.parse
import urllib.request

_SECONDS = 5


def unreachable(address: str) -> str:
    """Ask for the header of what is at an address, through the proxies of the environment.

    Args:
        address: http(s).

    Returns:
        Why nobody answers there; empty if somebody does, whatever the answer.
    """
    request = urllib.request.Request(
        address, method="HEAD", headers={"User-Agent": "keras_colorize"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):
            return ""
    except urllib.error.HTTPError:
        return ""
    except OSError as error:
        reason = getattr(error, "reason", None) or error
        reason = getattr(reason, "strerror", None) or reason
        return f"{urllib.parse.urlsplit(address).hostname} cannot be reached ({reason})"
