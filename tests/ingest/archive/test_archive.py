"""A closed case becomes a draft that nobody can be told from, and is refused where somebody could be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.archive.closed import ClosedCase, read_case
from ingest.archive.entry import draft_case, find_archived, source_of
from ingest.check import check
from ingest.cli import main
from kb_service.errors import ArchiveRefused
from kb_service.knowledge import Knowledge
from kb_service.settings import Settings
from tests.conftest import ROOT

CASE: dict[str, Any] = {
    "messages": [
        {
            "role": "customer",
            "text": "三天了卖家还没发货，花了1,258元，订单2026100212345678，我要退款，电话13812348000",
        },
        {"role": "agent", "text": "我先替您催一下卖家。"},
        {"role": "customer", "text": "陈晓雨的收件地址别告诉他，@老周的相机铺 说没货了"},
    ],
    "case": {
        "id": "T-20261009-0412",
        "party": "buyer",
        "issue_type": "trade.refund",
        "product_category": "digital.camera",
        "order_time": "2026-02-10T20:15:00+08:00",
        "slots": {"order_id": "2026100212345678", "refund_amount": "1258元"},
        "steps_done": [{"id": "guide", "operator": "0721", "at": "2026-02-13T09:31:00+08:00", "reason": "没有揽收"}],
    },
    "people": {"buyer": ["陈晓雨"], "seller": ["老周的相机铺"]},
    "done": "1. 核对发货记录，老周的相机铺没有发货\n2. 引导陈晓雨申请退款",
    "result": "1258元已退回",
    "outcome": "granted",
    "csat": 5,
    "closed_at": "2026-02-15T16:20:00+08:00",
}


def closed(**values: Any) -> ClosedCase:
    return ClosedCase.model_validate(CASE | values)


def written(tmp_path: Path, **values: Any) -> Path:
    path = tmp_path / "case.json"
    path.write_text(json.dumps(CASE | values, ensure_ascii=False), "utf-8")
    return path


# ── refusals


def test_every_defect_of_the_file_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, outcome="won", csat=9, reslt="")
    with pytest.raises(ArchiveRefused) as refused:
        read_case(path)
    lines = str(refused.value).splitlines()
    assert lines[0] == "没有归档，案件文件有 3 处问题："
    assert [line.partition("：")[0] for line in lines[1:]] == [
        f"{path}  {field}" for field in ("outcome", "csat", "reslt")
    ]


def test_a_case_needs_its_number(tmp_path: Path) -> None:
    path = written(tmp_path, case={"party": "buyer"})
    with pytest.raises(ArchiveRefused, match=r"缺少 case\.id"):
        read_case(path)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_bytes("案件".encode("gbk"))
    with pytest.raises(ArchiveRefused, match="不是 UTF-8 的 JSON"):
        read_case(path)
    with pytest.raises(ArchiveRefused, match="没有文件"):
        read_case(tmp_path / "none.json")


def test_times_that_cannot_be_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, closed_at="2026-02-01T00:00:00+08:00")
    with pytest.raises(ArchiveRefused, match="晚于结案时间 closed_at；请核对"):
        read_case(path)


def test_nothing_is_written_where_a_name_remains(knowledge: Knowledge) -> None:
    # The nickname is a word of a heading that the service itself writes.
    with pytest.raises(ArchiveRefused) as refused:
        draft_case(knowledge, closed(people={"seller": ["来询"]}))
    assert str(refused.value).splitlines() == [
        "没有归档，去掉个人信息之后还有；请在案件文件里改掉这几处再试：",
        "还留着案件里 people.seller.0 的值",
    ]


# ── the draft


def test_the_draft_tells_the_case_and_nobody(knowledge: Knowledge) -> None:
    text = draft_case(knowledge, closed()).text
    for private in ("2026100212345678", "13812348000", "1258", "1,258", "晓雨", "老周", "0721", "T-2026", "2026-02-1"):
        assert private not in text
    head, _, body = text.removeprefix("---\n").partition("\n---\n")
    assert (
        "outcome: granted\ncsat: 5\nordered: 2026-02\nclosed: 2026-02\npolicy_refs: [trade-rules#ship-window]" in head
    )
    assert "reviewed_by:\nreviewed_on:\n# 请确认：" in head
    assert "- 退款金额：约1,300元" in body
    assert "订单【订单号】，我要退款，电话【电话】 买家的收件地址别告诉他，卖家 说没货了" in body
    assert "- 核对发货记录，卖家没有发货\n- 引导买家申请退款" in body
    assert "## 结果\n- 满足诉求\n- 约1,300元已退回\n- 客户评分：5（满分5）" in body
    assert "- {{clause:trade-rules#ship-window}} 发货时限（下单时的旧文，后来改过）" in body
    assert body.rstrip().endswith("## 可借鉴之处")


def test_the_source_is_in_letters_only_and_stable() -> None:
    assert source_of("T-20261123-0001") == source_of(" T-20261123-0001 ")
    assert source_of("T-20261123-0001").removeprefix("case-").isalpha()
    assert source_of("T-20261123-0002") != source_of("T-20261123-0001")


def test_the_command_writes_once(
    settings: Settings, content: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setenv("KB_HOME", str(settings.home))
    path = written(tmp_path)
    assert main(["archive", str(path), "--content", str(content)]) == 0
    found = find_archived(source_of("T-20261009-0412"), content.parent / "drafts")
    assert found is not None
    assert capsys.readouterr().out.startswith(f"已写入 {found}\n")
    assert main(["archive", str(path), "--content", str(content)]) == 1
    assert capsys.readouterr().err == f"错误：没有归档：这个案件已经是 {found}；要重做请先删掉它\n"


def test_a_draft_is_checked_but_kept_back_until_it_is_reviewed(knowledge: Knowledge, content: Path) -> None:
    draft = draft_case(knowledge, closed())
    path = content / draft.path
    path.parent.mkdir(parents=True)
    path.write_text(draft.text, "utf-8")
    assert {problem.rule for problem in check(content).problems} == {"heading", "case-review"}
    head = [line for line in draft.text.splitlines() if not line.startswith("#") or line.startswith("##")]
    reviewed = (
        "\n".join(head).replace("reviewed_by:", "reviewed_by: 张").replace("reviewed_on:", "reviewed_on: 2026-03-01")
    )
    path.write_text(reviewed + "\n先要聊天记录。\n", "utf-8")
    assert check(content).problems == []


def test_the_example_of_the_documentation_is_a_case() -> None:
    assert read_case(ROOT / "docs" / "examples" / "closed-case.json").outcome == "granted"
