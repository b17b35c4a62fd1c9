"""`kb-content gaps`: what customers ask and the content does not answer."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.commands.options import Verbs, content_option

if TYPE_CHECKING:
    from kb_service.knowledge import Knowledge

TOP = 20


def add(verbs: Verbs) -> None:
    """Add these verbs to the command line."""
    verb = verbs.add_parser("gaps", help="从没答好的提问里找缺口，起草文章和评测题；补上后用 --replay 复测")
    verb.add_argument("--events", help="事件数据库的 URL，或导出的 JSONL；不写则用 KB_EVENTS")
    verb.add_argument("--drafts", type=Path, default=Path("drafts"), help="草稿目录（默认 drafts）；不会发布")
    verb.add_argument("--top", type=_positive, default=TOP, help=f"列出并起草最重要的几个（默认 {TOP}）")
    verb.add_argument("--replay", action="store_true", help="用已发布的版本复测起草过的缺口，答得上才算关闭")
    content_option(verb)
    verb.set_defaults(run=_gaps)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("至少是 1")
    return number


def _gaps(arguments: argparse.Namespace) -> int:
    from kb_service.encoder import load_encoder
    from kb_service.errors import EventsUnavailable
    from kb_service.knowledge import open_version
    from kb_service.settings import load_settings
    from kb_service.versions import read_pointer

    settings = load_settings()
    knowledge = open_version(settings, read_pointer(settings.home), load_encoder(settings))
    if arguments.replay:
        return _replay(arguments.drafts, knowledge)
    from ingest.gaps.run import run
    from ingest.load import load
    from kb_service.events.export import read_events

    source = arguments.events or settings.events_url
    if source is None:
        raise EventsUnavailable("没有开启事件记录（KB_EVENTS=off）；用 --events 指定导出的 JSONL")
    content = load(arguments.content).content()
    print(run(read_events(source), knowledge, settings, content, arguments.drafts, arguments.top))
    return 0


def _replay(drafts: Path, knowledge: Knowledge) -> int:
    from ingest.gaps.memory import read_memory, write_memory
    from ingest.gaps.replay import replay
    from ingest.gaps.report import replay_text

    memory = replay(read_memory(drafts), knowledge, drafts)
    if memory.gaps:
        write_memory(memory, drafts)
    print(replay_text(memory))
    return 0
