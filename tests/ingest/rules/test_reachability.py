"""Templates that nothing names, facts that nothing uses, slots that no flow collects."""

from __future__ import annotations

from pathlib import Path

from tests.ingest.edits import edit, problems

FACT = "path.help: {label: 帮助, kind: path, value: 我的 > 帮助}\n"
UNUSED = "content/facts.yaml:5  path.help：没有内容用到事实“path.help”（帮助）；请用上它，或删掉  [unreachable]"
BLANK = (
    "content/templates/lock.md:13  tones.neutral：槽位“theft_time”（被盗时间）没有流程收集，模板总会缺这一项；"
    "请把它加进相关流程的 facts_to_collect，或换掉这个槽位  [slot-not-collected]"
)


def add(content: Path, file: str, text: str) -> None:
    path = content / file
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def test_a_template_that_nothing_names_is_hardly_ever_seen(content: Path) -> None:
    edit(content, "faq/theft.md", "templates: [tpl.account.lock]\n", "")
    assert problems(content) == [
        "content/templates/lock.md:2  id：没有文章、流程或步骤用到这个模板，坐席很难看到它；"
        "请把它写进相关文章或流程的 templates，或删掉  [unreachable]"
    ]


def test_a_step_that_says_a_template_is_enough(content: Path) -> None:
    edit(content, "faq/theft.md", "templates: [tpl.account.lock]\n", "")
    edit(content, "flows/no-ship.yaml", "say: tpl.refund.no-ship", "say: tpl.account.lock")
    assert problems(content) == []


def test_a_fact_that_nothing_uses(content: Path) -> None:
    add(content, "facts.yaml", FACT)
    assert problems(content) == [UNUSED]


def test_earlier_wordings_do_not_use_a_fact(content: Path) -> None:
    add(content, "facts.yaml", FACT)
    edit(content, "policy/trade-rules.md", "起 72 小时内发货。", "起 72 小时内发货，见「{{fact:path.help}}」。")
    assert problems(content) == [UNUSED]
    edit(content, "policy/trade-rules.md", "的，五个工作日", "的，见「{{fact:path.help}}」，五个工作日")
    assert problems(content) == []


def test_a_fact_that_a_flow_or_the_desk_names_is_used(content: Path) -> None:
    add(content, "facts.yaml", FACT)
    add(content, "flows/no-ship.yaml", "self_service: path.help\n")
    assert problems(content) == []


def test_a_slot_of_a_template_that_no_flow_collects(content: Path) -> None:
    add(content, "taxonomy.yaml", "  theft_time: {label: 被盗时间, type: datetime, ask: 请问什么时候发现的？}\n")
    edit(content, "templates/lock.md", "请马上", "您 {{slot:theft_time}} 发现的，请马上")
    assert problems(content) == [BLANK]
    edit(content, "flows/no-ship.yaml", "  - {slot: order_id}\n", "  - {slot: order_id}\n  - {slot: theft_time}\n")
    assert problems(content) == []


def test_what_agents_fill_needs_no_flow(content: Path) -> None:
    add(content, "taxonomy.yaml", "  theft_time: {label: 被盗时间, type: datetime, ask: 请填写被盗时间。}\n")
    edit(content, "templates/lock.md", "请马上", "您 {{slot:theft_time}} 发现的，请马上")
    assert problems(content) == []
