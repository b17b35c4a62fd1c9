"""Closed cases: nothing may be published before somebody has signed it, and nothing that tells who it is about."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.archive.residue import CONFIRM, remains
from ingest.loaded import Loaded, Place
from kb_service.content import CaseRecord
from kb_service.errors import Problem
from kb_service.lexicon import Lexicon
from kb_service.understand.facts import FactFinder


def check_cases(loaded: Loaded) -> Iterator[Problem]:
    """Cases without a reviewer, with questions to the reviewer still open, or with personal data."""
    if not loaded.cases or any(problem.rule == "regex" for problem in loaded.problems):
        return  # what is personal is read with the lexicon's patterns
    facts = FactFinder(Lexicon.model_validate({name: loaded.lexicon.get(name, []) for name in _READ}))
    for case in loaded.cases:
        place = loaded.places[case.id]
        yield from _review(loaded, place, case)
        parts = {("title",): case.title} | {("sections", n): part.text for n, part in enumerate(case.sections)}
        for path, text in parts.items():
            for line in text.splitlines():
                for found in dict.fromkeys(remains(line, facts)):
                    message = f"{found}；请换成【订单号】这样的说法，金额写“约1,300元”，日期只写月份"
                    yield place.problem(path, "case-privacy", message, line)


_READ = ("numbers", "goods", "festivals", "places")


def _review(loaded: Loaded, place: Place, case: CaseRecord) -> Iterator[Problem]:
    if case.reviewed_by is None:
        message = "案例没有审核人；对照原案件核对之后填 reviewed_by，没核对的放在 drafts/cases/"
        yield place.problem(("reviewed_by",), "case-review", message)
    if case.reviewed_on is None:
        yield place.problem(("reviewed_on",), "case-review", "案例没有审核日期；核对之后填 reviewed_on")
    elif case.reviewed_on > loaded.today:
        yield place.problem(("reviewed_on",), "case-review", f"审核日期 {case.reviewed_on} 还没到；请核对")
    for number, line in enumerate(place.text.splitlines(), 1):
        if line.startswith(f"# {CONFIRM}"):
            yield Problem(place.file, number, "", "case-review", "这一条还没有确认；核对、改好之后删掉这一行")
