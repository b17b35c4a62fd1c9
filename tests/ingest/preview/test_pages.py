"""The pages over an edited copy of the small content, with the small content published."""

from __future__ import annotations

import multiprocessing
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ingest.preview.app import create_app
from ingest.preview.workshop import State
from kb_service.settings import Settings
from tests.conftest import SMALL, make_settings
from tests.ingest.edits import edit

ADDRESS = "http://127.0.0.1:8010"
HOSTILE = """---
id: trade.refund.hostile
title: <script>alert(1)</script>能退吗？
issue_type: trade.refund
steps: [diagnose]
party: buyer
audience: public
questions: ["<img src=x onerror=alert(2)>能退吗", 这篇带脚本的能退吗, 带标签的能退款吗]
owner: trade-team
review_by: 2027-03-31
---
## 结论
<script>alert(3)</script> [看这里](javascript:alert(4)) ![图](http://example.com/a.png) **可以**退。
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small content with one article changed, one added, one removed, a fact and a clause changed."""
    content = Path(shutil.copytree(SMALL, tmp_path_factory.mktemp("preview") / "content"))
    edit(content, "faq/no-ship.md", "可以申请全额退款。", "可以申请全额退款，已付的运费一起退。")
    edit(content, "faq/theft.md", "我的号不是我本人在用", "我的号被顶下线了")
    edit(content, "facts.yaml", "value: 48,", "value: 36,")
    edit(content, "policy/trade-rules.md", "五个工作日内到账。 <!--", "三个工作日内到账。 <!--")
    (content / "faq" / "hostile.md").write_text(HOSTILE, "utf-8")
    (content / "faq" / "senior-fund.md").unlink()
    return content


@pytest.fixture(scope="module")
def client(folder: Path, settings: Settings) -> Iterator[TestClient]:
    """The pages, built."""
    with TestClient(create_app(folder, settings), base_url=ADDRESS) as found:
        state = settled(found)
        assert state.fits, state.problems
        yield found


def settled(client: TestClient) -> State:
    state: State = client.app.state.workshop.settled()  # type: ignore[attr-defined]
    return state


def page(client: TestClient, path: str, status: int = 200) -> str:
    """The page's HTML; all that it loads must be its own."""
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    loaded = re.findall(r'<(?:link|script|img|form|iframe)\b[^>]*?(?:href|src|action)="([^"]*)"', answer.text)
    foreign = [address for address in loaded if not address.startswith("/")]
    assert foreign == []
    return answer.text


