"""What has a window of time comes and goes at its minute, in one published version, without another publish."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ingest.publish import publish
from kb_service.article import article
from kb_service.contract import SuggestRequest, SuggestResponse
from kb_service.encoder import Encoder
from kb_service.errors import EntryNotFound
from kb_service.knowledge import Knowledge, open_version
from kb_service.records import CHINA
from kb_service.suggest import suggest
from tests.conftest import SMALL, make_settings

MINUTE = datetime(2027, 1, 15, 10, 30, tzinfo=CHINA)
BEFORE, AFTER = MINUTE - timedelta(seconds=1), MINUTE
Ask = Callable[[str, datetime], SuggestResponse]


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Knowledge:
    """The small content: an article and a template that end at the minute, a clause and a flow that begin at it."""
    content = Path(shutil.copytree(SMALL, tmp_path_factory.mktemp("scheduled") / "content"))

    def edit(file: str, old: str, new: str) -> None:
        path = content / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")

    stamp = "2027-01-15T10:30"
    edit("faq/theft.md", "owner: account-team", f"owner: account-team\nvalid_until: {stamp}")
    edit("templates/no-ship.md", "owner: trade-team", f"owner: trade-team\nvalid_until: {stamp}")
    edit("flows/no-ship.yaml", "owner: trade-team", f"owner: trade-team\nvalid_from: {stamp}")
    edit(
        "policy/trade-rules.md", "### 第2条 到账时间 {#arrival}", f"### 第2条 到账时间 {{#arrival valid_until={stamp}}}"
    )
    with (content / "policy" / "trade-rules.md").open("a", encoding="utf-8") as file:
        file.write(f"\n### 第2条 到账时间 {{#arrival valid_from={stamp}}}\n退款退回银行卡的，当日到账。\n")
    settings = make_settings(tmp_path_factory.mktemp("scheduled-home"))
    return open_version(settings, publish(content, settings).version, encoder)


@pytest.fixture(scope="module")
def ask(scheduled: Knowledge) -> Ask:
    return lambda query, now: suggest(scheduled, SuggestRequest(query=query, as_of=now, limit=5))


def test_an_article_ends_at_its_minute_for_readers_and_as_related(ask: Ask, scheduled: Knowledge) -> None:
    assert "account.theft.emergency" in [found.id for found in ask("账号被盗了怎么紧急锁定？", BEFORE).answers]
    after = ask("账号被盗了怎么紧急锁定？", AFTER)
    assert "account.theft.emergency" not in [found.id for found in after.answers]
    assert "account.theft.emergency" not in [found.id for found in after.related]
    assert article(scheduled, "account.theft.emergency", "agent", BEFORE).id == "account.theft.emergency"
    with pytest.raises(EntryNotFound):
        article(scheduled, "account.theft.emergency", "agent", AFTER)


def test_a_template_ends_at_its_minute(ask: Ask) -> None:
    query = "卖家一直不发货，怎么退款？"
    assert "tpl.refund.no-ship" in [found.id for found in ask(query, BEFORE).templates]
    after = ask(query, AFTER)
    assert "tpl.refund.no-ship" not in [found.id for found in after.templates]
    assert [action.template for action in after.actions if action.id == "guide"] == [None]  # the flow's step names it


def test_a_flow_begins_at_its_minute(ask: Ask) -> None:
    before, after = (ask("卖家一直不发货，怎么退款？", now) for now in (BEFORE, AFTER))
    assert (before.guidance, before.actions) == (None, [])
    assert after.guidance is not None
    assert after.guidance.flow == "flow.refund.no-ship"


def test_a_clause_changes_its_wording_at_its_minute(ask: Ask, scheduled: Knowledge) -> None:
    texts = {}
    for now in (BEFORE, AFTER):
        found = [hit for hit in ask("退款多久到银行卡", now).answers if hit.citations]
        cited = {cite.clause: cite.text for hit in found for cite in hit.citations}
        texts[now] = cited["trade-rules#arrival"]
    assert texts == {BEFORE: "退款退回银行卡的，五个工作日内到账。", AFTER: "退款退回银行卡的，当日到账。"}


def test_the_time_of_order_decides_about_clauses_and_the_moment_of_asking_about_the_rest(scheduled: Knowledge) -> None:
    request = SuggestRequest.model_validate(
        {"query": "退款多久到银行卡", "as_of": AFTER, "case": {"order_time": BEFORE}, "limit": 5}
    )
    cited = {cite.clause: cite.text for hit in suggest(scheduled, request).answers for cite in hit.citations}
    assert cited["trade-rules#arrival"] == "退款退回银行卡的，五个工作日内到账。"
