"""Expected values come from scikit-image's rgb2lab and from Pillow's decoders."""

import itertools
import tarfile

import cv2
import numpy as np
import pytest
import skimage.color
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from keras_colorize import errors
from keras_colorize.data import pipeline, sources, tfds_source
from keras_colorize.data.pipeline import BatchOptions

CLOSE = 2e-3  # of float32 arithmetic, in CIELAB units, to scikit-image's double precision


def rgb_of(batch):
    """Return a batch's colors as uint8 sRGB, by scikit-image."""
    return np.rint(255 * skimage.color.lab2rgb(batch)).astype("uint8")


def training(source, size, batch_size, start_step=0, **more):
    return pipeline.training_batches(source, BatchOptions(size, batch_size, **more), start_step)


def numbered(source, size, batch_size, start_step=0, **more):
    return pipeline.numbered_batches(source, BatchOptions(size, batch_size, **more), start_step)


def validation(source, size, batch_size, **more):
    return pipeline.validation_batches(source, BatchOptions(size, batch_size, **more))


def take(dataset, count):
    return [(x["lightness"].numpy(), y["color"].numpy()) for x, y in dataset.take(count)]


def assert_same(one, other):
    for (x, y), (u, v) in zip(one, other, strict=True):
        np.testing.assert_array_equal(x, u)
        np.testing.assert_array_equal(y, v)


@pytest.fixture
def folder(tmp_path, picture):
    for seed, letter in enumerate("abcde"):
        path = tmp_path / "photos" / f"{letter}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(picture(40 + 5 * seed, 64, seed)).save(path)
    return tmp_path / "photos"


@pytest.fixture
def flags(tmp_path):
    """Seven pictures of one color each, and the colors."""
    colors = [tuple(c) for c in itertools.product((30, 220), repeat=3) if len(set(c)) > 1]
    colors.append((200, 120, 60))
    (tmp_path / "flags").mkdir()
    for number, color in enumerate(colors):
        Image.new("RGB", (40, 36), color).save(tmp_path / "flags" / f"{number}.png")
    return sources.open_source(str(tmp_path / "flags")), colors


def seen(batches):
    """Return the color of each crop, in order."""
    crops = np.concatenate([rgb_of(y) for _, y in batches])
    assert (crops == crops[:, :1, :1]).all()
    return [tuple(int(value) for value in crop[0, 0]) for crop in crops]


# ---- elements ----


def test_batches_shapes_dtypes_and_ranges(folder):
    source = sources.open_source(str(folder))
    for dataset, batch in (
        (training(source, 32, 2, seed=0), 2),
        (validation(source, 32, 2), None),  # the last may be smaller
    ):
        spec_x, spec_y = dataset.element_spec
        assert spec_x == {"lightness": tf.TensorSpec((batch, 32, 32, 1), tf.float32)}
        assert spec_y == {"color": tf.TensorSpec((batch, 32, 32, 3), tf.float32)}
        for x, y in take(dataset, 2):
            np.testing.assert_array_equal(x, y[..., :1])
            assert x.min() >= -CLOSE and x.max() <= 100 + CLOSE
            # The limits of a* and b* over all of sRGB.
            assert y[..., 1].min() >= -86.2 and y[..., 1].max() <= 98.3
            assert y[..., 2].min() >= -107.9 and y[..., 2].max() <= 94.5
            assert np.ptp(y[..., 0]) > 10 and np.ptp(y[..., 1:]) > 10


def test_batches_of_one_color_have_the_lab_of_that_color(flags):
    source, colors = flags
    (x, y), *_ = take(validation(source, 16, 7), 1)
    expected = skimage.color.rgb2lab(np.array(colors)[:, None, None] / 255)
    assert np.abs(y - expected).max() < CLOSE
    assert np.abs(x - expected[..., :1]).max() < CLOSE
    trained = take(training(source, 16, 7, seed=3), 1)[0][1]
    order = np.argsort(trained[:, 0, 0, 1] * 1000 + trained[:, 0, 0, 2])
    wanted = np.argsort(expected[:, 0, 0, 1] * 1000 + expected[:, 0, 0, 2])
    assert np.abs(trained[order] - expected[wanted]).max() < CLOSE


