"""The table of sounds, by hand."""

from __future__ import annotations

from ingest.sounds import sounds_of
from kb_service.retrieve import query_terms
from kb_service.text import sparse_terms, term_id

DOCUMENTS = [sparse_terms(text) for text in ("退款", "我要退款", "退款多久", "腿宽", "退宽松")]


def test_a_pair_that_no_document_has_sounds_like_common_ones() -> None:
    sounds = sounds_of(DOCUMENTS)
    assert sounds.alike("推款") == ["退款"]  # tui kuan; 腿宽 sounds the same, but only one document has it


def test_a_pair_that_some_document_has_stands_for_itself() -> None:
    sounds = sounds_of(DOCUMENTS)
    assert sounds.alike("退款") == []
    assert sounds.alike("退宽") == []  # rare, but somebody writes it


def test_a_pair_without_a_common_one_of_its_sound_stays_alone() -> None:
    assert sounds_of(DOCUMENTS).alike("发货") == []
    assert sounds_of(DOCUMENTS).alike("㐀款") == []
    assert sounds_of([]).alike("退款") == []


def test_the_query_is_widened_by_what_sounds_alike() -> None:
    plain = set(query_terms("推款").ids)
    widened = set(query_terms("推款", sounds_of(DOCUMENTS)).ids)
    assert widened - plain == {term_id("退款"), term_id("退")}
