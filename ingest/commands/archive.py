"""`kb-content archive`: a closed case becomes the draft of an anonymised case entry."""

from __future__ import annotations

import argparse
from pathlib import Path

from ingest.commands.options import Verbs, content_option


def add(verbs: Verbs) -> None:
    """Add this verb to the command line."""
    verb = verbs.add_parser("archive", help="把结案的案件去掉个人信息，写成案例草稿，等人审核")
    verb.add_argument("case", type=Path, help="结案案件（JSON），样子见 docs/examples/closed-case.json")
    verb.add_argument("--drafts", type=Path, help="草稿目录（默认在内容目录旁边的 drafts）")
    verb.set_defaults(run=_archive)
    content_option(verb)


def _archive(arguments: argparse.Namespace) -> int:
    from ingest.archive.closed import read_case
    from ingest.archive.entry import draft_case, find_archived, source_of
    from kb_service.encoder import load_encoder
    from kb_service.errors import ArchiveRefused, RequestError
    from kb_service.knowledge import open_version
    from kb_service.settings import load_settings
    from kb_service.versions import read_pointer

    closed = read_case(arguments.case)
    drafts = arguments.drafts or arguments.content.parent / "drafts"
    if known := find_archived(source_of(str(closed.case.id)), arguments.content, drafts):
        raise ArchiveRefused(f"没有归档：这个案件已经是 {known}；要重做请先删掉它")
    settings = load_settings()
    knowledge = open_version(settings, read_pointer(settings.home), load_encoder(settings))
    try:
        draft = draft_case(knowledge, closed)
    except RequestError as error:
        raise ArchiveRefused(f"{arguments.case}  {error}") from error
    path = drafts / draft.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(draft.text)
    print(f"已写入 {path}")
    for line in draft.doubts:
        print(f"  请确认：{line}")
    print(
        f"对照原案件改好，填 reviewed_by、reviewed_on，再移到 {arguments.content / 'cases'}/ 下；填写之前谁也查不到它。"
    )
    return 0
