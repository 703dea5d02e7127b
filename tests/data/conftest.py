import pytest
import shards


@pytest.fixture
def photos(tmp_path, picture):
    """Eight photographs, a.png … h.png, in a folder."""
    for seed, letter in enumerate("abcdefgh"):
        shards.save(tmp_path / "photos" / f"{letter}.png", picture(seed=seed))
    return tmp_path / "photos"
