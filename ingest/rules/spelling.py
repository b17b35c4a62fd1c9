"""Terms with one wrong character, and traditional characters, in what people read.

A term of the lexicon or a menu name is taken for misspelt where one character stands for another that sounds or looks
like it, the result is no word, and hardly anything else in the content is written so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from ingest.loaded import Loaded
from ingest.render import PLACEHOLDER
from ingest.rules.readable import Readable, readable_texts
from ingest.sounds import everyday_readings
from kb_service.errors import Problem
from kb_service.text import dictionary_words, script_of

_RARE = 2  # occurrences up to which a form may be a mistake; what stands more often is a way of writing
_LONGEST = 4  # characters of a word that is looked for around a form
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_PATH_PART = re.compile(r"[\u4e00-\u9fff]{2,}")
# Words of grammar, which stand beside anything: neither a slip themselves, nor enough to know a term by.
_GRAMMAR = frozenset("也了和没是不或为由要会就被把与再加上下给到的在都有")
# Characters taken for one another by shape, beyond those that sound alike.
_LOOK_ALIKE = (
    "己已巳 未末来 戊戌戍 待侍持恃 侯候 拔拨 折拆析 帐账 贷货 洽恰给 辨辩辫瓣 徽微徵 晴睛请清情 "
    "暑署 竞竟 免兔 栗粟 崇祟 密蜜 检捡验险脸 级极及 买卖实读 失矢夫 土士工 千干于 人入八 "
    "王玉主 日曰目 大太犬 天夭夫 午牛 今令 兵乒乓 住往佳注 复覆 认让 订钉 担胆但 拦栏 播插拨 "
    "捕铺 换唤焕挽 核孩刻咳 退迟 申甲由田电 付什 诉拆 冶治 准淮 凉谅 坏环怀还 拒柜 侥绕浇 烧饶 "
    "博搏 燥躁 梁粱 渡度 瑞端 券卷 即既 暴爆曝 决绝 纪记 练炼 辑缉 籍藉 赢羸 历厉 宜宣 "
    "裁栽载 催摧 冻栋 结洁 揽缆 鉴监 征证正 尺尽 费贵 额颜客 编偏遍骗 简筒 部陪赔 处外 协办为 "
    "权仅 页贝 码玛 架驾 包句 收攸牧 货贸 价介 优忧尤 补朴 贴帖 举兴 报极服 投设 诈炸 锁销消 "
    "绑邦 解触 登澄 录绿 冒昌 充允 值植直置 提堤 现规观视 保堡 钱线浅 差羊 评坪 论伦 拍怕 "
    "物牧 运远 快块 递第等 号亏 地他 法去 庭廷延 回固同 访仿 质贡 损捐 破波 瑕暇 疵庇 售隹 "
    "后合 时对 效郊 白自 动功 确硕 长张 打扫 刷刹 各名 导异 限很银 曝瀑 擦察 力刀 屏屎 幕墓 "
    "图固 频项 晰淅 真直 间问 开井 闲闭 估佑 租组 偿尝 金全 定走 款歉 首道 次欠 转传 胀账 "
    "卡下 行衍 像象 违讳 封卦 用甩 活话 店占 粉份 关美 惠患"
)
# Words of their own that on this desk are always slips.
_RIGHT = {
    "登陆": "登录",
    "申述": "申诉",
    "帐号": "账号",
    "帐户": "账户",
    "帐单": "账单",
    "到帐": "到账",
    "转帐": "转账",
    "入帐": "入账",
    "对帐": "对账",
    "结帐": "结账",
}
_SLIP = re.compile("|".join(_RIGHT))


class _Misspelt(NamedTuple):
    """A wrong form of a term; `place` is that of the wrong character."""

    form: str
    term: str
    place: int


class _Suspect(NamedTuple):
    """A wrong form in a text that people read, from `start` on."""

    form: _Misspelt
    passage: Readable
    text: str
    start: int

    def around(self) -> Iterator[tuple[int, str]]:
        """(start, characters) of what may be a word there: all that shares a character with the form."""
        end = self.start + len(self.form.form)
        for first in range(max(0, self.start - _LONGEST + 1), end):
            for last in range(max(first + 2, self.start + 1), min(len(self.text), first + _LONGEST) + 1):
                yield first, self.text[first:last]

    def is_meant(self, words: Container[str]) -> bool:
        """Whether the wrong character is part of a word there, or a word reaches over an end of the form."""
        end, wrong = self.start + len(self.form.form), self.start + self.form.place
        for first, text in self.around():
            inside = self.start <= first and first + len(text) <= end
            if (not inside or first <= wrong < first + len(text)) and text in words:
                return True
        return False


def check_spelling(loaded: Loaded) -> Iterator[Problem]:
    """Misspelt terms and menu names, and traditional characters, named at their lines."""
    found = [(passage, PLACEHOLDER.sub(" ", passage.text)) for passage in readable_texts(loaded)]
    yield from _traditional(found)
    yield from _misspelt(loaded, found)


def _traditional(found: Sequence[tuple[Readable, str]]) -> Iterator[Problem]:
    characters = {character for _, text in found for character in text}
    strange = "".join(sorted(character for character in characters if script_of(character) == "traditional"))
    if not strange:
        return
    for passage, text in found:
        for line in text.splitlines():
            if here := "".join(dict.fromkeys(re.findall(f"[{strange}]", line))):
                message = f"“{here}”是繁体字；请改成简体"
                yield passage.problem("traditional", message, here[0])


def _misspelt(loaded: Loaded, found: Sequence[tuple[Readable, str]]) -> Iterator[Problem]:
    joined = "\n".join(text for _, text in found)
    terms = sorted(_terms(loaded))
    known = _known(loaded, terms)
    rare = [form for form in _forms(terms, joined) if form.form not in known and 0 < joined.count(form.form) <= _RARE]
    suspects = [
        _Suspect(form, passage, text, start)
        for form in rare
        for passage, text in found
        if (start := text.find(form.form)) >= 0
    ]
    words = dictionary_words({text for suspect in suspects for _, text in suspect.around()}) | set(terms)
    for suspect in suspects:
        if not suspect.is_meant(words):
            yield suspect.passage.problem("spelling", _message(*suspect.form[:2]), suspect.form.form)
    for passage, text in found:
        for slip in dict.fromkeys(_SLIP.findall(text)):
            yield passage.problem("spelling", _message(slip, _RIGHT[slip]), slip)


def _message(form: str, term: str) -> str:
    return f"“{form}”疑似“{term}”的误写；请核对"


def _terms(loaded: Loaded) -> set[str]:
    """What must be written as it is: terms of the lexicon and the parts of menu paths."""
    terms = {term.term for term in loaded.lexicon.get("terms", []) if _HAN.fullmatch(term.term)}
    paths = " ".join(str(fact.value) for fact in loaded.facts.values() if fact.kind == "path")
    return {term for term in terms | set(_PATH_PART.findall(paths)) if len(term) > 1}


def _known(loaded: Loaded, terms: Sequence[str]) -> str:
    """All that is certainly written as it should be."""
    synonyms = (word for group in loaded.lexicon.get("synonyms", []) for word in group)
    return "\n".join((*terms, *synonyms))


def _forms(terms: Sequence[str], text: str) -> Iterator[_Misspelt]:
    """Every wrong form of a term of which all pairs of characters stand in the text."""
    pairs = {text[n : n + 2] for n in range(len(text) - 1)}
    alike = _alike()
    for term in terms:
        for n, right in enumerate(term):
            if _GRAMMAR.issuperset(term[:n] + term[n + 1 :]):
                continue
            for character in alike[right] - _GRAMMAR:
                before, after = term[n - 1 : n] + character, character + term[n + 1 : n + 2]
                if (n == 0 or before in pairs) and (n == len(term) - 1 or after in pairs):
                    yield _Misspelt(f"{term[:n]}{character}{term[n + 1 :]}", term, n)


def _alike() -> defaultdict[str, set[str]]:
    """Character -> the everyday characters that sound like it, whatever the tone, or look like it."""
    sounding: defaultdict[str, set[str]] = defaultdict(set)
    for character, reading in everyday_readings().items():
        sounding[reading].add(character)
    alike: defaultdict[str, set[str]] = defaultdict(set)
    for group in (*sounding.values(), *map(set, _LOOK_ALIKE.split())):
        for character in group:
            alike[character] |= group - {character}
    return alike
