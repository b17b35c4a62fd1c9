"""Text in pictures. The only module that knows rapidocr, whose wheel carries the PP-OCR weights: nothing is downloaded.

A picture is read once at about a megapixel; again at more where the letters came out small, and once more turned where
what was read makes little sense or stands on its side. One picture is read at a time, on one thread of onnxruntime:
reading takes seconds, and must leave room for the calls that take milliseconds.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from kb_service.case import Message, PictureText
from kb_service.casework import NoteRequest, ReviewRequest
from kb_service.contract import SuggestRequest
from kb_service.errors import InvalidRequest, PicturesUnavailable
from kb_service.pictures.file import MISSING, Picture, open_picture

if TYPE_CHECKING:
    from rapidocr import RapidOCR

MAX_PICTURES = 4  # of a request
MAX_TEXT = 4_000  # characters of a message, its own and the picture's

# Chosen on the drill of eval/pictures.py with another seed than the published one (docs/decisions/0006-pictures.md).
AREA, CLOSER = 800_000, 2_000_000  # pixels read at first, and where letters are small
SMALL = 16  # pixels: median height of a line, below which a closer look pays
SURE = 0.9  # mean confidence per character: upright text reads at 0.97 and above, upside down below 0.8
MOST_LINES = 300  # of a picture; bounds the time, 50 to 80 ms a line

Talk = TypeVar("Talk", SuggestRequest, NoteRequest, ReviewRequest)
Pixels = NDArray[np.uint8]


class Line(NamedTuple):
    """A stretch of text in a picture: its corners (from the text's top left, clockwise; pixels) and confidence."""

    text: str
    confidence: float
    corners: NDArray[np.float64]  # 4 x 2

    @property
    def width(self) -> float:
        """Along the top edge, in pixels."""
        return float(np.linalg.norm(self.corners[1] - self.corners[0]))

    @property
    def height(self) -> float:
        """Along the left edge, in pixels."""
        return float(np.linalg.norm(self.corners[3] - self.corners[0]))


def has_pictures(request: Talk) -> bool:
    """Whether any message carries a picture."""
    return any(message.picture is not None for message in request.messages)


def with_texts(request: Talk) -> tuple[Talk, list[PictureText]]:
    """The request with every picture's text behind its message's own, and what was read.

    Raises InvalidRequest for a picture that is out of bounds or broken, PicturesUnavailable when none can be read.
    Takes seconds: never call it on the event loop.
    """
    if not has_pictures(request):
        return request, []
    messages, read = read_pictures(request.messages)
    return request.model_copy(update={"messages": messages}), read


def read_pictures(messages: Sequence[Message]) -> tuple[list[Message], list[PictureText]]:
    """As `with_texts`, for messages. All pictures are checked and decoded before the first is read."""
    places = [place for place, message in enumerate(messages) if message.picture is not None]
    if len(places) > MAX_PICTURES:
        field = f"messages.{places[MAX_PICTURES]}.picture"
        raise InvalidRequest(f"一次请求带了 {len(places)} 张图片；最多 {MAX_PICTURES} 张，请分几次发", field)
    pictures = {place: open_picture(messages[place].picture or "", f"messages.{place}.picture") for place in places}
    found, read = list(messages), []
    for place, picture in pictures.items():
        started = time.perf_counter()
        recognised = read_picture(picture)
        own = messages[place].text
        start = len(own) + 1 if own else 0
        text = (f"{own}\n{recognised}" if own else recognised)[:MAX_TEXT]
        found[place] = messages[place].model_copy(update={"text": text, "picture": None})
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        read.append(PictureText(message=place, text=text, start=min(start, len(text)), milliseconds=milliseconds))
    return found, read


def read_picture(picture: Picture) -> str:
    """The text of a picture, line by line in reading order; empty where there is none. Raises PicturesUnavailable."""
    with _READING:
        engine = _engine()
        pixels = picture.pixels(AREA)
        lines = _lines(engine, pixels)
        if lines and median(min(line.width, line.height) for line in lines) < SMALL and picture.area > AREA * 1.2:
            pixels = picture.pixels(CLOSER)
            lines = _lines(engine, pixels)
        quarters = _quarters_to_upright(lines)
        if quarters:
            turned = _lines(engine, np.ascontiguousarray(np.rot90(pixels, quarters)))
            if _on_its_side(lines) or _confidence(turned) > _confidence(lines):
                lines = turned or lines
    return "\n".join(repaired(row) for row in in_reading_order(lines))


_READING = Lock()


@lru_cache(maxsize=1)
def _engine() -> RapidOCR:
    return load_engine()


def load_engine() -> RapidOCR:
    """The recogniser with the weights of its own wheel. Raises PicturesUnavailable."""
    try:
        import rapidocr
    except ImportError as error:
        raise PicturesUnavailable(MISSING) from error
    weights = Path(rapidocr.__file__).parent / "models"
    threads = "EngineConfig.onnxruntime.{}_op_num_threads"
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,  # pictures are turned as a whole, above; the classifier also turns single lines
            "Global.max_side_len": 100_000,  # sizes are ours
            "Det.model_path": _weights(weights, "det"),  # with a path it never downloads
            "Rec.model_path": _weights(weights, "rec"),
            "Det.limit_type": "max",
            "Det.limit_side_len": 100_000,
            "Det.max_candidates": MOST_LINES,
            threads.format("intra"): 1,
            threads.format("inter"): 1,
        }
    )


