"""What differs between two versions, worked by hand on the small content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.check import checked_content
from ingest.difference_text import difference_text
from ingest.differences import Change, Difference, Field, Shared, compare, difference, read_catalog
from ingest.publish import publish
from ingest.render import render_content
from kb_service.catalog import Catalog
from kb_service.errors import VersionBroken
from kb_service.settings import Settings
from kb_service.versions import read_pointer, versions_dir
from tests.conftest import SMALL

Edit = Callable[[str, str, str], None]


def catalog(root: Path) -> Catalog:
    return Catalog(content=render_content(checked_content(root)), points=())


@pytest.fixture
def edit(content: Path) -> Edit:
    def change(file: str, old: str, new: str) -> None:
        path = content / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    return change


def against_small(content: Path) -> Difference:
    return compare(("old", catalog(SMALL)), ("new", catalog(content)))


def test_a_damaged_catalog_cannot_be_compared(home: Settings, content: Path) -> None:
    version = publish(content, home).version
    with (versions_dir(home.home) / version / "catalog.json").open("a") as file:
        file.write(" ")
    with pytest.raises(VersionBroken, match=f"版本 {version} 的文件 catalog.json 被改动过，不能比较"):
        read_catalog(home.home, version)
    with pytest.raises(VersionBroken, match="不完整"):
        difference(home.home, "20200101T000000-00000000", version)


def test_a_version_is_the_same_as_itself(settings: Settings) -> None:
    version = read_pointer(settings.home)
    found = difference(settings.home, version, version)
    assert found == Difference(old=version, new=version, entries=(), clauses=(), facts=(), shared=(), learned=False)
    assert difference_text(found) == f"{version} → {version}\n没有区别"


def test_a_fact_that_changes_is_shown_once(content: Path, edit: Edit) -> None:
    edit("facts.yaml", "value: 48", "value: 36")
    found = against_small(content)
    (fact,) = found.facts
    assert (fact.id, fact.title) == ("trade.ship_hours", "发货时限")
    assert fact.fields == (Field(path="value", old="48小时", new="36小时"),)
    assert found.stating("trade.ship_hours") == (
        "trade-rules#ship-window@2026-03-01",
        "trade.refund.no-ship",
        "flow.refund.no-ship",
    )
    assert all(not change.fields for change in (*found.entries, *found.clauses))
    assert difference_text(found) == (
        "old → new\n\n事实（修改 1）\n~ trade.ship_hours  发货时限：48小时 → 36小时\n"
        "    写到它的 3 处随之改变：trade-rules#ship-window@2026-03-01、trade.refund.no-ship、flow.refund.no-ship"
    )


def test_a_text_that_was_also_rewritten_is_shown(content: Path, edit: Edit) -> None:
    edit("facts.yaml", "value: 48", "value: 36")
    edit("policy/trade-rules.md", "卖家应当自买家付款起 {{fact", "卖家应当自付款起 {{fact")
    (clause,) = against_small(content).clauses
    assert clause.facts == ()
    assert clause.fields[0].new == "卖家应当自付款起36小时内发货。"


def test_entries_that_come_change_and_go(content: Path, edit: Edit) -> None:
    edit("faq/theft.md", "立即在安全中心点", "马上在安全中心点")
    edit("faq/theft.md", "有人盗了我的号, ", "有人盗了我的号, 我的号半夜自己发广告, ")
    (content / "faq" / "senior-fund.md").unlink()
    found = against_small(content)
    states = [(change.id, change.found) for change in found.entries]
    assert states == [("account.theft.emergency", "changed"), ("account.theft.fund-trace", "removed")]
    text = difference_text(found)
    assert "常见问题（修改 1，删除 1）" in text
    assert "    sections.结论.text：\n      ~ [-立即-]{+马上+}在安全中心点“紧急锁定”…" in text
    assert "    questions：\n      + 我的号半夜自己发广告" in text


def test_shared_files_are_summarised(content: Path) -> None:
    with (content / "lexicon" / "terms.yaml").open("a", encoding="utf-8") as file:
        file.write("- {term: 鱼小铺}\n")
    found = against_small(content)
    assert found.shared == (Shared(name="lexicon.terms", added=("鱼小铺",)),)
    assert difference_text(found) == "old → new\n\nlexicon.terms（+1）\n+ 鱼小铺"


def test_what_readers_do_not_see_is_said_so() -> None:
    found = Difference(old="a", new="b", entries=(), clauses=(), facts=(), shared=(), learned=True)
    assert difference_text(found).endswith(
        "看得见的内容没有变化，只有检索和训练用的说法（phrasings/、emotion_examples.yaml）变了"
    )


def test_lines_with_little_in_common_stand_below_one_another() -> None:
    field = Field(path="title", old="怎么退款？", new="账号被盗")
    change = Change(kind="faq", id="x", title="账号被盗", found="changed", fields=(field,))
    found = Difference(old="a", new="b", entries=(change,), clauses=(), facts=(), shared=(), learned=False)
    assert difference_text(found).splitlines()[-2:] == ["      - 怎么退款？", "      + 账号被盗"]
