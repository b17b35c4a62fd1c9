"""`kb-eval`: what evaluators run. Each verb imports only what it needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval import editors
from kb_service.errors import KnowledgeBaseError

GOLDEN = Path("eval/golden/dev.jsonl")
HISTORY = Path("eval/history.jsonl")


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

    verb = verbs.add_parser("run", help="质量：对已发布的版本跑一个评测集，记一行历史")
    verb.add_argument("--set", type=Path, required=True, help="评测集（JSONL）")
    verb.add_argument("--name", required=True, help="给这次评测起的名字，compare 和 report 用它")
    verb.set_defaults(run=_run)

    verb = verbs.add_parser("compare", help="比较两次评测：先列名次变化的题，再列均值和 p 值")
    verb.add_argument("old")
    verb.add_argument("new")
    verb.set_defaults(run=_compare)

    verb = verbs.add_parser("report", help="写一页自包含的 HTML 报告：趋势、切片、风险-覆盖、可靠性、最差的题")
    verb.add_argument("--name", required=True, help="哪一次评测")
    verb.add_argument("--write", type=Path, default=Path("var/eval/report.html"))
    verb.add_argument("--figure", type=Path, help="另把风险-覆盖曲线写进这个 SVG 文件")
    verb.set_defaults(run=_report)

    verb = verbs.add_parser("peers", help="与同类做法在同一份语料、模型和题目上比较")
    verb.add_argument("--set", type=Path, required=True, help="评测集（JSONL）或 BEIR 目录")
    verb.add_argument("--content", type=Path, default=Path("content"))
    verb.set_defaults(run=_peers)

    verb = verbs.add_parser("ablate", help="每个部件值多少：去掉它再跑同样的题")
    verb.add_argument("--set", type=Path, default=GOLDEN)
    verb.add_argument("--content", type=Path, default=Path("content"))
    verb.set_defaults(run=_ablate)

    verb = verbs.add_parser("assist", help="理解、指引、草稿检查：情绪、事实、隐私、下一步、检查结果")
    verb.add_argument("--split", choices=["dev", "test"], default="dev")
    verb.set_defaults(run=_assist)

    verb = verbs.add_parser("pictures", help="图片：画出并弄坏的截图、面单、订单页里的单号认出多少")
    verb.add_argument("--sheet", type=Path, help="把这些图片拼成一张 PNG 存到这里")
    verb.set_defaults(run=_pictures)

    verb = verbs.add_parser("gate", help="门槛：任何一项低于 conditions.yaml 的容差就失败")
    verb.add_argument("--conditions", type=Path, default=Path("eval/conditions.yaml"))
    verb.add_argument("--full", action="store_true", help="也跑标了 full 的条件")
    verb.set_defaults(run=_gate)

    verb = verbs.add_parser("check", help="检查评测集：引用、划分、切片、是否照抄了问法")
    verb.add_argument("--content", type=Path, default=Path("content"))
    verb.add_argument("sets", type=Path, nargs="*", default=[GOLDEN, Path("eval/golden/test.jsonl")])
    verb.set_defaults(run=_check)

    verb = verbs.add_parser("calibrate", help="在 dev 集上拟合置信度，打印系数与可靠性")
    verb.add_argument("--questions", type=Path, default=GOLDEN)
    verb.set_defaults(run=_calibrate)
    editors.add(verbs)
    return parser


def _bench(arguments: argparse.Namespace) -> int:
    from eval.bench import run_bench

    table = run_bench(arguments.content, arguments.questions)
    print(table)
    if arguments.write:
        arguments.write.write_text(table, encoding="utf-8")
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from eval.run import run_golden, save_run, table
    from ingest.golden import read_golden
    from kb_service.settings import load_settings

    run = run_golden(read_golden(arguments.set), load_settings(), arguments.name, arguments.set)
    save_run(run, HISTORY, load_settings().home / "eval")
    print(table(run))
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from eval.compare import compare
    from eval.run import load_run
    from kb_service.settings import load_settings

    folder = load_settings().home / "eval"
    print(compare(load_run(arguments.old, folder), load_run(arguments.new, folder)))
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from eval.report import report, risk_coverage_figure
    from eval.run import load_run, read_history
    from kb_service.settings import load_settings

    run = load_run(arguments.name, load_settings().home / "eval")
    page = report(run, read_history(HISTORY))
    if arguments.figure:
        arguments.figure.write_text(risk_coverage_figure(run), encoding="utf-8")
    arguments.write.parent.mkdir(parents=True, exist_ok=True)
    arguments.write.write_text(page, encoding="utf-8")
    print(f"已写 {arguments.write}")
    return 0


def _peers(arguments: argparse.Namespace) -> int:
    from eval.peers import compare_peers
    from eval.sets import read_set
    from kb_service.settings import load_settings

    print(compare_peers(arguments.set, read_set(arguments.set), load_settings(), arguments.content))
    return 0


def _ablate(arguments: argparse.Namespace) -> int:
    from eval.ablate import ablate
    from ingest.golden import read_golden
    from kb_service.settings import load_settings

    print(ablate(read_golden(arguments.set), load_settings(), arguments.content))
    return 0


def _assist(arguments: argparse.Namespace) -> int:
    from eval.assist import assist_table, evaluate_assist
    from kb_service.settings import load_settings

    print(assist_table(evaluate_assist(arguments.split, load_settings())))
    return 0


def _pictures(arguments: argparse.Namespace) -> int:
    from eval.pictures import evaluate_pictures
    from ingest.check import checked_content

    lexicon = checked_content(Path("content")).lexicon
    print(evaluate_pictures(lexicon, sheet=arguments.sheet).table())
    return 0


def _gate(arguments: argparse.Namespace) -> int:
    from eval.gate import gate
    from ingest.conditions import read_conditions
    from kb_service.settings import load_settings

    passed, table = gate(read_conditions(arguments.conditions), load_settings(), arguments.full)
    print(table)
    return 0 if passed else 1


def _check(arguments: argparse.Namespace) -> int:
    from eval.golden import check_sets

    found = check_sets(arguments.sets, arguments.content)
    print("\n".join(found) or "检查通过")
    return 1 if found else 0


def _calibrate(arguments: argparse.Namespace) -> int:
    from eval.calibrate import calibrate

    print(calibrate(arguments.questions))
    return 0
