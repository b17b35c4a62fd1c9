"""A picture as it comes in a request: base64 -> bounded, decoded, scaled. The only module that knows Pillow.

What a picture claims to be is checked before its pixels are decoded: a file of a few bytes can claim gigabytes of them.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
import struct
import zlib
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kb_service.errors import InvalidRequest, PicturesUnavailable

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 1_572_864  # of the decoded file: 1.5 MiB
MAX_PIXELS = 12_582_912  # 4096 x 3072, a phone camera's 12 megapixels
MAX_SIDES = 50  # long side to short side; anything longer is no picture of a text
MISSING = (
    "没有安装识图组件，不能读取图片；请运维安装 kb-service[pictures]，或去掉 picture，把图片上的文字放进这条消息的 text"
)

_FORMATS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
_KEPT = 4_000_000  # pixels kept of a picture; nothing is ever read at more
_LARGEST = 2.0  # a small picture is enlarged by this at most: more adds no detail
_SLIM = 7.0  # long side to short side that the text detector takes; slimmer pictures get a margin
_ORIENTATION = 0x0112  # EXIF: how the camera was held
_TURNS = {3: 180, 6: 270, 8: 90}  # its values, in degrees counter-clockwise; no camera makes mirrored pictures
# What Pillow itself takes for a broken file, and what escaped it when bytes of good files were changed.
_BROKEN = (OSError, SyntaxError, ValueError, IndexError, TypeError, EOFError, struct.error, zlib.error)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, upright by its own EXIF data, reduced to what reading needs."""

    image: Image

    @property
    def area(self) -> int:
        """Pixels that there are."""
        return self.image.width * self.image.height

    def pixels(self, area: int) -> NDArray[np.uint8]:
        """About `area` pixels as rows x columns x (blue, green, red), with a white margin where it is very slim."""
        width, height = self.image.size
        full = max(width, math.ceil(height / _SLIM)), max(height, math.ceil(width / _SLIM))
        scale = min(math.sqrt(area / (full[0] * full[1])), _LARGEST)
        drawn = self.image.resize(_scaled((width, height), scale))
        columns, rows = _scaled(full, scale)
        canvas = np.full((max(rows, drawn.height), max(columns, drawn.width), 3), 255, np.uint8)
        canvas[: drawn.height, : drawn.width] = np.asarray(drawn)[:, :, ::-1]
        return canvas


def open_picture(encoded: str, field: str) -> Picture:
    """The picture of a base64 text (a `data:` URL will do). Raises InvalidRequest naming `field`."""
    data = _decoded(encoded, field)
    kind = _format(data, field)
    image_module = _pillow()
    try:
        image = image_module.open(io.BytesIO(data), formats=[kind])
        _check_size(image.size, field)
        return Picture(_loaded(image))
    except image_module.DecompressionBombError as error:
        raise InvalidRequest(f"{field} 声称的像素太多；最多 {MAX_PIXELS} 像素，请缩小后再发", field) from error
    except _BROKEN as error:
        raise InvalidRequest(f"{field} 是 {kind} 图片，但文件不完整或已损坏；请重新上传原图", field) from error


def _decoded(encoded: str, field: str) -> bytes:
    body = encoded.partition(",")[2] if encoded.startswith("data:") else encoded
    compact = "".join(body.split())  # the command base64 breaks lines
    if len(compact) > math.ceil(MAX_BYTES / 3) * 4:
        raise InvalidRequest(_too_large(len(compact) * 3 // 4, field), field)
    try:
        data = base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(f"{field} 不是 base64 文本；请把图片文件的字节按标准 base64 编码", field) from error
    if len(data) > MAX_BYTES:
        raise InvalidRequest(_too_large(len(data), field), field)
    return data


def _too_large(size: int, field: str) -> str:
    return f"{field} 解码后约 {size / 1_048_576:.1f} MiB；最大 {MAX_BYTES / 1_048_576} MiB，请压缩或缩小后再发"


def _format(data: bytes, field: str) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    for magic, name in _FORMATS.items():
        if data.startswith(magic):
            return name
    found = f"开头是 {data[:4].hex(' ')}" if data else "是空的"
    raise InvalidRequest(f"{field} 不是可读的图片：{found}；只收 PNG、JPEG、WebP", field)


def _check_size(size: tuple[int, int], field: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise InvalidRequest(f"{field} 有 {width}×{height} 像素；最多 {MAX_PIXELS} 像素，请缩小后再发", field)
    if max(size) > MAX_SIDES * min(size):
        raise InvalidRequest(f"{field} 有 {width}×{height} 像素；长边最多是短边的 {MAX_SIDES} 倍，请截短后再发", field)


def _loaded(image: Image) -> Image:
    """Decode, at reduced scale where JPEG allows it; turn upright by EXIF; put onto white; reduce."""
    scale = min(1.0, math.sqrt(_KEPT / (image.width * image.height)))
    image.draft("RGB", _scaled(image.size, scale))
    image = _upright(image)
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = _pillow().new("RGBA", layer.size, "white")
        image.alpha_composite(layer)
    scale = min(1.0, math.sqrt(_KEPT / (image.width * image.height)))
    return image.convert("RGB").resize(_scaled(image.size, scale))


def _upright(image: Image) -> Image:
    degrees = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    return image.rotate(degrees, expand=True) if degrees else image


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _pillow() -> ModuleType:
    """Pillow's Image module. Raises PicturesUnavailable when the extra is not installed."""
    try:
        from PIL import Image
    except ImportError as error:
        raise PicturesUnavailable(MISSING) from error
    return Image
