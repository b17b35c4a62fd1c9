"""Menu paths written out that contradict the paths of facts.yaml: another way to the same function, or no such way."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ingest.render import PLACEHOLDER
from ingest.rules.passages import Passage, line_of, sentences
from kb_service.content import Fact
from kb_service.errors import Problem

_NODE = r"[“「]?[^\s“”「」>＞›→／/—–\-，。；：:、！？|（）()*#.]{1,14}(?:“[^”]{1,6}”)?[”」]?"
_THEN = r"\s*(?:[>＞›→／/]|—+|–|-+>?)\s*"
_WAY = re.compile(rf"{_NODE}(?:{_THEN}{_NODE})+")
_QUOTED = r"[“「][^”」{}]{1,12}[”」]"
_STEPS = re.compile(
    rf"{_QUOTED}(?:[，、]?(?:里的?|中的?|下的?|页的?)?(?:再|然后|依次|接着)?(?:点击?|选择?|进入?|打开|找到?)?{_QUOTED})+"
)
_NAMED = re.compile(r"「([^」{}>＞›→/\-—]{2,12})」")
_SIDE = re.compile(r"(买家|卖家)(?:可以|应当?|须|需要?|请|自己|先|要)?(?:在|从|到|去|打开|进入)\s*「?$")
_SIDES = {"买家": "我买到的", "卖家": "我卖出的"}
_LIKE, _ROOT = 0.4, "我的"

Nodes = tuple[str, ...]


class _Menus(NamedTuple):
    """All paths of facts.yaml: the nodes of each, and what stands below each way from its beginning."""

    paths: Mapping[str, Nodes]
    facts: Mapping[str, Fact]
    below: Mapping[Nodes, set[str]]
    nodes: Sequence[str]  # the longest first
    names: frozenset[str]
    stretches: frozenset[Nodes]  # all that stand together in some path


def check_menu_paths(
    found: Sequence[Passage], facts: Mapping[str, Fact], where: Mapping[str, str]
) -> Iterator[Problem]:
    """Ways through the menus that no path of facts.yaml has, where one has the same end or beginning.

    `where` says for each fact how a message names its place.
    """
    menus = _menus(facts)
    for passage in found:
        text = passage.text
        if not any(mark in text for mark in ("「", "“", ">", "＞", "→", "›", "path.")):
            continue
        for sentence in sentences(text):
            for problem in _of_sentence(sentence.text, passage, menus, where):
                yield passage.place.problem(passage.path, "contradiction", problem, line_of(text, sentence.text))


def _menus(facts: Mapping[str, Fact]) -> _Menus:
    paths = {name: tuple(_nodes(str(fact.value))) for name, fact in facts.items() if fact.kind == "path"}
    below: defaultdict[Nodes, set[str]] = defaultdict(set)
    for path in paths.values():
        for n in range(1, len(path)):
            below[path[:n]].add(path[n])
    nodes = sorted({node for path in paths.values() for node in path}, key=len, reverse=True)
    stretches = frozenset(
        path[n:m] for path in paths.values() for n in range(len(path)) for m in range(n + 1, len(path) + 1)
    )
    known = {name: facts[name] for name in paths}
    names = frozenset(nodes) | {fact.label for fact in known.values()}
    return _Menus(paths, known, below, nodes, names, stretches)


def _nodes(way: str) -> list[str]:
    return [node.strip(" “”「」") if "…" not in node else node.strip() for node in re.split(_THEN, way) if node.strip()]


def _of_sentence(sentence: str, passage: Passage, menus: _Menus, where: Mapping[str, str]) -> Iterator[str]:
    written = PLACEHOLDER.sub(
        lambda match: str(menus.facts[match["name"]].value) if match["name"] in menus.facts else " ", sentence
    )
    ways = [tuple(_nodes(match[0])) for match in _WAY.finditer(written)]
    steps = (tuple(re.findall(r"[“「]([^”」]+)[”」]", match[0])) for match in _STEPS.finditer(written))
    ways += [way for way in steps if way[:1] in menus.below]
    for way in ways:
        meant = _contradicted(way, sentence + passage.about, menus)
        if meant:
            yield _message(" > ".join(way), meant, menus, where)
    for match in _NAMED.finditer(sentence):
        if match[1] not in menus.names:
            meant = _nearest(match[1], sentence + passage.about, menus)
            if meant and _alike(match[1], menus, meant) >= _LIKE:
                yield _message(match[1], meant, menus, where)
    for match in PLACEHOLDER.finditer(sentence):
        side = _SIDE.search(sentence[: match.start()])
        path = menus.paths.get(match["name"], ())
        if side and (set(_SIDES.values()) - {_SIDES[side[1]]}) & set(path):
            fact = menus.facts[match["name"]]
            yield (
                f"这里让{side[1]}走“{fact.value}”（{where[match['name']]}，{fact.label}），那是对方的入口；"
                "请换成这一方的路径，确实是两回事的写 waive"
            )


def _contradicted(way: Nodes, words: str, menus: _Menus) -> str:
    """The path that says otherwise; empty where the way is right, or where nothing is known of it."""
    ends = {path[-1] for path in menus.paths.values()}
    way = _trimmed(way, menus)
    if len(way) < 2 or way in menus.stretches:
        return ""
    known = next((n for n in range(len(way), 0, -1) if way[:n] in menus.below), 0)
    leads = known >= 2 or (known == 1 and way[0] == _ROOT)
    if leads or (way[-1] in ends and any(node in menus.nodes for node in way[:-1])):
        return _nearest(way[-1], words, menus)
    return ""


def _trimmed(way: Nodes, menus: _Menus) -> Nodes:
    """Words that run on from the last node (`隐私里点开`) and to the first (`打开我的`) are cut off."""
    first, last = way[0], way[-1]
    first = next((node for node in menus.nodes if first.endswith(node)), first)
    last = next((node for node in menus.nodes if last.startswith(node)), last)
    return (first, *way[1:-1], last) if len(way) > 1 else way


def _nearest(name: str, words: str, menus: _Menus) -> str:
    """The path whose function is named like this, or else is spoken of beside."""

    def near(path: str) -> tuple[float, float]:
        label = menus.facts[path].label + menus.paths[path][-1]
        return (_alike(name, menus, path), sum(character in words for character in set(label)) / len(set(label)))

    return max(menus.paths, key=lambda path: sum(near(path)), default="")


def _alike(name: str, menus: _Menus, path: str) -> float:
    """How like a name is to the end or the label of a path: the share of characters that both have."""
    ends = (menus.paths[path][-1], menus.facts[path].label)
    return max(len(set(name) & set(end)) / len(set(name) | set(end)) for end in ends)


def _message(way: str, meant: str, menus: _Menus, where: Mapping[str, str]) -> str:
    fact = menus.facts[meant]
    return (
        f"这里的菜单写成“{way}”，而 {where[meant]}的“{fact.label}”是“{fact.value}”；"
        f"请写成「{{{{fact:{meant}}}}}」，确实是两回事的写 waive"
    )
