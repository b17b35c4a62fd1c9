"""Skeletons: ids that cannot be are refused; what is made can be read, and the check lists what is left to fill."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.check import check
from ingest.cli import main
from ingest.skeletons import Kind, skeleton, write_skeleton
from kb_service.errors import EditError

TITLE = "退款很慢怎么办？"


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("faq", "Trade.x", "编号“Trade.x”不合格：只用小写字母、数字、点和连字符，最长 80 个字符"),
        ("faq", "trade.refund.no-ship", "编号“trade.refund.no-ship”已经被 content/faq/no-ship.md 用了；请换一个"),
        (
            "faq",
            "trade.refnd.slow",
            "FAQ 的编号要以问题类型开头，再加点和短名（例如 trade.refund.slow）；“trade.refnd.slow”不是，"
            "是不是想写“trade.refund”？",
        ),
        ("policy", "fee.rules", "规则的编号“fee.rules”不能有点；例如 fee-rules"),
        ("template", "refund.slow", "编号“refund.slow”应以“tpl.”开头，例如 tpl.refund.slow"),
        ("flow", "flow", "编号“flow”应以“flow.”开头，例如 flow.flow"),
    ],
)
def test_refused_ids(content: Path, kind: Kind, name: str, message: str) -> None:
    with pytest.raises(EditError) as refused:
        skeleton(content, kind, name, TITLE)
    assert str(refused.value) == message


def test_a_file_is_never_replaced(content: Path) -> None:
    made = skeleton(content, "policy", "fee-rules", TITLE)
    write_skeleton(made)
    with pytest.raises(EditError, match=r"fee-rules\.md 已经存在，没有覆盖；请换一个编号"):
        write_skeleton(made)


@pytest.mark.parametrize(
    ("kind", "name", "path", "left"),
    [
        (
            "faq",
            "trade.refund.slow",
            "faq/refund/slow.md",
            {"sections", "steps", "party", "questions", "owner", "review_by", ""},
        ),
        ("policy", "fee-rules", "policy/fee-rules.md", {"clauses", "issue_types", "owner", "review_by"}),
        (
            "template",
            "tpl.refund.slow",
            "templates/refund/slow.md",
            {"purpose", "stage", "issue_types", "party", "owner", "review_by", ""},
        ),
        (
            "flow",
            "flow.refund.slow",
            "flows/refund/slow.yaml",
            {"issue_types", "party", "summary", "owner", "review_by", "steps", "sla.first_response", "sla.resolve"},
        ),
    ],
)
def test_the_check_lists_what_is_left(content: Path, kind: Kind, name: str, path: str, left: set[str]) -> None:
    made = skeleton(content, kind, name, TITLE)
    assert made.path == content / path
    write_skeleton(made)
    problems = check(content).problems
    assert {problem.file for problem in problems} == {f"content/{path}"}
    assert {problem.rule for problem in problems} <= {"schema", "heading"}
    assert {problem.field for problem in problems} == left


def test_a_new_article_goes_where_its_like_are(content: Path) -> None:
    (content / "faq" / "money").mkdir()
    (content / "faq" / "no-ship.md").rename(content / "faq" / "money" / "no-ship.md")
    assert skeleton(content, "faq", "trade.refund.slow", TITLE).path == content / "faq" / "money" / "slow.md"


def test_the_verb(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "policy", "fee-rules", "--title", "费用规则", "--content", str(content)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"已新建 {content}/policy/fee-rules.md。要填的：\ncontent/policy/fee-rules.md:2  clauses：")
    assert main(["new", "policy", "fee-rules", "--title", "费用规则", "--content", str(content)]) == 1
