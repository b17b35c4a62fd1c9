"""`kb-content publish`, `versions`, `rollback`, `log` and `diff`: what serves, what served before, who changed it."""

from __future__ import annotations

import argparse
import sys

from ingest.commands.options import Verbs, content_option


def add(verbs: Verbs) -> None:
    """Add these verbs to the command line."""
    verb = verbs.add_parser("publish", help="检查、构建、校验并发布；内容没变时什么也不做")
    verb.set_defaults(run=_publish)
    content_option(verb)

    verb = verbs.add_parser("versions", help="列出保留的版本")
    verb.set_defaults(run=_versions)

    verb = verbs.add_parser("rollback", help="回到上一个版本，或指定的版本")
    verb.add_argument("version", nargs="?", help="版本号；不写则回到当前版本之前的一个")
    verb.set_defaults(run=_rollback)

    verb = verbs.add_parser("log", help="谁在什么时候发布或回滚了什么，最近的在前")
    verb.add_argument("--json", action="store_true", help="每行一条 JSON，带全部编号")
    verb.set_defaults(run=_log)

    verb = verbs.add_parser("diff", help="两个已发布版本之间改了什么")
    verb.add_argument("old", nargs="?", help="旧版本号；不写则为当前版本之前的一个")
    verb.add_argument("new", nargs="?", help="新版本号；不写则为当前版本")
    verb.add_argument("--json", action="store_true", help="输出 JSON")
    verb.set_defaults(run=_diff)


def _publish(arguments: argparse.Namespace) -> int:
    from ingest.publish import publish
    from kb_service.settings import load_settings

    done = publish(arguments.content, load_settings())
    words = {"built": "已发布", "unchanged": "内容没有变化，仍是", "reactivated": "内容与保留的版本相同，已切换到"}
    print(f"{words[done.action]}版本 {done.version}")
    return 0


def _versions(arguments: argparse.Namespace) -> int:
    from kb_service.errors import VersionError
    from kb_service.settings import load_settings
    from kb_service.versions import list_versions, read_pointer

    home = load_settings().home
    try:
        current = read_pointer(home)
    except VersionError as error:
        current = ""
        print(error, file=sys.stderr)
    for manifest in list_versions(home):
        mark = "*" if manifest.id == current else " "
        counts = manifest.counts
        print(
            f"{mark} {manifest.id}  内容 {manifest.content_commit or '—'}  模型 {manifest.encoder}  "
            f"常见问题 {counts.faqs}  条款 {counts.clauses}  模板 {counts.templates}  检索点 {counts.points}"
        )
    return 0


def _rollback(arguments: argparse.Namespace) -> int:
    from ingest.publish import rollback
    from kb_service.settings import load_settings

    print(f"已回滚到版本 {rollback(load_settings(), arguments.version).id}")
    return 0


def _log(arguments: argparse.Namespace) -> int:
    from ingest.difference_text import publication_text
    from ingest.publications import read_publications
    from kb_service.settings import load_settings

    found = read_publications(load_settings().home)
    for n, entry in enumerate(reversed(found.entries)):
        print(entry.model_dump_json() if arguments.json else publication_text(entry, current=n == 0))
    if found.unreadable:
        lines = "、".join(map(str, found.unreadable))
        print(f"publications.jsonl 第 {lines} 行读不了（多半是断电时没写完），已略过", file=sys.stderr)
    if not found.entries:
        print("还没有记录；发布或回滚之后这里才有内容", file=sys.stderr)
    return 0


def _diff(arguments: argparse.Namespace) -> int:
    from ingest.difference_text import difference_text
    from ingest.differences import difference
    from ingest.publish import kept_version, version_before
    from kb_service.settings import load_settings
    from kb_service.versions import read_pointer

    home = load_settings().home
    new = kept_version(home, arguments.new) if arguments.new else read_pointer(home)
    old = kept_version(home, arguments.old) if arguments.old else version_before(home)
    found = difference(home, old, new)
    print(found.model_dump_json(indent=2) if arguments.json else difference_text(found))
    return 0
