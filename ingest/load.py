"""Content folder -> `Content`, every defect of form collected on the way.

Each file is read on its own; what spans files (references, duplicates) is `ingest.check`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, RootModel, ValidationError

from ingest.files import content_files
from ingest.source import Heading, Located, headings, read_yaml, split_front_matter
from kb_service.content import (
    Clause,
    Content,
    Elsewhere,
    EmotionPattern,
    EntryId,
    Fact,
    Faq,
    Flow,
    Lexicon,
    Policy,
    Record,
    RiskPhrase,
    ShortText,
    Taxonomy,
    Template,
    Term,
)
from kb_service.errors import ContentError, Problem, suggest_name
from kb_service.validation import explain

Model = TypeVar("Model", bound=BaseModel)

INTERNAL_HEADING = "内部备注"
SECTION_HEADINGS = ("结论", "处理步骤", "所需凭证", "备选方案", "注意事项", INTERNAL_HEADING)
_CLAUSE_HEADING = re.compile(
    r"^(?P<number>第[0-9一二三四五六七八九十百]+条)\s+(?P<title>.+?)\s*\{#(?P<attributes>[^}]*)\}$"
)
TONES = ("neutral", "soothing", "firm")
_CLAUSE_ATTRIBUTES = ("valid_from", "valid_until")
# Says why a number is written out (`ingest.literals`); no reader of the article is to see it.
MARKDOWN_WAIVER = re.compile(r"[ \t]*<!--\s*literal:\s*(?P<reason>\S.*?)\s*-->")


@dataclass
class Place:
    """Where an entry stands: its file, the lines of its parts, and the file's text."""

    file: str
    located: Located
    text: str

    def problem(self, path: tuple[str | int, ...], rule: str, message: str) -> Problem:
        """A problem at the line of `path` inside this entry."""
        return Problem(self.file, self.located.line(path), ".".join(map(str, path)), rule, message)


class Confusable(Record):
    """Two articles that are easily taken for each other, and the line that tells them apart."""

    pair: tuple[EntryId, EntryId]
    difference: ShortText


@dataclass
class Loaded:
    """The entries that could be read, where each stands, and the problems found so far.

    `places` is keyed by entry id, by the name of a shared file without its ending (`facts`, `lexicon/terms`), and by
    `phrasings/<article id>` for further phrasings.
    """

    taxonomy: Taxonomy | None = None
    facts: dict[str, Fact] = field(default_factory=dict)
    elsewhere: dict[str, Elsewhere] = field(default_factory=dict)
    confusable: tuple[Confusable, ...] = ()
    lexicon: dict[str, list[Any]] = field(default_factory=dict)
    faqs: list[Faq] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    templates: list[Template] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def content(self) -> Content:
        """The whole knowledge base, or ContentError with every problem."""
        if self.problems or self.taxonomy is None:
            raise ContentError(self.problems)
        return Content(
            taxonomy=self.taxonomy,
            facts=self.facts,
            elsewhere=self.elsewhere,
            lexicon=Lexicon.model_validate(self.lexicon),
            faqs=tuple(self.faqs),
            policies=tuple(self.policies),
            templates=tuple(self.templates),
            flows=tuple(self.flows),
        )


def load(root: Path) -> Loaded:
    """Read a content folder. Defects do not raise: they are in `problems` of the result."""
    loaded = Loaded()
    if not root.is_dir():
        loaded.problems.append(
            Problem(str(root), 1, "", "layout", "内容目录不存在；请用 --content 指定，或在项目根目录运行")
        )
        return loaded
    _load_taxonomy(loaded, root)
    _load_facts(loaded, root)
    _load_elsewhere(loaded, root)
    _load_confusable(loaded, root)
    for name, read_item in _LEXICON.items():
        _load_lexicon(loaded, root, name, read_item)
    for path in sorted((root / "faq").rglob("*.md")):
        _load_markdown(loaded, path, root, Faq, loaded.faqs, _sections)
    for path in sorted((root / "phrasings").rglob("*.yaml")):
        _load_phrasings(loaded, path, root)
    for path in sorted((root / "policy").rglob("*.md")):
        _load_markdown(loaded, path, root, Policy, loaded.policies, _clauses)
    for path in sorted((root / "templates").rglob("*.md")):
        _load_markdown(loaded, path, root, Template, loaded.templates, _tones)
    for path in sorted((root / "flows").rglob("*.yaml")):
        _load_flow(loaded, path, root)
    loaded.problems += _strays(root)
    return loaded


