from __future__ import annotations

from ingest.preview.marking import Piece, changed_pieces, filled_pieces
from kb_service.case import MissingSlot
from kb_service.contract import ReplyTemplate


def reply(text: str, filled: dict[str, str], missing: tuple[str, ...] = ()) -> ReplyTemplate:
    slots = [MissingSlot(slot=label, label=label, type="text", ask="？") for label in missing]
    return ReplyTemplate(
        id="t",
        record_id="r",
        title="t",
        tone="neutral",
        channel="chat",
        text=text,
        filled=filled,
        unverified=[],
        missing_slots=slots,
        sendable=False,
    )


def test_a_text_without_blanks_is_one_piece() -> None:
    assert filled_pieces(reply("您好。", {})) == [Piece("您好。")]


def test_what_was_filled_and_what_is_missing_is_marked() -> None:
    assert filled_pieces(reply("订单 123 退【金额】，订单 1234", {"a": "123", "b": "1234"}, ("金额",))) == [
        Piece("订单 "),
        Piece("123", "filled"),
        Piece(" 退"),
        Piece("【金额】", "missing"),
        Piece("，订单 "),
        Piece("1234", "filled"),
    ]


def test_a_single_character_is_not_looked_for() -> None:
    assert filled_pieces(reply("3 天内共 3 次", {"count": "3"})) == [Piece("3 天内共 3 次")]


def test_inside_a_line_words_are_marked() -> None:
    assert changed_pieces("48 小时内发货", "36 小时内就发货") == [
        Piece("48", "gone"),
        Piece("36", "came"),
        Piece(" 小时内"),
        Piece("就", "came"),
        Piece("发货"),
    ]


def test_lines_that_have_little_in_common_stand_one_after_the_other() -> None:
    assert changed_pieces("退款很快", "请联系物流公司核实") == [
        Piece("退款很快", "gone"),
        Piece("请联系物流公司核实", "came"),
    ]


def test_of_what_is_the_same_only_the_lines_around_stay() -> None:
    old = "".join(f"{n}\n" for n in range(8))
    assert changed_pieces(old, old + "新\n") == [Piece("0\n1\n…\n6\n7\n"), Piece("新\n", "came")]
