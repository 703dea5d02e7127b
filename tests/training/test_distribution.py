"""Real processes on this machine, with a network of a few hundred weights."""

import json
import socket

import h5py
import numpy as np
import processes
import pytest
import stand_in

from keras_colorize import errors, models, train
from keras_colorize.training import distribution

ONE_OF_TWO = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}
SMALL = ["--size", 16, "--batch-size", 4, "--epochs", 3, "--steps", 4]
# Adam would make a step of nothing but the rounding of gradients that are zero.
SMALL += ["--optimizer", "sgd", "--lr", 0.1]
# Batch norm over all workers; weights of classes, which multiply the loss of each pixel.
PLAIN = ["--arch", "stand_in", "--head", "gamut"]
GAN = ["--arch", "stand_in_gan", "--lr", 0.01, "--ema", 0.5]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start_workers(out, *argv, kill=None):
    """Start two; the second is told to write to a folder that must never be there."""
    hosts = [f"127.0.0.1:{port}" for port in free_ports(2)]
    workers = []
    for index, folder in enumerate([out, out.with_name("of_the_second")]):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": {"worker": hosts}, "task": task})
        strike = {"KILL_AT": str(kill[1])} if kill and index == kill[0] else {}
        argv_here = [*argv, "--strategy", "multiworker", "-o", folder]
        workers.append(processes.Process(stand_in.TRAIN, *argv_here, TF_CONFIG=config, **strike))
    try:
        said = [worker.communicate(timeout=150) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert not out.with_name("of_the_second").exists()
    return [(worker.returncode, *words) for worker, words in zip(workers, said, strict=True)]


def weights(folder):
    values = {}
    with h5py.File(folder / "model" / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: values.update({name: item[()]}) if hasattr(item, "dtype") else None
        )
    return values


def assert_same_run(folder, expected):
    for name, value in weights(expected).items():
        np.testing.assert_allclose(weights(folder)[name], value, rtol=2e-3, atol=2e-5, err_msg=name)
    losses = [
        [row["loss"] for row in json.loads((run / "run.json").read_text())["history"]]
        for run in (folder, expected)
    ]
    np.testing.assert_allclose(*losses, rtol=1e-4)


@pytest.fixture
def with_stand_in(monkeypatch):
    monkeypatch.setattr(models, "ARCHITECTURES", dict(models.ARCHITECTURES))
    stand_in.register()


def alone(out, *argv):
    assert train.main([*map(str, argv), "-o", str(out)]) == 0
    return out


# ---- two processes ----


def test_two_workers_train_the_gan_that_one_would(tmp_path, with_stand_in):
    expected = alone(tmp_path / "alone", *SMALL, *GAN)
    (code, _, words), (other, said, _) = start_workers(tmp_path / "run", *SMALL, *GAN)
    assert code == 0, words[-3000:]
    assert other == 0 and said == ""
    assert json.loads((tmp_path / "run" / "run.json").read_text())["devices"] == 2
    assert_same_run(tmp_path / "run", expected)


def test_a_killed_worker_stops_the_other_and_both_go_on(tmp_path, with_stand_in):
    expected = alone(tmp_path / "alone", *SMALL, *PLAIN)
    # Checkpoints are of steps 4, 8 and 12: the third epoch's first two steps are lost.
    (code, _, words), (other, _, _) = start_workers(tmp_path / "run", *SMALL, *PLAIN, kill=(1, 10))
    assert other == -9
    assert code == 1, words[-3000:]
    assert "Another worker has stopped" in words
    left = sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir())
    assert left == ["step-00000004", "step-00000008"]
    (code, _, words), (other, _, _) = start_workers(tmp_path / "run", *SMALL, *PLAIN)
    assert (code, other) == (0, 0), words[-3000:]
    assert_same_run(tmp_path / "run", expected)


# ---- who the workers are ----


@pytest.mark.parametrize(
    "environment, hosts",
    [
        (
            {
                "TF_CONFIG": json.dumps(
                    {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"index": 1}}
                )
            },
            ["a:1", "b:1"],
        ),
        ({"WORKERS": "a:1, b:1", "JOB_COMPLETION_INDEX": "1"}, ["a:1", "b:1"]),
        (
            {
                "SLURM_STEP_NODELIST": "node[08-09]",
                "SLURM_STEP_NUM_TASKS": "4",
                "SLURM_STEP_TASKS_PER_NODE": "2(x2)",
                "SLURM_PROCID": "1",
            },
            ["node08:8888", "node08:8889", "node09:8888", "node09:8889"],
        ),
    ],
    ids=["TF_CONFIG", "kubernetes", "slurm"],
)
def test_workers_are_found_in_the_environment(environment, hosts, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    resolver = distribution._find_workers()
    assert resolver.cluster_spec().as_dict() == {"worker": hosts}
    assert resolver.task_id == 1


@pytest.mark.parametrize(
    "environment, message",
    [
        ({}, "Nothing says who the workers are: set TF_CONFIG"),
        ({"WORKERS": "a:1"}, "KeyError: 'JOB_COMPLETION_INDEX'"),
    ],
)
def test_workers_that_nothing_names_are_wrong_usage(environment, message, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(errors.UsageError, match=message):
        distribution.make_strategy("multiworker")