def test_validation_crop_is_the_central_window(tmp_path, picture):
    # ⅞ of 64 is 56: no resizing. The window's center is the photograph's.
    rgb = picture(64, 80)
    Image.fromarray(rgb).save(tmp_path / "a.png")
    source = sources.open_source(str(tmp_path))
    (_, y), *rest = take(validation(source, 56, 4), 9)
    assert not rest and y.shape == (1, 56, 56, 3)
    expected = skimage.color.rgb2lab(rgb[4:60, 12:68])
    assert np.abs(y[0] - expected).max() < CLOSE


def test_validation_crop_is_reduced_by_averaging_areas(tmp_path, picture):
    rgb = picture(64, 64)
    Image.fromarray(rgb).save(tmp_path / "a.png")
    source = sources.open_source(str(tmp_path))
    ((_, y),) = take(validation(source, 28, 1), 1)
    mean = rgb[4:60, 4:60].reshape(28, 2, 28, 2, 3).mean(axis=(1, 3))
    # Means of four integers that end in .5 may be rounded either way.
    assert np.abs(rgb_of(y)[0] - mean).max() <= 0.5


def test_validation_covers_all_once_in_order(flags):
    source, colors = flags
    batches = take(validation(source, 16, 3), 99)
    assert [len(x) for x, _ in batches] == [3, 3, 1]
    assert seen(batches) == colors


# ---- order ----


def test_training_shows_each_photograph_once_in_an_epoch(flags):
    source, colors = flags
    order = seen(take(training(source, 16, 3, seed=5), 7))  # three epochs
    epochs = [order[:7], order[7:14], order[14:]]
    for epoch in epochs:
        assert sorted(epoch) == sorted(colors)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert colors not in epochs


def test_training_batch_may_be_larger_than_the_source(flags):
    source, colors = flags
    order = seen(take(training(source, 16, 16, seed=5), 1))
    assert sorted(order[:7]) == sorted(order[7:14]) == sorted(colors)


def test_training_repeats_with_the_seed(folder):
    source = sources.open_source(str(folder))
    one = take(training(source, 32, 2, seed=1), 6)
    assert_same(one, take(training(source, 32, 2, seed=1), 6))
    other = take(training(source, 32, 2, seed=2), 6)
    assert not any(np.array_equal(x, u) for (x, _), (u, _) in zip(one, other))


def test_training_crops_differ_between_epochs(folder):
    source = sources.open_source(str(folder)).first(1)
    crops = [x[0].tobytes() for x, _ in take(training(source, 32, 1, seed=1), 8)]
    assert len(set(crops)) >= 6


@pytest.mark.parametrize("kind", ["folder", "tar", "tfds"])
@pytest.mark.parametrize("step", [1, 2, 7])
def test_training_resumes_where_it_would_have_been(folder, tmp_path, kind, step):
    if kind == "tfds":
        with tfds.testing.mock_data(num_examples=5):
            source = sources.open_source("tfds:coco/2017:train")
            whole = take(training(source, 16, 2, seed=4), step + 3)
            resumed = take(training(source, 16, 2, seed=4, start_step=step), 3)
    else:
        name = folder
        if kind == "tar":
            name = tmp_path / "a.tar"
            with tarfile.open(name, "w") as tar:
                tar.add(folder, arcname="photos")
        source = sources.open_source(str(name))
        assert source.count == 5
        whole = take(training(source, 16, 2, seed=4), step + 3)
        resumed = take(training(source, 16, 2, seed=4, start_step=step), 3)
    assert_same(resumed, whole[step:])


def test_training_on_a_tar_equals_training_on_its_files(folder, tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)
    loose, packed = sources.open_source(str(folder)), sources.open_source(str(tmp_path / "a.tar"))
    one = take(training(loose, 16, 2, seed=4), 4)
    assert_same(one, take(training(packed, 16, 2, seed=4), 4))
    assert_same(
        take(validation(loose, 16, 2), 9),
        take(validation(packed, 16, 2), 9),
    )


@pytest.mark.parametrize("block", [3, 4096])
def test_tfds_epoch_holds_each_example_once(flags, monkeypatch, block):
    files, colors = flags
    encoded = [photograph.read() for photograph in files.photographs]

    def stored(*_, **__):
        return tf.data.Dataset.from_tensor_slices({"image": encoded})

    monkeypatch.setattr(tfds_source, "_BLOCK", block)
    with tfds.testing.mock_data(as_dataset_fn=stored):
        source = sources.open_source("tfds:coco/2017:train")
        assert source.count == 7
        assert seen(take(validation(source, 16, 2), 9)) == colors
        order = seen(take(training(source, 16, 7, seed=3), 3))
        resumed = seen(take(training(source, 16, 7, seed=3, start_step=1), 2))
    epochs = [order[:7], order[7:14], order[14:]]
    for epoch in epochs:
        assert sorted(epoch) == sorted(colors)
    assert len({tuple(epoch) for epoch in [colors, *epochs]}) == 4
    assert resumed == order[7:]


