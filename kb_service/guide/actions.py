"""The words of actions: steps, questions, offers and the rest, as an agent reads or sends them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import islice

from kb_service.case import Action, ActionType, EvidenceGap, Incident
from kb_service.catalog import Catalog
from kb_service.citations import clause_title
from kb_service.content import Clause, Escalation, Flow, FlowStep, FollowUpPlan, Offer, Slot, SlotRequest
from kb_service.records import CHINA
from kb_service.review.figures import Figure, due_after, figures

_SLOT = re.compile(r"\{\{slot:([^{}]+)\}\}")
_TAIL = re.compile(r"\s*(?:内|以内|之内)?")  # what may follow a length of time that is a whole deadline
_PARTIES = {"buyer": "买家", "seller": "卖家", "system": "系统"}


class Names:
    """How one published version calls clauses, roles, departments and slots. Built once."""

    def __init__(self, catalog: Catalog) -> None:
        self.facts = catalog.content.facts
        self.taxonomy = catalog.content.taxonomy
        self._clauses = {
            reference: tuple((*_window(clause), clause_title(policy, clause)) for policy, clause in wordings)
            for reference, wordings in catalog.clauses.items()
        }

    def clause(self, reference: str | None, at: float) -> str | None:
        """How the wording that is in force at `at` (seconds since 1970) is cited; None if there is none."""
        for start, end, title in self._clauses.get(reference or "", ()):
            if start <= at < end:
                return title
        return None

    def owner(self, name: str) -> str:
        """What people call a role, a department or a party."""
        return self.taxonomy.roles.get(name) or self.taxonomy.departments.get(name) or _PARTIES.get(name, name)


def _window(clause: Clause) -> tuple[float, float]:
    start, end = clause.valid_from, clause.valid_until
    return start.timestamp() if start else -math.inf, end.timestamp() if end else math.inf


class Wording:
    """Turns parts of a flow into actions: slots filled from the case, clauses as they stood at `clause_time`."""

    def __init__(self, names: Names, slots: Mapping[str, str], clause_time: datetime, now: datetime) -> None:
        self._names = names
        self._slots = slots
        self._clause_time = clause_time.timestamp()
        self._now = now

    def filled(self, text: str) -> tuple[str, bool]:
        """The text with its slots from the case, and whether none is left blank."""
        if "{{" not in text:
            return text, True
        labels = self._names.taxonomy.slots
        blank = [name for name in _SLOT.findall(text) if not self._slots.get(name, "").strip()]
        return _SLOT.sub(lambda m: self._slots.get(m[1], "").strip() or f"【{labels[m[1]].label}】", text), not blank

    def clauses(self, references: Iterable[str], most: int) -> list[str]:
        """How the first `most` clauses in force for this case are cited; others are left out."""
        cited = (self._names.clause(reference, self._clause_time) for reference in references)
        return list(islice((title for title in cited if title is not None), most))

    def ask(self, wanted: SlotRequest, slot: Slot) -> Action:
        """The one question that is to be asked."""
        return self._send("ask", wanted.slot, f"询问{slot.label}", wanted.ask or slot.ask)

    def evidence(self, proof: EvidenceGap) -> Action:
        """A request for a proof, ready to send."""
        text = f"麻烦您提供一下{proof.label}（{proof.how}），收到后我马上为您核对。"
        return self._send("evidence", proof.id, f"请客户提供{proof.label}", text, owner=proof.party)

    def step(self, step: FlowStep, due: bool = True) -> Action:
        """A step; one of a party or of the system is waited for. With `due`, its deadline runs from now."""
        policy = self._names.clause(step.policy, self._clause_time)
        kind: ActionType = "wait" if step.owner in _PARTIES else "step"
        text, _ = self.filled(step.action)
        made = _step if text is step.action else _step.__wrapped__  # what holds words of a case is not kept
        action = made(kind, step.id, step.title, text, step.say, step.owner, step.deadline, policy)
        return self._timed(action, step.deadline) if due else action

    def handover(self, step: FlowStep) -> Action:
        """The step's owner takes over, and the time that the customer may be told."""
        name = self._names.owner(step.owner)
        text = f"这一步由{name}办理（{step.title}），时限：{step.deadline}。我会把情况写清楚转过去，您不用重复说明。"
        action = self._send("handover", step.owner, f"转{name}", text, owner=step.owner, deadline=step.deadline)
        return self._timed(action, step.deadline)

    def offer(self, offer: Offer) -> Action:
        """An offer, ready to send; how far it may go stands in the label, for the agent only."""
        limit = self._names.facts.get(offer.limit or "")
        label = f"{offer.label}（上限{limit.display}）" if limit else offer.label
        policy = self._names.clause(offer.policy, self._clause_time)
        return self._send("offer", offer.id, label, offer.text, owner=offer.authority, policy=policy)

    def escalate(self, escalation: Escalation) -> Action:
        """Whoever takes over, why, and within what time."""
        name = self._names.owner(escalation.to)
        text = f"原因：{escalation.when}。写好摘要转{name}，告知客户预计 {escalation.within} 接手或答复。"
        action = Action(
            type="escalate",
            id=escalation.to,
            label=f"升级至{name}",
            text=text,
            owner=escalation.to,
            deadline=escalation.within,
        )
        return self._timed(action, escalation.within)

    def self_service(self, flow: Flow) -> Action:
        """Where the customer can do it alone."""
        path = self._names.facts[flow.self_service or ""]
        text = f"这件事您可以自己办理，入口在「{path.display}」；过程中有疑问随时告诉我。"
        return self._send("self_service", flow.self_service or "", f"自助：{path.label}", text)

    def notify(self, flow: Flow, incident: Incident) -> Action:
        """A burst is announced: what is known, who is told, and the flow's template for the customers. For agents."""
        owners = [step.owner for step in flow.steps if step.owner != "agent"]
        told = "、".join(dict.fromkeys(self._names.owner(name) for name in (*owners, *flow.departments)))
        first = incident.first_seen.astimezone(CHINA)
        reason = f"{incident.window_minutes}分钟内{incident.cases}位客户反映“{incident.label}”，最早 {first:%H:%M}"
        return Action(
            type="notify",
            id=flow.id,
            label=f"疑似突发事件：通知{told}",
            text=incident.notice or reason,
            template=next((step.say for step in flow.steps if step.say and step.stage == "reception"), None),
            requires=[step.id for step in flow.steps[:2]],
        )

    def follow_up(self, plan: FollowUpPlan) -> Action:
        """The first attempt of the plan."""
        first = plan.attempts[0]
        label = f"{plan.scenario}：{first.when}用{self._names.taxonomy.channels[first.channel]}联系"
        return self._send("follow_up", plan.id, label, first.text, deadline=first.when)

    def close(self, flow: Flow) -> Action:
        """What must be true before the case is closed."""
        checks = list(flow.closing_checks)
        return Action(type="close", id="closing", label="结案检查", text="；".join(checks), requires=checks)

    def _send(
        self,
        kind: ActionType,
        name: str,
        label: str,
        text: str,
        owner: str = "agent",
        deadline: str = "",
        policy: str | None = None,
    ) -> Action:
        filled, complete = self.filled(text)
        made = _sent if filled is text else _sent.__wrapped__
        return made(kind, name, label, filled, complete, owner, deadline, policy)

    def _timed(self, action: Action, deadline: str) -> Action:
        length = _length(deadline)
        return action.model_copy(update={"due": due_after(length, self._now)}) if length else action


@lru_cache(maxsize=4096)
def _step(
    kind: ActionType,
    name: str,
    label: str,
    text: str,
    template: str | None,
    owner: str,
    deadline: str,
    policy: str | None,
) -> Action:
    """Kept, as the same steps come with every call; an action is frozen."""
    return Action(
        type=kind, id=name, label=label, text=text, template=template, owner=owner, deadline=deadline, policy=policy
    )


@lru_cache(maxsize=4096)
def _sent(
    kind: ActionType, name: str, label: str, text: str, sendable: bool, owner: str, deadline: str, policy: str | None
) -> Action:
    return Action(
        type=kind, id=name, label=label, text=text, sendable=sendable, owner=owner, deadline=deadline, policy=policy
    )


@lru_cache(maxsize=1024)
def _length(deadline: str) -> Figure | None:
    """The length of time that a deadline is, from now: `48小时`; None for any other, such as `退款成功当日`."""
    found = next(figures(deadline), None)
    if found is None or found.start or found.dimension not in ("time", "workdays"):
        return None
    return found if _TAIL.fullmatch(deadline, found.end) else None
