"""`kb-content check` and `stats`: what is wrong, and how much there is."""

from __future__ import annotations

import argparse
from pathlib import Path

from ingest.commands.options import Verbs, content_option


def add(verbs: Verbs) -> None:
    """Add these verbs to the command line."""
    verb = verbs.add_parser("check", help="检查内容，一次列出全部问题")
    verb.add_argument(
        "--format",
        choices=("text", "json", "github", "sarif"),
        default="text",
        help="给人看的文字（默认），或给程序用的 json、github、sarif",
    )
    verb.add_argument("--drafts", type=Path, help="把这个草稿目录当作已在内容里，一起检查（kb-content import 写的）")
    verb.set_defaults(run=_check)
    content_option(verb)

    verb = verbs.add_parser("stats", help="按问题类型统计内容，列出缺口")
    verb.set_defaults(run=_stats)
    content_option(verb)


def _check(arguments: argparse.Namespace) -> int:
    from ingest.check import check
    from ingest.findings import written
    from ingest.rules.registry import refusing

    if arguments.drafts is not None:
        return _check_drafts(arguments)
    loaded = check(arguments.content)
    if loaded.problems or arguments.format != "text":
        print(written(loaded.problems, arguments.format))
    if refusing(loaded.problems):
        return 1
    if arguments.format == "text":
        content = loaded.content()
        questions = sum(len(faq.questions) for faq in content.faqs)
        clauses = sum(len(policy.clauses) for policy in content.policies)
        print(
            f"检查通过：常见问题 {len(content.faqs)} 篇（问法 {questions} 条）、规则 {len(content.policies)} 部"
            f"（条款 {clauses} 条）、模板 {len(content.templates)} 个、流程 {len(content.flows)} 个、"
            f"事实 {len(content.facts)} 条。"
        )
    return 0


def _check_drafts(arguments: argparse.Namespace) -> int:
    from ingest.findings import written
    from ingest.importing.overlay import check_with_drafts
    from ingest.rules.registry import refusing

    problems = check_with_drafts(arguments.content, arguments.drafts)
    if problems or arguments.format != "text":
        print(written(problems, arguments.format))
    elif not problems:
        print(f"检查通过：{arguments.drafts}/ 里的草稿可以移进 {arguments.content}/ 了。")
    return 1 if refusing(problems) else 0


def _stats(arguments: argparse.Namespace) -> int:
    from ingest.load import load
    from ingest.stats import report

    print(report(load(arguments.content).content()))
    return 0
