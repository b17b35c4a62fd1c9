"""What happens to a page before it arrives: photographed, turned, squeezed. Drawn pages in, files out; seeded."""

from __future__ import annotations

import io
from collections.abc import Callable
from random import Random
from typing import Literal

import numpy as np
from PIL import Image, ImageFilter

Damage = Literal["clean", "skew", "turn", "blur", "jpeg", "photo", "far", "small", "worn"]
DAMAGES: tuple[Damage, ...] = ("clean", "skew", "turn", "blur", "jpeg", "photo", "far", "small", "worn")


def damaged(damage: Damage, rng: Random, page: Image.Image, turn: int) -> bytes:
    """The file that arrives: PNG or JPEG. `turn` chooses among quarter turns."""
    return _DAMAGES[damage](rng, page, turn)


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _skewed(rng: Random, page: Image.Image, _: int) -> bytes:
    """Held askew by 3 to 15 degrees."""
    angle = rng.choice((-1, 1)) * rng.uniform(3, 15)
    turned = page.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=rng.choice(("#777", "#fff", "#333")))
    return _jpeg(turned, 85)


def _turned(rng: Random, page: Image.Image, turn: int) -> bytes:
    """A quarter, half or three-quarter turn."""
    turns = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
    return _png(page.transpose(turns[turn % 3]))


def _blurred(rng: Random, page: Image.Image, _: int) -> bytes:
    """Out of focus: gaussian, 1.2 to 2.2 pixels at letters of 26 to 36."""
    return _jpeg(page.filter(ImageFilter.GaussianBlur(rng.uniform(1.2, 2.2))), 85)


def _squeezed(rng: Random, page: Image.Image, _: int) -> bytes:
    """Saved again and again by messengers: JPEG quality 15 to 40."""
    return _jpeg(page, rng.randint(15, 40))


def _small(rng: Random, page: Image.Image, _: int) -> bytes:
    """A thumbnail: 45 to 60 % of the size, letters of 11 to 20 pixels."""
    share = rng.uniform(0.45, 0.6)
    size = (int(page.width * share), int(page.height * share))
    return _jpeg(page.resize(size, Image.Resampling.LANCZOS), 70)


def _photographed(rng: Random, page: Image.Image, _: int) -> bytes:
    """A photo by phone: perspective, a table around it, uneven light, sensor noise, slight blur."""
    return _jpeg(_photo(rng, page, margin=0.1).filter(ImageFilter.GaussianBlur(0.7)), 75)


def _far_off(rng: Random, page: Image.Image, _: int) -> bytes:
    """A photo of eight megapixels in which the page takes a fifth to a twentieth of the picture."""
    return _jpeg(_photo(rng, page, margin=rng.uniform(0.6, 1.8)).resize((2448, 3264)), 60)


def _worn(rng: Random, page: Image.Image, _: int) -> bytes:
    """Everything at once: photographed askew, out of focus, made small, squeezed. People can just read it."""
    askew = page.rotate(rng.uniform(-6, 6), Image.Resampling.BICUBIC, expand=True, fillcolor="#777")
    seen = _photo(rng, askew, margin=0.1)
    small = seen.filter(ImageFilter.GaussianBlur(1.3)).resize((580, int(seen.height * 580 / seen.width)))
    return _jpeg(small, rng.randint(25, 40))


def _photo(rng: Random, page: Image.Image, margin: float) -> Image.Image:
    """`margin` is what is seen around the page, as a share of its size on every side."""
    width, height = page.size
    table = rng.choice(("#8a7a66", "#555", "#a9b0b5"))
    sheet = Image.new("RGB", (int(width * (1 + 2 * margin)), int(height * (1 + 2 * margin))), table)
    sheet.paste(page, (int(width * margin), int(height * margin)))
    corners = [(rng.uniform(0, 0.09), rng.uniform(0, 0.09)) for _ in range(4)]
    seen = sheet.transform(
        sheet.size, Image.Transform.PERSPECTIVE, _perspective(sheet.size, corners), Image.Resampling.BICUBIC
    )
    noise = np.random.default_rng(rng.randrange(2**32))
    pixels = np.asarray(seen, dtype=np.float64)
    down, across = np.mgrid[0 : seen.height, 0 : seen.width]
    slope = rng.uniform(-0.35, 0.35) * across / seen.width + rng.uniform(-0.35, 0.35) * down / seen.height
    pixels = pixels * (0.85 + slope)[..., None] + noise.normal(0, 7, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _perspective(size: tuple[int, int], inset: list[tuple[float, float]]) -> list[float]:
    """The eight coefficients that Pillow wants, for corners moved inwards by shares of the size."""
    width, height = size
    frame = [(0, 0), (width, 0), (width, height), (0, height)]
    inward = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    rows, known = [], []
    for (x, y), (to_x, to_y), (share_x, share_y) in zip(frame, inward, inset, strict=True):
        new_x, new_y = x + to_x * share_x * width, y + to_y * share_y * height
        rows += [[x, y, 1, 0, 0, 0, -new_x * x, -new_x * y], [0, 0, 0, x, y, 1, -new_y * x, -new_y * y]]
        known += [new_x, new_y]
    # Output -> input: a corner of the photo shows the point inset into the sheet, so the page seems to lean.
    return [float(value) for value in np.linalg.solve(np.array(rows), np.array(known))]


_DAMAGES: dict[Damage, Callable[[Random, Image.Image, int], bytes]] = {
    "clean": lambda rng, page, turn: _png(page),
    "skew": _skewed, "turn": _turned, "blur": _blurred, "jpeg": _squeezed, "photo": _photographed,
    "far": _far_off, "small": _small, "worn": _worn,
}  # fmt: skip
