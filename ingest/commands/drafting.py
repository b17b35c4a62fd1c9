"""`kb-content import`, `new` and `amend`: how entries begin, and how a clause gets a new wording."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from ingest.commands.options import Verbs, content_option

MOST_SHOWN = 60  # problems of drafts; `kb-content check --drafts` lists all


def add(verbs: Verbs) -> None:
    """Add these verbs to the command line."""
    verb = verbs.add_parser("import", help="把外来的 Markdown、网页、表格、Word 变成草稿")
    verb.add_argument("paths", nargs="+", type=Path, metavar="文件或目录", help=".md .txt .html .csv .xlsx .docx")
    verb.add_argument("--into", type=Path, default=Path("drafts"), help="草稿目录（默认 drafts），不会被发布")
    verb.add_argument("--kind", choices=("faq", "policy"), help="不写则自动认：按条编号的是规则，其余是常见问题")
    verb.add_argument("--issue-type", help="全部草稿的问题类型，例如 trade.refund")
    verb.add_argument("--owner", help="全部草稿的负责团队")
    verb.add_argument("--review-by", type=_day, help="全部草稿的复核日期，例如 2027-03-31")
    verb.set_defaults(run=_import)
    content_option(verb)

    verb = verbs.add_parser("new", help="新建一篇：写好格式和提示，只差内容")
    verb.add_argument("kind", choices=("faq", "policy", "template", "flow"))
    verb.add_argument(
        "id", help="编号，例如 trade.refund.seller-no-ship、tpl.refund.guide、flow.refund.slow、refund-rules"
    )
    verb.add_argument("--title", required=True, help="标题")
    verb.set_defaults(run=_new)
    content_option(verb)

    verb = verbs.add_parser("amend", help="修订一条规则：旧文到那天失效，新文从那天生效")
    verb.add_argument("clause", help="条款，例如 refund-rules#seller-response")
    verb.add_argument("--from", dest="start", type=_day, required=True, help="新文从哪天（北京时间零点）起生效")
    verb.add_argument("--text", help="新条文所在的文件，- 表示从标准输入读；不写则先照抄旧文")
    verb.set_defaults(run=_amend)
    content_option(verb)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"日期要写成 2026-12-01 这样，实际是 {text}") from None


def _import(arguments: argparse.Namespace) -> int:
    from ingest.findings import written
    from ingest.importing.drafts import Known
    from ingest.importing.importer import import_files
    from ingest.importing.overlay import check_with_drafts

    known = Known(arguments.issue_type, arguments.owner, arguments.review_by)
    done = import_files(arguments.paths, arguments.content, arguments.into, known, arguments.kind)
    refused = [read.refused for read in done if read.refused]
    drafts = [draft for read in done for draft in read.drafts]
    for read in done:
        if not read.refused:
            left_out = f"；没有带过来：{'、'.join(read.left_out)}" if read.left_out else ""
            print(f"{read.file}：{len(read.drafts)} 篇草稿{left_out}")
    for message in refused:
        print(f"没有导入：{message}", file=sys.stderr)
    if drafts:
        own = {f"{arguments.into}/{draft.path}" for draft in drafts}
        left = [problem for problem in check_with_drafts(arguments.content, arguments.into) if problem.file in own]
        print(f"\n写在 {arguments.into}/ 下，共 {len(drafts)} 篇。还要做的有 {len(left)} 处：")
        print(written(left[:MOST_SHOWN], "text").split("\n\n共 ")[0] if left else "（没有）")
        if len(left) > MOST_SHOWN:
            print(f"……其余 {len(left) - MOST_SHOWN} 处用 kb-content check --drafts {arguments.into} 查看")
        example = drafts[0].path
        print(f"\n改好一篇就移进内容目录，例如：git mv {arguments.into}/{example} {arguments.content}/{example}")
    return 1 if refused else 0


def _new(arguments: argparse.Namespace) -> int:
    from ingest.check import check
    from ingest.findings import written
    from ingest.skeletons import skeleton, write_skeleton

    made = skeleton(arguments.content, arguments.kind, arguments.id, arguments.title)
    write_skeleton(made)
    file = f"{arguments.content.name}/{made.path.relative_to(arguments.content).as_posix()}"
    left = [problem for problem in check(arguments.content).problems if problem.file == file]
    print(f"已新建 {made.path}。要填的：\n{written(left, 'text').split(chr(10) * 2 + '共 ')[0]}")
    return 0


def _amend(arguments: argparse.Namespace) -> int:
    from ingest.amend import amend, write_amendment

    amendment = amend(arguments.content, arguments.clause, arguments.start, _text(arguments.text))
    write_amendment(amendment)
    print(f"{amendment.path}:{amendment.line}  新文从 {arguments.start} 起生效，旧文同时失效。")
    if arguments.text is None:
        print("新文现在与旧文相同，请在上面这一行往下改。")
    if amendment.written_out:
        print(f"旧文里的事实已写成当时的数字：{'、'.join(amendment.written_out)}。")
    if amendment.dependents:
        print(f"与这一条有关的 {len(amendment.dependents)} 处，请看说法还对不对：")
        print("\n".join(f"  {name}" for name in amendment.dependents))
    else:
        print("没有别的内容引用这一条。")
    return 0


def _text(source: str | None) -> str | None:
    """The new wording from a file or standard input. Raises EditError."""
    from kb_service.errors import EditError

    if source is None:
        return None
    try:
        return sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except OSError as error:
        raise EditError(f"读不了 {source}：{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise EditError(f"{source} 不是 UTF-8 编码；请另存为 UTF-8") from error
