"""The writing guide's examples are content: each passes the check, beside the real taxonomy, facts and policies."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ingest.check import check
from ingest.render import clause_labels
from tests.conftest import ROOT

CONTENT = ROOT / "content"
GUIDE = (CONTENT / "README.md").read_text("utf-8")
# Heading of the guide -> where its example goes. The dictionary's example holds six files, each below a comment.
KINDS = {
    "FAQ": "faq/example.md",
    "更多问法": "phrasings/example.yaml",
    "知识库之外": "elsewhere.yaml",
    "易混文章": "confusable.yaml",
    "规则": "policy/example-rules.md",
    "回复模板": "templates/example.md",
    "流程": "flows/example.yaml",
    "案例": "cases/example.md",
    "升级和回访": "desk.yaml",
    "词典": "lexicon",
    "优先级": "desk.yaml",
}
EXAMPLES = dict(re.findall(r"^## (\S+)\n(?:(?!## |```)[^\n]*\n)*```(?:markdown|yaml)\n(.*?)^```$", GUIDE, re.M | re.S))


def example_files() -> dict[str, str]:
    """Path -> text of every file that the guide shows."""
    files: dict[str, str] = {}
    for heading, path in KINDS.items():
        if path != "lexicon":  # the desk's rules are shown in two parts
            files[path] = files.get(path, "") + EXAMPLES[heading]
    parts = re.split(r"^# (lexicon/\w+\.yaml).*\n", EXAMPLES["词典"], flags=re.M)[1:]
    return files | dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The examples, with the real taxonomy, facts and policies, and the articles that the FAQ names as related."""
    root = tmp_path / "content"
    shutil.copytree(CONTENT / "policy", root / "policy")
    for name in ("taxonomy.yaml", "facts.yaml"):
        shutil.copy(CONTENT / name, root / name)
    for name, text in example_files().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    # Its id is that of the real policy, which the other examples cite; side by side the second would be a duplicate.
    rules = root / KINDS["规则"]
    rules.write_text(rules.read_text("utf-8").replace("id: refund-rules\n", "id: example-rules\n"), "utf-8")
    for name in re.findall(r"^related: \[(.+)\]$", EXAMPLES["FAQ"], re.M)[0].split(", "):
        source = next(path for path in CONTENT.rglob("faq/**/*.md") if f"\nid: {name}\n" in path.read_text("utf-8"))
        shutil.copy(source, root / "faq" / f"{name}.md")
    return root


def problems(folder: Path) -> list[str]:
    """What the check says about the examples, and not about the real files beside them."""
    ours = {f"content/{name}" for name in example_files()}
    return [str(problem) for problem in check(folder).problems if problem.file in ours]


def test_every_block_of_the_guide_is_one_of_these_examples() -> None:
    assert GUIDE.count("\n```markdown\n") + GUIDE.count("\n```yaml\n") == len(KINDS)
    assert EXAMPLES.keys() == KINDS.keys()
    assert len(example_files()) == len(KINDS) + 12  # two blocks make desk.yaml, one several files


def test_the_examples_are_clean(folder: Path) -> None:
    assert problems(folder) == []
    loaded = check(folder)
    assert len(next(faq for faq in loaded.faqs if faq.id == "trade.refund.seller-no-ship").more_questions) == 3
    assert [len(group.questions) for group in loaded.elsewhere.values()] == [2]
    assert len(loaded.confusable) == 1


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("faq/example.md", "party: buyer", "party: byer"),
        ("phrasings/example.yaml", "trade.refund.seller-no-ship:", "trade.refund.no-such:"),
        ("elsewhere.yaml", "  label: 其他购物平台\n", ""),
        ("confusable.yaml", "trade.no-ship.remind-seller", "trade.no-ship.remind-saler"),
        ("policy/example-rules.md", "{#seller-response valid_until=2026-03-01}", "{#seller-response}"),
        ("templates/example.md", "stage: resolve", "stage: resovle"),
        ("flows/example.yaml", "to: trade-ops", "to: trade-op"),
        ("cases/example.md", "outcome: partly", "outcome: party"),
        ("cases/example.md", "商品约1,300元。", "商品1300元。"),
        ("lexicon/terms.yaml", "term: 擦亮", "trem: 擦亮"),
        ("lexicon/synonyms.yaml", "退钱,", "退款,"),
        ("lexicon/plain.yaml", "plain: [捆绑", "plian: [捆绑"),
        ("lexicon/emotions.yaml", "score: 0.9}", "score: 9}"),
        ("lexicon/emotion_examples.yaml", "emotion: disappointed", "emotion: sad"),
        ("lexicon/cues.yaml", "shows: refund_only", "shows: refund_onli"),
        ("lexicon/cues.yaml", "(?:来|问|打)", "(?:来|问|打"),
        ("desk.yaml", "signals: [harm]", "signals: [harmm]"),
        ("desk.yaml", "amount_from: desk.key_amount", "amount_from: desk.key_amout"),
        ("lexicon/phrases.yaml", "level: forbidden", "level: forbiden"),
        ("lexicon/phrases.yaml", "unless: 不要|举报", "unless: '不要|(举报'"),
        ("lexicon/tones.yaml", "shows: curt", "shows: court"),
        ("lexicon/promises.yaml", "^(?:如果", "^(?:如果("),
        ("lexicon/misspoken.yaml", "reason: 推诿", "raeson: 推诿"),
        ("lexicon/numbers.yaml", "type: amount", "type: amont"),
        ("lexicon/numbers.yaml", "(?![天个])", "(?![天个]"),
        ("lexicon/goods.yaml", "category: digital.computer", "category: digital.computr"),
        ("lexicon/festivals.yaml", "11-11", "11-31"),
    ],
)
def test_a_slip_in_an_example_would_be_seen(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    assert any(problem.startswith(f"content/{name}:") for problem in problems(folder))


def test_the_guide_says_what_references_turn_into() -> None:
    loaded = check(CONTENT)
    shown = {f"fact:{name}": fact.display for name, fact in loaded.facts.items()}
    shown |= {f"clause:{name}": label for name, label in clause_labels(tuple(loaded.policies)).items()}
    promised = re.findall(r"`\{\{([^}]+)\}\}`，发布时换成“([^”]+)”", GUIDE)
    assert len(promised) == 2
    assert [(name, shown[name]) for name, _ in promised] == promised
