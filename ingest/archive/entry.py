"""A closed case -> the draft of its entry: what the service makes of the case, without the people in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ingest.archive.anonymous import DESCRIPTIVE, Anonymiser, exact_amounts, identifying, names_of, rounded
from ingest.archive.closed import ClosedCase, Side
from ingest.archive.residue import CONFIRM, doubts, remains
from ingest.render import texts
from kb_service.casework import NoteRequest, NoteResponse
from kb_service.content import Content, Flow, Outcome
from kb_service.contract import SuggestRequest, SuggestResponse
from kb_service.desk import case_note
from kb_service.errors import ArchiveRefused
from kb_service.knowledge import Knowledge
from kb_service.records import CHINA, Party
from kb_service.suggest import suggest

OUTCOMES: dict[Outcome, str] = {
    "granted": "满足诉求",
    "partly": "部分满足",
    "refused": "没有支持",
    "withdrawn": "客户撤回",
    "handed_on": "移交处理",
}
SIDES: dict[Side, str] = {"buyer": "买家", "seller": "卖家", "agent": "客服"}
QUOTED = 400  # characters of the customer's own words
CITED = 6  # clauses at most
Clean = Callable[[str], str]


@dataclass(frozen=True)
class Draft:
    """A case entry to be reviewed: its path below the drafts folder, its text, and what the reviewer has to judge."""

    path: str
    text: str
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class _Told:
    """What the service makes of a case: what was found, the ticket note, the procedure, the side that asked."""

    suggestion: SuggestResponse
    note: NoteResponse
    flow: Flow | None
    party: Party | None


def source_of(case_id: str) -> str:
    """What stands for a ticket number, in letters only: whoever has the tickets can find the case, nobody else can.

    >>> source_of("T-20261123-0001")
    'case-ocfbmjfoajka'
    """
    digest = hashlib.sha256(f"case archive\0{case_id.strip()}".encode()).hexdigest()[:12]
    return "case-" + digest.translate(str.maketrans("0123456789abcdef", "abcdefghijklmnop"))


def draft_case(knowledge: Knowledge, closed: ClosedCase) -> Draft:
    """The draft of a closed case's entry. Raises RequestError, or ArchiveRefused if something of the case remains."""
    told = _told(knowledge, closed)
    issue = closed.case.issue_type or (told.note.issue_types[0].id if told.note.issue_types else "")
    if not issue:
        raise ArchiveRefused("没有归档：看不出是什么问题；请在 case.issue_type 写上问题类型（taxonomy.yaml）")
    clean = _anonymiser(knowledge, closed, told).clean
    title = clean(_title(knowledge, told, issue, closed.outcome))
    cited = _clauses(knowledge, told, closed)
    body = list(_body(knowledge, told, closed, clean, cited))
    _refuse_what_remains(knowledge, closed, (title, *(words for _, words in body)))
    text = "\n\n".join(f"## {heading}\n{words}".rstrip() for heading, words in body)
    found = tuple(dict.fromkeys(doubts(text)))
    head = _front_matter(told, closed, issue, title, cited, found)
    slug = source_of(str(closed.case.id)).removeprefix("case-")
    return Draft(f"cases/{issue.rpartition('.')[2]}/{slug}.md", f"---\n{head}\n---\n{text}\n", found)


def _anonymiser(knowledge: Knowledge, closed: ClosedCase, told: _Told) -> Anonymiser:
    content, slots = knowledge.catalog.content, closed.case.slots
    understood = told.suggestion.understanding.slots if told.suggestion.understanding else {}
    # The goods that were understood are a common noun, those that the tool gives are the title of one listing.
    exact = identifying({k: v for k, v in understood.items() if k in slots or k != "item_title"}, content.taxonomy)
    at = closed.case.order_time or closed.closed_at
    amounts = exact_amounts(slots, content.taxonomy)
    return Anonymiser(knowledge.understander.facts, _known(closed, exact), amounts, at, _plain(content))


def _refuse_what_remains(knowledge: Knowledge, closed: ClosedCase, parts: Sequence[str]) -> None:
    """Raises ArchiveRefused if anything of the case can still be found in the draft."""
    values = _values(closed, identifying(closed.case.slots, knowledge.catalog.content.taxonomy))
    left = [message for part in parts for message in remains(part, knowledge.understander.facts, values)]
    if left:
        lines = ["没有归档，去掉个人信息之后还有；请在案件文件里改掉这几处再试：", *dict.fromkeys(left)]
        raise ArchiveRefused("\n".join(lines))


