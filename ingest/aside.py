"""A function run beside the caller, on another core: forked, so that it starts at once and sees all the caller sees."""

from __future__ import annotations

import multiprocessing
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
        self._process = context.Process(target=_send, args=(work, sender), daemon=True)
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


def _send(work: Callable[[], Result], sender: Connection) -> None:
    sender.send(work())
