from keras_colorize.training import header

TEXT = """# zhang2016 — Zhang 2016,
# table 1.
#
# Chosen: the seed. Number to expect: AuC 89.5 %. Needs: ImageNet
# (docs/data.md#imagenet) and a GPU.
#
#     python -m keras_colorize.train --recipe zhang2016

size = 176
# Number to expect: nothing. Needs: nothing.
"""


def test_header_is_read_from_the_comment_at_the_top(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(TEXT)
    read = header.read(path)
    assert read.title == "zhang2016 — Zhang 2016, table 1."
    assert read.expect == "AuC 89.5 %."
    assert read.needs == "ImageNet (docs/data.md#imagenet) and a GPU."
    assert read.section == "docs/data.md#imagenet"


def test_recipe_without_a_header_has_an_empty_one(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text("size = 64\n# a comment below")
    assert header.read(path) == header.Header()
