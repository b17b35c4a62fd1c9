"""Word documents -> a page. The only module that knows mammoth, which makes HTML of styles, lists and tables."""

from __future__ import annotations

import io
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile

import mammoth

from ingest.importing.html import read_html
from ingest.importing.page import Page
from ingest.importing.zipped import check_zip
from kb_service.errors import ForeignFileError


def read_docx(file: str, data: bytes) -> Page:
    """The blocks of a .docx file, each placed by its number among the paragraphs. Raises ForeignFileError."""
    check_zip(file, data, "word/document.xml")
    try:
        found = mammoth.convert_to_html(
            io.BytesIO(data), convert_image=mammoth.images.img_element(lambda image: {"src": ""})
        )
    except (BadZipFile, ExpatError, KeyError, ValueError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise ForeignFileError(f"{file}：Word 文档损坏，读不了；请用 Word 或 WPS 打开后另存为 .docx") from error
    if not found.value.strip():
        raise ForeignFileError(f"{file}：文档里没有文字；文字在文本框或图片里的，请先移到正文")
    return read_html(file, found.value, lambda tag, number: f"第{number}段")
