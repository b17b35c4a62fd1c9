"""What to do next in a case, from the flow that handles it and from where the case stands.

The order of precedence: a burst is announced; what protects the customer comes first; then whoever must take over,
when the customer's words call for it; an answer to a refusal; one question; one proof; the next step; the closing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from kb_service.case import Action, Case, EvidenceGap, Guidance, Incident, IssueType, Message, Understanding
from kb_service.catalog import Catalog
from kb_service.content import Escalation, Flow, FollowUpPlan, Offer, SlotRequest
from kb_service.guide.actions import Names, Wording
from kb_service.guide.flow_choice import FlowChoice
from kb_service.guide.follow_up import choose_plan, follow_up
from kb_service.guide.progress import DEMANDS, LACKS, REFUSES, Progress, SignalsOf, read_progress
from kb_service.review.private import private_demands
from kb_service.text import fold_aligned
from kb_service.understand.cues import CueFinder, CueItem

RESPONSIBILITY = 6  # clauses that are named at most
CLEAR = 0.8  # how sure a cue must be before it changes what is done next


class Guided(NamedTuple):
    """What the case's procedure says: the actions, the first of them next, and the procedure as a whole.

    `flow` is None and there is no guidance where no procedure fits. `missing` are the slots that the flow needs and the
    customer has neither stated nor declined, in its order.
    """

    flow: Flow | None
    actions: list[Action]
    guidance: Guidance | None
    missing: tuple[str, ...] = ()


NO_GUIDANCE = Guided(None, [], None)


class _View(NamedTuple):
    """All that one call looks at. `gone`: offers that were refused or must not be made."""

    flow: Flow
    case: Case
    progress: Progress
    say: Wording
    signals: frozenset[str]
    understanding: Understanding
    gone: frozenset[str]


class Guide:
    """The procedures of one published version. Built once; calls share nothing and change nothing."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._names = Names(catalog)
        self._lacks = _finder(catalog, {LACKS}, 0.0).find
        self._signals_of = _shown_by(_finder(catalog, _used_signals(catalog), CLEAR))
        self._choice = FlowChoice(catalog)
        self._roles = list(catalog.content.taxonomy.roles)
        self._private = _private_asks(catalog)
        self._deciding = {flow.id: _deciding(flow) for flow in catalog.content.flows}
        self._proofs = {flow.id: _proofs(flow) for flow in catalog.content.flows}
        self._timed = [one for one in catalog.content.templates if one.valid_from or one.valid_until]

    def flow(
        self,
        case: Case,
        issue_types: Sequence[IssueType],
        query: str,
        answers: Sequence[tuple[str, float]] = (),
        signals: Collection[str] = (),
        now: datetime | None = None,
    ) -> Flow | None:
        """The flow that handles the case at `now`; what the tool has noted of it counts like what was said.

        `issue_types` best first, `query` what the conversation is about, `answers` ids of what was found with their
        confidence, best first, `signals` what the customer has shown anywhere in the conversation.
        """
        return self._choice.choose(case, issue_types, " ".join([query, *case.slots.values()]), answers, signals, now)

    def guide(
        self,
        flow: Flow | None,
        case: Case,
        messages: Sequence[Message],
        understanding: Understanding,
        signals: Collection[str],
        now: datetime,
        incidents: Sequence[Incident] = (),
        exclude: Collection[str] = (),
    ) -> Guided:
        """Actions and guidance in a flow at `now`. `incidents`: the bursts that the case belongs to; `exclude`: ids of
        offers that must not be made, and of templates that must not be named.
        """
        announced = list(self._announce(incidents, case, now))
        if flow is None:
            return Guided(None, announced, None)
        content = self._catalog.content
        progress = read_progress(
            flow, content.taxonomy.slots, case, messages, understanding, self._signals_of, self._lacks, content.facts
        )
        say = Wording(self._names, {**understanding.slots, **case.slots}, case.order_time or now, now)
        gone = progress.refused.union(exclude)
        view = _View(flow, case, progress, say, frozenset(signals), understanding, gone)
        plan = self._plan(view, bool(incidents))
        found: dict[tuple[str, str], Action] = {}
        unsaid = {*exclude, *(template.id for template in self._timed if not template.in_force(now))}
        for action in chain(announced, self._pressing(view), self._routine(view), self._later(view, plan)):
            if action.template in unsaid:
                action = action.model_copy(update={"template": None})
            found.setdefault((action.type, action.id), action)
        missing = tuple(wanted.slot for wanted in _open(flow, progress))
        return Guided(flow, list(found.values()), self._guidance(view, plan), missing)

    # ── what cannot wait

    def _announce(self, incidents: Sequence[Incident], case: Case, now: datetime) -> Iterator[Action]:
        for incident in incidents:
            flow = self._catalog.flows.get(incident.flow)
            if flow is not None and flow.in_force(now):
                say = Wording(self._names, case.slots, case.order_time or now, now)
                yield say.notify(flow, incident)
                yield from (say.offer(offer) for offer in self._granted(flow, case))

    def _pressing(self, view: _View) -> Iterator[Action]:
        """What comes before any question, first things first."""
        progress = view.progress
        for step in view.flow.steps:
            if step.urgent and step.id not in progress.done:
                yield view.say.step(step)
        called = [*progress.now_shown, *self._handed_up(view)]
        yield from (view.say.escalate(one) for one in called if progress.answered or one.urgent)
        if progress.rejects and progress.resolving:
            yield from self._next_offer(view)

    def _handed_up(self, view: _View) -> Iterator[Escalation]:
        """The desk's own ladder: the rung that the words call for, or the next one for a case that keeps returning."""
        desk = self._catalog.content.desk
        above = [rung for rung in desk.ladder if self._rank(rung.to) > self._rank(view.case.authority)]
        called = [rung for rung in above if not view.progress.shown.isdisjoint(rung.signals)]
        times = self._catalog.content.facts.get(desk.repeat_times)
        repeated = times is not None and len(view.case.history) + 1 >= float(times.value)
        yield from called or (above[:1] if repeated else [])

    def _next_offer(self, view: _View) -> Iterator[Action]:
        """The next rung of the offers ladder that may be granted; where there is none, whoever may grant more."""
        offers = list(self._granted(view.flow, view.case, view.gone))
        if offers:
            yield view.say.offer(offers[0])
            return
        higher = [
            offer.authority
            for offer in view.flow.offers
            if self._rank(offer.authority) > self._rank(view.case.authority) and offer.id not in view.gone
        ]
        above = self._roles[self._rank(view.case.authority) + 1 :]
        to = min(higher, key=self._rank) if higher else next(iter(above), None)
        if to is not None:
            yield view.say.escalate(self._rung(to))

    def _rung(self, to: str) -> Escalation:
        ladder = self._catalog.content.desk.ladder
        own = Escalation(when="本级授权内的方案已用完", to=to, within="当次会话内")
        return next((rung for rung in ladder if rung.to == to), own)

    def _granted(self, flow: Flow, case: Case, refused: Collection[str] = ()) -> Iterator[Offer]:
        """The offers within the authority of whoever handles the case, lowest first, without those refused."""
        limit = self._rank(case.authority)
        return (offer for offer in flow.offers if self._rank(offer.authority) <= limit and offer.id not in refused)

    def _rank(self, role: str) -> int:
        """A role's place, lowest first; a department or an unknown name stands with the lowest."""
        return self._roles.index(role) if role in self._roles else 0

    # ── the procedure, in its order

    def _routine(self, view: _View) -> Iterator[Action]:
        say, progress = view.say, view.progress
        yield from self._questions(view)
        yield from (say.evidence(proof) for proof in self._gaps(view) if _is_due(proof, progress))
        left = [step for step in view.flow.steps if step.id not in progress.done]
        for n, step in enumerate(left):
            yield say.step(step, due=n == 0)
            if n == 0:
                yield from (say.escalate(one) for one in (*progress.now_shown, *self._handed_up(view)))
            if n == 0 and step.owner not in ("buyer", "seller", "system", view.case.authority):
                yield say.handover(step)
        if not left:
            yield say.close(view.flow)
        if _is_simple(view):
            yield say.self_service(view.flow)

    def _questions(self, view: _View) -> Iterator[Action]:
        """One question at most."""
        for wanted in _open(view.flow, view.progress):
            slot = self._catalog.content.taxonomy.slots[wanted.slot]
            if (wanted.ask or slot.ask) not in self._private:
                yield view.say.ask(wanted, slot)
                return

    def _later(self, view: _View, plan: FollowUpPlan | None) -> Iterator[Action]:
        """What else is at hand: offers, escalations seen earlier, the follow-up."""
        yield from (view.say.offer(offer) for offer in self._granted(view.flow, view.case, view.gone))
        yield from (view.say.escalate(one) for one in view.progress.earlier_shown)
        if plan is not None and view.progress.resolving:
            yield view.say.follow_up(plan)

    # ── the procedure as a whole

    def _gaps(self, view: _View) -> list[EvidenceGap]:
        return [gap for gap in self._proofs[view.flow.id] if gap.id not in view.progress.evidence]

    def _guidance(self, view: _View, plan: FollowUpPlan | None) -> Guidance:
        flow, progress = view.flow, view.progress
        labels = self._catalog.content.taxonomy.departments
        return Guidance(
            flow=flow.id,
            title=flow.title,
            stage=view.case.stage or _stage(flow, progress),
            evidence_gaps=self._gaps(view),
            departments=[labels[name] for name in flow.departments],
            responsibility=view.say.clauses(self._deciding[flow.id], RESPONSIBILITY),
            record_effect=list(flow.record_effect),
            closing_checks=list(flow.closing_checks),
            follow_up=None if plan is None else follow_up(plan, view.say.filled),
        )

    def _plan(self, view: _View, in_burst: bool) -> FollowUpPlan | None:
        found = view.understanding.issue_types
        return choose_plan(
            self._catalog.content.desk.follow_ups,
            issue_type=view.case.issue_type or (found[0].id if found else view.flow.issue_types[0]),
            emotion=view.understanding.emotion.label,
            signals=view.signals,
            stage=view.case.stage or _stage(view.flow, view.progress),
            contacts=len(view.case.history),
            in_burst=in_burst,
        )


