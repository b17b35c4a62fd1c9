"""Pictures are refused before their pixels are decoded; what is accepted comes out upright, on white, in bounds."""

from __future__ import annotations

import base64
import contextlib
import io
import struct
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kb_service.errors import InvalidRequest, PicturesUnavailable
from kb_service.pictures.file import MAX_BYTES, open_picture

FIELD = "messages.0.picture"


def file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """An image file."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def encoded(data: bytes) -> str:
    """As it comes in a request."""
    return base64.b64encode(data).decode()


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims a size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    body = b"IDAT" + zlib.compress(b"")
    return b"\x89PNG\r\n\x1a\n" + start + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


RED = Image.new("RGB", (60, 40), "red")


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        ("", f"{FIELD} 不是可读的图片：是空的；只收 PNG、JPEG、WebP"),
        ("这不是", f"{FIELD} 不是 base64 文本；请把图片文件的字节按标准 base64 编码"),
        ("abc", f"{FIELD} 不是 base64 文本；请把图片文件的字节按标准 base64 编码"),
        (encoded(b"GIF89a"), f"{FIELD} 不是可读的图片：开头是 47 49 46 38；只收 PNG、JPEG、WebP"),
        (encoded(b"BM\x5e\x1c"), f"{FIELD} 不是可读的图片：开头是 42 4d 5e 1c；只收 PNG、JPEG、WebP"),
        (
            encoded(file(RED) + bytes(MAX_BYTES)),
            f"{FIELD} 解码后约 1.5 MiB；最大 1.5 MiB，请压缩或缩小后再发",
        ),
        (encoded(bytes(3 * MAX_BYTES)), f"{FIELD} 解码后约 4.5 MiB；最大 1.5 MiB，请压缩或缩小后再发"),
        (encoded(claiming(4096, 3073)), f"{FIELD} 有 4096×3073 像素；最多 12582912 像素，请缩小后再发"),
        (encoded(claiming(10_000, 10_000)), f"{FIELD} 有 10000×10000 像素；最多 12582912 像素，请缩小后再发"),
        (encoded(claiming(60_000, 60_000)), f"{FIELD} 声称的像素太多；最多 12582912 像素，请缩小后再发"),
        (encoded(claiming(5100, 100)), f"{FIELD} 有 5100×100 像素；长边最多是短边的 50 倍，请截短后再发"),
        (encoded(claiming(100, 100)), f"{FIELD} 是 PNG 图片，但文件不完整或已损坏；请重新上传原图"),
        (encoded(file(RED, "JPEG")[:300]), f"{FIELD} 是 JPEG 图片，但文件不完整或已损坏；请重新上传原图"),
        (encoded(file(RED, "WEBP")[:30]), f"{FIELD} 是 WEBP 图片，但文件不完整或已损坏；请重新上传原图"),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_refusals_say_what_was_found_and_what_is_allowed(picture: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        open_picture(picture, FIELD)
    assert (str(refused.value), refused.value.field) == (message, FIELD)


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = encoded(file(RED))
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(PicturesUnavailable, match=r"没有安装识图组件.*kb-service\[pictures\].*放进这条消息的 text"):
        open_picture(picture, FIELD)


@given(
    place=st.integers(0, 5000),
    byte=st.integers(0, 255),
    cut=st.integers(1, 5000),
    kind=st.sampled_from(("PNG", "JPEG", "WEBP")),
)
@pytest.mark.filterwarnings("ignore::UserWarning:PIL.*")
def test_a_damaged_file_is_read_or_refused(place: int, byte: int, cut: int, kind: str) -> None:
    data = bytearray(file(RED, kind))
    data[place % len(data)] = byte
    with contextlib.suppress(InvalidRequest):
        assert open_picture(encoded(bytes(data[:cut])), FIELD).area > 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_each_format_is_decoded(kind: str) -> None:
    pixels = open_picture(encoded(file(RED, kind)), FIELD).pixels(60 * 40)
    assert pixels.shape == (40, 60, 3)
    blue, green, red = pixels[20, 30].tolist()
    assert red > 240
    assert max(blue, green) < 15


def test_a_data_url_and_broken_lines_are_understood() -> None:
    lines = base64.encodebytes(file(RED)).decode()
    assert open_picture(f"data:image/png;base64,{lines}", FIELD).image.size == (60, 40)


def test_transparency_becomes_white() -> None:
    clear = Image.new("RGBA", (60, 40), (255, 0, 0, 0))
    assert open_picture(encoded(file(clear)), FIELD).pixels(2400)[5, 5].tolist() == [255, 255, 255]


def test_a_photo_is_turned_as_the_camera_was_held() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert open_picture(encoded(file(RED, "JPEG", exif=exif)), FIELD).image.size == (40, 60)


@pytest.mark.parametrize(
    ("size", "area", "rows", "columns"),
    [
        ((1000, 800), 200_000, 400, 500),  # made smaller
        ((100, 80), 800_000, 160, 200),  # enlarged twice at most
        ((1, 1), 800_000, 2, 2),
        ((50, 1000), 143_000, 1001, 143),  # a margin: long side at most 7 times the short one
        ((4096, 3072), 800_000, 775, 1033),
    ],
)
def test_pixels_are_scaled(size: tuple[int, int], area: int, rows: int, columns: int) -> None:
    shape = open_picture(encoded(file(Image.new("RGB", size, "black"))), FIELD).pixels(area).shape
    assert shape[2] == 3
    assert abs(shape[0] - rows) <= 1
    assert abs(shape[1] - columns) <= 1


def test_a_large_picture_is_reduced_when_it_is_decoded() -> None:
    picture = open_picture(encoded(file(Image.new("RGB", (4000, 3000)), "JPEG")), FIELD)
    assert picture.area <= 4_001_000
