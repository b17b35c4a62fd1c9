"""Pictures: how many order and parcel numbers are found in drawn and damaged ones. Nothing is read from a file."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from PIL import Image, ImageDraw

from eval.damage import DAMAGES, Damage
from eval.draw import KINDS, Drawn, Font, Kind, draw_all, find_font
from kb_service.case import Message
from kb_service.lexicon import Lexicon
from kb_service.pictures.reader import read_pictures
from kb_service.records import CHINA
from kb_service.understand.facts import FactFinder

SEED = 20261123  # reports; constants were chosen with others
EACH = 3  # pictures of a kind under a damage: 81 in all
SAID = datetime(2026, 11, 23, 12, tzinfo=CHINA)
SHEET = Path("var/eval/pictures.png")


@dataclass(frozen=True, slots=True)
class PictureRead:
    """One picture and what was found in it. `wrong` are numbers of these types that are not in the picture."""

    drawn: Drawn
    text: str
    order_found: bool
    tracking_found: bool
    wrong: tuple[str, ...]
    milliseconds: float


@dataclass(frozen=True, slots=True)
class PictureResult:
    """The drill: shares are 0..1 of numbers whose every digit is right."""

    read: tuple[PictureRead, ...]

    @property
    def order_share(self) -> float:
        """Order numbers found."""
        return _share([item.order_found for item in self.read])

    @property
    def tracking_share(self) -> float:
        """Tracking numbers found."""
        return _share([item.tracking_found for item in self.read])

    @property
    def wrong(self) -> int:
        """Order and tracking numbers found that are not there."""
        return sum(len(item.wrong) for item in self.read)

    @property
    def milliseconds(self) -> float:
        """Median time of a picture."""
        return median(item.milliseconds for item in self.read)

    def share(self, kind: Kind | None = None, damage: Damage | None = None) -> float:
        """Numbers of both types found, in pictures of a kind, of a damage, or both."""
        return _share(
            [
                found
                for item in self.read
                if kind in (None, item.drawn.kind) and damage in (None, item.drawn.damage)
                for found in (item.order_found, item.tracking_found)
            ]
        )

    def table(self) -> str:
        """Markdown: share by kind and damage, with the median time of a damage."""
        damages = [name for name in DAMAGES if any(item.drawn.damage == name for item in self.read)]
        lines = ["| | " + " | ".join(damages) + " | all |", "|---" * (len(damages) + 2) + "|"]
        for kind in KINDS:
            shares = [self.share(kind, damage) for damage in damages]
            lines.append(f"| {kind} | " + " | ".join(f"{share:.2f}" for share in [*shares, self.share(kind)]) + " |")
        times = [median(item.milliseconds for item in self.read if item.drawn.damage == name) for name in damages]
        lines.append("| ms | " + " | ".join(f"{value:.0f}" for value in [*times, self.milliseconds]) + " |")
        return "\n".join(lines)


def evaluate_pictures(
    lexicon: Lexicon, seed: int = SEED, each: int = EACH, damages: Sequence[Damage] = DAMAGES, sheet: Path | None = None
) -> PictureResult:
    """Draw, damage, send as base64, read, and look for the numbers. With `sheet`, a PNG of all pictures for people.

    Raises KnowledgeBaseError without a Chinese font, PicturesUnavailable without the extra.
    """
    font = find_font()
    drawn = [item for item in draw_all(seed, each, font) if item.damage in damages]
    finder = FactFinder(lexicon)
    read = [_read(item, finder) for item in drawn]
    if sheet is not None:
        contact_sheet(read, sheet, font)
    return PictureResult(tuple(read))


def _read(drawn: Drawn, finder: FactFinder) -> PictureRead:
    encoded = base64.b64encode(drawn.data).decode()
    started = time.perf_counter()
    (message,), _ = read_pictures([Message(role="customer", kind="image", picture=encoded)])
    milliseconds = (time.perf_counter() - started) * 1000
    facts = finder.find(message.text, SAID)
    orders = {fact.value for fact in facts if fact.type == "order_no"}
    parcels = {fact.value for fact in facts if fact.type == "tracking_no"}
    return PictureRead(
        drawn,
        message.text,
        drawn.order_no in orders,
        drawn.tracking_no in parcels,
        tuple(sorted((orders | parcels) - {drawn.order_no, drawn.tracking_no})),
        milliseconds,
    )


def contact_sheet(read: Sequence[PictureRead], path: Path, font: Font) -> None:
    """All pictures on one, small; below each what was not found."""
    cell, columns = (260, 380), 9
    rows = -(-len(read) // columns)
    page = Image.new("RGB", (cell[0] * columns, cell[1] * rows), "white")
    pen = ImageDraw.Draw(page)
    for place, item in enumerate(read):
        image = Image.open(io.BytesIO(item.drawn.data)).convert("RGB")
        image.thumbnail((cell[0] - 12, cell[1] - 40))
        left, top = cell[0] * (place % columns), cell[1] * (place // columns)
        page.paste(image, (left, top + 30))
        lost = [name for name, found in (("订单号", item.order_found), ("运单号", item.tracking_found)) if not found]
        label = f"{item.drawn.kind} {item.drawn.damage} " + ("没认出" + "、".join(lost) if lost else "全对")
        pen.text((left + 4, top + 4), label, fill="#c00" if lost else "#070", font=font.at(18))
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path)


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return sum(values) / len(values)
