"""A function run beside the caller, on another core: forked, so that it starts at once and sees all the caller sees."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

from kb_service.errors import PublishError

Result = TypeVar("Result")


class Aside(Generic[Result]):
    """`work` starts when this is made; fork before starting threads. The result must be picklable."""

    def __init__(self, work: Callable[[], Result]) -> None:
        context = multiprocessing.get_context("fork")
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_send, args=(os.getpid(), work, sender), daemon=True)
        self._process.start()
        sender.close()

    def result(self) -> Result:
        """Waits for the result. Raises PublishError if the process died; its traceback is on stderr."""
        try:
            found: Result = self._receiver.recv()
        except EOFError:
            raise PublishError("检查内容的进程意外退出；请看上面的错误，再运行一次") from None
        self._process.join()
        return found


def _send(parent: int, work: Callable[[], Result], sender: Connection) -> None:
    die_with(parent)
    sender.send(work())


def die_with(parent: int) -> None:
    """End this process as soon as its parent, the process `parent`, ends, even by a kill; on Linux only.

    Otherwise a killed publish would leave a build that goes on for seconds and holds the lock.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before this could be asked for
            os.kill(os.getpid(), signal.SIGKILL)


_PR_SET_PDEATHSIG = 1  # from sys/prctl.h
