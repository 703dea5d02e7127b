"""Wording that is the same everywhere: of errors the argument, the choices, what was received."""

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
    return UsageError(f"Unknown `{argument}`. {chosen}. Received: {argument}={received!r}.")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 photograph, 2,000 photographs."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def no_saliency(arch: str) -> UsageError:
    """Return the error for a network that predicts no saliency maps."""
    return UsageError(
        "Saliency maps come from a network that predicts them, as edge_saliency_gan does. "
        f"Received: arch={arch!r}."
    )
