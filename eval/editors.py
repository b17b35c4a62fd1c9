"""The verbs of `kb-eval` that measure the editors' tools."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

SETS = Path("eval/golden")
SEED = 20261123


def add(verbs: Any) -> None:
    """Add these verbs to the command line (`verbs` is what argparse's add_subparsers returns)."""
    verb = verbs.add_parser("defects", help="编辑常犯的错：检查能否在正确的行指出，干净内容上有没有误报")
    verb.add_argument("--set", type=Path, default=SETS / "content_defects_test.yaml")
    verb.add_argument("--rule", help="只算这一条规则的发现，例如 contradiction")
    verb.add_argument("--content", type=Path, default=Path("content"))
    verb.set_defaults(run=_defects)

    verb = verbs.add_parser("gaps", help="缺口：从混合的事件里找出知识库没有覆盖的问题")
    verb.add_argument("--set", type=Path, default=SETS / "gaps_test.jsonl")
    verb.set_defaults(run=_gaps)

    verb = verbs.add_parser("statutes", help="导入的法规：大白话能不能问到对应的条")
    verb.add_argument("--set", type=Path, default=SETS / "statutes_test.jsonl")
    verb.add_argument("--laws", type=Path, default=Path("../shared/laws"), help="法规所在的目录（Markdown）")
    verb.set_defaults(run=_statutes)

    verb = verbs.add_parser("fuzz", help="弄坏的内容文件：不许崩溃，不许改动已发布的版本")
    verb.add_argument("--files", type=int, default=3000)
    verb.add_argument("--seed", type=int, default=SEED)
    verb.set_defaults(run=_fuzz)

    verb = verbs.add_parser("interrupt", help="发布途中随机 kill -9：服务不答错、不中断")
    verb.add_argument("--times", type=int, default=100)
    verb.add_argument("--seed", type=int, default=SEED)
    verb.set_defaults(run=_interrupt)


def _defects(arguments: argparse.Namespace) -> int:
    from eval.defects import evaluate_defects

    print(evaluate_defects(arguments.set, arguments.content, arguments.rule))
    return 0


def _gaps(arguments: argparse.Namespace) -> int:
    from eval.gaps import evaluate_gaps
    from kb_service.settings import load_settings

    print(evaluate_gaps(arguments.set, load_settings()))
    return 0


def _statutes(arguments: argparse.Namespace) -> int:
    from eval.statutes import evaluate_statutes
    from kb_service.settings import load_settings

    print(evaluate_statutes(arguments.set, arguments.laws, load_settings()))
    return 0


def _fuzz(arguments: argparse.Namespace) -> int:
    from eval.fuzz import fuzz

    print(fuzz(arguments.files, arguments.seed))
    return 0


def _interrupt(arguments: argparse.Namespace) -> int:
    from eval.interruptions import interrupt

    print(interrupt(arguments.times, arguments.seed))
    return 0
