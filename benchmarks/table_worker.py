"""What the processes of benchmarks/table.py have in common: they repeat their work when asked.

It needs nothing but Python, since it also runs in PyTorch's environment.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
# Whatever else is printed is no answer.
_answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def take_cores(count: int) -> None:
    """Use so many cores; to be called before threads are started."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    os.environ |= {"OMP_NUM_THREADS": str(count), "TF_CPP_MIN_LOG_LEVEL": "3"}


def serve(work: Callable[[], object], **said) -> None:
    """Do the work once, then again for each line of standard input; answer what it took."""
    work()
    answer(said)
    for _ in sys.stdin:
        began, processor = time.perf_counter(), _processor_seconds()
        work()
        took = {
            "seconds": time.perf_counter() - began,
            "processor": _processor_seconds() - processor,
        }
        answer(took)


def answer(said: dict) -> None:
    """Answer a line of JSON."""
    print(json.dumps(said), file=_answers, flush=True)


def peak_memory() -> float:
    """Return the peak of this process's memory in GiB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**20


def _processor_seconds() -> float:
    """Return the processor time of this process and of those that it has started."""
    return time.process_time() + sum(map(_ticks, _children(os.getpid()))) / _TICKS


def _children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task")
    found = " ".join((each / "children").read_text() for each in tasks.iterdir()).split()
    return [child for one in map(int, found) for child in (one, *_children(one))]


def _ticks(process: int) -> int:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))  # its own and those of its finished children