# ---- labels ----


@pytest.mark.parametrize("kind", ["folder", "tfds"])
def test_labels_stay_with_their_photographs(tmp_path, kind):
    """Seven pictures of one color each, in a class by their redness."""
    colors = [tuple(c) for c in itertools.product((30, 220), repeat=3) if len(set(c)) > 1]
    for number, color in enumerate(colors):
        path = tmp_path / ("red" if color[0] > 100 else "not") / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (40, 36), color).save(path)
    source = sources.open_source(str(tmp_path))
    classes = sources.classes_of(source)
    assert classes == ["not", "red"]
    if kind == "tfds":
        examples = {
            "image": [photograph.read() for photograph in source.photographs],
            "label": [classes.index(photograph.label) for photograph in source.photographs],
        }

        def stored(*_, **__):
            return tf.data.Dataset.from_tensor_slices(examples)

        with tfds.testing.mock_data(as_dataset_fn=stored):
            source = sources.open_source("tfds:places365_small")
    for dataset in (
        training(source, 16, 4, seed=1, start_step=1, classes=classes).take(5),
        validation(source, 16, 4, classes=classes),
    ):
        for _, target in dataset:
            reddish = rgb_of(target["color"])[:, 0, 0, 0] > 100
            np.testing.assert_array_equal(target["class_logits"], reddish)


# ---- several workers ----


