"""The rules of the check: id, how grave, whether a line can be excepted. Each has its part of docs/editors.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from kb_service.errors import Problem

Level = Literal["error", "warning"]


class Rule(NamedTuple):
    """`error` keeps content from being published; `warning` is for what the calendar or another edit makes wrong.

    Rules of form cannot be waived: without them there is nothing to build from.
    """

    id: str
    title: str
    level: Level = "error"
    waivable: bool = True


def _form(name: str, title: str) -> Rule:
    return Rule(name, title, waivable=False)


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        _form("layout", "文件放错位置或缺失"),
        _form("encoding", "不是 UTF-8"),
        _form("yaml", "YAML 读不了"),
        _form("front-matter", "缺少头信息"),
        _form("schema", "字段缺失、不认识或取值不对"),
        _form("heading", "小节标题不对"),
        _form("clause", "条标题不对"),
        _form("clause-window", "条款有效期重叠或为空"),
        _form("clause-number", "条款编号重复或不一致"),
        _form("duplicate-id", "编号重复"),
        _form("vocabulary", "taxonomy.yaml 里没有的名称"),
        _form("reference", "引用的内容不存在"),
        _form("placeholder", "占位符不完整或没有对应内容"),
        _form("lexicon-duplicate", "词典里写了两次"),
        _form("regex", "正则表达式读不了或什么都匹配"),
        _form("waiver", "豁免没有写对"),
        Rule("unused-waiver", "不再需要的豁免", "warning", waivable=False),
        Rule("phrasing", "问法重复"),
        Rule("near-duplicate-phrasing", "问法几乎一样"),
        Rule("near-duplicate-article", "文章几乎一样"),
        Rule("confusable", "易混文章登记有误"),
        Rule("literal-number", "直接写了期限、金额或次数"),
        Rule("contradiction", "两处说法矛盾"),
        Rule("tones", "模板只有一种语气"),
        Rule("forbidden-phrase", "对客户说的话里有禁用语"),
        Rule("privacy", "索要敏感信息"),
        Rule("internal-note", "客户看得到写给坐席的话"),
        Rule("structure", "标题、表格、编号或成对的符号有误"),
        Rule("spelling", "平台词疑似写错"),
        Rule("traditional", "混进了繁体字"),
        Rule("naming", "编号的写法不合约定"),
        Rule("slot-not-collected", "槽位没有流程收集"),
        Rule("unreachable", "没有内容用到", "warning"),
        Rule("expired-link", "已失效的内容还有链接", "warning"),
        Rule("expiring-link", "快失效的内容还有链接", "warning"),
        Rule("review-overdue", "复查已过期", "warning"),
        Rule("flow-faq", "一篇常见问题归了两个流程"),
        Rule("sms-length", "短信太长"),
        Rule("follow-up", "最后的回访方案带有条件"),
        Rule("case-review", "案例还没有审核", waivable=False),
        Rule("case-privacy", "案例里还有个人信息"),
    )
}


def refusing(problems: Iterable[Problem]) -> list[Problem]:
    """Those that keep content from being published."""
    return [problem for problem in problems if RULES[problem.rule].level == "error"]
