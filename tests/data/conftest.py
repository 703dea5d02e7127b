import pytest
import shards


@pytest.fixture
def photos(tmp_path, picture):
    """Eight photographs, a.png … h.png, in a folder."""
    for seed, letter in enumerate("abcdefgh"):
        shards.save(tmp_path / "photos" / f"{letter}.png", picture(seed=seed))
    return tmp_path / "photos"


@pytest.fixture
def share(picture):
    """Return a picture in 0…1, gray or in color."""

    def make(channels=1):
        values = picture(40, 64)[..., :channels].astype("float64") / 255
        return values[..., 0] if channels == 1 else values

    return make
