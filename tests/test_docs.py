"""Documentation as tests: what it names exists, and what exists is named."""

from __future__ import annotations

import re

from fastapi.routing import APIRoute

from ingest.check import check
from kb_service.api.routes import router
from kb_service.settings import Settings
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def test_the_settings_table_is_the_settings() -> None:
    found = re.findall(r"^\| `(KB_[A-Z_]+)` \|(.*?)\|(.*?)\|$", README, re.M)
    rows = {name: (default.strip(" `"), meaning.strip()) for name, default, meaning in found}
    expected = {
        f"KB_{name.upper()}": (str(field.default), field.description) for name, field in Settings.model_fields.items()
    }
    assert rows == expected


def test_every_route_is_named() -> None:
    for route in router.routes:
        assert isinstance(route, APIRoute)
        assert route.path.replace(":path", "") in README


def test_the_readmes_articles_exist() -> None:
    known = check(ROOT / "content").places
    named = set(re.findall(r'"id": "((?:trade|tpl)\.[a-z.-]+)"', README))
    assert len(named) >= 3
    assert {name for name in named if name not in known} - {"trade.refund"} == set()


def test_the_writers_guide_says_that_the_content_is_invented() -> None:
    guide = (ROOT / "content" / "README.md").read_text("utf-8")
    assert "虚构" in guide
    assert "不是任何真实平台的规则" in guide
