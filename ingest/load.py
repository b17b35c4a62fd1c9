"""Content folder -> `Content`, every defect of form collected on the way.

Each file is read on its own; what spans files (references, duplicates) is `ingest.rules`'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, RootModel, ValidationError

from ingest.bodies import Body, case_sections, clauses, sections, tones
from ingest.files import content_files
from ingest.loaded import Confusable, Loaded, Place
from ingest.source import read_yaml, split_front_matter
from kb_service.content import (
    CaseRecord,
    Clause,
    Desk,
    Elsewhere,
    Fact,
    Faq,
    Flow,
    Policy,
    Taxonomy,
    Template,
)
from kb_service.errors import Problem, suggest_name
from kb_service.lexicon import (
    Cue,
    EmotionExamples,
    EmotionPattern,
    Festival,
    GoodsWords,
    Lexicon,
    Misspoken,
    NumberPattern,
    PlainWords,
    PromiseCue,
    RiskPhrase,
    Term,
    ToneCue,
)
from kb_service.records import ShortText
from kb_service.validation import explain

Model = TypeVar("Model", bound=BaseModel)


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
    _load_desk(loaded, root)
    for name, read_item in _LEXICON.items():
        _load_lexicon(loaded, root, name, read_item)
    for path in sorted((root / "faq").rglob("*.md")):
        _load_markdown(loaded, path, root, Faq, loaded.faqs, sections)
    for path in sorted((root / "phrasings").rglob("*.yaml")):
        _load_phrasings(loaded, path, root)
    for path in sorted((root / "policy").rglob("*.md")):
        _load_markdown(loaded, path, root, Policy, loaded.policies, clauses)
    for path in sorted((root / "templates").rglob("*.md")):
        _load_markdown(loaded, path, root, Template, loaded.templates, tones)
    for path in sorted((root / "flows").rglob("*.yaml")):
        _load_flow(loaded, path, root)
    for path in sorted((root / "cases").rglob("*.md")):
        _load_markdown(loaded, path, root, CaseRecord, loaded.cases, case_sections)
    loaded.problems += _strays(root)
    return loaded


LARGEST = 4 * 2**20  # bytes of a file; the largest of the real content has 0.2 MB


def _printable(name: str) -> str:
    """A file's name for people: what cannot be shown, or is no text at all, as an escape."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def _read(path: Path, root: Path, problems: list[Problem]) -> tuple[str, str] | None:
    file = _printable(f"{root.name}/{path.relative_to(root).as_posix()}")
    try:
        if not path.is_file():  # reading a pipe or a device may never end
            problems.append(Problem(file, 1, "", "layout", "不是普通文件（是目录、坏的链接或设备）；请删掉或换成文件"))
            return None
        if path.stat().st_size > LARGEST:
            problems.append(Problem(file, 1, "", "layout", f"文件超过 {LARGEST // 2**20} MB；请拆成几个"))
            return None
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
            path = prefix + keys
            if detail["type"] == "value_error" and (*path, "valid_until") in place.located.lines:
                path = (*path, "valid_until")  # what pydantic says of the whole is about the window
            loaded.problems.append(place.problem(path, "schema", explain(detail, model, keys)))
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
    if place:
        loaded.facts = _records(loaded, place, Fact, "{label: …}")


def _records(loaded: Loaded, place: Place, model: type[Model], form: str) -> dict[str, Model]:
    """The valid records of a file of `id: record`; `form` shows a writer what a record looks like."""
    if not isinstance(place.located.value or {}, dict):
        loaded.problems.append(place.problem((), "schema", f"应为“编号: {form}”的键值对"))
        return {}
    found = {key: _validated(loaded, place, model, value, (key,)) for key, value in (place.located.value or {}).items()}
    return {key: record for key, record in found.items() if record is not None}


def _load_elsewhere(loaded: Loaded, root: Path) -> None:
    """May be missing: without it nothing is known to be out of scope."""
    if not (root / "elsewhere.yaml").exists():
        return
    place = _shared_file(loaded, root, "elsewhere")
    if place and not place.located.problems:
        loaded.elsewhere = _records(loaded, place, Elsewhere, "{label: …, questions: […]}")


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