def _weights(folder: Path, kind: str) -> str:
    found = sorted(folder.glob(f"*_{kind}_*.onnx"))
    if not found:
        raise PicturesUnavailable(f"识图组件不完整：{folder} 里没有 {kind} 模型；请重新安装 kb-service[pictures]")
    return str(found[0])


def _lines(engine: RapidOCR, pixels: Pixels) -> list[Line]:
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError
    from rapidocr.utils.output import RapidOCROutput

    try:
        output = engine(pixels)
    except ONNXRuntimeError as error:
        raise PicturesUnavailable("识图组件运行失败，多半是内存不足；请稍后再试，或去掉 picture") from error
    if not isinstance(output, RapidOCROutput) or output.boxes is None:
        return []
    parts = zip(output.txts or (), output.scores or (), output.boxes, strict=True)
    return [Line(text, float(score), np.asarray(box, dtype=np.float64)) for text, score, box in parts]


# ── which way up


def _quarters_to_upright(lines: Sequence[Line]) -> int:
    """Quarter turns, counter-clockwise, that would probably set the picture upright.

    The recogniser turns a line that stands on its side counter-clockwise before it reads it: what then makes sense says
    which way the picture lies.
    """
    if not lines:
        return 0
    sure = _confidence(lines) >= SURE
    if _on_its_side(lines):
        return 1 if sure else 3
    return 0 if sure else 2


def _on_its_side(lines: Sequence[Line]) -> bool:
    standing = sum(line.height for line in lines if line.height > 1.5 * line.width)
    return standing > sum(line.width for line in lines if line.height <= 1.5 * line.width)


def _confidence(lines: Sequence[Line]) -> float:
    """Mean confidence per character."""
    characters = sum(len(line.text) for line in lines)
    return sum(line.confidence * len(line.text) for line in lines) / characters if characters else 0.0


# ── reading order


def in_reading_order(lines: Sequence[Line]) -> list[str]:
    """Rows from the top, each from the left; a page that hangs askew is set straight first.

    Stretches of one row are joined by a blank, so that a label stays with its value; but two numbers that stand apart
    get rows of their own, or they would read as one.
    """
    straight = _straightened(lines)
    rows: list[list[Line]] = []
    for line in sorted(straight, key=_middle):
        if rows and _middle(line) - fmean(map(_middle, rows[-1])) < 0.5 * min(line.height, rows[-1][-1].height):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [text for row in rows for text in _joined(sorted(row, key=lambda line: line.corners[0][0]))]


def _straightened(lines: Sequence[Line]) -> list[Line]:
    """The lines turned by their own median slope; long lines count more."""
    slopes = sorted((math.atan2(*(line.corners[1] - line.corners[0])[::-1]), line.width) for line in lines)
    half, passed = sum(width for _, width in slopes) / 2, 0.0
    for slope, width in slopes:
        passed += width
        if passed >= half:
            turn = np.array([[math.cos(slope), -math.sin(slope)], [math.sin(slope), math.cos(slope)]])
            return [line._replace(corners=line.corners @ turn) for line in lines]
    return list(lines)


def _middle(line: Line) -> float:
    return float(line.corners[:, 1].mean())


def _joined(row: Sequence[Line]) -> list[str]:
    texts = [row[0].text.strip()]
    for left, right in pairwise(row):
        gap = right.corners[0][0] - left.corners[1][0]
        text = right.text.strip()
        if texts[-1][-1:].isdigit() and text[:1].isdigit() and gap > 1.5 * left.height:
            texts.append(text)
        else:
            texts[-1] = f"{texts[-1]} {text}".strip()
    return texts


# ── what the recogniser gets wrong in numbers

_LONG_NUMBER = re.compile(r"[A-Za-z]{0,4}\d[\dOoIl|]{8,}")
_GLUED = re.compile(r"(\d{4}([-/.])\d{2}\2\d{2})(?=\d{2}:\d{2})")
_MISREAD = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1", "|": "1"})


def repaired(text: str) -> str:
    """A recognised line, set right: look-alike letters inside long numbers, a lost blank between date and time.

    >>> repaired("运单号 SF12345O789l123")
    '运单号 SF1234507891123'
    >>> repaired("2026-07-2401:22:37")
    '2026-07-24 01:22:37'
    """
    return _GLUED.sub(r"\1 ", _LONG_NUMBER.sub(_digits_only, text))


def _digits_only(match: re.Match[str]) -> str:
    number = match[0]
    first = re.search(r"\d", number)
    start = first.start() if first else 0
    tail = number[start:]
    if sum(character.isdigit() for character in tail) < 0.75 * len(tail):
        return number
    return number[:start] + tail.translate(_MISREAD)
