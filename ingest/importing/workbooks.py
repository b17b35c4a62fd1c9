"""Excel workbooks -> tables. The only module that knows openpyxl."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from ingest.importing.tables import MOST_ROWS, Row, Table
from ingest.importing.zipped import check_zip
from kb_service.errors import ForeignFileError

MOST_CELLS = 500_000  # of a sheet's range; one stray cell at the far corner makes billions


def read_xlsx(file: str, data: bytes) -> list[Table]:
    """The sheets that hold anything; hidden ones too, and said so. Raises ForeignFileError."""
    check_zip(file, data, "xl/workbook.xml")
    try:
        values = load_workbook(io.BytesIO(data), data_only=True)
        written = load_workbook(io.BytesIO(data), data_only=False)
    except (
        BadZipFile,
        InvalidFileException,
        ParseError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
    ) as error:
        raise ForeignFileError(f"{file}：Excel 文件损坏，读不了；请用 Excel 或 WPS 打开后另存为 .xlsx") from error
    tables = [_table(file, sheet, written[sheet.title]) for sheet in values.worksheets]
    filled = [table for table in tables if table.rows]
    if not filled:
        raise ForeignFileError(f"{file}：所有工作表都是空的")
    return filled


def _table(file: str, sheet: Worksheet, written: Worksheet) -> Table:
    place = f"{file} 工作表“{sheet.title}”"
    if sheet.max_row > MOST_ROWS * 4 or sheet.max_row * sheet.max_column > MOST_CELLS:
        raise ForeignFileError(
            f"{place}：范围有 {sheet.max_row} 行 {sheet.max_column} 列，太大；请删掉多余的空行空列，或拆成几个文件"
        )
    merged = {
        (row, column): (area.min_row, area.min_col)
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    formulas = 0
    rows = []
    for number in range(1, sheet.max_row + 1):
        cells = []
        for column in range(1, sheet.max_column + 1):
            at = merged.get((number, column), (number, column))
            text, unknown = _text(sheet.cell(*at).value, written.cell(*at).value)
            formulas += unknown
            cells.append(text)
        rows.append(Row(number, tuple(cells)))
    return Table(place, tuple(row for row in rows if any(row.cells)), tuple(_left_out(sheet, formulas)))


def _text(value: Any, written: Any) -> tuple[str, bool]:
    """A cell as text, and whether it is a formula whose result the file does not hold."""
    if value is None and isinstance(written, str) and written.startswith("="):
        return "", True
    if value is None:
        return "", False
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        value = value.date()
    if isinstance(value, date | datetime):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat(), False
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).replace("\r\n", "\n").replace("_x000D_", "").strip(), False


def _left_out(sheet: Worksheet, formulas: int) -> Iterator[str]:
    if formulas:
        yield f"没有结果的公式 {formulas} 处（{sheet.title}；请在 Excel 里打开并保存一次）"
    if pictures := len(getattr(sheet, "_images", ())):
        yield f"图片 {pictures} 张（{sheet.title}）"
    if sheet.sheet_state != "visible":
        yield f"工作表“{sheet.title}”是隐藏的，也读了"
