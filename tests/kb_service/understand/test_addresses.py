"""Postal addresses: where they begin and end."""

from __future__ import annotations

import pytest

from kb_service.understand.addresses import AddressFinder

FINDER = AddressFinder(("杭州", "西安", "江苏", "苏州"))


@pytest.mark.parametrize("text", ["我在3号楼下等你", "在路口", "小区门口驿站", "第2页第3条", "杭州的卖家"])
def test_no_address(text: str) -> None:
    assert list(FINDER.find(text)) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("收货地址帮我换成西安市雁塔区小寨东路15号金泰公寓2号楼906,电话", "西安市雁塔区小寨东路15号金泰公寓2号楼906"),
        ("来杭州市拱墅区莫干山路1088号锦绣苑12幢拿", "杭州市拱墅区莫干山路1088号锦绣苑12幢"),
        ("江苏省苏州市姑苏区桐泾北路318号云栖小区7幢502室 收件", "江苏省苏州市姑苏区桐泾北路318号云栖小区7幢502室"),
        ("寄到幸福小区12号楼3单元402", "幸福小区12号楼3单元402"),
        ("我家住朝阳区建国路88号soho现代城a座1203", "朝阳区建国路88号soho现代城a座1203"),
        ("扔望江区长江西路130号望江花园9栋楼道里", "望江区长江西路130号望江花园9栋"),
    ],
)
def test_address(text: str, address: str) -> None:
    assert [text[start:end] for start, end in FINDER.find(text)] == [address]
