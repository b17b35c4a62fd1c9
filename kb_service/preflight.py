"""What must hold before anything is installed: Python, disk, port. One clear sentence otherwise.

Runs as a script on whatever Python there is, so it uses nothing but the standard library and no recent syntax.
"""

import os
import shutil
import socket
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
INSTALL_BYTES = 4 * 1024**3  # environment, caches and model of a first installation take about 3 GiB


def problem(port=None):
    """The first thing that stands in the way, as a sentence; None when all is well."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return (
            "需要 Python 3.11 到 3.13，当前是 %d.%d；请安装 3.11，或用 PYTHON=python3.11 make run 指定。"
            % sys.version_info[:2]
        )
    if not os.path.exists(os.path.join(here, ".venv", "installed")):
        free = shutil.disk_usage(here).free
        if free < INSTALL_BYTES:
            return "磁盘空间不足：首次安装约需 4 GiB，%s 只剩 %.1f GiB；请清理后再试。" % (here, free / 1024**3)
    if port is not None:
        return _port_problem(port)
    return None


def _port_problem(port):
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        return "PORT=%s 不是端口号；请用 1 到 65535 的整数，例如 PORT=8001 make run。" % port
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", int(port)))
    except OSError as error:
        return "端口 %s 用不了（%s）；请换一个，例如 PORT=8001 make run。" % (port, error.strerror)
    finally:
        probe.close()
    return None


if __name__ == "__main__":
    found = problem(sys.argv[1] if len(sys.argv) > 1 else None)
    if found:
        sys.stderr.write(found + "\n")
        sys.exit(1)