def find_archived(source: str, *roots: Path) -> Path | None:
    """The entry that was made of this case, in one of the folders."""
    mark = re.compile(rf"^source: {source}\s*$", re.M)
    files = (path for root in roots for path in sorted((root / "cases").rglob("*.md")))
    return next((path for path in files if mark.search(path.read_text("utf-8", errors="replace"))), None)


def _told(knowledge: Knowledge, closed: ClosedCase) -> _Told:
    """Understanding, procedure and note, as of the moment at which the case was closed."""
    steps = [step.model_copy(update={"operator": None, "at": None}) for step in closed.case.steps_done]
    case = closed.case.model_copy(update={"id": None, "steps_done": steps, "promises": []})
    as_of = closed.as_of or closed.closed_at
    asked = SuggestRequest(messages=closed.messages, case=case, audience=closed.audience, as_of=as_of)
    note = case_note(
        knowledge,
        NoteRequest(
            messages=closed.messages, case=case, audience=closed.audience, as_of=as_of, result=closed.result[:1000]
        ),
    )
    found = suggest(knowledge, asked)
    flow = knowledge.catalog.flows.get(found.guidance.flow) if found.guidance else None
    return _Told(found, note, flow, found.understanding.party if found.understanding else None)


def _known(closed: ClosedCase, exact: dict[str, str]) -> dict[str, str]:
    """Values that are taken out wherever they stand, and what each becomes."""
    customer = SIDES["seller" if closed.case.party == "seller" else "buyer"]
    other = SIDES["buyer" if closed.case.party == "seller" else "seller"]
    roles = {"nickname": customer, "other_nickname": other, "agent_name": SIDES["agent"]}
    labels = {"order_id": "【订单号】", "tracking_no": "【物流单号】", "return_tracking_no": "【物流单号】"}
    labels |= {"phone_tail": "【手机尾号】", "item_title": "【商品】", "item_link": "【链接】"} | roles
    known = {value: labels.get(name, "【编号】") for name, value in exact.items()}
    known |= {str(closed.case.id): "【工单号】"}
    return known | {name: SIDES[side] for side, people in closed.people.items() for name in names_of(people)}


def _values(closed: ClosedCase, slots: dict[str, str]) -> dict[str, str]:
    """Every value that must not remain, by where it stands in the input."""
    values = {f"case.slots.{name}": value for name, value in slots.items()} | {"case.id": str(closed.case.id)}
    for side, people in closed.people.items():
        values |= {f"people.{side}.{n}": name.removeprefix("@") for n, name in enumerate(people)}
    return {name: value for name, value in values.items() if value not in SIDES.values()}


def _plain(content: Content) -> str:
    """The texts of the knowledge base: they are about nobody."""
    articles = (section.text for faq in content.faqs for section in faq.sections)
    clauses = (clause.text for policy in content.policies for clause in policy.clauses)
    others = (text for part in (*content.flows, content.lexicon) for _, text in texts(part))
    return "\n".join((*articles, *clauses, *others))


def _title(knowledge: Knowledge, told: _Told, issue: str, outcome: Outcome) -> str:
    label = knowledge.catalog.content.taxonomy.issue_types[issue]
    wish = f"：{told.note.wish.label}" if told.note.wish else ""
    return f"{label}{wish}，{OUTCOMES[outcome]}"


