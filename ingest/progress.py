"""Progress on the terminal: whatever may take over two seconds says what it is doing and how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stage(label: str) -> Iterator[None]:
    """Announce a step of work, then the seconds that it took, on stderr."""
    started = time.perf_counter()
    print(f"… {label}", end="", file=sys.stderr, flush=True)
    try:
        yield
    except BaseException:
        print(" 失败", file=sys.stderr)
        raise
    print(f" {time.perf_counter() - started:.1f} 秒", file=sys.stderr)
