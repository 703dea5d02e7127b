"""The registry of networks: one module for each, named after the network that it builds.

Modules are imported when their network is first asked for. Listing the networks, which `--help`
does, and checking a recipe therefore need no Keras.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keras_colorize import errors

if TYPE_CHECKING:
    import keras

    from keras_colorize.heads import Head
    from keras_colorize.models.adversary import Adversary

_NO_NETWORK = {
    "adversary",
    "backbones",
    "feature_critic",
    "conditional_critic",
}  # modules here that build none
_REGISTRY: dict[str, Architecture] = {}


@dataclass(frozen=True)
class Architecture:
    """A network that can be built by name.

    Attributes:
        name: The name of its function and of its module.
        build: The function that builds it; its docstring cites the paper.
        size: Side, in pixels, at which the paper uses the network.
        stride: Height and width must be multiples of it. None: the network takes nothing but
            `size` × `size`.
        head: Name of the head that the paper gives it.
        paper: The publication, as docs/papers.md calls it, and the network's place in it.
        parameters: How many it has as published, its backbone's included.
        adversary: The discriminator and the losses that train it, for the generator of a GAN.
        upscale: How its color is enlarged to the photograph's size; the papers do it bilinearly.
    """

    name: str
    build: Callable[..., keras.Model]
    size: int
    stride: int | None = None
    head: str = "regression"
    paper: str = ""
    parameters: int = 0
    adversary: Adversary | None = None
    upscale: str = "bilinear"

    @property
    def options(self) -> list[str]:
        """Names of the options that its function takes besides the head."""
        return list(inspect.signature(self.build).parameters)[1:]


@dataclass(frozen=True)
class Declared:
    """What is known of an architecture without Keras; see `declared`.

    Attributes:
        size: As for `Architecture`, and so are the others.
        options: Names of the options that its function takes besides the head.
        is_gan: Whether it has an adversary.
    """

    size: int
    options: tuple[str, ...]
    is_gan: bool
    stride: int | None = None
    head: str = "regression"
    paper: str = ""
    parameters: int = 0


def architecture(**attributes):
    """Register the function that builds a network; `attributes` are those of `Architecture`."""

    def register(build):
        _REGISTRY[build.__name__] = Architecture(build.__name__, build, **attributes)
        return build

    return register


def list_models() -> list[str]:
    """Return the names of all architectures.

    Example:
        >>> "vgg_fusion" in list_models()
        True
    """
    modules = {module.name for module in pkgutil.iter_modules(__path__)}
    return sorted(modules - _NO_NETWORK | set(_REGISTRY))


def declared(name: str) -> Declared:
    """Return what an architecture declares.

    It is read from the source, since importing the module would bring Keras.

    Args:
        name: One of `list_models()`.

    Raises:
        UsageError: There is none of this name.
    """
    if name not in list_models():
        raise errors.unknown("arch", name, list_models())
    shared = {field.name for field in dataclasses.fields(Declared)} - {"options", "is_gan"}
    if known := _REGISTRY.get(name):  # it may have no module here
        values = {key: getattr(known, key) for key in shared}
        return Declared(options=tuple(known.options), is_gan=bool(known.adversary), **values)
    source = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    build = next(function for function in functions if function.name == name)
    (decorator,) = build.decorator_list
    given = {keyword.arg: keyword.value for keyword in decorator.keywords}
    options = tuple(argument.arg for argument in build.args.args[1:])
    values = {key: ast.literal_eval(given[key]) for key in shared & given.keys()}
    return Declared(options=options, is_gan="adversary" in given, **values)


def get(name: str) -> Architecture:
    """Return an architecture by name.

    Raises:
        UsageError: There is none of this name.
    """
    if name not in list_models():
        raise errors.unknown("arch", name, list_models())
    if name not in _REGISTRY:
        importlib.import_module(f"{__name__}.{name}")
    return _REGISTRY[name]


def create(name: str, head: str | Head | None = None, **options) -> keras.Model:
    """Build a network as published.

    Args:
        name: One of `list_models()`.
        head: A head, or its name. None: the head that the paper gives it.
        **options: Options of the architecture's own function. `backbone_weights` may also be
            `"auto"`, its default: ImageNet's where they can be had; else, with a warning, the
            backbone starts from random weights and is not locked.

    Returns:
        A functional model: `{"lightness": L* float32 (B, H, W, 1) in 0…100}` → `{"color": …}`.

    Raises:
        UsageError: An unknown name or head, or an option that this architecture does not have.

    Example:
        >>> create("vgg_fusion", backbone_weights="none").output["color"].shape
        (None, None, None, 2)
    """
    from keras_colorize import heads  # brings Keras, which list_models must not wait for

    chosen = get(name)
    for option in options:
        if option not in chosen.options:
            raise errors.unknown(f"option of {name}", option, chosen.options)
    head = heads.get(head or chosen.head)
    if (
        "backbone_weights" not in chosen.options
        or options.get("backbone_weights", "auto") != "auto"
    ):
        return chosen.build(head, **options)
    try:
        return chosen.build(head, **options | {"backbone_weights": "imagenet"})
    except errors.WeightsUnavailable as error:
        warnings.warn(
            f"The backbone of {name} starts from random weights and is trained, because ImageNet's "
            f"cannot be had: {error.reason}.",
            stacklevel=2,
        )
    return chosen.build(head, **options | {"backbone_weights": "none", "trainable_backbone": True})
