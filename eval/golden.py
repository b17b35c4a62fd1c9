"""What golden questions over our own content must fulfil: known entries, the right split, no borrowed phrasings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from ingest.golden import GoldenQuestion, read_golden, split_of
from kb_service.text import char_grams, fold

MAX_SHARED = 0.7  # of a question's character pairs may stand in one indexed phrasing


class Phrasings:
    """The indexed phrasings, to find the one that a question shares most with."""

    def __init__(self, phrasings: Iterable[tuple[str, str]]) -> None:
        """`phrasings` are (entry id, text)."""
        self._known = list(phrasings)
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        for number, (_, text) in enumerate(self._known):
            for gram in char_grams(fold(text)):
                self._holders[gram].append(number)

    def closest(self, question: str) -> tuple[float, str, str]:
        """(share of the question's character pairs that one phrasing holds, 0..1; that entry; that phrasing)."""
        grams = char_grams(fold(question))
        counts = Counter(number for gram in grams for number in self._holders.get(gram, ()))
        if not counts:
            return 0.0, "", ""
        number, shared = counts.most_common(1)[0]
        return shared / len(grams), *self._known[number]


def problems(
    questions: Sequence[GoldenQuestion], phrasings: Phrasings, known: set[str], templates: set[str]
) -> list[str]:
    """What is wrong with golden questions, each with the id: references, splits, slices, borrowed phrasings."""
    found = []
    for question in questions:
        name = question.id
        found += [f"{name}：没有条目 {entry}" for entry in question.relevant if entry not in known]
        found += [f"{name}：没有模板 {template}" for template in question.templates or () if template not in templates]
        if (question.slice == "out_of_scope") == bool(question.relevant):
            found.append(f"{name}：out_of_scope 的题没有相关条目，别的题至少有一个")
        strangers = [entry for entry in question.answers if split_of(entry) != question.split]
        if len(strangers) == len(question.answers) and question.answers:
            found.append(f"{name}：{strangers[0]} 的题应放在 {split_of(strangers[0])}")
        if question.slice == "short" and len(question.asked) > 6:
            found.append(f"{name}：short 的题最多 6 个字")
        share, entry, text = phrasings.closest(" ".join(turn.text for turn in question.messages) or question.text)
        if share > MAX_SHARED:
            found.append(f"{name}：“{question.asked}”有 {share:.0%} 的字对出自 {entry} 的问法“{text}”；请换个说法")
    return found


def check_sets(paths: Sequence[Path], root: Path) -> list[str]:
    """What is wrong with golden sets against the content at `root`. Raises ContentError or KnowledgeBaseError."""
    from ingest.check import checked_content  # here: reading questions alone needs no parser

    content = checked_content(root)
    indexed = [(faq.id, text) for faq in content.faqs for text in (faq.title, *faq.questions, *faq.more_questions)]
    indexed += [(name, text) for name, group in content.elsewhere.items() for text in group.questions]
    phrasings = Phrasings(indexed)
    known = {faq.id for faq in content.faqs}
    known |= {f"{policy.id}#{clause.id}" for policy in content.policies for clause in policy.clauses}
    templates = {template.id for template in content.templates}
    return [problem for path in paths for problem in problems(read_golden(path), phrasings, known, templates)]