def _is_simple(view: _View) -> bool:
    """Whether the customer may be left to the flow's own entrance."""
    calm = view.understanding.emotion.label == "calm"
    return bool(view.flow.self_service) and calm and not view.case.history and not view.progress.now_shown


def _stage(flow: Flow, progress: Progress) -> str:
    """The stage of the next step; of a finished case the last."""
    return next((step.stage for step in flow.steps if step.id not in progress.done), flow.steps[-1].stage)


def _open(flow: Flow, progress: Progress) -> Iterator[SlotRequest]:
    """What the flow needs to know and the customer has neither stated nor declined."""
    settled = progress.known | progress.declined
    return (wanted for wanted in flow.facts_to_collect if wanted.required and wanted.slot not in settled)


def _is_due(proof: EvidenceGap, progress: Progress) -> bool:
    """Whether a missing proof is to be asked of the customer."""
    return proof.required and proof.party == progress.party and proof.id not in progress.withheld


def _private_asks(catalog: Catalog) -> frozenset[str]:
    """Questions that must never be put to a customer, although content has them."""
    asks = [slot.ask for slot in catalog.content.taxonomy.slots.values()]
    asks += [wanted.ask for flow in catalog.content.flows for wanted in flow.facts_to_collect if wanted.ask]
    return frozenset(ask for ask in asks if any(True for _ in private_demands(fold_aligned(ask))))


