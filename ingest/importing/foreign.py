"""A foreign file -> a page or a table, by its ending. What cannot be read is refused with its remedy."""

from __future__ import annotations

from pathlib import Path

from charset_normalizer import from_bytes

from ingest.importing.markdown import read_markdown
from ingest.importing.page import Page
from ingest.importing.tables import Table, read_csv
from kb_service.errors import ForeignFileError

LARGEST = 20 * 2**20  # bytes; help pages and tables of questions are far smaller
MARKDOWN, HTML, CSV = (".md", ".markdown", ".txt"), (".html", ".htm"), (".csv", ".tsv")
ENDINGS = (*MARKDOWN, *HTML, *CSV, ".xlsx", ".docx")
_OTHERS = {
    b"%PDF": "PDF；请在文字处理软件里另存为 .docx 或 .txt",
    b"\xd0\xcf\x11\xe0": "旧的 Office 格式；请另存为 .docx 或 .xlsx",
    b"\x89PNG": "图片；请先把文字整理成文档",
    b"\xff\xd8\xff": "图片；请先把文字整理成文档",
}


def read_foreign(path: Path) -> Page | list[Table]:
    """A document as a page, a workbook or CSV as its tables. Raises ForeignFileError."""
    ending = path.suffix.lower()
    data = _bytes(path, ending)
    if ending == ".xlsx":
        from ingest.importing.workbooks import read_xlsx

        return read_xlsx(path.name, data)
    if ending in CSV:
        return [read_csv(path.name, decoded(path.name, data))]
    return _page(path, ending, data)


def read_page(path: Path) -> Page:
    """A document as a page. Raises ForeignFileError, also for a table."""
    ending = path.suffix.lower()
    return _page(path, ending, _bytes(path, ending))


def _page(path: Path, ending: str, data: bytes) -> Page:
    if ending == ".docx":
        from ingest.importing.documents import read_docx

        return read_docx(path.name, data)
    if ending in HTML:
        from ingest.importing.html import read_html

        return read_html(path.name, decoded(path.name, data))
    if ending in MARKDOWN:
        return read_markdown(path.name, decoded(path.name, data))
    raise ForeignFileError(f"{path.name}：这里要的是文档，不是表格（{ending}）")


def _bytes(path: Path, ending: str) -> bytes:
    """The file's content, once its size, its ending and its first bytes fit together."""
    if ending not in ENDINGS:
        raise ForeignFileError(
            f"{path.name}：不认识的文件类型“{ending or '没有扩展名'}”；能导入的有 {'、'.join(ENDINGS)}"
        )
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise ForeignFileError(f"{path.name}：有 {size >> 20} MB，超过 {LARGEST >> 20} MB；请拆成几个文件")
        data = path.read_bytes()
    except OSError as error:
        raise ForeignFileError(f"{path.name}：读不了文件（{error.strerror}）；请检查路径和权限") from error
    if not data.strip():
        raise ForeignFileError(f"{path.name}：文件是空的")
    for mark, what in _OTHERS.items():
        if data.startswith(mark):
            raise ForeignFileError(f"{path.name}：内容其实是{what}")
    zipped = data.startswith(b"PK\x03\x04")
    if zipped != (ending in (".xlsx", ".docx")):
        said = (
            "其实是压缩包（可能是 .docx 或 .xlsx）；请改对扩展名"
            if zipped
            else f"不是真正的 {ending} 文件；请用软件重新另存一次"
        )
        raise ForeignFileError(f"{path.name}：{said}")
    return data


def decoded(file: str, data: bytes) -> str:
    """The text of a file in whatever encoding: UTF-8 or UTF-16 with a mark, UTF-8, else the likeliest (GBK, Big5)."""
    try:
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError:
        text = _guessed(file, data)
    if "\0" in text:
        raise ForeignFileError(f"{file}：不是文字文件（含二进制内容）；请导出成 .docx、.html、.md 或 .csv")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _guessed(file: str, data: bytes) -> str:
    for name in ("gb18030", "big5"):  # what Chinese pages are in that are not UTF-8; the guess below needs long texts
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        common = sum("\u4e00" <= character <= "\u9fff" for character in text)
        if common * 4 > sum(not character.isascii() for character in text) * 3:
            return text
    best = from_bytes(data).best()
    if best is None:
        raise ForeignFileError(f"{file}：认不出文字编码；请另存为 UTF-8")
    return str(best)
