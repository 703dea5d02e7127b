"""What there is to choose from: models, networks, heads and recipes, listed without Keras."""

from keras_colorize import models
from keras_colorize.catalog import HEADS
from keras_colorize.colorizer import pretrained
from keras_colorize.training import header, plan
from keras_colorize.training import recipe as recipes


def list_models() -> str:
    """List the trained models that come with the package, the architectures and the heads."""
    trained = [("name", "parameters", "MB", "size", "head", "network and paper", "in short")]
    for name in pretrained.list_pretrained():
        told = pretrained.summarize(name)
        network = f"{told.arch}, {models.get(told.arch).paper}"
        parameters, megabytes = f"{told.parameters:,}", f"{told.megabytes:.1f}"
        head = told.head["name"]
        trained.append((name, parameters, megabytes, str(told.size), head, network, told.in_short))
    networks = [("name", "parameters", "size", "multiples of", "head", "paper")]
    for arch in models.list_models():
        known = models.get(arch)
        size, stride = str(known.size), str(known.stride or "no other")
        networks.append((arch, f"{known.parameters:,}", size, stride, known.head, known.paper))
    heads = [("name", "predicts", "paper"), *((name, *told) for name, told in HEADS.items())]
    return (
        "Trained models: --model NAME, keras_colorize.load(NAME)\n"
        f"{_table(trained)}\n"
        "Architectures: --arch NAME, keras_colorize.create(NAME)\n"
        f"{_table(networks)}\n"
        "Heads: --head NAME\n"
        f"{_table(heads)}"
    )


def list_recipes() -> str:
    """List the recipes: what each trains, needs and costs, and the number to expect."""
    blocks = []
    for name in recipes.RECIPES.names():
        recipe = recipes.resolve(recipes.build(recipes.RECIPES.read(name)))
        told = header.read(recipes.RECIPES.path(name))
        rows = {
            "Trains": told.title,
            "Photographs": recipe.data,
            "Needs": told.needs,
            "Cost": plan.cost(recipe),
            "Expect": told.expect,
        }
        blocks.append(f"{name}\n{plan.rows_of(rows, indent=2)}")
    return "\n".join(blocks)


def _table(rows: list[tuple[str, ...]]) -> str:
    """Align columns; those of numbers to the right."""
    columns = list(zip(*rows))
    widths = [max(map(len, column)) for column in columns]
    numeric = [column[-1][:1].isdigit() and column[1][:1].isdigit() for column in columns]
    lines = (
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric)
        )
        for row in rows
    )
    return "".join(f"  {line.rstrip()}\n" for line in lines)
