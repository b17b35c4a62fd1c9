"""Who pays: two places that lay the same cost on different parties."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ingest.render import PLACEHOLDER
from ingest.rules.matters import Floats, Words, products, rarity, terms_of
from ingest.rules.passages import Passage, Sentence, line_of, sentences
from kb_service.errors import Problem

_PARTIES = {
    "买家": "买家|买方|收货人|收件人|领取人",
    "卖家": "卖家|卖方|商家|送出人",
    "用户": "用户|客户|顾客",
    "回收商": "回收商|回收方",
    "平台": "平台|拾物集|我们",
    "双方": "双方|各自|两边|一人一半",
    "承运方": "承运方|快递公司|物流公司",
    "监护人": "监护人|家长",
    "出租方": "出租方|出租人",
    "承租方": "承租方|承租人|租客",
}
_NAME_OF = {word: party for party, words in _PARTIES.items() for word in words.split("|")}
_WHO = "|".join(sorted(_NAME_OF, key=len, reverse=True)) + "|您|你|他|她|对方"
_NOT = "不用|不必|无需|不需要|不需|不该|不应当|不应|不由|不会由|不能要求|不得要求|无须"
_ALSO = "先行|先|自己|自行|来|应当|应|须|需要|需|要|也|都|全部|全|一并|各自|各|可以|另行|仍|就|才|则|均|一起|再|另"
_PAYS = r"承担|负担|自理|自付|自掏|买单|(?:出|付|支付|掏)(?=$|[，。；、）！？\s|]|[^，。；过款的清]{0,4}(?:费|一半))"
_PAYER = re.compile(
    rf"(?P<not>{_NOT})?(?:再|另|由|归|让|请|算|找)?(?P<who>{_WHO})(?:们|方)?(?:{_ALSO}){{0,3}}"
    rf"(?P<not_after>不用|不必|不需要|不应|不|无需|无须)?(?:自己|自行|另外)?(?P<verb>{_PAYS})"
)
_BY_ONESELF = re.compile(r"自付|自理|自行承担|自己承担|自己出|自费|自掏")
_COST = re.compile(r"运费|邮费|快递费|费用|[一-龥]费(?!率)|差额")
_OPEN = re.compile(r"责任方|过错方|按责任|垫付|谁[出付]|先付|由谁|按约定|不得要求")
_IF = re.compile(r"(?:退货|退回|来回|往返)?(?:运费|费用?|邮费)?的(?:$|[，。；])")  # 卖家不付运费的，…
_CLAUSE = re.compile(r"[^，：\n|]+")
_ASKED = re.compile(r"谁出|谁付|谁承担|由谁|承担方")

# Whose doing it is that a cost arises. The same words about the same parcel mean the opposite where this differs.
_BUYERS = re.compile(
    r"不想要|不要的|不需要了|改变?主意|无理由|买家(?:自身)?原因|[个自]人?身?原因|填错|不喜欢|不合适|(?<!不)相符|超期|[没未]取|电话不通"
    r"|磕碰|没有[这上]些?[述]?理由|无故|寄[错反]|错退|重复|两单|逾期|[仍还]想退|(?<!非)正品|不包邮"
)
_SELLERS = re.compile(
    r"不符|没有?写明|未写明|没写|[未没]说明|错发|[发充]错|漏|假|瑕疵|卖家(?:的)?原因|卖家责任|故障|抄错|[未没]约定|没说好|缺|少件|空包|破损|残次"
    r"|没有?移除|未解除|锁|非正品|追回|补发|(?<!买家)补寄|(?<!不)包邮"
)
# The parties of a trade are told apart; a user may be either of them.
_SAME = frozenset(
    frozenset(pair)
    for pair in (("用户", "买家"), ("用户", "卖家"), ("监护人", "买家"), ("承租方", "买家"), ("出租方", "卖家"))
)

# Chosen on the statements of the content with the payer exchanged: 8 of 10 are found.
OWN, BEFORE, ALL, SAME_CLAUSE, IS_CLAUSE, SAME_FILE = 0.5, 1.0, 1.0, 0.15, 0.35, -0.15  # shares of likeness
OTHER_CAUSE = 0.15  # less alike where only one of two says whose doing it is
ALIKE, CLEARLY = 0.35, 0.15  # likeness from which two are about the same cost; by how much it exceeds any that agrees


class Payer(NamedTuple):
    """What a passage says of who pays: the party, or who does not; the words around it; whose doing it is."""

    passage: Passage
    line: str
    words: str
    party: str
    denied: bool
    own: str
    before: str
    earlier: str
    block: tuple[str, object, str]
    cause: int

    @property
    def said(self) -> str:
        """Who pays, as a message puts it."""
        return f"不由{self.party}承担" if self.denied else f"由{self.party}承担"


def check_payers(found: Sequence[Passage]) -> Iterator[Problem]:
    """Statements outside of clauses that lay a cost on another party than a statement about the same cost does."""
    said = list(payers(found))
    if not said:
        return
    likeness = _likeness(said)
    for n, one in enumerate(said):
        if one.passage.clause:
            continue
        against, beside = 0.0, 0.0
        row = likeness[n].tolist()
        other = one
        for m, two in enumerate(said):
            if two.block == one.block:
                continue
            like = row[m]
            if _agree(one, two):
                beside = max(beside, like)
            elif like > against and _clash(one, two):
                against, other = like, two
        if against >= ALIKE and against - beside >= CLEARLY:
            yield _problem(one, other)


def _problem(one: Payer, other: Payer) -> Problem:
    place = other.passage.place
    where = f"{place.file}:{place.line(other.passage.path, other.line)}"
    message = (
        f"这里写费用{one.said}，而 {where} 同样的情况写费用{other.said}（“{other.words}”）；"
        "请核对条款后改成一致，确实是两回事的写 waive"
    )
    return one.passage.place.problem(one.passage.path, "contradiction", message, one.line)


def _agree(one: Payer, other: Payer) -> bool:
    return (one.party == other.party) == (one.denied == other.denied)


def _clash(one: Payer, other: Payer) -> bool:
    if one.cause * other.cause == -1 or (one.denied and other.denied):
        return False
    if one.denied != other.denied:
        return one.party == other.party
    return frozenset((one.party, other.party)) not in _SAME


def _likeness(said: Sequence[Payer]) -> Floats:
    clauses = [one.passage.cited for one in said]
    like = OWN * _near([[(1.0, one.own)] for one in said])
    like += BEFORE * _near([[(1.0, one.before[-40:]), (0.5, one.own)] for one in said])
    like += ALL * _near(
        [[(1.0, one.own), (0.8, one.before), (0.5, one.passage.about), (0.3, one.earlier[-40:])] for one in said]
    )
    cause = np.array([one.cause for one in said])
    like -= OTHER_CAUSE * (cause[:, None] != cause)
    files = np.array([one.passage.place.file for one in said])
    like += SAME_FILE * (files[:, None] == files)
    for n, one in enumerate(said):
        for m, other in enumerate(said):
            if not clauses[n].isdisjoint(clauses[m]):
                like[n, m] += SAME_CLAUSE + IS_CLAUSE * bool(one.passage.clause or other.passage.clause)
    return like


def _near(words: Sequence[Words]) -> Floats:
    terms, count = terms_of(words), len(words)
    vocabulary, weight = rarity(terms, np.arange(count), count)
    vectors = terms.scaled(vocabulary, weight, count)
    return products(vectors, vectors, (count, count))


def payers(found: Sequence[Passage]) -> Iterator[Payer]:
    """Every statement of who bears a cost."""
    for passage in found:
        for sentence in sentences(passage.text):
            if _COST.search(sentence.text) or (sentence.is_row and _ASKED.search(sentence.before)):
                yield from _of_sentence(passage, sentence)


def _of_sentence(passage: Passage, sentence: Sentence) -> Iterator[Payer]:
    blank = PLACEHOLDER.sub(lambda match: " " * len(match[0]), sentence.text)
    table = sentence.is_row and _ASKED.search(sentence.before) is not None
    told = 0  # where the statement before this one ended
    for clause in _CLAUSE.finditer(blank):
        text, before = clause[0], blank[told : clause.start()]
        if table and text.strip() in (*_NAME_OF, "您"):
            yield from _payer(passage, sentence, text.strip(), text.strip(), False, before, sentence.before)
        elif not _OPEN.search(text):
            for match in _PAYER.finditer(text):
                if not _IF.match(text, match.end()):
                    own, denied = f"{text[: match.start()]} {text[match.end() :]}", match["not"] or match["not_after"]
                    yield from _payer(passage, sentence, match[0], match["who"], bool(denied), own, before)
                    told = clause.end()


def _payer(
    passage: Passage, sentence: Sentence, words: str, who: str, denied: bool, own: str, before: str
) -> Iterator[Payer]:
    if party := _party(who, passage):
        block = (passage.place.file, passage.path, sentence.block)
        cause = _cause(f"{before[-60:]}{own}", passage)
        line = line_of(passage.text, sentence.text)
        yield Payer(passage, line, words, party, denied, own, before, sentence.before, block, cause)


def _cause(words: str, passage: Passage) -> int:
    """1 where the buyer is the cause, -1 where the seller is, 0 where neither or both are named."""
    found = bool(_BUYERS.search(words)) - bool(_SELLERS.search(words))
    return found or (_cause(passage.about, passage._replace(clause="")) if passage.clause else 0)


def _party(word: str, passage: Passage) -> str:
    recycling = "回收" in passage.about
    if word in "您你":
        return "用户" if recycling else passage.listener
    if word in ("他", "她", "对方"):
        return {"买家": "卖家", "卖家": "买家"}.get("" if recycling else passage.listener, "")
    return _NAME_OF[word]