def _load_desk(loaded: Loaded, root: Path) -> None:
    """May be missing: without it no case is urgent and no follow-up is planned."""
    if not (root / "desk.yaml").exists():
        return
    place = _shared_file(loaded, root, "desk")
    if place and not place.located.problems:
        loaded.desk = _validated(loaded, place, Desk, place.located.value or {}) or Desk()


_LEXICON: dict[str, Callable[[Any], Any]] = {
    "terms": Term.model_validate,
    "synonyms": lambda item: Lexicon.model_validate({"synonyms": [item]}).synonyms[0],
    "plain": PlainWords.model_validate,
    "emotions": EmotionPattern.model_validate,
    "emotion_examples": EmotionExamples.model_validate,
    "phrases": RiskPhrase.model_validate,
    "cues": Cue.model_validate,
    "numbers": NumberPattern.model_validate,
    "goods": GoodsWords.model_validate,
    "festivals": Festival.model_validate,
    "places": lambda item: Lexicon.model_validate({"places": [item]}).places[0],
    "tones": ToneCue.model_validate,
    "promises": PromiseCue.model_validate,
    "misspoken": Misspoken.model_validate,
}


# Without them less is understood of a case.
_OPTIONAL = (
    *("plain", "emotion_examples", "cues", "numbers", "goods"),
    *("festivals", "places", "tones", "promises", "misspoken"),
)


def _load_lexicon(loaded: Loaded, root: Path, name: str, read_item: Callable[[Any], Any]) -> None:
    if name in _OPTIONAL and not (root / "lexicon" / f"{name}.yaml").exists():
        return
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
                keys = tuple(detail["loc"]) if name not in ("synonyms", "places") else tuple(detail["loc"][2:])
                loaded.problems.append(place.problem((n, *keys), "schema", explain(detail, _ITEM[name], keys)))


_ITEM: dict[str, type[BaseModel]] = {
    "terms": Term,
    "synonyms": Lexicon,
    "plain": PlainWords,
    "emotions": EmotionPattern,
    "emotion_examples": EmotionExamples,
    "phrases": RiskPhrase,
    "cues": Cue,
    "numbers": NumberPattern,
    "goods": GoodsWords,
    "festivals": Festival,
    "places": Lexicon,
    "tones": ToneCue,
    "promises": PromiseCue,
    "misspoken": Misspoken,
}


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
    body = Body(file, body_text, body_line, located.lines)
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


def _yaml_file(loaded: Loaded, path: Path, root: Path) -> Place | None:
    """A YAML file that could be read and parsed; its problems are noted."""
    read = _read(path, root, loaded.problems)
    if read is None:
        return None
    place = _yaml_place(*read)
    loaded.problems += place.located.problems
    return None if place.located.problems else place


def _load_flow(loaded: Loaded, path: Path, root: Path) -> None:
    place = _yaml_file(loaded, path, root)
    if place is None:
        return
    entry = _validated(loaded, place, Flow, place.located.value)
    if entry is not None:
        _keep(loaded, place, entry, loaded.flows)


def _load_phrasings(loaded: Loaded, path: Path, root: Path) -> None:
    """`article id: [phrasing, …]`: more ways of asking, added to the articles read before."""
    place = _yaml_file(loaded, path, root)
    if place is None:
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


def _strays(root: Path) -> Iterator[Problem]:
    """Files that lie where nothing reads them, or under a name by which it is not read."""
    known = {*content_files(root), root / "README.md"}
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.is_file() and path not in known and not hidden:
            file = _printable(f"{root.name}/{path.relative_to(root).as_posix()}")
            folders = "faq、phrasings、policy、templates、flows、cases 或 lexicon"
            message = f"这个位置的文件不会被读取；请移到 {folders} 下（流程和问法用 .yaml）"
            yield Problem(file, 1, "", "layout", message)
