"""Blanks that were left open in a draft: `{{slot:order_id}}`, `【订单编号】`, `XXX`, `____`, `[姓名]`, `您好，**`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# What a bracketed blank asks for; a bracket around anything else is a heading, a signature or an emoticon.
_ASKED = (
    r"姓名|名字|称呼|昵称|收件人|收货人|联系人|客户|买家|卖家|对方|用户|会员|店铺|编号|单号|订单|工号|客服|坐席|专员|日期|时间|时刻"
    r"|截止|年月|月份|几[点号天日]|金额|数额|价格"
    r"|运费|费用|原因|理由|结果|结论|链接|网址|地址|电话|手机|号码|商品|物品|宝贝|快递|物流|公司|部门|活动|券|方案"
    r"|天数|小时数|数量|件数|次数|比例|条款|规则"
    r"|名称|内容|填写|待填|待补|补充|此处|插入|变量|占位|xx"
)
_ROUND_ASKED = (
    r"姓名|名字|称呼|昵称|编号|单号|订单号|工号|日期|时间|金额|原因|结果|链接|地址|电话|手机号|名称|填写?|待填"
    r"|待补充?|补充|快递公司|物流公司|承运商|快递单号|运单号|截止时间|天数|小时|券名|活动名称|门店|店铺名"
)
_FIXED = (
    r"\*\*[【\[［{][^】\]］}*\n]{1,16}[】\]］}]\*\*|(?P<bold>\*\*(?=[\w「“])[^*，。！？\n]{1,40}?\*\*)|\{\{[^{}\n]*\}\}|\$\{[^{}\n]*\}|\{[a-z_.:]{2,40}\}"
    r"|%[sd](?![a-z0-9])|#\{[^{}\n]*\}"
    r"|[【\[［〔<《{（(](?=[^】\]］〕>》}）)\n]{1,16}[】\]］〕>》}）)])(?P<label>(?:(?!__)[^】\]］〕>》}）)\n]){1,16})[】\]］〕>》}）)]"
    r"|(?:_{2,}|＿{2,}|﹍{2,})(?:\s*[年月日号时点分元]\s*(?:_{2,}|＿{2,}))*"
    r"|[a-z0-9]{0,8}(?<![a-z])[xX×]{3,}(?![a-z0-9])|(?<![a-z0-9])(?<![a-z] )[x×]{2}(?![a-z0-9])"
    r"|(?<![a-z0-9])[x×](?:月[x×]日|(?=[月日年点分]前?[，。]))|#[\u4e00-\u9fff]{2,6}#|[【\[{]\s*[】\]}]"
    r"|(?<![\d*a-z])(?:(?<![\u4e00-\u9fff])\*{2,}|\*{2,}(?![\u4e00-\u9fff])|\*{2,}(?=先生|女士|小姐|老师|客户|买家"
    r"|卖家))(?![\d*a-z])|(?<![某])某某(?!某)|(?<=[\u4e00-\u9fff])[oO○〇]{2,}(?=先生|女士|老师|小姐|客|$|，)"
    r"|，\s*，|，。|：\s*(?=[，。；]|$)|(?<![a-z])(?:null|undefined|none|nan|todo|tbd)(?![a-z])|待填写?|%[a-z_]{2,20}%|\[[a-z_]{2,20}\]|<[a-z]+_[a-z_]+>|(?<![a-z])(?:mm月|dd日|n(?=[天小个]))|@客户\w{0,2}|[?？]{2,}(?=[元天日号]|小时)|(?<![\u4e00-\u9fff])小[xX](?![a-z])"
    r"|待补充?(?=$|[，。；）)])"
)
_BLANK = re.compile(_FIXED)
_LABEL = re.compile(_ASKED)
_ROUND = "（(《<"


def blanks(text: str, labels: Iterable[str] = ()) -> Iterator[tuple[int, int]]:
    """[start, end) of the open blanks of a text that was folded in place. `labels` are those of the service's slots."""
    known = frozenset(labels)
    for match in _BLANK.finditer(text):
        label = match["label"]
        if match["bold"] or (match[0][0] == "#" and not _LABEL.search(match[0])):
            continue
        if label is None or label.strip() in known or _asks(match[0][0], label.strip()):
            yield match.span()


def _asks(bracket: str, label: str) -> bool:
    """Whether a bracketed word is a blank. In round brackets and book titles much is said that is none."""
    if bracket in _ROUND:
        return (
            re.fullmatch(
                rf"(?:请|这里|此处)?(?:填写?|填入|插入)?(?:客户|买家|卖家|用户|商品|订单|对方|您的)?(?:{_ROUND_ASKED})",
                label,
            )
            is not None
        )
    return len(label) <= 12 and _LABEL.search(label) is not None
