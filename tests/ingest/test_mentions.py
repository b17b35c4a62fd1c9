"""The words in which the small content speaks of its facts."""

from __future__ import annotations

from ingest.check import checked_content
from ingest.mentions import mentions_of
from tests.conftest import SMALL


def test_sentences_that_state_a_fact_without_the_placeholders() -> None:
    mentions = mentions_of(checked_content(SMALL))
    assert "trade.ship_hours" in mentions
    assert not any("{{" in sentence for sentences in mentions.values() for sentence in sentences)


def test_menu_paths_have_none() -> None:
    assert "path.refund" not in mentions_of(checked_content(SMALL))