def _read(path: Path, root: Path, problems: list[Problem]) -> tuple[str, str] | None:
    file = f"{root.name}/{path.relative_to(root).as_posix()}"
    try:
        return file, path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"不是 UTF-8 编码（第 {error.start} 字节处）；请另存为 UTF-8"
        problems.append(Problem(file, 1, "", "encoding", message))
    except OSError as error:
        problems.append(Problem(file, 1, "", "layout", f"读不了文件：{error.strerror}"))
    return None


def _validated(
    loaded: Loaded, place: Place, model: type[Model], value: Any, prefix: tuple[str | int, ...] = ()
) -> Model | None:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for detail in error.errors():
            keys = tuple(detail["loc"])
            loaded.problems.append(place.problem(prefix + keys, "schema", explain(detail, model, keys)))
        return None


def _shared_file(loaded: Loaded, root: Path, name: str) -> Place | None:
    path = root / f"{name}.yaml"
    if not path.is_file():
        loaded.problems.append(Problem(f"{root.name}/{name}.yaml", 1, "", "layout", "缺少这个文件；请新建"))
        return None
    read = _read(path, root, loaded.problems)
    if read is None:
        return None
    place = loaded.places[name] = _yaml_place(*read)
    loaded.problems += place.located.problems
    return place


def _yaml_place(file: str, text: str) -> Place:
    return Place(file, read_yaml(file, text), text)


def _load_taxonomy(loaded: Loaded, root: Path) -> None:
    place = _shared_file(loaded, root, "taxonomy")
    if place and not place.located.problems:
        loaded.taxonomy = _validated(loaded, place, Taxonomy, place.located.value)


def _load_facts(loaded: Loaded, root: Path) -> None:
    place = _shared_file(loaded, root, "facts")
    if place is None:
        return
    if not isinstance(place.located.value or {}, dict):
        loaded.problems.append(place.problem((), "schema", "应为“编号: {label: …}”的键值对"))
        return
    for key, value in (place.located.value or {}).items():
        fact = _validated(loaded, place, Fact, value, (key,))
        if fact:
            loaded.facts[key] = fact


def _load_elsewhere(loaded: Loaded, root: Path) -> None:
    """May be missing: without it nothing is known to be out of scope."""
    if not (root / "elsewhere.yaml").exists():
        return
    place = _shared_file(loaded, root, "elsewhere")
    if place and not place.located.problems:
        if not isinstance(place.located.value or {}, dict):
            loaded.problems.append(place.problem((), "schema", "应为“编号: {label: …, questions: […]}”的键值对"))
            return
        for key, value in (place.located.value or {}).items():
            group = _validated(loaded, place, Elsewhere, value, (key,))
            if group:
                loaded.elsewhere[key] = group


def _load_confusable(loaded: Loaded, root: Path) -> None:
    """May be missing: without it no two articles may be near copies."""
    if not (root / "confusable.yaml").exists():
        return
    place = _shared_file(loaded, root, "confusable")
    if place and not place.located.problems:
        listed = _validated(loaded, place, _Confusables, place.located.value or [])
        loaded.confusable = listed.root if listed else ()


class _Confusables(RootModel[tuple[Confusable, ...]]):
    """The file `confusable.yaml`."""


_LEXICON: dict[str, Callable[[Any], Any]] = {
    "terms": Term.model_validate,
    "synonyms": lambda item: Lexicon.model_validate({"synonyms": [item]}).synonyms[0],
    "emotions": EmotionPattern.model_validate,
    "phrases": RiskPhrase.model_validate,
}


def _load_lexicon(loaded: Loaded, root: Path, name: str, read_item: Callable[[Any], Any]) -> None:
    place = _shared_file(loaded, root, f"lexicon/{name}")
    if place is None:
        return
    items = place.located.value or []
    if not isinstance(items, list):
        loaded.problems.append(place.problem((), "schema", "应为列表，每项一行，以“- ”开头"))
        return
    loaded.lexicon[name] = []
    for n, item in enumerate(items):
        try:
            loaded.lexicon[name].append(read_item(item))
        except ValidationError as error:
            for detail in error.errors():
                keys = tuple(detail["loc"]) if name != "synonyms" else tuple(detail["loc"][2:])
                loaded.problems.append(place.problem((n, *keys), "schema", explain(detail, _ITEM[name], keys)))


_ITEM: dict[str, type[BaseModel]] = {
    "terms": Term,
    "synonyms": Lexicon,
    "emotions": EmotionPattern,
    "phrases": RiskPhrase,
}