def _used_signals(catalog: Catalog) -> set[str]:
    """The signals that change what is done next."""
    escalations = [one for flow in catalog.content.flows for one in flow.escalation] + [*catalog.content.desk.ladder]
    return {REFUSES, DEMANDS, *(name for one in escalations for name in one.signals)}


def _finder(catalog: Catalog, labels: Collection[str], least: float) -> CueFinder:
    cues = [cue for cue in catalog.content.lexicon.cues if cue.shows in labels and cue.score >= least]
    return CueFinder(CueItem(cue.pattern, cue.regex, cue.shows, cue.score) for cue in cues)


def _shown_by(finder: CueFinder) -> SignalsOf:
    return lambda folded: frozenset(hit.label for hit in finder.find(folded))


def _proofs(flow: Flow) -> tuple[EvidenceGap, ...]:
    return tuple(
        EvidenceGap(id=proof.id, party=party, label=proof.label, how=proof.how, required=proof.required)
        for party, proofs in flow.evidence.items()
        for proof in proofs
    )


def _deciding(flow: Flow) -> tuple[str, ...]:
    """The clauses that decide who answers: those of the steps that settle a dispute, then the flow's own."""
    order = sorted(flow.steps, key=lambda step: step.stage != "dispute")
    cited = [step.policy for step in order if step.policy and step.stage in ("dispute", "diagnose", "resolve")]
    offered = [offer.policy for offer in flow.offers if offer.policy]
    return tuple(dict.fromkeys([*cited, *flow.policy_refs, *offered]))
