"""Demands for private data in what an agent says: identity papers, cards, passwords, codes, whole phone numbers.

The words stand in code and not in content: no edit of a word list may open a way to ask for a customer's password.
Reminders not to tell anybody, the last four digits, and uploads on the pages meant for them are not demands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from kb_service.text import fold_in_place

_PAPERS = (
    r"身份证|国徽面|(?:手持|核身)照|证件(?:自拍|合照)|手(?:持|拿着?|里拿着?)(?:身份证|证件)|证件(?:照|号|的?(?:正反面|照片|复印件))|手持(?:\w{0,4}?)照|户口[本簿]|护照|驾驶?证"
    r"|人脸(?:识别)?的?(?:视频|照|录像)|对着?镜头(?:录|拍)|(?:露脸|刷脸|正脸|眨眼|点头|张嘴)的?(?:视频|照)"
)
_CARDS = (
    r"(?:银行|储蓄|信用|借记|付款|收款|提现|支付)卡(?!号?(?:的)?(?:后|末|尾|所属|哪|类型|支持))|卡号|账号和户名"
    r"|卡(?:的)?有效期|安全码|cvv2?|cvn2?|卡(?:片)?背面|卡面|(?:收款|支付宝|银行|打款)账[号户](?!是否|异常)|开户行和|[付收]款码"
)
_SECRETS = (
    r"密码(?![锁箱本])|pin码|口令|密保|(?:六位|6位|四位|4位)?数?(?:验证|校验|动态|激活|确认|授权)码|短信(?:里|上"
    r"|中)?的?(?:数字|内容|验证|那串)"
    r"|短信码|密保(?:问题)?(?:的)?答案|(?:令牌|器|屏幕)上(?:跳出来)?的?数字|(?:六|四|6|4)位(?:数字)?码|收到的(?:那[个串条]?|这[个串条]?)?(?:码|短信)|银行(?:给您)?发(?:来|给您)?的(?:数字|码|短信)|收到的(?:那)?个?码|(?:短信|验证|收到|屏幕)\w{0,6}?(?:[六四64]位数字?|数字(?=念|发|报|告|给|说|读))"
)
_PHONE = (
    r"(?:完整|全部|整个|全|11位|十一位)(?:的)?\w{0,4}?(?:手机|电话)的?号码?|(?:完整|全部|整个)的?(?:11|十一)位(?:号码?)?|完整的?号码|预留的?(?:手机|电话)号码?|(?:手机|电话)的?(?:完整|全部)?(?:11|十一)位|(?:手机|电话)号码?的?(?:全号|完整|全部"
    r"|11位|十一位)"
)
_THING = rf"(?:{_PAPERS}|{_CARDS}|{_SECRETS}|{_PHONE})"
_TO_US = (
    r"提供|(?:请|麻烦您?|需|先|再)发(?![货票现布生起出])|发送|发给|发一?下|发一份|发我|发来|发过来|发到|发个|发张|发在|发齐|发全|发这|发上来|发出来|发了|补齐|亮一?下|晒一?下|转给我|转发|告诉|告知|报一?下|报给|报我"
    r"|报过?来|再报|请报|给我"
    r"|说一?下|说给|请先?说出|跟我说|口述|打出来|要看一?下|一并(?:寄|发)|说一声|再发一?[次遍条]|(?:发|寄|传真)(?:至|往)|传真|补一?[张份]|各(?:来|拍)?一?[张份]|拍(?:一)?[张份]|录个|让我看|给出|拍来|附上|附一?[张下]|发[一]?[张段]|录一?段|拍清楚|私聊|补充|同步|报上|截一?下|截来|发[来我]|发齐|说出来|来一?[张份]|读给|读一?下|(?:念|读|说|报|发)(?:一|两)?遍|念一?下|念给|念我|念出来|给我|给一?下|给到|出示|私信|私发|写给"
    r"|写一?下|写在|写我|填在|打在|打给我|留一?下|留个|贴"
    r"|拍(?:一?[张下个]|照|给|过来|来)|截(?:图|个图|给)|传给|传我|传一?下|传来|传过来|交给我|也发|都发|发出来"
    r"|一(?:起|并|块儿?)(?:发|给|报)|登记[您你]|我(?:这边)?(?:记|登记|抄|存)一?下|都要$|我(?:来|先)?核|核对|核验|核实|验证一?下|确认一?下|对一?下|需要您的?|要您的?|要一?下|还(?:需要|要|差|缺)|登记一?下"
)
_ON_PAGE = r"输入|打一下|填写|录入|上传|回复"
# Either order, inside one sentence clause; what lies between may be a few attributes or a list.
_DEMAND = re.compile(
    rf"(?:{_TO_US}|{_ON_PAGE}).{{0,30}}?(?P<thing>{_THING})"
    rf"|(?P<object>{_THING})[^，。；！？]{{0,24}}?(?:{_TO_US}|{_ON_PAGE})"
    rf"|(?P<asked>{_THING})(?:号码?|码|的?(?:11|十一)位(?:数字?|号码?)?|的?(?:那)?(?:三|四|六|3|4|6)位(?:数字?)?|的?数字|记)?(?:是|有)?(?:多少|(?:是)?几(?:月|年|月几年)?(?=[?？]?$)|什么(?!时候|问题|原因|意思)|几位|哪几位)"
)
_ASKS = re.compile(r"多少|什么|几$|是$")
_VERB = re.compile(_TO_US)
_CHECK = re.compile(r"核对|核验|核实|确认|验证一?下|对一?下")
_SPEECH = re.compile(r"[^，。；！？,;!?\n]+")
_NEVER = re.compile(
    r"(?:不(?:会|要|用|能|得|需要?|必|应该?|可以?|该|许|准|再|想|是)?|无权|没有?必要|无需|无须|从不|绝不|从未|禁止"
    r"|严禁|请勿|切勿|勿|(?<![分特个区识])别)"
    rf"(?:(?!的话|就|把|时|方便).){{0,10}}?(?:{_TO_US}|{_ON_PAGE}|索|问|收|看|存|泄|说|透|用|给|要)"
    r"|任何人|任何时候|任何渠道|索要|谁|他人|别人|对方|骗子|冒充|凡是|如果有|若有|有人|要求您|切记|当心|小心|误发"
    r"|泄露|保管|保护好|遮|打码|挡住"
    r"|要验证码|(?:改|设|换|重置|设置)(?:好|完|过|成功)|(?<!请先)(?<!请)说出|已经?(?:发|提供|告诉|填)|[^，]告诉(?:孩子|家人|家长|过)"
)
# What is done with codes and passwords on the customer's own device; a demand only if the agent wants to have them.
_OWN_USE = re.compile(
    r"被|停止|改好|设[置好]|忘|重置|修改|更换|找回|输错|连错|连续|错误|收不到|没收到|获取|收到的(?=.{0,6}$)(?!.*(?:多少|几|是)$)|流水|自己"
)
_TAIL = re.compile(r"后四位|后4位|末四位|末4位|尾号|后四|尾数|最后四位|最后4位")
_PAGE = re.compile(
    r"「|」|页面?(?!的照)|入口|应用内|app内|登录页|认证页|官方渠道|实名认证|小程序|刷脸|系统会|本人操作|您自己"
    r"|自己在|自行"
)
_HERE = re.compile(
    r"说出|让我看|给出|私聊|口述|聊天框|在这里(?:输|填|打)|对话里|发至|传真|打出来|提供|发一?下|说一?下|念一?下|转给我|写给我|发给我|拍给我|传给我|发我|给我|告诉我|报我|念我|对话框|聊天|会话"
    r"|这里发|发过来|发来|报一?下|报给|备注里|发在这|我帮您(?:填|输|登|验|核)|^请?(?:您)?回复(?:一?下)?(?:短信)?验证码$"
)


# A demand in two steps: `短信里有六位数字，念给我听`. The second names nothing else that could be wanted.
_SENSITIVE = re.compile(
    r"(?:给[您你]发了?(?:个|条)?(?:短信|码))|(?:一条|收到(?:的|了)?)短信|短信(?:已|刚)发"
    rf"|{_PAPERS}|{_SECRETS}|{_PHONE}|安全码|cvv2?|卡号|有效期"
)
_HAND_OVER = re.compile(
    r"[您你](?:念|报|读|说)一?下|打出来|(?:发|念|报|读|拍|传|写|贴|回复)(?:给|到|过来|来|出来|一?下)?(?:给)?(?:我|我们|这边|客服|这里|会话|对话框|听)"
    r"|(?:发|念|报|读|拍|传|回复)(?:过来|一?下)(?:就|$)|告诉我(?:就|来|，|$)|给我(?:看|听|核|查|用|操作|就|$)"
)
_ELSE = re.compile(
    r"截图|录屏|订单|单号|工单|后四位|尾号|情况|时间|地址|页面|提示|结果|链接|凭证|机型|版本|报错|错误|一声|原因"
    r"|商品|物流|聊天|记录|名称|昵称"
)


class Demand(NamedTuple):
    """A stretch of a text that asks for private data, [start, end), and the data by name."""

    start: int
    end: int
    thing: str


def private_demands(text: str) -> Iterator[Demand]:
    """The clauses of a text that ask the customer for identity, card, password, code or whole number."""
    named: re.Match[str] | None = None
    for clause in _SPEECH.finditer(fold_in_place(text)):
        words = clause[0]
        before, named = named, _named(clause)
        if before and _HAND_OVER.search(words) and not (_NEVER.search(words) or _ELSE.search(words)):
            yield Demand(before.start(), clause.end(), before[0])
        match = _DEMAND.search(words)
        if match is None or _NEVER.search(words) or (_TAIL.search(words) and not _beyond_tail(words)):
            continue
        thing = match["thing"] or match["object"] or match["asked"]
        if not _HERE.search(words) and (_PAGE.search(words) or _OWN_USE.search(words) or _harmless(words, thing)):
            continue
        shift = len(words) - len(words.lstrip())
        yield Demand(clause.start() + shift, clause.end(), thing)


def _named(clause: re.Match[str]) -> re.Match[str] | None:
    """The clause that names private data, to be handed over in the next; the match of the whole clause."""
    words = clause[0]
    kept = _NEVER.search(words) or _TAIL.search(words) or _PAGE.search(words) or _ELSE.search(words)
    return clause if _SENSITIVE.search(words) and not kept else None


def _harmless(words: str, thing: str) -> bool:
    """Typing a code into a form, or a question about a card that is not about its number."""
    typed = re.match(_SECRETS, thing) is not None and not _ASKS.search(words)
    only_typed = typed and not _VERB.search(words)
    return only_typed or (thing.endswith("卡") and _CHECK.search(words) is not None and "号" not in words)


def _beyond_tail(words: str) -> bool:
    """Whether private data is asked for besides the last four digits, or the digits are of an identity card."""
    rest = re.sub(rf"(?:手机|电话|卡|订单|运单)?(?:号码?|单号)?(?:的)?(?:{_TAIL.pattern})", "", words)
    return re.search(_THING, rest) is not None or "身份证" in words