class Body:
    """The body of a Markdown file while it is read: where it starts, and a place for problems and lines."""

    def __init__(self, file: str, text: str, first_line: int, lines: dict[tuple[str | int, ...], int]) -> None:
        self.file, self.text, self.first_line, self.lines = file, text, first_line, lines
        self.problems: list[Problem] = []

    def headings(self, *levels: int) -> tuple[str, list[Heading]]:
        """The text before the first heading of these levels, and the headings."""
        return headings(self.text, self.first_line, *levels)

    def add(self, line: int, rule: str, message: str) -> None:
        """Note a problem at a line of the file."""
        self.problems.append(Problem(self.file, line, "", rule, message))


def _load_markdown(
    loaded: Loaded,
    path: Path,
    root: Path,
    model: type[Model],
    into: list[Model],
    read_body: Callable[[Body], dict[str, Any]],
) -> None:
    read = _read(path, root, loaded.problems)
    if read is None:
        return
    file, text = read
    located, body_text, body_line = split_front_matter(file, text)
    place = Place(file, located, text)
    body = Body(file, MARKDOWN_WAIVER.sub("", body_text), body_line, located.lines)
    parts = read_body(body)
    loaded.problems += [*located.problems, *body.problems]
    if located.problems:
        return
    if not isinstance(located.value, dict):
        loaded.problems.append(place.problem((), "front-matter", "头信息是空的；请填写 id、title 等字段"))
        return
    for key in {"kind", "more_questions", *parts} & located.value.keys():
        loaded.problems.append(place.problem((key,), "schema", "这个字段由正文或目录决定，不能写在头信息里；请删掉"))
    entry = _validated(loaded, place, model, {**located.value, **parts})
    if isinstance(entry, Policy):
        entry = entry.model_copy(update={"clauses": tuple(_within(entry, clause) for clause in entry.clauses)})
        loaded.problems += _never_in_force(place, entry)
    if entry is not None:
        _keep(loaded, place, entry, into)


def _within(policy: Policy, clause: Clause) -> Clause:
    """The clause with its policy's window where it states none of its own."""
    start, end = clause.valid_from or policy.valid_from, clause.valid_until or policy.valid_until
    return clause.model_copy(update={"valid_from": start, "valid_until": end})


def _never_in_force(place: Place, policy: Policy) -> Iterator[Problem]:
    for n, clause in enumerate(policy.clauses):
        if clause.valid_from and clause.valid_until and clause.valid_from >= clause.valid_until:
            message = "这一条的有效期与规则的有效期合起来是空的；请检查两处的 valid_from 和 valid_until"
            yield place.problem(("clauses", n), "clause-window", message)


def _load_flow(loaded: Loaded, path: Path, root: Path) -> None:
    read = _read(path, root, loaded.problems)
    if read is None:
        return
    place = _yaml_place(*read)
    loaded.problems += place.located.problems
    if place.located.problems:
        return
    entry = _validated(loaded, place, Flow, place.located.value)
    if entry is not None:
        _keep(loaded, place, entry, loaded.flows)


def _load_phrasings(loaded: Loaded, path: Path, root: Path) -> None:
    """`article id: [phrasing, …]`: more ways of asking, added to the articles read before."""
    read = _read(path, root, loaded.problems)
    if read is None:
        return
    place = _yaml_place(*read)
    loaded.problems += place.located.problems
    if place.located.problems:
        return
    mapping = _validated(loaded, place, _Phrasings, place.located.value or {})
    numbers = {faq.id: number for number, faq in enumerate(loaded.faqs)}
    for name, phrasings in (mapping.root if mapping else {}).items():
        if name not in numbers:
            message = f"常见问题“{name}”不存在；{suggest_name(name, sorted(numbers)) or '请先写好它或删掉这一项'}"
            loaded.problems.append(place.problem((name,), "reference", message))
        elif f"phrasings/{name}" in loaded.places:
            first = loaded.places[f"phrasings/{name}"]
            message = f"“{name}”在 {first.file}:{first.located.line((name,))} 已经有了；请合并到一处"
            loaded.problems.append(place.problem((name,), "phrasing", message))
        else:
            loaded.places[f"phrasings/{name}"] = place
            faq = loaded.faqs[numbers[name]]
            loaded.faqs[numbers[name]] = faq.model_copy(update={"more_questions": phrasings})


class _Phrasings(RootModel[dict[str, tuple[ShortText, ...]]]):
    """A file of `content/phrasings`."""


def _keep(loaded: Loaded, place: Place, entry: Any, into: list[Any]) -> None:
    first = loaded.places.get(entry.id)
    if first:
        message = f"id“{entry.id}”已经被 {first.file}:{first.located.line(('id',))} 用了；请换一个"
        loaded.problems.append(place.problem(("id",), "duplicate-id", message))
        return
    loaded.places[entry.id] = place
    into.append(entry)