@pytest.mark.parametrize("workers", [2, 3])
def test_training_workers_together_see_each_batch_that_one_would(folder, workers):
    source = sources.open_source(str(folder))
    whole = take(training(source, 16, 6, seed=4, start_step=1), 4)
    parts = [
        take(training(source, 16, 6, 1, seed=4, worker=(number, workers)), 4)
        for number in range(workers)
    ]
    for step, (x, _) in enumerate(whole):
        seen_by_all = np.concatenate([part[step][0] for part in parts])
        assert all(len(part[step][0]) == 6 // workers for part in parts)
        assert sorted(p.tobytes() for p in seen_by_all) == sorted(p.tobytes() for p in x)


def test_numbered_batches_show_each_photograph_once_in_an_epoch(flags):
    source, colors = flags
    order = seen(take(numbered(source, 16, 3, seed=5), 7))
    epochs = [order[:7], order[7:14], order[14:]]
    for epoch in epochs:
        assert sorted(epoch) == sorted(colors)
    assert len({tuple(epoch) for epoch in [colors, *epochs]}) == 4
    # The second of these steps begins with the third of a batch's two parts.
    assert order[6:] == seen(take(numbered(source, 16, 6, 1, seed=5, worker=(0, 2)), 5))


def test_numbered_batches_read_tar_shards_without_python(folder, tmp_path):
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    paths = sorted(folder.iterdir())
    for name, some in {"1.tar": paths[:2], "2.tar": paths[2:4]}.items():
        with tarfile.open(mixed / name, "w") as tar:
            for path in some:
                tar.add(path, arcname=path.name)
    (mixed / "3.png").write_bytes(paths[4].read_bytes())
    loose, packed = sources.open_source(str(folder)), sources.open_source(str(mixed))
    batches = numbered(packed, 16, 2, seed=4)
    assert_same(take(numbered(loose, 16, 2, seed=4), 4), take(batches, 4))
    graph = batches._as_serialized_graph().numpy()  # raises for anything that is Python's
    assert b"PyFunc" not in graph and b"FixedLengthRecordDataset" in graph


def test_numbered_batches_of_a_tfds_stream_are_refused():
    with tfds.testing.mock_data(num_examples=5):
        source = sources.open_source("tfds:coco/2017:train")
    with pytest.raises(errors.UsageError, match="`data_service` needs photographs in files"):
        numbered(source, 16, 2, seed=4)


@pytest.mark.parametrize("address", ["grpc://127.0.0.1:1", "nobody"])
def test_data_service_that_does_not_answer_is_wrong_usage(folder, address):
    batches = numbered(sources.open_source(str(folder)), 16, 4)
    with pytest.raises(errors.UsageError, match="`data_service` must be grpc://HOST:PORT"):
        pipeline.serve(batches, address, "job")


def test_data_service_of_two_workers_gives_each_batch_once(folder, tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(folder, arcname="photos")
    service = tf.data.experimental.service
    dispatcher = service.DispatchServer()
    address = dispatcher.target.split("://")[1]
    workers = [service.WorkerServer(service.WorkerConfig(address)) for _ in range(2)]
    source = sources.open_source(str(tmp_path / "a.tar"))
    batches = numbered(source, 16, 4, worker=(0, 2))
    expected = [x.tobytes() for x, _ in take(batches, 60)]
    assert len(set(expected)) == 60
    # Two trainers share the job; whichever gets a batch, nobody gets it again.
    ours = [iter(pipeline.serve(batches, dispatcher.target, "job")) for _ in range(2)]
    got = [next(ours[step % 2])[0]["lightness"].numpy().tobytes() for step in range(24)]
    assert len(set(got)) == 24
    # A batch may overtake those that are prepared at the same time, and no others.
    assert set(got) <= set(expected)
    assert len(set(got) & set(expected[:24])) >= 12
    del ours, workers


# ---- augmentation ----


def test_training_windows_take_shares_from_the_least_to_seven_eighths(tmp_path):
    # Red grows by one each pixel to the right: what a crop spans is its window's width.
    rgb = np.zeros((160, 160, 3), "uint8")
    rgb[..., 0] = np.arange(160)
    Image.fromarray(rgb).save(tmp_path / "a.png")
    source = sources.open_source(str(tmp_path))
    (_, y), *_ = take(training(source, 8, 64, seed=0, crop=0.25), 1)
    red = rgb_of(y)[:, 0, :, 0].astype(float)
    windows = np.abs(red[:, -1] - red[:, 0]) * 8 / 7  # between the centers of eighths
    assert windows.min() >= 40 - 3 and windows.max() <= 140 + 3
    assert windows.min() < 55 and windows.max() > 125
    assert abs(windows.mean() - 90) < 12  # a uniform draw: its deviation over √64 is 3.6


def test_training_mirrors_half_of_the_crops(tmp_path):
    # Red grows to the right, green downwards: every crop tells where it was cut and how it lies.
    ramp = np.arange(64, dtype="uint8")
    rgb = np.full((64, 64, 3), 200, "uint8")
    rgb[..., 0], rgb[..., 1] = 2 * ramp, 2 * ramp[:, None]
    Image.fromarray(rgb).save(tmp_path / "a.png")
    source = sources.open_source(str(tmp_path))
    crops = rgb_of(np.concatenate([y for _, y in take(training(source, 56, 8), 8)]))
    mirrored, corners = 0, set()
    for crop in crops:
        rising = crop[0, -1, 0] > crop[0, 0, 0]
        mirrored += not rising
        upright = crop if rising else crop[:, ::-1]
        left, top = int(upright[0, 0, 0]) // 2, int(upright[0, 0, 1]) // 2
        np.testing.assert_array_equal(upright, rgb[top : top + 56, left : left + 56])
        corners.add((left, top))
    assert 16 <= mirrored <= 48  # of 64; outside with a probability of 3e-5
    lefts, tops = zip(*corners)
    assert set(lefts) == set(tops) == set(range(9))  # all places, edges included


# ---- saliency ----


def test_with_saliency_adds_opencv_s_maps(folder):
    source = sources.open_source(str(folder))

    def batches(step):
        return training(source, 32, 2, seed=0, start_step=step)

    plain = take(batches(1), 2)
    for (x, y), (inputs, targets) in zip(plain, pipeline.with_saliency(batches)(1)):
        np.testing.assert_array_equal(inputs["lightness"], x)
        np.testing.assert_array_equal(targets["color"], y)
        saliency = targets["saliency"].numpy()
        assert saliency.shape == (2, 32, 32, 1) and saliency.dtype == np.float32
        finder = cv2.saliency.StaticSaliencyFineGrained_create()
        for rgb, made in zip(rgb_of(y), saliency):
            _, expected = finder.computeSaliency(np.ascontiguousarray(rgb[..., ::-1]))
            np.testing.assert_allclose(made[..., 0], 2 * expected - 1, atol=1e-6)
            assert made.min() < -0.5 and made.max() > 0.5
