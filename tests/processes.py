"""Processes of Python that have TensorFlow already: forks of a server that has imported it.

Importing it takes a process seconds, and the tests need some twenty processes of their own: to kill
them, to be several workers, to have two devices.
"""

import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from unittest import mock


class Process:
    """A process that runs a program; of a `subprocess.Popen` it has what the tests need.

    Args:
        program: Its source.
        *arguments: `sys.argv[1:]`.
        **environment: Variables of its environment beside those of this process.
    """

    def __init__(self, program, *arguments, **environment):
        self._files = [tempfile.NamedTemporaryFile() for _ in range(2)]  # noqa: SIM115
        names = [file.name for file in self._files]
        given = textwrap.dedent(program), [*map(str, arguments)], os.getcwd(), environment, names
        self._process = _server().Process(target=_run, args=given, daemon=True)
        self._process.start()

    @property
    def returncode(self):
        """The exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def communicate(self, timeout=None):
        """Wait until it ends, and return what it wrote to standard output and standard error."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("python", timeout)
        return self.written()

    def written(self):
        """Return what it has written so far."""
        for file in self._files:
            file.seek(0)
        return [file.read().decode() for file in self._files]

    def send_signal(self, number):
        os.kill(self._process.pid, number)

    def kill(self):
        self._process.kill()


def run(program, *arguments, **environment):
    """Run a program to its end."""
    process = Process(program, *arguments, **environment)
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


@functools.cache
def _server():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["keras_colorize.training.run", "stand_in"])
    found = {"PYTHONPATH": os.pathsep.join(sys.path), "TF_CPP_MIN_LOG_LEVEL": "2"}
    with mock.patch.dict(os.environ, found):
        multiprocessing.forkserver.ensure_running()
    return context


def _run(program, arguments, folder, environment, names):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.update(environment)
    for number, name in enumerate(names, 1):
        os.dup2(os.open(name, os.O_WRONLY), number)
    sys.argv[1:] = arguments
    exec(program, {"__name__": "__main__"})
