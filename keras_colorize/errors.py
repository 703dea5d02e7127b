"""Wording that is the same everywhere: of errors the argument, the choices, what was received."""

import os
from collections.abc import Iterable


class UsageError(ValueError):
    """A wrong argument; the command line prints its message and exits with status 2."""


class BadPhotograph(ValueError):
    """A file that is no photograph we can use; the message says why, without the file's name."""


class WeightsUnavailable(UsageError):
    """Pretrained weights that are neither on this machine nor to be downloaded.

    Attributes:
        reason: Why, in a few words.
    """

    def __init__(self, message: str, reason: str = ""):
        super().__init__(message)
        self.reason = reason or message


class PhotographsUnavailable(UsageError):
    """Photographs that are not where they should be, and cannot be downloaded."""


class RunError(RuntimeError):
    """A run that cannot go on; the command line prints its message and exits with status 1."""


class Interrupted(Exception):
    """A run that a signal asked to stop, and that has left a checkpoint."""

    def __init__(self, signal: int):
        super().__init__(f"signal {signal}")
        self.signal = signal


def wrong(message: str, /, **received: object) -> UsageError:
    """Return the error for arguments that cannot be used.

    Args:
        message: What is wrong.
        **received: The arguments, as they were received.

    Example:
        >>> wrong("`size` must be at least 16.", size=8)
        UsageError('`size` must be at least 16. Received: size=8.')
    """
    paths = {name: os.fspath(v) for name, v in received.items() if isinstance(v, os.PathLike)}
    shown = ", ".join(f"{name}={value!r}" for name, value in (received | paths).items())
    return UsageError(f"{message} Received: {shown}.")


def reason(error: object) -> str:
    """Return what an exception says: the system's words, its own, or at least its kind."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def unknown(
    argument: str, received: object, choices: Iterable[str], otherwise: str = ""
) -> UsageError:
    """Return the error for a name that is not among `choices`.

    Args:
        argument: What was given.
        received: Its value.
        choices: The names, and nothing but names.
        otherwise: What may be given in place of a name: "give a file".
    """
    chosen = f"Choose from {sorted(choices)}" + (f", or {otherwise}" if otherwise else "")
    return wrong(f"Unknown `{argument}`. {chosen}.", **{argument: received})


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 photograph, 2,000 photographs."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def no_saliency(arch: str) -> UsageError:
    """Return the error for a network that predicts no saliency maps."""
    return wrong(
        "Saliency maps come from a network that predicts them, as edge_saliency_gan does.",
        arch=arch,
    )
