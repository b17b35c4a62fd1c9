"""Settings: all errors at once, each naming its variable."""

from __future__ import annotations

import pytest

from kb_service.errors import SettingsError
from kb_service.settings import load_settings


def test_every_bad_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_PORT", "99999")
    monkeypatch.setenv("KB_ENCODER", "onxx")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert sorted(str(caught.value).splitlines()) == [
        "环境变量 KB_ENCODER：不能是 “onxx”；是不是想写“onnx”？",
        "环境变量 KB_PORT：不能大于 65535，实际是 “99999”",
    ]


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KB_PORT", "KB_HOME", "KB_ENCODER"):
        monkeypatch.delenv(name, raising=False)
    settings = load_settings()
    assert (settings.host, settings.port, settings.encoder) == ("127.0.0.1", 8000, "onnx")
    assert settings.model_dir.as_posix() == "var/models/me5-small-zh"


def test_a_server_needs_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_INDEX", "server")
    monkeypatch.setenv("KB_QDRANT_URL", "")
    monkeypatch.setenv("KB_QDRANT_CA_FILE", "/nowhere/ca.pem")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert sorted(str(caught.value).splitlines()) == [
        "环境变量 KB_QDRANT_CA_FILE：没有文件 /nowhere/ca.pem",
        "环境变量 KB_QDRANT_URL：KB_INDEX=server 时必须给出；例如 http://127.0.0.1:6333",
    ]


@pytest.mark.parametrize("url", ["qdrant:6333", "ftp://qdrant:6333", "https://"])
def test_a_servers_address_is_a_url(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("KB_QDRANT_URL", url)
    with pytest.raises(SettingsError, match="环境变量 KB_QDRANT_URL"):
        load_settings()


def test_a_version_has_a_collection_only_on_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().collection("v1") is None
    monkeypatch.setenv("KB_INDEX", "server")
    monkeypatch.setenv("KB_QDRANT_URL", "http://127.0.0.1:6333")
    assert load_settings().collection("v1") == "kb-v1"


@pytest.mark.parametrize(
    "place", ["events.sqlite", "mysql://kb:geheim@host/db", "sqlite://", "sqlite:///:memory:", "no"]
)
def test_events_are_kept_in_a_database_that_lasts_and_the_password_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("KB_EVENTS", place)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == (
        f"环境变量 KB_EVENTS：不能用“{place.partition(':')[0]}…”；"
        "可以留空、写 off、sqlite:///文件 或 postgresql://用户:密码@主机/库"
    )


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ("", "sqlite:////srv/kb/events.sqlite"),
        ("off", None),
        ("sqlite:///events.sqlite", "sqlite:///events.sqlite"),
        ("postgresql://kb@/db?host=/run", "postgresql://kb@/db?host=/run"),
    ],
)
def test_where_events_are_kept(monkeypatch: pytest.MonkeyPatch, place: str, url: str | None) -> None:
    monkeypatch.setenv("KB_EVENTS", place)
    monkeypatch.setenv("KB_HOME", "/srv/kb")
    assert load_settings().events_url == url
