"""The drill on a few pictures: one of each kind. The whole of it is `evaluate_pictures` with its defaults."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from eval.damage import DAMAGES
from eval.draw import KINDS, Drawn, Font, draw, find_font
from eval.pictures import EACH, PictureRead, PictureResult, evaluate_pictures
from ingest.load import load
from kb_service.errors import KnowledgeBaseError
from kb_service.lexicon import Lexicon
from tests.conftest import ROOT


def test_without_a_chinese_font_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeBaseError, match=r"没有中文字体.*fonts-noto-cjk"):
        find_font([str(tmp_path)])


def read(kind: str, damage: str, order: bool, tracking: bool, milliseconds: float) -> PictureRead:
    drawn = Drawn(kind, damage, b"", "1", "2")  # type: ignore[arg-type]
    return PictureRead(drawn, "", order, tracking, () if order else ("3",), milliseconds)


def test_shares_are_of_numbers() -> None:
    result = PictureResult(
        (
            read("chat", "clean", True, True, 10),
            read("chat", "blur", False, True, 30),
            read("label", "blur", False, False, 20),
        )
    )
    assert result.order_share == pytest.approx(1 / 3)
    assert result.tracking_share == pytest.approx(2 / 3)
    assert result.share() == pytest.approx(3 / 6)
    assert result.share(damage="blur") == pytest.approx(1 / 4)
    assert result.share("chat", "blur") == pytest.approx(1 / 2)
    assert (result.wrong, result.milliseconds) == (2, 20)


def test_there_are_more_than_seventy_pictures() -> None:
    assert len(KINDS) * len(DAMAGES) * EACH >= 72


@pytest.fixture(scope="module")
def font() -> Font:
    """A Chinese font, or the test is skipped, visibly."""
    try:
        return find_font()
    except KnowledgeBaseError as error:
        pytest.skip(str(error))


def test_a_seed_draws_the_same_picture_again(font: Font) -> None:
    assert draw("chat", "worn", "1", font) == draw("chat", "worn", "1", font)
    assert draw("chat", "clean", "1", font).order_no != draw("chat", "clean", "2", font).order_no


def test_every_kind_is_read(font: Font, tmp_path: Path) -> None:
    lexicon = Lexicon.model_validate(load(ROOT / "content").lexicon)
    result = evaluate_pictures(lexicon, seed=1, each=1, damages=("worn",), sheet=tmp_path / "sheet.png")
    assert [item.drawn.kind for item in result.read] == list(KINDS)
    assert result.share() >= 5 / 6
    assert result.wrong == 0
    assert Image.open(tmp_path / "sheet.png").width > 500
    assert result.table().startswith("| | worn | all |")
