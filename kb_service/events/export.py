"""Reading kept events: from the store by its URL, or from an export. As a program it writes the export of this home."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kb_service.errors import EventsUnavailable, ExportBroken
from kb_service.events.records import Asked
from kb_service.settings import load_settings
from kb_service.validation import explain


def read_events(source: str | Path) -> Iterator[Asked]:
    """The events of a store (a SQLAlchemy URL) or of an export (the path of a JSONL file), oldest first.

    Raises EventsUnavailable where there is nothing to read from, ExportBroken for a line that is no `Asked`.
    """
    if isinstance(source, Path) or "://" not in source:
        yield from _from_file(Path(source))
    else:
        yield from _from_store(source)


def _from_store(url: str) -> Iterator[Asked]:
    kind, _, file = url.partition(":///")
    if kind.startswith("sqlite") and not Path(file).is_file():
        raise EventsUnavailable(f"没有事件数据库 {file}；服务启动后才会建立，或检查 KB_EVENTS")
    from kb_service.events.store import EventStore

    store = EventStore(url)
    try:
        yield from store.read()
    finally:
        store.close()


def _from_file(path: Path) -> Iterator[Asked]:
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _event(line, f"{path}:{number}")
    except (OSError, UnicodeDecodeError) as error:
        raise EventsUnavailable(f"读不了事件文件 {path}：{error}") from error


def _event(line: str, place: str) -> Asked:
    try:
        return Asked.model_validate_json(line)
    except ValidationError as error:
        raise ExportBroken(f"{place}  {_defect(error.errors()[0])}") from error


def _defect(error: ErrorDetails) -> str:
    if error["type"] == "json_invalid":
        return f"这一行不是合法的 JSON：{error['msg']}；请重新导出"
    keys = tuple(error["loc"])
    return f"{'.'.join(map(str, keys))}：{explain(error, Asked, keys)}"


def main() -> int:
    """Write every event of this home's store to stdout, one JSON object a line."""
    url = load_settings().events_url
    if url is None:
        print("没有开启事件记录（KB_EVENTS=off）", file=sys.stderr)
        return 1
    for asked in read_events(url):
        print(asked.model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())
