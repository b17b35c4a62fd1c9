"""Personal data of somebody else in what an agent says: names, numbers, addresses, accounts.

Looser than finding personal data in messages: what an agent presents as a person's number is one, valid or not. What
the customer said in this case is the customer's to hear.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kb_service.text import fold_in_place
from kb_service.understand.found import Found

SURNAME = (
    r"(?:欧阳|上官|司马|诸葛|皇甫|尉迟|令狐|慕容|司徒|夏侯"
    r"|[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛奚范彭郎鲁韦昌马苗凤方俞任袁柳]"
    r"|[鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常于傅皮卞齐康伍余元卜顾孟黄穆萧肖尹姚邵湛汪祁毛狄米贝明戴谈宋茅庞熊纪舒屈项祝董梁]"
    r"|[杜阮蓝闵席季麻贾路娄江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万柯卢莫房裘缪丁邓郁杭洪包左石崔吉龚程嵇邢裴陆荣翁荀甄]"
    r"|[段巫焦牧谷侯宓蓬班仰仲伊宫宁仇栾刘景詹龙叶韶郜黎白蒲邰鄂赖卓蔺屠蒙阴闻莘党翟谭贡姬申冉雍桑桂牛寿边扈燕冀浦尚农温庄晏柴]"
    r"|[瞿阎慕茹宦艾鱼易戈廖庾终暨衡耿匡寇欧沃蔚隆巩聂晁敖冷辛阚简饶曾沙丰巢关蒯查荆游竺权盖桓涂付代邸岳商佟闫覃昝逯阙冼仝揭隗亓缑佘漆邝綦笪解雒郄苌蔡])"
)
_NAME = rf"{SURNAME}(?:某[某\u4e00-\u9fff]?|[\u4e00-\u9fff]{{1,2}})"
_ENDS = r"(?=[，。、；！\s的”)）]|$|电话|手机|身份证|先生|女士|\d{6})"
_OTHER = (
    r"他|她|ta|[那这此](?:个)?(?:人|家伙|男的|女的|会员|账号|用户)|盗号(?:者|的人?)|被投诉人|评审员|评价人|会员|举报[您你]的|投诉[您你]的|对方|卖家|买家|商家|店家|人家|那位|那个人|骗子|快递员|小哥|邻居|代签(?:人|的)|拍走的人|竞拍人|出价人|竞买人|中拍人|下单的人"
    r"|发布者|举报人|发货人|寄件人|收件人|收货人|机主|原机主|前机主|号主|店主|老板|房东|家长"
)
_TITLE = (
    r"真实姓名|真名|本名|姓名|名字|全名|实名(?:认证|登记|信息)?|户名|持卡人|开户人|收件人|收货人|联系人|寄件人"
    r"|机主|号主|店主|老板|负责人|法人|家长|卡主|账户名"
)
_KIN = r"[您你]的?(?:先生|老公|老婆|爱人|太太|妻子|丈夫|媳妇|对象|[男女]朋?友|室友|前夫|前妻|前任|老板|婆婆|岳母)"
_NUMBERS = re.compile(
    r"(?<![\d.])(?P<phone>1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}|0\d{2,3}-\d{7,8})(?!\d)"
    r"|(?<![\da-z])(?P<id>\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx])(?![\da-z])"
    r"|(?P<card>(?:卡|账号|账户|户头"
    r"|银行)[^，。；\d]{0,12}\d{4}[\s-]?\d{4}[\s-]?\d{4}[\s-]?\d{3,4}(?:[\s-]?\d{1,3})?)(?!\d)"
    r"|(?P<mail>[a-z0-9][a-z0-9._+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+)"
    r"|(?P<chat>(?:微信号?|v信|vx|wx|qq号?|支付宝(?:账号)?|钱包账号|抖音号?)(?:是|为|：|:"
    r"|叫)?\s*[a-z0-9][a-z0-9_-]{4,})"
    rf"|(?P<tail>(?:{_OTHER}|绑的?)[^，。；]{{0,12}}尾号\s*(?:是|为)?\d{{3,4}})"
)
_PEOPLE = re.compile(
    rf"(?:{_TITLE})(?:的?(?:姓名|名字))?\s*(?:是|叫做?|为|：|:|的是|登记的?是|写的?是|写着|留的?是)\s*(?:的?(?:人"
    rf"|叫))?{_NAME}{_ENDS}"
    rf"|(?:{_TITLE})\s*{SURNAME}[\u4e00-\u9fff]{{2}}{_ENDS}"
    rf"|(?:{_OTHER})[^，。；]{{0,10}}?(?:叫|名叫|叫做|实名(?:是|叫)?|真名(?:是|叫)?|姓名(?:是|叫)?|名字(?:是|叫)?"
    rf"|登记的?(?:是|叫)?)\s*{_NAME}(?!货|车)"
    rf"|(?<![\u4e00-\u9fff])叫{_NAME}(?=$|，)"
    rf"|(?:{_OTHER})[^，。；]{{0,10}}?姓{SURNAME}|(?<=，)姓{SURNAME}(?=[，。的]|$)"
    rf"|(?:(?:[号室栋幢户]|隔壁\d+|那位|那边|隔壁|楼下|楼上)的?|{_OTHER}是?){SURNAME}(?:先生|女士|小姐|阿姨|大爷|大妈|师傅"
    r"|老师)"
    rf"|(?:{_OTHER}|匿名)[^。；]{{0,16}}?(?:昵称|小号|网名|大号|另一个账号|账号名|会员名)(?:是|叫"
    rf"|为)?[“\"「‘'][^”\"」’'。]{{1,20}}[”\"」’']"
)
_PLACES = re.compile(
    rf"(?:(?:{_OTHER})[^，。；]{{0,8}}?(?:家?住在?|住址是?|家在|家庭住址|地址(?:是|在|为|：)|公司在|单位在|人在"
    r"|上班)|(?:家?住在?|住址是?|发货地址?是?|寄件地址?是?|收货地址?是?|家庭住址是?|送到了?|寄给了?|寄到了?"
    rf"|在)(?=[^，。；]{{2,24}}?(?:\d+\s*[号栋幢弄室楼]|附近住)))"
    r"[^，。；]{0,20}?(?:[\u4e00-\u9fff]{2,}?(?:路|街|巷|弄|里|村|镇|小区|花园|苑|公寓|大厦|广场|家园|新村|城|庭"
    r"|府|中学|小学|大学|医院|市|县)[^，。；]{0,16}?(?:\d+\s*(?:号|栋|幢|弄|室|楼|单元|\-\d)|附近|旁边|对面|门口)"
    r"|\d+\s*(?:号楼?(?!出口|线|门|口)|栋|幢)\s*\d*"
    r"|(?:小区|花园|苑|公寓|大厦|家园|新村|府|庭|里)\d{3,4}(?![\d元块]))"
    rf"|[\u4e00-\u9fff]{{2,8}}(?:路|街|巷|弄|里|花园|苑|小区|新村|公寓|家园)\s*\d+\s*(?:号|栋|幢"
    rf"|弄)(?:\s*\d+\s*[室号])?(?:的|是)?(?={SURNAME}|那|$|，)"
)
# What somebody else did on the platform is theirs as much as their number is.
_DEEDS = re.compile(
    rf"{_KIN}(?!.*(?:吗|是否|如果))[^，。；]{{0,8}}(?:买了|下了|下的?单|拍了|订了|花了|消费|充了|收货地址|送到|寄到|登录过"
    r"|卖了)"
    r"|(?:评审员?|投票的?人?|匿名|举报[您你]?的|给[您你](?:打)?差评的)[^。；！？]{0,10}(?:有|是|叫|为)[^。；！？]{0,3}"
    r"[“「\"][^”」\"]+[”」\"]"
    rf"|(?:{_OTHER})的?(?:账户|钱包|账号|名下|余额|绑定的?)[^，。；]{{0,6}}(?:余额|还有|还剩|登录地|还绑)"
    r"[^，。；]{0,4}[\d一二两三四五六七八九十]"
    rf"|(?:{_OTHER})[^，。；]{{0,6}}(?:上周|上个?月|最近|之前|这半年|今年|这个月|一共|总共)[^，。；]{{0,8}}"
    r"(?:退|买|卖|被投诉|被举报)(?:了|过)?\s*[一二两三四五六七八九十几\d]+(?:次|单|笔|回)"
)
_CLAUSES = re.compile(r"[^，。；！？!?;\n]+")
_OWN = re.compile(
    r"^(?:我|我们|本人|这边|客服)(?:是|叫|的(?:工号|名字|姓名)|姓)|[您你](?:的|本人的?|留的|登记的|绑定的?"
    r"|预留的?)[^，。；]{0,8}(?:号|姓名|地址|邮箱|卡)"
)
_ORDER = re.compile(r"(?:订单|单号|工单|流水|编号|运单|券码)\w{0,4}[^，。；\d]{0,4}$")
_DIGITS = re.compile(r"\D")


def disclosures(text: str, said: str, personal: Iterable[Found] = ()) -> Iterator[tuple[int, int]]:
    """[start, end) of the clauses that tell somebody else's data; neighbouring ones together.

    `text` is folded in place, `said` is all that the customer said or the case has, folded. `personal` is what was
    found in the text already.
    """
    digits = _DIGITS.sub("", said)
    strange = [item for item in personal if not (item.value in digits or fold_in_place(item.text) in said)]
    start = end = 0
    for clause in _CLAUSES.finditer(text):
        found = any(clause.start() < item.end and item.start < clause.end() for item in strange)
        if not found and not _tells_number(clause[0], said, digits) and not _tells_person(clause[0], said):
            continue
        first = clause.start() + len(clause[0]) - len(clause[0].lstrip())
        if end and first - end > 2:
            yield start, end
            end = 0
        start, end = (start if end else first), clause.end()
    if end:
        yield start, end


def _tells_number(clause: str, said: str, digits: str) -> bool:
    """Whether there is a number, mail address or account that the customer did not name. Order numbers are none."""
    for match in _NUMBERS.finditer(clause):
        number = _DIGITS.sub("", match[0])
        known = match[0] in said or (len(number) >= 4 and number in digits)
        ordered = match.lastgroup in ("phone", "id") and _ORDER.search(clause[: match.start()])
        if not known and not ordered:
            return True
    return False


def _tells_person(clause: str, said: str) -> bool:
    """Whether there is a name or a place that the customer did not name; agents may tell their own."""
    if _OWN.search(clause):
        return False
    if _DEEDS.search(clause):
        return True
    told = (match[0] for match in (*_PEOPLE.finditer(clause), *_PLACES.finditer(clause)))
    return any(words not in said and words[-3:] not in said for words in told)
