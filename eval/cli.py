"""`kb-eval`: what evaluators run. Each verb imports only what it needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kb_service.errors import KnowledgeBaseError

GOLDEN = Path("eval/golden/dev.jsonl")


def main(argv: list[str] | None = None) -> int:
    """Run one verb. Exit status: 0 done, 1 it failed, 2 wrong usage."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except KnowledgeBaseError as error:
        print(f"错误：{error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kb-eval", description="知识库评测：速度、质量、置信度")
    verbs = parser.add_subparsers(required=True, metavar="命令")

    verb = verbs.add_parser("bench", help="速度：编码、建议接口、教程做法、发布、启动、内存")
    verb.add_argument("--content", type=Path, default=Path("content"))
    verb.add_argument("--questions", type=Path, default=GOLDEN, help="JSONL，取其中的 text")
    verb.add_argument("--write", type=Path, help="把结果表写进这个 Markdown 文件")
    verb.set_defaults(run=_bench)

    verb = verbs.add_parser("calibrate", help="在 dev 集上拟合置信度，打印系数与可靠性")
    verb.add_argument("--questions", type=Path, default=GOLDEN)
    verb.set_defaults(run=_calibrate)
    return parser


def _bench(arguments: argparse.Namespace) -> int:
    from eval.bench import run_bench

    table = run_bench(arguments.content, arguments.questions)
    print(table)
    if arguments.write:
        arguments.write.write_text(table, encoding="utf-8")
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    from eval.calibrate import calibrate

    print(calibrate(arguments.questions))
    return 0
