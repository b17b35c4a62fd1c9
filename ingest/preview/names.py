"""How things are named and linked on the pages."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from ingest.preview.building import Built, Spot
from kb_service.catalog import Catalog
from kb_service.citations import clause_title
from kb_service.content import Taxonomy
from kb_service.errors import Problem

KINDS = {
    "faq": "常见问题",
    "policy": "规则",
    "template": "模板",
    "flow": "流程",
    "case": "案例",
    "clause": "条款",
    "fact": "事实",
    "desk": "作业规则",
}
READERS = {"public": "客户"}  # a reader by what it is, not by what it may see; the others are called alike
FOUND = {"added": "新增", "changed": "修改", "removed": "删除"}
_FIELDS = {
    "title": "标题",
    "questions": "问法",
    "not_questions": "近似但不属于本文的问法",
    "sections": "正文",
    "policy_refs": "引用条款",
    "templates": "模板",
    "related": "相关问题",
    "valid_from": "生效时间",
    "valid_until": "失效时间",
    "review_by": "复核日期",
    "audience": "可见范围",
    "issue_type": "问题类型",
    "issue_types": "问题类型",
    "tones": "语气",
    "channels": "渠道",
    "steps": "步骤",
    "evidence": "凭证",
    "offers": "方案",
    "escalation": "升级",
    "facts_to_collect": "要收集的信息",
    "summary": "概要",
    "party": "对象",
    "owner": "负责人",
    "text": "条文",
    "value": "值",
    "label": "名称",
}


class Link(NamedTuple):
    """Something by name; without `href` there is no page for it."""

    kind: str
    id: str
    title: str
    href: str


def entry_href(entry: str) -> str:
    """The page of an entry; a clause is a place on its policy's."""
    policy, mark, clause = entry.partition("#")
    return f"/entry/{quote(policy)}{mark}{quote(clause)}"


def source_href(spot: Spot | Problem) -> str:
    """The page of a file, at a line."""
    return f"/source/{quote(spot.file)}#L{spot.line}"


def named(name: str, catalog: Catalog, built: Built) -> Link:
    """The link of `kind:id` as `ingest.dependents` names things."""
    kind, _, key = name.partition(":")
    if kind == "fact":
        fact = catalog.content.facts[key]
        spot = built.places[name]
        return Link(KINDS[kind], key, f"{fact.label}：{fact.display}", source_href(spot))
    if kind == "desk":
        return Link(KINDS[kind], "desk", "desk.yaml", "")
    return Link(KINDS[kind], key, title_of(key, catalog), entry_href(key))


def title_of(entry: str, catalog: Catalog) -> str:
    """The title of an entry or clause; its id if there is none of that id."""
    if "#" in entry:
        wordings = catalog.clauses.get(entry)
        return clause_title(*wordings[-1]) if wordings else entry
    for group in (catalog.faqs, catalog.templates, catalog.flows, catalog.policies, catalog.cases):
        if entry in group:
            return str(group[entry].title)
    return entry


def field_name(path: str) -> str:
    """The path of a changed field as people say it: `sections.结论.text` is `正文 · 结论`."""
    first, _, rest = path.partition(".")
    rest = rest.removesuffix(".text")
    return _FIELDS.get(first, first) + (f" · {rest}" if rest and rest != "text" else "")


def who(name: str, taxonomy: Taxonomy) -> str:
    """A role, department or party by its label."""
    for labels in (taxonomy.roles, taxonomy.departments, taxonomy.parties):
        if name in labels:
            return labels[name]
    return {"system": "系统", "customer": "客户"}.get(name, name)
