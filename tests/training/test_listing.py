"""What is listed, and that it is listed at once."""

import re
import subprocess
import sys

import pytest

from keras_colorize import catalog, models
from keras_colorize.colorizer import PRETRAINED
from keras_colorize.training import listing
from keras_colorize.training import recipe as recipes


def test_list_models_names_them_all_with_parameters_and_paper():
    trained, networks, heads = listing.list_models().split("\n\n")
    for name in PRETRAINED.names():
        (line,) = (line for line in trained.splitlines() if f" {name} " in line)
        size = PRETRAINED.find(name).with_name("model.weights.h5").stat().st_size
        assert f" {size / 1e6:.1f} " in line
    for name in models.list_models():
        assert re.search(rf"^  {name} +[\d,]+ +\d+ .*[a-z0-9]$", networks, re.M)
    # [vgg-fusion]: VGG16 up to its fourth block and the decoder; [enhancing]: the slides' table.
    assert re.search(r"vgg_fusion +8,795,522 +224 +8 +regression +vgg-fusion\n", networks)
    assert re.search(r"unet_plain +551,523 +150 +no other +rgb +enhancing\n", networks)
    assert [line.split()[0] for line in heads.splitlines()[2:]] == list(catalog.HEADS)


def test_list_recipes_says_what_each_needs_and_costs():
    blocks = dict(block.split("\n", 1) for block in listing.list_recipes().split("\n\n"))
    assert list(blocks) == recipes.RECIPES.names()
    for block in blocks.values():
        titles = re.findall(r"^  (\w+) ", block, re.M)
        assert titles == ["Trains", "Photographs", "Needs", "Cost", "Expect"]
    assert "8,750 steps of 8 photographs at 224²" in blocks["vgg_fusion_regression"]
    assert "45 epochs of 10,000 steps" in blocks["zhang2016"]  # 450,000 steps


@pytest.mark.parametrize("verb", ["models", "recipes"])
def test_lists_do_not_wait_for_keras(verb):
    program = (
        "import sys\n"
        "from keras_colorize.cli import main\n"
        f"assert main(['{verb}']) == 0\n"
        "slow = {'tensorflow', 'keras', 'h5py', 'matplotlib'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
