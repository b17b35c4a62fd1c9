"""Which fact a figure is about, in a knowledge base of four facts."""

from __future__ import annotations

from datetime import date, datetime

from kb_service.catalog import Catalog
from kb_service.content import Clause, Content, Fact, Policy, Taxonomy
from kb_service.lexicon import Lexicon
from kb_service.records import CHINA
from kb_service.review.figures import Figure, figures
from kb_service.review.statements import Statements, equal, same_unit, terms

NOW = datetime(2026, 11, 23, tzinfo=CHINA)
BEFORE = datetime(2025, 6, 1, tzinfo=CHINA)
CHANGE = datetime(2026, 1, 1, tzinfo=CHINA)


def taxonomy() -> Taxonomy:
    names: dict[str, object] = {name: {} for name in Taxonomy.model_fields if name not in ("issue_types", "slots")}
    return Taxonomy.model_validate(
        names | {"issue_types": {"trade": "交易", "trade.refund": "退款"}, "slots": {}, "roles": {"agent": "坐席"}}
    )


def clause(text: str, **window: datetime) -> Clause:
    return Clause(id="review", number="第1条", title="客服审核", chapter="第一章", text=text, **window)


def catalog() -> Catalog:
    rules = Policy(
        id="rules",
        title="退款规则",
        owner="team",
        review_by=date(2027, 1, 1),
        issue_types=("trade.refund",),
        clauses=(
            clause("客服应当自介入申请提交起24小时内完成审核。", valid_from=CHANGE),
            clause("客服应当自介入申请提交起 48 小时内完成审核。", valid_until=CHANGE),
        ),
    )
    facts = {
        "review": Fact(label="客服介入后审核时限", kind="duration", value=24, unit="小时", source="rules#review"),
        "evidence": Fact(label="举证时限", kind="duration", value=48, unit="小时"),
        "bank": Fact(label="退款到银行卡时限", kind="duration", value=5, unit="个工作日"),
        "cap": Fact(label="退货运费补贴上限", kind="amount", value=25, unit="元"),
    }
    content = Content(
        taxonomy=taxonomy(), facts=facts, lexicon=Lexicon(), faqs=(), policies=(rules,), templates=(), flows=()
    )
    return Catalog(content=content, points=(), mentions={"review": ("介入多久有结果。客服在 内给结论",)})


STATEMENTS = Statements(catalog())


def best(text: str, at: datetime = NOW) -> tuple[str, str]:
    figure = next(figures(text))
    match = STATEMENTS.matches(figure, dict.fromkeys(terms(text), 1.0), text, at)[0]
    return match.statement.fact, match.statement.text


def test_no_words_or_no_fact_of_the_kind_match_nothing() -> None:
    hours = next(figures("24小时"))
    assert STATEMENTS.matches(hours, {}, "", NOW) == []
    assert STATEMENTS.matches(next(figures("3次")), {"审核": 1.0}, "审核", NOW) == []
    empty = Content(taxonomy=taxonomy(), facts={}, lexicon=Lexicon(), faqs=(), policies=(), templates=(), flows=())
    assert Statements(Catalog(content=empty, points=())).matches(hours, {"审核": 1.0}, "审核", NOW) == []


def test_a_figure_is_known_by_the_words_around_it() -> None:
    assert best("介入后12小时给结论") == ("review", "24小时")
    assert best("举证时间有7天") == ("evidence", "48小时")
    assert best("运费最多补贴50元") == ("cap", "25元")


def test_the_wording_in_force_decides() -> None:
    assert best("客服介入后24小时审核", BEFORE) == ("review", "48 小时")


def test_units() -> None:
    day, days, workdays, people = (next(figures(text)) for text in ("24小时", "1天", "1个工作日", "17人"))
    assert equal(day, days)
    assert not equal(day, workdays)
    assert same_unit(day, workdays)
    assert same_unit(people, next(figures("13位")))
    assert not same_unit(people, Figure("count", 17, "张", 0, 0))
