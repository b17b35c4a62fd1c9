"""Foreign files: what cannot be read is refused by name with a remedy; encodings and formats are recognised."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from ingest.importing.foreign import decoded, read_foreign, read_page
from ingest.importing.page import Page
from kb_service.errors import ForeignFileError


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return buffer.getvalue()


BOMB = zipped(word__document_xml=b"0" * (201 * 2**20))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.pdf", b"%PDF-1.7", "a.pdf：不认识的文件类型“.pdf”；能导入的有"),
        ("a.md", b" \n", "a.md：文件是空的"),
        ("a.docx", b"plain text", "a.docx：不是真正的 .docx 文件；请用软件重新另存一次"),
        ("a.md", zipped(x=b"y"), "a.md：其实是压缩包（可能是 .docx 或 .xlsx）；请改对扩展名"),
        ("a.xlsx", b"PK\x03\x04rubbish", "a.xlsx：文件损坏或没有下载完整；请重新获取，或用 Office 打开后另存一次"),
        (
            "a.docx",
            zipped(x=b"y"),
            "a.docx：里面没有 word/document.xml，与扩展名不符；请用 Office 打开后另存成正确的格式",
        ),
        ("a.docx", BOMB, "a.docx：解压后有 201 MB，超过 200 MB；请删掉图片和空白区域后另存一次"),
        (
            "a.docx",
            zipped(word__document_xml=b"<broken"),
            "a.docx：Word 文档损坏，读不了；请用 Word 或 WPS 打开后另存为 .docx",
        ),
        (
            "a.xlsx",
            zipped(xl__workbook_xml=b"<broken"),
            "a.xlsx：Excel 文件损坏，读不了；请用 Excel 或 WPS 打开后另存为 .xlsx",
        ),
        ("a.txt", b"%PDF-1.7", "a.txt：内容其实是PDF；请在文字处理软件里另存为 .docx 或 .txt"),
        ("a.txt", b"a\x00b", "a.txt：不是文字文件（含二进制内容）；请导出成 .docx、.html、.md 或 .csv"),
        (
            "a.html",
            b"<script>x()</script>",
            "a.html：网页里没有正文；内容可能是脚本生成的，请在浏览器里打开后另存，或复制成 .docx",
        ),
        (
            "a.html",
            b"<div>" * 5000 + b"x",
            "a.html：标签嵌套超过 200 层，不像正常的网页；请在浏览器里复制正文，存成 .md 或 .docx",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_its_remedy(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ForeignFileError) as refused:
        read_foreign(path)
    assert str(refused.value).startswith(message)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ForeignFileError, match=r"a\.md：读不了文件（No such file or directory）；请检查路径和权限"):
        read_foreign(tmp_path / "a.md")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "big5"])
def test_encodings(encoding: str) -> None:
    text = "退款多久到帳？\n一般三天。"
    assert decoded("a.txt", text.encode(encoding)) == text


HTML = """<html><head><title>退款 - 帮助</title><script>alert(1)</script></head><body><nav>首页</nav>
<main><h2>退款多久到账？</h2><p>三天，见<a href="https://a.example/b">说明</a><a href="javascript:x()">这里</a>。</p>
<ol><li>打开订单</li><li>点退款</li></ol>
<table><tr><th>情况</th><th>时间</th></tr><tr><td>未发货</td><td>当天</td></tr></table>
散落的文字<img src="x" alt="图示">
</main><footer>版权</footer></body></html>"""


def test_html_is_read_by_its_main_part(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(HTML, "utf-8")
    page = read_page(path)
    assert [(block.text, block.place, block.level) for block in page.blocks] == [
        ("退款", "网页标题", 1),
        ("退款多久到账？", "第2行", 2),
        ("三天，见说明（https://a.example/b）这里。", "第2行", 0),
        ("1. 打开订单\n2. 点退款", "第3行", 0),
        ("| 情况 | 时间 |\n| --- | --- |\n| 未发货 | 当天 |", "第4行", 0),
        ("散落的文字（图：图示）", "第2行", 0),
    ]
    assert page.left_out == ("图片 1 处", "脚本和样式 1 处", "导航、页脚和表单 2 处")


DOCUMENT = """<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>
<w:p><w:r><w:t>集市法</w:t></w:r></w:p><w:p><w:r><w:t>第一条 甲。</w:t></w:r></w:p></w:body></w:document>"""
TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Override PartName="/word/document.xml"
 ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"""
RELATIONS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>
</Relationships>"""


def test_word_is_placed_by_paragraph(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", DOCUMENT)
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", RELATIONS)
    page = read_foreign(path)
    assert isinstance(page, Page)
    assert [(block.text, block.place) for block in page.blocks] == [("集市法", "第1段"), ("第一条 甲。", "第2段")]


def test_markdown_keeps_lines_and_drops_comments_and_images(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# 题\n\n<!-- 内\n部 -->\n文字![图](a.png)[链接](https://a.example)\n", "utf-8")
    page = read_page(path)
    assert [(block.text, block.place) for block in page.blocks] == [
        ("题", "第1行"),
        ("文字（图：图）链接（https://a.example）", "第5行"),
    ]
    assert page.left_out == ("图片 1 张", "注释 1 处")


def test_of_foreign_front_matter_the_title_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: '怎么退货'\ntags: [a]\n---\n点退货。\n", "utf-8")
    page = read_page(path)
    assert [(block.text, block.place, block.level) for block in page.blocks] == [
        ("怎么退货", "头信息", 1),
        ("点退货。", "第5行", 0),
    ]
    assert page.left_out == ("原来的头信息（tags: [a]）",)
