"""Amending a clause: refusals first; then the old wording is closed, the new one opened, and no other byte changes."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest

from ingest.amend import amend, write_amendment
from ingest.check import check
from ingest.cli import main
from kb_service.errors import ContentError, EditError

START = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("reference", "start", "text", "message"),
    [
        (
            "trade-rules",
            START,
            None,
            "条款要写成“规则编号#条款短名”，例如 refund-rules#seller-response；实际是“trade-rules”",
        ),
        ("trade-rule#arrival", START, None, "没有规则“trade-rule”；是不是想写“trade-rules”？"),
        ("trade-rules#arival", START, None, "《交易规则》没有条款“arival”；是不是想写“arrival”？"),
        (
            "trade-rules#ship-window",
            date(2025, 6, 1),
            None,
            "2025-06-01 落在已经关闭的旧文里（到 2026-03-01 为止），不能改写历史；日期要晚于 2026-03-01",
        ),
        (
            "trade-rules#ship-window",
            date(2026, 3, 1),
            None,
            "2026-03-01 不晚于现有条文的生效日 2026-03-01；日期要再晚一些，还没有生效的条文直接改原文就行",
        ),
        ("trade-rules#arrival", START, " \n", "新条文不能是空的，也不能含有标题（#、##、###）；只写条标题下面的正文"),
        (
            "trade-rules#arrival",
            START,
            "甲\n### 第3条 乙",
            "新条文不能是空的，也不能含有标题（#、##、###）；只写条标题下面的正文",
        ),
    ],
)
def test_refusals(content: Path, reference: str, start: date, text: str | None, message: str) -> None:
    with pytest.raises(EditError) as refused:
        amend(content, reference, start, text)
    assert str(refused.value) == message


def test_malformed_content_is_mended_first(content: Path) -> None:
    path = content / "policy" / "trade-rules.md"
    path.write_text(path.read_text("utf-8").replace("party", "x").replace("audience: public", "audience: all"), "utf-8")
    with pytest.raises(ContentError, match="audience"):
        amend(content, "trade-rules#arrival", START)


def test_a_new_wording_that_the_check_objects_to_is_not_written(content: Path) -> None:
    with pytest.raises(ContentError) as refused:
        amend(content, "trade-rules#arrival", START, "{{fact:no.such}} 到账。")
    assert [(problem.line, problem.rule) for problem in refused.value.problems] == [(19, "placeholder")]


def test_facts_are_written_out_in_the_old_wording(content: Path) -> None:
    path = content / "policy" / "trade-rules.md"
    before = path.read_text("utf-8")
    amendment = amend(
        content, "trade-rules#ship-window", START, "卖家应当自买家付款起 {{fact:trade.ship_hours}} 内揽收。\n"
    )
    assert path.read_text("utf-8") == before  # nothing is written yet
    assert amendment.data.decode() == before.replace(
        "### 第1条 发货时限 {#ship-window valid_from=2026-03-01}\n"
        "卖家应当自买家付款起 {{fact:trade.ship_hours}} 内发货。\n",
        "### 第1条 发货时限 {#ship-window valid_from=2026-12-01}\n"
        "卖家应当自买家付款起 {{fact:trade.ship_hours}} 内揽收。\n\n"
        "### 第1条 发货时限 {#ship-window valid_from=2026-03-01 valid_until=2026-12-01}\n"
        "卖家应当自买家付款起 48小时 内发货。\n",
    )
    assert (amendment.line, amendment.written_out) == (11, ("trade.ship_hours",))
    assert amendment.dependents == ("faq:trade.refund.no-ship", "flow:flow.refund.no-ship", "fact:trade.ship_hours")
    write_amendment(amendment)
    assert check(content).problems == []


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_other_bytes_stay_and_needless_waivers_go(content: Path, ending: str) -> None:
    path = content / "policy" / "trade-rules.md"
    before = path.read_bytes().rstrip(b"\n").replace(b"\n", ending.encode())
    path.write_bytes(before)
    write_amendment(amend(content, "trade-rules#arrival", START, "退款退回银行卡的，次日到账。"))
    head, _, _ = before.partition("### 第2条".encode())
    assert (
        path.read_bytes()
        == head
        + ending.join(
            [
                "### 第2条 到账时间 {#arrival valid_from=2026-12-01}",
                "退款退回银行卡的，次日到账。",
                "",
                "### 第2条 到账时间 {#arrival valid_until=2026-12-01}",
                "退款退回银行卡的，五个工作日内到账。",
            ]
        ).encode()
    )
    assert check(content).problems == []


def test_amended_twice_three_wordings_stand(content: Path) -> None:
    for start in (START, date(2027, 6, 1)):
        write_amendment(amend(content, "trade-rules#arrival", start, f"{start.year} 年的条文。"))
    loaded = check(content)
    windows = [(c.valid_from, c.valid_until) for c in loaded.policies[0].clauses if c.id == "arrival"]
    assert [[str(moment)[:10] for moment in window] for window in windows] == [
        ["2027-06-01", "None"],
        ["2026-12-01", "2027-06-01"],
        ["2025-03-01", "2026-12-01"],
    ]


def test_the_verb(content: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("次日到账。\n"))
    verb = ["amend", "trade-rules#arrival", "--from", "2026-12-01", "--text", "-", "--content", str(content)]
    assert main(verb) == 0
    assert capsys.readouterr().out == (
        f"{content}/policy/trade-rules.md:18  新文从 2026-12-01 起生效，旧文同时失效。\n"
        "与这一条有关的 1 处，请看说法还对不对：\n  faq:trade.refund.bank-arrival\n"
    )
