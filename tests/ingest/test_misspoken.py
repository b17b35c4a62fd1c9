"""What is learned from examples separates them from the content's own sentences."""

from __future__ import annotations

from ingest.check import checked_content
from ingest.misspoken import examples_of, learn
from kb_service.lexicon import Misspoken
from kb_service.review.misspoken import Suspicion
from tests.conftest import SMALL

FEW = 1.0  # from four examples no clause gets the scores that hundreds give


def test_nothing_is_learned_without_examples() -> None:
    assert learn(examples_of(checked_content(SMALL))) == {}


def test_examples_are_told_from_the_templates() -> None:
    content = checked_content(SMALL)
    examples = ("您自己不看清楚怪谁", "是您自己要买的怪谁", "您自己点的怪谁呢", "自己不小心怪谁啊")
    groups = (Misspoken(reason="指责客户", better="我们看看怎么补救。", examples=examples),)
    lexicon = content.lexicon.model_copy(update={"misspoken": groups})
    suspicion = Suspicion(learn(examples_of(content.model_copy(update={"lexicon": lexicon}))), groups)
    assert [suspect.group for suspect in suspicion.suspects("您自己没看说明怪谁", FEW)] == list(groups)
    sentences = [text for template in content.templates for text in template.tones.values()]
    assert [suspect for text in sentences for suspect in suspicion.suspects(text, FEW)] == []
