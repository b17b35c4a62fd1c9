"""Reading pictures: refusals, which way up, reading order, and real ones drawn with Pillow's own font."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from eval.draw import draw, find_font
from kb_service.case import Message
from kb_service.contract import SuggestRequest
from kb_service.errors import InvalidRequest, KnowledgeBaseError, PicturesUnavailable
from kb_service.pictures.reader import (
    Line,
    has_pictures,
    in_reading_order,
    load_engine,
    read_pictures,
    repaired,
    with_texts,
)
from tests.kb_service.pictures.test_file import encoded, file

NUMBER = "SF1234567890123"


def page(*texts: str) -> Image.Image:
    """Lines of Latin text, black on white, in the font that Pillow carries."""
    image = Image.new("RGB", (640, 60 + 60 * len(texts)), "white")
    pen = ImageDraw.Draw(image)
    for row, text in enumerate(texts):
        pen.text((40, 30 + 60 * row), text, fill="black", font=ImageFont.load_default(32))
    return image


def message(image: Image.Image, text: str = "") -> Message:
    return Message(role="customer", kind="image", text=text, picture=encoded(file(image)))


# ── refusals


def test_a_fifth_picture_is_refused() -> None:
    said = [Message(role="customer", text="你好"), *[message(page())] * 5]
    with pytest.raises(InvalidRequest) as refused:
        read_pictures(said)
    assert str(refused.value) == "一次请求带了 5 张图片；最多 4 张，请分几次发"
    assert refused.value.field == "messages.5.picture"


def test_a_broken_picture_is_named_before_any_is_read() -> None:
    broken = Message(role="customer", kind="image", picture=encoded(b"\xff\xd8\xff"))
    with pytest.raises(InvalidRequest) as refused:
        read_pictures([message(page(NUMBER)), Message(role="agent", text="好"), broken])
    assert refused.value.field == "messages.2.picture"


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(PicturesUnavailable, match=r"没有安装识图组件.*kb-service\[pictures\]") as refused:
        load_engine()
    assert (refused.value.status, refused.value.name) == (503, "pictures_unavailable")


# ── requests


def test_a_request_without_pictures_comes_back_as_it_is() -> None:
    request = SuggestRequest(messages=[Message(role="customer", kind="image", text="运单号 SF1")])
    assert not has_pictures(request)
    assert with_texts(request) == (request, [])
    assert not has_pictures(SuggestRequest(query="退款"))


def test_the_pictures_text_stands_behind_the_messages_own() -> None:
    before = Message(role="agent", text="请发面单照片")
    request = SuggestRequest(messages=[before, message(page("Parcel", NUMBER), "就是这个")])
    understood, (read,) = with_texts(request)
    assert understood.messages[0] is before
    assert understood.messages[1].text == f"就是这个\nParcel\n{NUMBER}"
    assert understood.messages[1].picture is None
    assert (read.message, read.text, read.start) == (1, understood.messages[1].text, 5)
    assert read.text[read.start :].startswith("Parcel")
    assert read.milliseconds > 0
    assert request.messages[1].picture is not None


def test_an_empty_picture_gives_no_text() -> None:
    for size in ((1, 1), (400, 400), (3, 150)):
        (found,), (read,) = read_pictures([message(Image.new("RGB", size, "white"))])
        assert (found.text, read.text, read.start) == ("", "", 0)


def test_the_text_of_a_message_stays_in_bounds() -> None:
    (found,), (read,) = read_pictures([message(page(NUMBER), "字" * 3_995)])
    assert found.text == read.text == "字" * 3_995 + "\nSF12"


# ── which way up


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 7, -12])
def test_a_turned_picture_is_read(degrees: int) -> None:
    turned = page("Waybill number", NUMBER, "2026-11-23", "Total 128.00").rotate(
        degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white"
    )
    (found,), _ = read_pictures([message(turned)])
    assert found.text.split("\n")[1:3] == [NUMBER, "2026-11-23"]


# ── reading order


def line(text: str, left: float, top: float, width: float = 100, slope: float = 0.0) -> Line:
    """A stretch of text 20 pixels high; `slope` pixels down per pixel to the right."""
    corners = [(left, top), (left + width, top + slope * width)]
    down = np.array([-slope * 20, 20.0])
    return Line(text, 1.0, np.array([*corners, corners[1] + down, corners[0] + down], dtype=np.float64))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], []),
        ([line("下", 0, 90), line("上", 0, 10)], ["上", "下"]),
        ([line("复制", 300, 12), line("12345678", 130, 8), line("订单编号", 0, 10)], ["订单编号 12345678 复制"]),
        ([line("12345678", 0, 10), line("87654321", 200, 10)], ["12345678", "87654321"]),  # two columns of numbers
        ([line("SF12", 0, 10), line("3456", 110, 10)], ["SF12 3456"]),  # one number in groups
        # The right end of the upper row hangs lower than the left end of the next one.
        (
            [line("a", 0, 0, slope=0.2), line("b", 400, 80, slope=0.2), line("c", 0, 40, slope=0.2)],
            ["a b", "c"],
        ),
    ],
)
def test_reading_order(lines: list[Line], expected: list[str]) -> None:
    assert in_reading_order(lines) == expected


# ── what the recogniser gets wrong in numbers


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("SF12345O789l123", "SF1234507891123"),
        ("2026112300O1234I", "2026112300012341"),
        ("YT12345678901234", "YT12345678901234"),
        ("JDVO12345678901", "JDVO12345678901"),  # letters before the digits belong to the carrier
        ("iPhone 15 Pro 256G", "iPhone 15 Pro 256G"),
        ("O2O 模式 lOl", "O2O 模式 lOl"),
        ("1OOOOOOOOOOl", "1OOOOOOOOOOl"),  # mostly letters: no number
        ("打印时间2026-07-2401:22:37", "打印时间2026-07-24 01:22:37"),
        ("2026-07-24 01:22", "2026-07-24 01:22"),
        ("2026-07-2401", "2026-07-2401"),
        ("", ""),
    ],
)
def test_a_line_is_set_right(read: str, meant: str) -> None:
    assert repaired(read) == meant


# ── a real one


def test_a_chinese_label_is_read() -> None:
    try:
        font = find_font()
    except KnowledgeBaseError as error:
        pytest.skip(str(error))
    label = draw("label", "photo", "test", font)
    (found,), _ = read_pictures([message(Image.open(io.BytesIO(label.data)))])
    assert f"订单号：{label.order_no}" in found.text
    assert f"运单号 {label.tracking_no}" in found.text
