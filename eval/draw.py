"""Invented pictures as customers send them: chat screenshots, parcel labels, order pages.

Everything is drawn from a seed with a Chinese font of the machine; nothing is a picture of a real case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from eval.damage import DAMAGES, Damage, damaged
from kb_service.errors import KnowledgeBaseError

Kind = Literal["chat", "label", "order"]
KINDS: tuple[Kind, ...] = ("chat", "label", "order")

FONT_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts",
    "/System/Library/Fonts", "/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
_FONT_FILES = (  # and which face of the file is simplified Chinese
    ("NotoSansCJK-Regular.ttc", 2), ("NotoSansCJKsc-Regular.otf", 0), ("NotoSansSC-Regular.otf", 0),
    ("SourceHanSansSC-Regular.otf", 0), ("wqy-zenhei.ttc", 0), ("wqy-microhei.ttc", 0), ("PingFang.ttc", 0),
    ("msyh.ttc", 0), ("NotoSerifCJK-Regular.ttc", 2),
)  # fmt: skip


class Font(NamedTuple):
    """A font file and the face of it that holds simplified Chinese."""

    path: Path
    face: int

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The font in a size, in pixels."""
        return ImageFont.truetype(self.path, size, index=self.face)


def find_font(folders: Sequence[str] = FONT_FOLDERS) -> Font:
    """A Chinese font of this machine. Raises KnowledgeBaseError when there is none."""
    for name, face in _FONT_FILES:
        for folder in folders:
            for path in Path(folder).expanduser().rglob(name):
                return Font(path, face)
    raise KnowledgeBaseError("这台机器没有中文字体，画不出评测图片；请先安装，例如 apt-get install fonts-noto-cjk")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture file with the numbers that can be read in it, normalised like facts."""

    kind: Kind
    damage: Damage
    data: bytes
    order_no: str
    tracking_no: str


def draw_all(seed: int, each: int, font: Font) -> Iterator[Drawn]:
    """`each` pictures of every kind under every damage, reproducible by seed."""
    for kind in KINDS:
        for damage in DAMAGES:
            for number in range(each):
                yield draw(kind, damage, f"{seed}/{number}", font, number)


def draw(kind: Kind, damage: Damage, seed: str, font: Font, turn: int = 0) -> Drawn:
    """One picture. `turn` chooses among quarter turns, so that a few pictures show all of them."""
    rng = Random(f"{seed}/{kind}/{damage}")
    order_no, (carrier, tracking_no) = _order_no(rng), _parcel(rng)
    page = _PAGES[kind](rng, font, order_no, carrier, tracking_no)
    return Drawn(kind, damage, damaged(damage, rng, page, turn), order_no, tracking_no)


# ── what is written


def _digits(rng: Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _order_no(rng: Random) -> str:
    return f"2026{rng.randint(1, 11):02d}{rng.randint(1, 28):02d}{_digits(rng, rng.choice((8, 8, 8, 10)))}"


def _parcel(rng: Random) -> tuple[str, str]:
    """Carrier and tracking number in the carrier's form."""
    carrier, head, count = rng.choice(_CARRIERS)
    return carrier, head + _digits(rng, count)


_CARRIERS = (
    ("顺丰速运", "SF", 13), ("圆通速递", "YT", 13), ("中通快递", "78", 12), ("韵达快递", "43", 13),
    ("申通快递", "773", 12), ("极兔速递", "JT", 13), ("京东快递", "JDVA", 11), ("邮政EMS", "11", 11),
)  # fmt: skip
_GOODS = ("佳能镜头", "机械键盘", "羽绒服 L码", "Switch 日版", "降噪耳机", "电动车电池", "乐高积木", "iPad mini 6")
_TURNS = (
    "在吗？东西还没收到", "物流三天没动了", "麻烦帮我查一下", "我已经联系快递了", "稍等我看一下", "什么时候能退款呀",
    "收到货屏幕有划痕", "和描述的九成新完全不符", "能走平台介入吗", "好的，谢谢", "我昨天就寄出去了", "运费谁出呢",
)  # fmt: skip
_PLACES = ("浙江省杭州市余杭区", "广东省深圳市南山区", "四川省成都市武侯区", "湖北省武汉市洪山区", "江苏省苏州市姑苏区")
_SURNAMES = "王李张刘陈杨赵黄周吴"


def _moment(rng: Random) -> str:
    day, hour = rng.randint(1, 28), rng.randint(0, 23)
    return f"2026-{rng.randint(1, 11):02d}-{day:02d} {hour:02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}"


