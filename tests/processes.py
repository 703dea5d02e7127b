"""Processes of Python that have TensorFlow already: forks of one that has imported it, and no more.

Importing it takes a process seconds, and the tests need some twenty processes of their own: to kill
them, to be several workers, to have two devices.
"""

import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap

_NUMBER = b"%10d"


class Process:
    """A process that runs a program; of a `subprocess.Popen` it has what the tests need.

    Args:
        program: Its source.
        *arguments: `sys.argv[1:]`.
        **environment: Variables of its environment beside those of this process.
    """

    def __init__(self, program, *arguments, **environment):
        self.returncode = None
        self._files = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115
        self._status, told = os.pipe()
        asked = [textwrap.dedent(program), [*map(str, arguments)], os.getcwd(), environment]
        given = [self._files[0].fileno(), self._files[1].fileno(), told]
        socket.send_fds(_first(), [json.dumps(asked).encode()], given)
        os.close(told)
        self.pid = self._number()

    def poll(self, seconds=0.0):
        """Return the exit code, negative for a signal; None while it runs."""
        if self.returncode is None and select.select([self._status], [], [], seconds)[0]:
            self.returncode = self._number()
            os.close(self._status)
        return self.returncode

    def _number(self):
        return int(os.read(self._status, len(_NUMBER % 0)))

    def communicate(self, timeout=None):
        """Wait until it ends, and return what it wrote to standard output and standard error."""
        if self.poll(timeout) is None:
            raise subprocess.TimeoutExpired("python", timeout)
        return self.written()

    def written(self):
        """Return what it has written so far."""
        for file in self._files:
            file.seek(0)
        return [file.read().decode() for file in self._files]

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def run(program, *arguments, **environment):
    """Run a program to its end."""
    process = Process(program, *arguments, **environment)
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


@functools.cache
def _first():
    """Start the process that is forked; it ends when this one does."""
    ours, its = socket.socketpair()
    subprocess.Popen(
        [sys.executable, __file__, str(its.fileno())],
        pass_fds=[its.fileno()],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    its.close()
    return ours


def _serve(asked):
    """Fork for each request; return, in the fork, its program."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, files, *_ = socket.recv_fds(asked, 2**16, 3)
        if not request:
            os._exit(0)
        if os.fork() == 0:
            break
        for file in files:
            os.close(file)
    asked.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *written, told = files
    if child := os.fork():  # somebody has to wait for it
        os.write(told, _NUMBER % child)
        os.write(told, _NUMBER % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        os._exit(0)
    program, sys.argv[1:], folder, environment = json.loads(request)
    os.chdir(folder)
    os.environ.update(environment)
    for number, file in enumerate(written, 1):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    return program


if __name__ == "__main__":
    from keras_colorize import quiet

    quiet.start_keras()
    import stand_in  # noqa: F401

    from keras_colorize.training import run as training_run  # noqa: F401

    exec(_serve(socket.socket(fileno=int(sys.argv[1]))), {"__name__": "__main__"})
