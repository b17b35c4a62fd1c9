"""What is wrong with content, all at once: reads it and runs every rule of `ingest.rules`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path

from ingest.load import load
from ingest.loaded import Loaded
from ingest.rules.calendar import check_calendar
from ingest.rules.cases import check_cases
from ingest.rules.clauses import check_clauses
from ingest.rules.contradictions import check_contradictions
from ingest.rules.duplicates import check_duplicates
from ingest.rules.lexicon import check_lexicon
from ingest.rules.literals import check_literals
from ingest.rules.naming import check_naming
from ingest.rules.procedures import check_procedures
from ingest.rules.reachability import check_reachability
from ingest.rules.references import check_placeholders, check_references
from ingest.rules.registry import refusing
from ingest.rules.spelling import check_spelling
from ingest.rules.structure import check_structure
from ingest.rules.verbatim import in_our_words
from ingest.rules.vocabulary import check_vocabulary
from ingest.rules.waivers import without_waived
from ingest.rules.wording import check_wording
from kb_service.content import Content
from kb_service.errors import ContentError, Problem
from kb_service.records import CHINA

Check = Callable[[Loaded], Iterable[Problem]]
# Without these a version could not be built.
FORM: tuple[Check, ...] = (check_vocabulary, check_references, check_placeholders, check_clauses, check_lexicon)
# These cost seconds together; publishing runs them beside the build.
SENSE: tuple[Check, ...] = (
    check_wording,
    check_duplicates,
    check_literals,
    check_contradictions,
    check_procedures,
    check_cases,
    check_structure,
    check_spelling,
    check_naming,
    check_reachability,
    check_calendar,
)


def check(root: Path, today: date | None = None) -> Loaded:
    """Read the content at `root` and look for every defect; all are in `problems` of the result.

    `today` (Beijing) decides what is over and what is due.
    """
    loaded = well_formed(root)
    if loaded.taxonomy is not None:
        loaded.problems += sense_problems(loaded, today)
    return loaded


def well_formed(root: Path) -> Loaded:
    """Read the content at `root` and look for what would keep it from being built: form, references, patterns."""
    loaded = load(root)
    if loaded.taxonomy is not None:
        for rule in FORM:
            loaded.problems += rule(loaded)
    return loaded


def sense_problems(loaded: Loaded, today: date | None = None) -> list[Problem]:
    """What is wrong with well-formed content, waived lines and words that are not ours excepted."""
    loaded.today = today or datetime.now(CHINA).date()
    found = in_our_words(loaded, (problem for rule in SENSE for problem in rule(loaded)))
    return without_waived(loaded, found)


def checked_content(root: Path) -> Content:
    """The content at `root`; raises ContentError with all problems if one of them keeps it from being published."""
    loaded = check(root)
    if errors := refusing(loaded.problems):
        raise ContentError(errors)
    return loaded.content()
