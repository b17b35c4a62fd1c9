"""`kb-content impact`: what a change does before it is merged."""

from __future__ import annotations

import argparse
from pathlib import Path

from ingest.commands.options import Verbs, content_option

GOLDEN = (Path("eval/golden/dev.jsonl"), Path("eval/golden/test.jsonl"))
CONDITIONS = Path("eval/conditions.yaml")


def add(verbs: Verbs) -> None:
    """Add this verb to the command line."""
    verb = verbs.add_parser("impact", help="合并之前：这次改动牵连什么、抢走谁的第一、质量升降")
    verb.add_argument("--base", default="HEAD", help="与哪个 git 版本比较（默认 HEAD，即还没提交的改动）")
    verb.add_argument(
        "--golden", type=Path, nargs="*", default=[path for path in GOLDEN if path.is_file()], help="评测集（JSONL）"
    )
    verb.add_argument("--conditions", type=Path, default=CONDITIONS, help=f"质量门槛（默认 {CONDITIONS}）")
    verb.add_argument("--output", type=Path, help="把 Markdown 写进文件，而不是打印")
    verb.set_defaults(run=_impact)
    content_option(verb)


def _impact(arguments: argparse.Namespace) -> int:
    from ingest.conditions import read_conditions
    from ingest.golden import read_golden
    from ingest.impact.assess import assess, content_at
    from ingest.impact.report import report
    from kb_service.settings import load_settings

    sets = {path.as_posix(): read_golden(path) for path in arguments.golden}
    conditions = read_conditions(arguments.conditions) if arguments.conditions.is_file() else []
    with content_at(arguments.content, arguments.base) as base:
        impact = assess(arguments.content, base, sets, conditions, load_settings())
    text = report(impact, arguments.base)
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")
        print(f"已写入 {arguments.output}")
    else:
        print(text)
    return 0 if impact.passes else 1