def _body(
    knowledge: Knowledge, told: _Told, closed: ClosedCase, clean: Clean, cited: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """The sections in order; the last is the reviewer's to write."""
    yield "情况", "\n".join(_situation(knowledge, told, closed, clean))
    yield "争议点", "\n".join(_dispute(told)) or "- 没有争议"
    yield "处理经过", "\n".join(_handling(told, closed, clean))
    score = [f"- 客户评分：{closed.csat}（满分5）"] if closed.csat else []
    yield "结果", "\n".join([f"- {OUTCOMES[closed.outcome]}", *_lines(clean(closed.result)), *score])
    yield "依据", "\n".join(cited) or "- 没有直接的条款"
    yield "可借鉴之处", ""


def _situation(knowledge: Knowledge, told: _Told, closed: ClosedCase, clean: Clean) -> Iterator[str]:
    taxonomy = knowledge.catalog.content.taxonomy
    yield f"- 来询的是{taxonomy.parties[told.party] if told.party else '客户'}"
    if told.note.wish:
        yield f"- 诉求：{told.note.wish.label}"
    if closed.case.product_category:
        yield f"- 商品：{taxonomy.product_categories[closed.case.product_category]}"
    for name, value in closed.case.slots.items():
        slot = taxonomy.slots[name]
        if slot.type == "amount":
            yield f"- {slot.label}：{rounded(value) or clean(value)}"
        elif name in DESCRIPTIVE:
            yield f"- {slot.label}：{clean(value)}"
    said = [clean(turn.text.strip()) for turn in closed.messages if turn.role == "customer" and turn.kind != "image"]
    words = " ".join(filter(None, said))
    if words:
        yield f"- 客户的话：{words if len(words) <= QUOTED else words[:QUOTED] + '…'}"


def _dispute(told: _Told) -> Iterator[str]:
    """What was refused and what proof there was. Labels of the flow: nothing in them is anybody's."""
    offers = {offer.id: offer.label for offer in told.flow.offers} if told.flow else {}
    refused = [offers.get(offer.id, offer.id) for offer in told.note.offers if offer.outcome == "refused"]
    if refused:
        yield f"- 没有谈拢的方案：{'、'.join(refused)}"
    proofs = {proof.id: proof.label for group in told.flow.evidence.values() for proof in group} if told.flow else {}
    if told.note.evidence:
        yield f"- 有的证据：{'、'.join(proofs.get(name, name) for name in told.note.evidence)}"
    if missing := [gap.label for gap in told.note.evidence_gaps if gap.required]:
        yield f"- 缺的证据：{'、'.join(missing)}"


def _handling(told: _Told, closed: ClosedCase, clean: Clean) -> Iterator[str]:
    steps = {step.id: step.title for step in told.flow.steps} if told.flow else {}
    offers = {offer.id: offer.label for offer in told.flow.offers} if told.flow else {}
    for step in told.note.steps:
        yield f"- {steps.get(step.id, step.id)}" + (f"：{clean(step.reason)}" if step.reason else "")
    accepted = [offers.get(offer.id, offer.id) for offer in told.note.offers if offer.outcome == "accepted"]
    if accepted:
        yield f"- 客户接受的方案：{'、'.join(accepted)}"
    yield from _lines(clean(closed.done))


def _lines(text: str) -> Iterator[str]:
    yield from (f"- {line.strip().lstrip('-•0123456789.、 ')}" for line in text.splitlines() if line.strip())


def _clauses(knowledge: Knowledge, told: _Told, closed: ClosedCase) -> list[str]:
    """The clauses in force at the time of order: of what was done and granted, of the procedure, else of the answer."""
    at, catalog = closed.case.order_time or closed.closed_at, knowledge.catalog
    wanted: list[str | None] = []
    if told.flow:
        done = {step.id for step in told.note.steps}
        granted = {offer.id for offer in told.note.offers if offer.outcome == "accepted"}
        wanted += [step.policy for step in told.flow.steps if step.id in done]
        wanted += [offer.policy for offer in told.flow.offers if offer.id in granted]
        wanted += told.flow.policy_refs
    elif told.suggestion.answers:
        wanted += [citation.clause for citation in told.suggestion.answers[0].citations]
    lines = []
    for reference in dict.fromkeys(filter(None, wanted)):
        found = catalog.clause_at(reference, at)
        if found:
            older = "（下单时的旧文，后来改过）" if found != catalog.clause_at(reference, datetime.now(CHINA)) else ""
            lines.append(f"- {{{{clause:{reference}}}}} {found[1].title}{older}")
    return lines[:CITED]


def _front_matter(
    told: _Told,
    closed: ClosedCase,
    issue: str,
    title: str,
    cited: Sequence[str],
    found: Sequence[str],
) -> str:
    """The head of the file; `# 请确认：…` is for the reviewer to deal with and delete."""
    source, closing = source_of(str(closed.case.id)), closed.closed_at.astimezone(CHINA)
    references = [match[1] for line in cited if (match := re.search(r"clause:([^}]+)", line))]
    rows = {
        "id": f"case.{issue}.{source.removeprefix('case-')}",
        "title": title,
        "issue_type": issue,
        "product_categories": f"[{closed.case.product_category or 'any'}]",
        "party": told.party or "both",
        "wish": told.note.wish.id if told.note.wish else None,
        "outcome": closed.outcome,
        "csat": closed.csat,
        "ordered": f"{closed.case.order_time.astimezone(CHINA):%Y-%m}" if closed.case.order_time else None,
        "closed": f"{closing:%Y-%m}",
        "policy_refs": f"[{', '.join(references)}]",
        "owner": told.flow.owner if told.flow else "service-team",
        "review_by": f"{closing.year + 1}-{closing:%m}-01",
        "source": source,
    }
    head = [f"{name}: {value}" for name, value in rows.items() if value is not None]
    questions = [
        "标题是自动写的，请改成一句话说清情况和结果",
        "客户的话里有没有让人认出当事人的经历，有就删掉",
        *found,
        "补上“可借鉴之处”，删掉与判断无关的细节",
    ]
    return "\n".join([*head, "reviewed_by:", "reviewed_on:", *(f"# {CONFIRM}：{line}" for line in questions)])
