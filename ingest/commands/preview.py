"""`kb-content preview`: the content as its readers will see it, in the browser, before it is published."""

from __future__ import annotations

import argparse
import socket

from ingest.commands.options import Verbs, content_option

HOST = "127.0.0.1"  # what is not published is for this machine only
PORT = 8010


def add(verbs: Verbs) -> None:
    """Add this verb to the command line."""
    verb = verbs.add_parser("preview", help="在浏览器里看还没有发布的内容，与已发布的对照着试问")
    verb.add_argument("--port", type=int, default=PORT, help=f"端口（默认 {PORT}）；只在本机可以打开")
    verb.set_defaults(run=_preview)
    content_option(verb)


def _preview(arguments: argparse.Namespace) -> int:
    from kb_service.errors import SettingsError
    from kb_service.settings import load_settings

    settings = load_settings()
    if not arguments.content.is_dir():
        raise SettingsError(f"内容目录 {arguments.content} 不存在；请用 --content 指定，或在项目根目录运行")
    listener = _listen(arguments.port)
    import uvicorn  # after the cheap refusals: importing it takes a while

    from ingest.preview.app import create_app

    app = create_app(arguments.content, settings)
    print(f"在浏览器里打开 http://{HOST}:{arguments.port}   按 Ctrl-C 结束", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])
    return 0


def _listen(port: int) -> socket.socket:
    """The bound socket. Raises SettingsError."""
    from kb_service.errors import SettingsError

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(16)
    except (OSError, OverflowError) as error:
        listener.close()
        raise SettingsError(f"不能监听 {HOST}:{port}（{error}）；换一个端口，例如 --port 8011") from error
    return listener
