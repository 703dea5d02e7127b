"""What the tests of films and of animations look at."""

import skimage.color


def lightness(rgb):
    return skimage.color.rgb2lab(rgb)[..., 0]


def left_beside(path):
    return sorted(file.name for file in path.parent.iterdir() if file != path)


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
