"""What is downloaded by others: whether it is here already, and whether it can be had at all.

Those who download in earnest try again and again, for minutes; here that is told within seconds.
"""

import os
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from keras_colorize import errors
from keras_colorize.errors import WeightsUnavailable

_SECONDS = 5
_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"


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
        said = errors.reason(getattr(error, "reason", None) or error)  # urllib may wrap another
        return f"{urllib.parse.urlsplit(address).hostname} cannot be reached ({said})"


def keras_folder() -> Path:
    """Return the folder in which Keras keeps weights, and where a person may put them."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "models"


def imagenet_weights(file: str, network: str = "") -> str:
    """Return what a function of `keras.applications` finds ImageNet's weights by.

    Args:
        file: Name of their file.
        network: Name of Keras's folder from which it downloads the file; empty if it does not.

    Returns:
        The file's path where it is here, or else "imagenet".

    Raises:
        WeightsUnavailable: The file is not here and cannot be downloaded.
    """
    path = keras_folder() / file
    if path.is_file():
        return str(path)
    if network and (reason := unreachable(f"{_KERAS}/{network}/{file}")):
        raise WeightsUnavailable(f"there is no {path}, and {reason}")
    return "imagenet"
