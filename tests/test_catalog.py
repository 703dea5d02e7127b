import dataclasses

import pytest

from keras_colorize import catalog, errors, heads


@dataclasses.dataclass
class Recipe:
    size: int
    lr: float


def test_typed_takes_whole_numbers_for_floats_and_nothing_else():
    found = catalog.typed(Recipe, {"size": 64, "lr": 1}, "recipe")
    assert found == {"size": 64, "lr": 1.0} and type(found["lr"]) is float
    with pytest.raises(errors.UsageError, match=r"Recipe key `size` must be of type int.*'64'"):
        catalog.typed(Recipe, {"size": "64"}, "recipe")
    with pytest.raises(errors.UsageError, match=r"Unknown `recipe key`.*\['lr', 'size'\].*sise"):
        catalog.typed(Recipe, {"sise": 64}, "recipe")


def test_heads_are_those_that_can_be_created():
    assert set(catalog.HEADS) == set(heads.list_heads())
    of_one_color = [name for name in catalog.HEADS if not heads.create(name).has_classes]
    assert sorted(of_one_color) == sorted(catalog.ONE_COLOR)


def test_toml_that_is_none_is_named_with_its_file(tmp_path):
    path = tmp_path / "mine.toml"
    recipes = catalog.TomlCatalog("recipe", "recipes", "train")
    path.write_text("size = ")
    with pytest.raises(errors.UsageError, match=r"Recipe .*mine\.toml is no TOML"):
        recipes.read(str(path))
    path.write_text("size = 64")
    assert recipes.read(str(path)) == {"size": 64}
    with pytest.raises(errors.UsageError, match=r"zhang2016.*give a file that ends in \.toml"):
        recipes.read("zhang2017")
