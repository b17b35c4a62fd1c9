"""Question–answer tables -> questions with their answers: which column is what, and rows that share an answer."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.importing.answers import Question, lines_as_blocks
from ingest.importing.page import Block
from kb_service.errors import ForeignFileError

MOST_ROWS = 5000  # of one file; more is a data base, not something that an editor reads through
_COLUMNS = {
    "question": r"标准问题?|主问题?|问题|标题|题目|question|title|^[qQ问]$",
    "answer": r"答案|回答|回复|答复|内容|解答|话术|answer|reply|^[aA答]$",
    "further": r"相似|同义|扩展|其他问法|问法|别名|similar|variants?|alias",
}
_SEPARATORS = re.compile(r"\n|[；;|｜]|(?<=[？?])\s+")


@dataclass(frozen=True)
class Row:
    """One row: its number as the program that made the table counts, and its cells without blanks at their ends."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One sheet, its rows from the first that holds anything; `place` names it, e.g. `faq.xlsx 工作表“退款”`."""

    place: str
    rows: tuple[Row, ...]
    left_out: tuple[str, ...] = ()


@dataclass
class _Entry:
    titles: list[str]
    answer: str
    rows: list[int]
    further: list[str] = field(default_factory=list)


def read_csv(file: str, text: str) -> Table:
    """A CSV or TSV file, whatever it is separated by. Raises ForeignFileError."""
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:20_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel_tab if file.lower().endswith(".tsv") else csv.excel
    dialect.doublequote = True
    rows, reader = [], csv.reader(io.StringIO(text, newline=""), dialect)
    try:
        for cells in reader:
            first = reader.line_num - sum(cell.count("\n") for cell in cells)
            rows += [Row(first, tuple(cell.strip() for cell in cells))]
    except csv.Error as error:
        raise ForeignFileError(
            f"{file} 第 {reader.line_num} 行：CSV 格式有误（{error}）；请用表格软件打开后另存一次"
        ) from error
    return Table(file, tuple(row for row in rows if any(row.cells)))


def questions_of_table(table: Table) -> tuple[list[Question], list[str]]:
    """The questions, and what of the table was left out. Rows with the same answer become one question.

    Raises ForeignFileError for a table without a question or an answer column, or with too many rows.
    """
    if len(table.rows) > MOST_ROWS:
        raise ForeignFileError(
            f"{table.place}：有 {len(table.rows)} 行，超过 {MOST_ROWS} 行；请先筛选，或拆成几个文件分批导入"
        )
    columns, rows = _columns(table)
    entries: dict[str, _Entry] = {}
    skipped = []
    for row in rows:
        title, answer = _cell(row, columns["question"]), _cell(row, columns["answer"])
        if not title or not answer:
            skipped.append(row.number)
            continue
        entry = entries.setdefault(answer, _Entry([], answer, []))
        entry.titles.append(title)
        entry.rows.append(row.number)
        entry.further += _split(_cell(row, columns.get("further")))
        entry.further += [f"\0{name}：{value}" for name, value in _others(table, row, columns)]
    numbers = "、".join(map(str, skipped[:10])) + ("等" if len(skipped) > 10 else "")
    left_out = [f"没有问题或没有答案的 {len(skipped)} 行（第 {numbers} 行）"]
    return [_question(table, entry) for entry in entries.values()], [*table.left_out, *(left_out if skipped else ())]


def _columns(table: Table) -> tuple[dict[str, int], Sequence[Row]]:
    """Which column is what, and the rows below the heading. Two columns without a heading are question and answer."""
    if not table.rows:
        raise ForeignFileError(f"{table.place}：表格是空的")
    head = table.rows[0].cells
    found: dict[str, int] = {}
    for name in ("further", "answer", "question"):  # 扩展问题 is no 问题
        for number, cell in enumerate(head):
            if number not in found.values() and len(cell) <= 20 and re.search(_COLUMNS[name], cell.strip()):
                found[name] = number
                break
    if {"question", "answer"} <= found.keys():
        return found, table.rows[1:]
    if max(len(row.cells) for row in table.rows) == 2 and not found:
        return {"question": 0, "answer": 1}, table.rows
    raise ForeignFileError(
        f"{table.place}：看不出哪一列是问题、哪一列是答案；请把第一行改成表头，写上“问题”“答案”（还可以有“相似问法”）"
    )


def _others(table: Table, row: Row, columns: dict[str, int]) -> list[tuple[str, str]]:
    head = table.rows[0].cells
    return [
        (head[number] or f"第 {number + 1} 列", cell)
        for number, cell in enumerate(row.cells)
        if cell and number not in columns.values() and number < len(head)
    ]


def _question(table: Table, entry: _Entry) -> Question:
    remarks = [text[1:] for text in entry.further if text.startswith("\0")]
    phrasings = [text for text in (*entry.titles[1:], *entry.further) if not text.startswith("\0")]
    numbers = "、".join(str(number) for number in entry.rows[:5]) + ("等" if len(entry.rows) > 5 else "")
    place = f"{table.place} 第{numbers}行"
    unique = tuple(
        text for text in dict.fromkeys(" ".join(text.split()) for text in phrasings) if text != entry.titles[0]
    )
    blocks: tuple[Block, ...] = tuple(lines_as_blocks(entry.answer, place))
    return Question(" ".join(entry.titles[0].split()), unique, blocks, place, tuple(dict.fromkeys(remarks)))


def _split(cell: str) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(cell) if part.strip()]


def _cell(row: Row, number: int | None) -> str:
    return row.cells[number] if number is not None and number < len(row.cells) else ""
