"""Files and tar shards for the tests of sources."""

import tarfile

from PIL import Image


def save(path, rgb, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path, **options)
    return path


def pack(tar_path, files, mode="w"):
    with tarfile.open(tar_path, mode) as tar:
        for name, path in files.items():
            tar.add(path, arcname=name)
    return tar_path


def names(source):
    return [photograph.name for photograph in source.photographs]
