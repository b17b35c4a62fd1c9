"""Qdrant's published OpenAPI as a judge of requests and responses. It is not part of this repository."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs

from tests.conftest import ROOT

PUBLISHED = ROOT.parent / "shared" / "qdrant" / "openapi.json"  # version 1.19

Json = dict[str, Any]


class Specification:
    """Which calls there are, and what may stand in them. Requests with fields that nobody knows are refused."""

    def __init__(self, path: Path) -> None:
        document: Json = json.loads(path.read_bytes())
        self._paths: Json = document["paths"]
        self._strict = {name: _schema(found, True) for name, found in document["components"]["schemas"].items()}
        self._lenient = {name: _schema(found, False) for name, found in document["components"]["schemas"].items()}
        self._validators: dict[tuple[str, str, str], jsonschema_rs.Draft202012Validator] = {}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + "$"), path) for path in self._paths]

    def template(self, path: str, method: str) -> str | None:
        """The path of the document that a call goes to; the one with the fewest parameters where several fit."""
        fitting = [name for pattern, name in self._patterns if pattern.match(path) and method in self._paths[name]]
        return min(fitting, key=lambda name: name.count("{"), default=None)

    def wrong_request(self, path: str, method: str, query: str, body: bytes) -> str | None:
        """What is wrong with a request, in a sentence."""
        template = self.template(path, method)
        if template is None:
            return f"{method.upper()} {path} is no call of Qdrant's"
        call = self._paths[template][method]
        known = {parameter["name"] for parameter in call.get("parameters", ()) if parameter["in"] == "query"}
        if strange := {name for name, _ in parse_qsl(query)} - known:
            return f"unknown parameters {sorted(strange)}"
        if "requestBody" not in call:
            return "a body where none belongs" if body else None
        schema = call["requestBody"]["content"]["application/json"]["schema"]
        return self._wrong((template, method, "request"), schema, json.loads(body))

    def wrong_response(self, path: str, method: str, status: int, body: object) -> str | None:
        """What is wrong with a response, in a sentence."""
        template = self.template(path, method)
        if template is None:
            return None
        responses: Mapping[str, Json] = self._paths[template][method]["responses"]
        found = responses.get(str(status)) or responses["default"]
        return self._wrong((template, method, str(status)), found["content"]["application/json"]["schema"], body)

    def _wrong(self, name: tuple[str, str, str], schema: Json, body: object) -> str | None:
        if name not in self._validators:
            strict = name[2] == "request"
            known = self._strict if strict else self._lenient
            whole = _schema(schema, strict) | {"components": {"schemas": known}}
            self._validators[name] = jsonschema_rs.Draft202012Validator(whole)
        error = next(iter(self._validators[name].iter_errors(body)), None)
        return f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}" if error else None


def _schema(found: Any, strict: bool) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema: what is nullable may be null; strictly, no other fields than those named.

    The document writes "or null" as an alternative without a type, which would admit anything.
    """
    if isinstance(found, list):
        return [_schema(one, strict) for one in found]
    if not isinstance(found, dict):
        return found
    if found == {"nullable": True}:
        return {"type": "null"}
    plain = {name: _schema(value, strict) for name, value in found.items() if name not in ("nullable", "example")}
    if strict and "properties" in plain:
        plain.setdefault("additionalProperties", False)
    if found.get("nullable"):
        return {"anyOf": [plain, {"type": "null"}]}
    return plain
