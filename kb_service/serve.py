"""`kb-serve`: run the service."""

from __future__ import annotations

import json
import socket
import sys

from kb_service.errors import SettingsError
from kb_service.settings import Settings, load_settings

_EXAMPLE = {
    "messages": [{"role": "customer", "text": "拍下三天了卖家一直不发货，能退钱吗"}],
    "case": {"party": "buyer", "slots": {"order_id": "2026112300012345"}},
    "limit": 2,
}


def main() -> int:
    """Serve until interrupted. Exit status 1 with one sentence when it cannot start."""
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    listener = _listen(settings)
    if listener is None:
        return 1
    import uvicorn  # after the cheap refusals: importing it takes a while

    from kb_service.api.app import create_app

    address = f"{settings.host}:{settings.port}"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(f"服务地址 http://{address}   接口文档 http://{address}/docs\n试一试：\n")
                print(example_call(address), flush=True)

    config = uvicorn.Config(
        create_app(settings), loop="uvloop", http="httptools", log_level="warning", access_log=False, ws="none"
    )
    Server(config).run(sockets=[listener])
    return 0


def example_call(address: str) -> str:
    """A `curl` that works when pasted."""
    body = json.dumps(_EXAMPLE, ensure_ascii=False)
    return f"curl -s http://{address}/v1/suggest -H 'Content-Type: application/json' -d '{body}'"


def _listen(settings: Settings) -> socket.socket | None:
    """The bound socket; None, after one sentence, if the port is taken or the address is not ours."""
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        message = f"不能监听 {settings.host}:{settings.port}（{error.strerror}）；换一个端口：PORT=8001 make run"
        print(message, file=sys.stderr)
        return None
    return listener


if __name__ == "__main__":
    sys.exit(main())