def words(html: str) -> str:
    """What is read of a page, blanks put together."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def part(html: str, start: str, end: str) -> str:
    return html[html.index(start) : html.index(end, html.index(start))]


# ── refusals


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8010", "10.0.0.5:8010", ""])
def test_another_host_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 400
    assert client.get("/state", headers={"host": host}).status_code == 400


def test_both_names_of_this_machine_are_served(client: TestClient) -> None:
    assert client.get("/", headers={"host": "localhost:8010"}).status_code == 200


def test_what_is_not_there(client: TestClient) -> None:
    assert "没有“no.such”；可能是新写的、还没有通过格式检查，或者编号写错了" in words(
        page(client, "/entry/no.such", 404)
    )
    assert "没有这个页面" in words(page(client, "/nowhere", 404))
    assert client.post("/try").status_code == 405


@pytest.mark.parametrize(
    "file", ["content/README.txt", "content/..%2f..%2fetc/passwd", "%2fetc%2fpasswd", "facts.yaml"]
)
def test_only_content_files_can_be_read(client: TestClient, file: str) -> None:
    assert "内容目录里没有文件" in words(page(client, f"/source/{file}", 404))


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ("as_of=2026-13-01", "as_of 的值“2026-13-01”不是日期；请写成 2026-03-01"),
        ("order_time=x", "order_time 的值“x”不是日期；请写成 2026-03-01"),
        ("audience=boss", "audience 的值“boss”不对；可用的有：public、agent、senior"),
        ("as_of=2026-01-01&order_time=2026-02-01", "晚于查询时间"),
        ("channel=pigeon", "case.channel 的值“pigeon”不在知识库的分类里；可用的有：chat、sms。"),
    ],
)
def test_a_case_that_cannot_be(client: TestClient, sent: str, message: str) -> None:
    assert message in words(page(client, f"/entry/trade.refund.no-ship?{sent}", 422))


def test_hostile_content_is_shown_as_text(client: TestClient) -> None:
    for path in (
        "/",
        "/entry/trade.refund.hostile",
        "/try?q=<script>alert(5)</script>能退吗",
        "/source/content/faq/hostile.md",
    ):
        html = page(client, path)
        assert re.findall(r"<script(?! src=\"/static/preview.js\")", html) == []
        assert "<img" not in html
        assert 'href="javascript' not in html
    shown = page(client, "/entry/trade.refund.hostile")
    assert "&lt;script&gt;alert(3)&lt;/script&gt;" in shown
    assert "<strong>可以</strong>退" in shown


def test_a_page_may_load_nothing_from_elsewhere(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
    assert client.get("/static/preview.css").status_code == 200
    assert client.get("/static/preview.js").status_code == 200


# ── the first page


def test_what_was_changed_comes_first(client: TestClient) -> None:
    text = words(page(client, "/"))
    changed = text[text.index("改动 对照已发布版本") : text.index("全部内容")]
    assert "新增 常见问题 <script>alert(1)</script>能退吗？ trade.refund.hostile" in changed
    assert "修改 常见问题 卖家一直不发货，怎么退款？ trade.refund.no-ship 改了正文 · 结论" in changed
    assert "修改 常见问题 账号被盗了怎么紧急锁定？ account.theft.emergency 改了问法" in changed
    assert "删除 常见问题 被盗账户资金追回的内部流程 account.theft.fund-trace" in changed
    assert "修改 条款 第2条 到账时间 trade-rules#arrival" in changed
    assert "修改 发货时限 trade.ship_hours 48小时 36小时 牵连" in changed


def test_everything_is_there_by_topic(client: TestClient) -> None:
    text = words(page(client, "/"))
    topics = text[text.index("全部内容") :]
    assert topics.index("交易纠纷") < topics.index("trade.refund.hostile") < topics.index("账户安全")
    assert "流程 未发货退款流程 flow.refund.no-ship" in topics
    assert "规则 交易规则 trade-rules" in topics


# ── an article


def test_an_article_as_agents_see_it(client: TestClient) -> None:
    html = page(client, "/entry/trade.refund.no-ship")
    text = words(html)
    assert "卖家 36小时内没有发货，可以申请全额退款，已付的运费一起退。" in text.replace("卖家36", "卖家 36")
    assert "依据《交易规则》第1条" in text.replace("依据 ", "依据")
    assert "内部备注 内部 · 坐席" in text
    assert "<ins class=came>，已付的运费一起退</ins>" in html
    assert "content/faq/no-ship.md:2" in text
    assert "只用于检索的说法 1 条" in text
    assert "相关问题 退款多久到银行卡？" in text
    assert "流程 未发货退款流程" not in text  # the flow names the template and the clause, not the article


def test_an_article_as_customers_see_it(client: TestClient) -> None:
    text = words(page(client, "/entry/trade.refund.no-ship?audience=public"))
    assert "同一卖家第三次逾期转交易运营部" not in text
    assert "这位读者看不到：内部备注" in text
    hidden = words(page(client, "/entry/account.theft.emergency?audience=public"))
    assert "客户 看不到这一篇" in hidden
    assert "立即在安全中心点" not in hidden


def test_the_clause_in_force_then(client: TestClient) -> None:
    now = words(part(page(client, "/entry/trade.refund.no-ship"), 'id="cited-title"', "</section>"))
    assert now.index("卖家应当自买家付款起36小时内发货") < now.index("已失效 · 2025-03-01 至 2026-03-01")
    old = words(part(page(client, "/entry/trade.refund.no-ship?as_of=2026-02-10"), 'id="cited-title"', "</section>"))
    assert old.index("卖家应当自买家付款起 72 小时内发货") < old.index("将生效 · 2026-03-01 起")
    bought = words(page(client, "/entry/trade.refund.no-ship?as_of=2026-03-02&order_time=2026-02-20"))
    assert "《交易规则》第1条 发货时限：按下单时的旧条款引用，正文写的是现行规定，以引用的条款为准" in bought


def test_the_templates_are_filled(client: TestClient) -> None:
    path = "/entry/trade.refund.no-ship"
    html = page(client, path)
    assert "订单 <mark class=filled>2026112300012345</mark> 可以在" in html
    assert "<mark class=filled>128元</mark>" in html
    assert "可以直接发送" in html
    lacking = page(client, f"{path}?slot.order_id=&slot.refund_amount=50元")
    assert "订单 <strong class=missing>【订单编号】</strong> 可以在" in lacking
    assert "还缺：订单编号" in lacking
    soothing = page(client, f"{path}?tone=soothing")
    assert "让您久等了，订单" in soothing
    seller = page(client, f"{path}?party=seller")
    assert "这个案例里不会推荐" in seller


def test_a_template_shows_every_tone(client: TestClient) -> None:
    text = words(page(client, "/entry/tpl.refund.no-ship"))
    assert "您好，订单 2026112300012345 可以在「我的 > 订单 > 申请退款」" in re.sub(r"\s*(\d{16})\s*", r" \1 ", text)
    assert "让您久等了，订单" in text
    assert "常见问题 卖家一直不发货，怎么退款？" in text[text.index("牵连") :]


def test_a_policy_shows_old_and_new_wordings(client: TestClient) -> None:
    html = page(client, "/entry/trade-rules")
    clause = words(part(html, 'id="ship-window"', 'id="arrival"'))
    assert "现行 · 2026-03-01 起" in clause
    assert "已失效 · 2025-03-01 至 2026-03-01" in clause
    assert "牵连" in clause
    assert "<del class=gone>五</del><ins class=came>三</ins>" in html
    assert 'href="/source/content/policy/trade-rules.md#L18"' in html


def test_a_flow(client: TestClient) -> None:
    text = words(page(client, "/entry/flow.refund.no-ship"))
    assert "先问清 订单编号 请提供订单编号。" in text
    assert "引导退款 解决方案实施 一线坐席 时限：当次会话内 发送退款路径，时限36小时。" in text
    assert "话术：未发货退款指引" in text


def test_the_source_with_its_lines(client: TestClient) -> None:
    html = page(client, "/source/content/faq/no-ship.md")
    assert '<li id="L2"><code>id: trade.refund.no-ship</code>' in html


# ── trying questions


def test_one_question_side_by_side(client: TestClient) -> None:
    html = page(client, "/try?q=我的号被顶下线了")
    old, new = (
        html[html.index('aria-label="已发布"') : html.index('aria-label="未发布"')],
        html[html.index('aria-label="未发布"') :],
    )
    assert "命中：我的号被顶下线了" not in old
    assert "命中：我的号被顶下线了" in new
    changed = words(page(client, "/try?q=卖家不发货怎么办"))
    assert "内容改了" in changed
    assert "内容不同" in changed


def test_several_questions_as_a_table(client: TestClient) -> None:
    html = page(client, "/try?q=退款什么时候到账%0a%0a今天天气怎么样%0a卖家不发货怎么办")
    assert html.count('<th scope="row">') == 3
    assert "3 个问题，2 个有变化。" in words(html)  # the clause of the first, the article of the third
    assert "一次最多问 60 个；后面 1 个没有问。" in words(
        page(client, "/try?q=" + "%0a".join(f"问{n}" for n in range(61)))
    )


def test_nothing_to_ask(client: TestClient) -> None:
    assert "已发布" not in part(page(client, "/try"), "</form>", "</main>")


# ── problems; these change the folder, and put it back


@pytest.mark.parametrize(
    ("old", "new", "problem", "banner"),
    [
        ("party: buyer", "party: byer", "party ：不能是 “byer”；是不是想写“buyer”", True),
        ("可以申请全额退款", "9 天内可以申请全额退款", "literal-number", False),
    ],
)
def test_problems_are_listed_and_the_last_good_build_stays(
    client: TestClient, folder: Path, request: pytest.FixtureRequest, old: str, new: str, problem: str, banner: bool
) -> None:
    edit(folder, "faq/no-ship.md", old, new)
    request.addfinalizer(lambda: edit(folder, "faq/no-ship.md", new, old))
    assert "正在重建…" in page(client, "/")
    assert settled(client).fits is not banner
    html = page(client, "/")
    problems = words(part(html, 'id="problems"', "</section>"))
    assert "content/faq/no-ship.md:" in problems
    assert problem in problems
    assert ("文件现在有格式问题，不能建成可用的版本；下面仍是" in words(html)) is banner
    shown = words(page(client, "/entry/trade.refund.no-ship"))
    assert ("9 天内" in shown) is not banner
    assert "这个文件的问题" in shown


def test_once_mended_all_is_well(client: TestClient) -> None:
    state = settled(client)
    assert state.fits
    assert state.problems == ()
    assert "检查通过，没有问题。" in words(page(client, "/"))


def test_an_open_page_can_tell_that_it_is_old(client: TestClient, folder: Path) -> None:
    before = client.get("/state").json()
    assert before["busy"] == ""
    edit(folder, "faq/theft.md", "被顶下线", "被人顶下线")
    assert client.get("/state").json() == {"changes": before["changes"] + 1, "busy": "正在重建…"}
    settled(client)
    assert client.get("/state").json()["changes"] > before["changes"] + 1


def test_a_worker_that_died_is_replaced(client: TestClient, folder: Path) -> None:
    workers = [process for process in multiprocessing.active_children() if process.name.startswith("Spawn")]
    assert workers
    for worker in workers:
        worker.kill()
        worker.join()
    edit(folder, "faq/phone-lock.md", "可以全额退款。", "可以全额退款，运费由卖家出。")
    if settled(client).error:  # the death was noticed only after the work had been given out
        assert "处理内容的进程被终止" in words(page(client, "/"))
        edit(folder, "faq/phone-lock.md", "运费由卖家出。", "来回运费由卖家出。")
    assert settled(client).fits
    assert "运费由卖家出。" in words(page(client, "/entry/trade.refund.phone-lock"))


def test_without_a_published_version(folder: Path, tmp_path: Path) -> None:
    with TestClient(create_app(folder, make_settings(tmp_path / "home")), base_url=ADDRESS) as client:
        assert "正在建第一个版本" in page(client, "/try")
        settled(client)
        why = "没有可以对照的已发布版本：还没有发布过任何内容；请运行 kb-content publish"
        assert why in words(page(client, "/"))
        assert why in words(page(client, "/try?q=卖家不发货"))