def _in_fours(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


# ── the three kinds of page


def _chat(rng: Random, font: Font, order_no: str, carrier: str, tracking_no: str) -> Image.Image:
    """A chat on a phone: bubbles left and right, the two numbers among other turns."""
    page, large, small = _page(720, 1280, "#ededed"), font.at(30), font.at(22)
    pen = ImageDraw.Draw(page)
    pen.text((310, 40), rng.choice("客卖买") + "家小" + rng.choice(_SURNAMES), fill="#111", font=large)
    said = rng.sample(_TURNS, 4)
    order = rng.choice(("订单号 {0}", "订单编号：{0} 帮忙看看", "这个订单{0}一直没发货")).format(order_no)
    said.insert(rng.randint(0, 2), order)
    parcel = rng.choice(("{1}单号 {0}", "运单号{0}，{1}", "快递单号：{0}")).format(tracking_no, carrier)
    said.insert(rng.randint(3, 5), parcel)
    y = 120
    for place, text in enumerate(said):
        if place in (0, 3):
            pen.text((300, y), f"{rng.randint(8, 22)}:{rng.randint(10, 59)}", fill="#999", font=small)
            y += 44
        y = _bubble(page, y, text, font, mine=rng.random() < 0.5) + 34
    return page


def _bubble(page: Image.Image, y: int, text: str, font: Font, mine: bool) -> int:
    """A speech bubble with wrapped text; returns the y below it."""
    face, pen = font.at(30), ImageDraw.Draw(page)
    lines = _wrapped(text, face, 440)
    width = int(max(face.getlength(line) for line in lines)) + 40
    height = 44 * len(lines) + 32
    left = page.width - 110 - width if mine else 110
    pen.rounded_rectangle((left, y, left + width, y + height), 14, fill="#95ec69" if mine else "white")
    avatar = page.width - 90 if mine else 20
    pen.rounded_rectangle((avatar, y, avatar + 70, y + 70), 10, fill="#5b8def" if mine else "#e0915a")
    for row, line in enumerate(lines):
        pen.text((left + 20, y + 12 + 44 * row), line, fill="#111", font=face)
    return y + height


def _wrapped(text: str, face: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Lines of at most `width` pixels; a run of digits and letters stays whole, as chat programs keep it."""
    words: list[str] = []
    for character in text:
        if words and character.isascii() and character.isalnum() and words[-1][-1:].isascii() and words[-1].isalnum():
            words[-1] += character
        else:
            words.append(character)
    lines = [""]
    for word in words:
        if lines[-1] and face.getlength(lines[-1] + word) > width:
            lines.append("")
        lines[-1] += word
    return lines


def _label(rng: Random, font: Font, order_no: str, carrier: str, tracking_no: str) -> Image.Image:
    """A parcel label: carrier, bars, tracking number, masked people, order number."""
    page = _page(760, 1000, "white")
    pen = ImageDraw.Draw(page)
    pen.rectangle((12, 12, 748, 988), outline="black", width=3)
    pen.text((36, 28), carrier, fill="black", font=font.at(54))
    pen.text((500, 48), rng.choice(("标准快递", "特惠件", "电商件")), fill="black", font=font.at(28))
    _bars(pen, rng, (60, 130, 700, 240))
    shown = _in_fours(tracking_no) if rng.random() < 0.5 else tracking_no
    pen.text((380, 250), shown, fill="black", font=font.at(36), anchor="mt")
    pen.line((12, 320, 748, 320), fill="black", width=2)
    for y, head in ((340, "收"), (500, "寄")):
        person = f"{rng.choice(_SURNAMES)}** 1{rng.choice('3578')}{rng.choice('0123456789')}****{_digits(rng, 4)}"
        pen.text((36, y), head, fill="black", font=font.at(44))
        pen.text((110, y), person, fill="black", font=font.at(30))
        pen.text((110, y + 50), f"{rng.choice(_PLACES)}****", fill="black", font=font.at(28))
    pen.line((12, 650, 748, 650), fill="black", width=2)
    rows = (
        f"订单号：{order_no}",
        f"内件：{rng.choice(_GOODS)}",
        f"打印时间 {_moment(rng)}",
        f"重量 {rng.randint(3, 90) / 10}kg",
    )
    for row, text in enumerate(rows):
        pen.text((36, 670 + 50 * row), text, fill="black", font=font.at(28))
    pen.text((36, 900), f"运单号 {tracking_no}", fill="black", font=font.at(24))
    return page


def _bars(pen: ImageDraw.ImageDraw, rng: Random, box: tuple[int, int, int, int]) -> None:
    """Lines like a barcode; they encode nothing."""
    x = box[0]
    while x < box[2]:
        width = rng.choice((2, 3, 5))
        pen.rectangle((x, box[1], x + width - 1, box[3]), fill="black")
        x += width + rng.choice((2, 3, 5))


def _order(rng: Random, font: Font, order_no: str, carrier: str, tracking_no: str) -> Image.Image:
    """An order page of a shopping app: state, goods, price, and a list of labels with values."""
    page = _page(720, 1180, "#f5f5f5")
    pen, face = ImageDraw.Draw(page), font.at(26)
    pen.rectangle((0, 0, 720, 120), fill="#ff6a3d")
    pen.text((30, 40), rng.choice(("卖家已发货", "交易成功", "等待买家收货", "退款中")), fill="white", font=font.at(38))
    pen.rectangle((20, 150, 700, 330), fill="white")
    pen.rectangle((40, 170, 180, 310), fill=rng.choice(("#9bb", "#cba", "#bca")))
    pen.text((200, 175), rng.choice(_GOODS), fill="#222", font=font.at(28))
    paid = f"¥{rng.randint(20, 4999)}.{rng.choice(('00', '50', '90'))}"
    pen.text((680, 270), paid, fill="#222", font=font.at(28), anchor="rt")
    rows = [
        ("订单编号", order_no), ("创建时间", _moment(rng)), ("付款时间", _moment(rng)), ("发货时间", _moment(rng)),
        ("物流公司", carrier), ("运单号码", tracking_no), ("商品总价", paid), ("运费", "¥0.00"), ("实付款", paid),
    ]  # fmt: skip
    pen.rectangle((20, 360, 700, 380 + 72 * len(rows)), fill="white")
    for row, (label, value) in enumerate(rows):
        y = 390 + 72 * row
        pen.text((44, y), label, fill="#888", font=face)
        pen.text((230, y), value, fill="#222", font=face)
        if label in ("订单编号", "运单号码"):
            pen.text((630, y), "复制", fill="#ff6a3d", font=face)
    return page


def _page(width: int, height: int, colour: str) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


_PAGES: dict[Kind, Callable[[Random, Font, str, str, str], Image.Image]] = {
    "chat": _chat, "label": _label, "order": _order,
}  # fmt: skip