def _sections(body: Body) -> dict[str, Any]:
    """FAQ body: `##` sections, 结论 first; 内部备注 is for agents only."""
    preamble, found = body.headings(1, 2)
    if preamble:
        body.add(body.first_line, "heading", "正文要从“## 结论”开始；请把标题之前的文字移到某个小节里")
    if not found or found[0].title != "结论":
        body.add(found[0].line if found else body.first_line, "heading", "第一个小节必须是“## 结论”")
    sections: list[dict[str, str]] = []
    for heading in found:
        if heading.title not in SECTION_HEADINGS:
            near = suggest_name(heading.title, SECTION_HEADINGS)
            body.add(heading.line, "heading", f"不认识的小节“{heading.title}”；{near}")
        elif any(section["heading"] == heading.title for section in sections):
            body.add(heading.line, "heading", f"小节“{heading.title}”写了两次；请合并")
        elif not heading.text.strip():
            body.add(heading.line, "heading", f"小节“{heading.title}”是空的；请补上内容或删掉标题")
        else:
            body.lines["sections", len(sections)] = heading.line
            audience = "agent" if heading.title == INTERNAL_HEADING else "public"
            sections.append({"heading": heading.title, "text": heading.text, "audience": audience})
    return {"sections": sections}


def _clauses(body: Body) -> dict[str, Any]:
    """Policy body: `## chapter`, `### 第N条 title {#id valid_from=… valid_until=…}`, text."""
    preamble, found = body.headings(1, 2, 3)
    if preamble:
        body.add(body.first_line, "heading", "规则要从“## 第一章 …”开始；请把前面的文字移到某一条里")
    clauses: list[dict[str, Any]] = []
    chapter = ""
    for heading in found:
        match = _CLAUSE_HEADING.match(heading.title)
        if heading.level < 3:
            chapter = heading.title
            if heading.text.strip():
                message = f"“{heading.title}”下面的文字不属于任何一条；请加上条标题"
                body.add(heading.text_line, "heading", message)
        elif not match:
            message = f"条标题应写成“### 第1条 标题 {{#短名}}”，实际是“{heading.title}”"
            body.add(heading.line, "clause", message)
        elif not chapter:
            body.add(heading.line, "clause", "这一条之前没有“## 第一章 …”；请补上章标题")
        else:
            body.lines["clauses", len(clauses)] = heading.line
            clauses.append(_clause(match, chapter, heading, body))
    return {"clauses": clauses}


def _clause(match: re.Match[str], chapter: str, heading: Heading, body: Body) -> dict[str, str]:
    slug, *attributes = match["attributes"].split() or [""]
    clause = {
        "id": slug,
        "number": match["number"],
        "title": match["title"],
        "chapter": chapter,
        "text": heading.text,
    }
    for attribute in attributes:
        key, _, value = attribute.partition("=")
        if key in _CLAUSE_ATTRIBUTES:
            clause[key] = value
        else:
            message = f"不认识的属性“{attribute}”；{suggest_name(key, _CLAUSE_ATTRIBUTES)}"
            body.add(heading.line, "clause", message)
    return clause


def _tones(body: Body) -> dict[str, Any]:
    """Template body: one `## tone` section per tone, `## neutral` required."""
    preamble, found = body.headings(1, 2)
    if preamble:
        body.add(body.first_line, "heading", "模板正文要从“## neutral”开始；请把前面的文字移到某个语气里")
    tones: dict[str, str] = {}
    for heading in found:
        if heading.title not in TONES:
            body.add(heading.line, "heading", f"不认识的语气“{heading.title}”；{suggest_name(heading.title, TONES)}")
        elif heading.title in tones:
            body.add(heading.line, "heading", f"语气“{heading.title}”写了两次；请删掉一个")
        elif not heading.text.strip():
            body.add(heading.line, "heading", f"语气“{heading.title}”是空的；请补上内容或删掉标题")
        else:
            body.lines["tones", heading.title] = heading.line
            tones[heading.title] = heading.text
    if "neutral" not in tones:
        body.add(body.first_line, "heading", "缺少“## neutral”；每个模板必须有中性语气")
    return {"tones": tones}


def _strays(root: Path) -> Iterator[Problem]:
    """Files that look like content but lie where nothing reads them."""
    known = {*content_files(root), root / "README.md"}
    for path in sorted(root.rglob("*")):
        if path.suffix in (".md", ".yaml", ".yml") and path.is_file() and path not in known:
            file = f"{root.name}/{path.relative_to(root).as_posix()}"
            folders = "faq、phrasings、policy、templates、flows 或 lexicon"
            message = f"这个位置的文件不会被读取；请移到 {folders} 下（流程和问法用 .yaml）"
            yield Problem(file, 1, "", "layout", message)
