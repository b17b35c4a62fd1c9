"""Lay questions on statutes: the reading of sets and laws, and the whole of it where the laws lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.statutes import StatuteResult, evaluate_statutes, imported
from ingest.check import check
from kb_service.errors import KnowledgeBaseError
from kb_service.settings import Settings
from tests.conftest import ROOT

LAWS = ROOT.parent / "shared" / "laws"
DEV = ROOT / "eval" / "golden" / "statutes_dev.jsonl"


def test_a_folder_without_statutes_is_no_zero(tmp_path: Path, home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (tmp_path / "a.md").write_text("# 没有条文\n", "utf-8")
    with pytest.raises(KnowledgeBaseError, match="里没有法规（第一条、第二条……的 Markdown）；请用 --laws 指定目录"):
        evaluate_statutes(DEV, tmp_path, home)


def test_the_report() -> None:
    result = StatuteResult(2, 3, {"只在法规里": (0.5, 1.0, 1.0)}, (("s1", "问？", "a#1"),))
    assert str(result) == (
        "2 个问题，3 条法条\n\n| 在哪里找 | hit@1 | hit@3 | hit@10 |\n|---|---|---|---|\n"
        "| 只在法规里 | 0.500 | 1.000 | 1.000 |\n\n"
        "没有排进规则前三的 1 个：\n- s1 问？ → a#1"
    )


@pytest.mark.skipif(not LAWS.is_dir(), reason="the statutes lie beside the project, not in it: ../shared/laws")
def test_the_real_statutes_are_read_whole_and_pass_the_check(content: Path) -> None:
    statutes = dict(imported(LAWS, content))
    loaded = check(content)
    assert loaded.problems == []
    counts = {policy.title: len(policy.clauses) for policy in loaded.policies if policy.id in statutes.values()}
    assert counts == {
        "个人信息保护法": 74,
        "产品质量法": 74,
        "侵害消费者权益行为处罚办法": 22,
        "反电信网络诈骗法": 50,
        "快递暂行条例": 48,
        "消费者权益保护法": 63,
        "电子商务法": 89,
    }
    for policy in loaded.policies:
        if policy.id in statutes.values():
            assert [clause.id for clause in policy.clauses] == [str(n) for n in range(1, len(policy.clauses) + 1)]
