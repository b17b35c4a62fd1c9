"""One self-contained HTML page of a run: trends, slices, abstention, reliability, worst questions. Viewable offline."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence

import jinja2
import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eval.compare import place
from eval.measures import reliability, risk_coverage
from eval.run import DEPTH, SINGLE, Outcome, Run

WORST = 60  # questions shown

mpl.rcParams.update(
    {"svg.fonttype": "none", "font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True}
)


def report(run: Run, history: Sequence[Run]) -> str:
    """The page."""
    same_set = [row for row in history if row.set == run.set]
    charts = {
        "Trend over history": _chart(lambda axes: _trend(axes, same_set)),
        "Risk–coverage": _chart(lambda axes: _risk_coverage(axes, run.outcomes)),
        "Reliability of the confidence": _chart(lambda axes: _reliability(axes, run.outcomes)),
    }
    columns = ["questions", "hit@1", "hit@3", "mrr@10", "ndcg@10", "recall@10"]
    return _PAGE.render(run=run, charts=charts, columns=columns, worst=_worst(run.outcomes), depth=DEPTH)


def risk_coverage_figure(run: Run) -> str:
    """The risk–coverage curve as an SVG document."""
    return _svg(lambda axes: _risk_coverage(axes, run.outcomes)).decode()


def _chart(draw: Callable[[Axes], None]) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(_svg(draw)).decode()


def _svg(draw: Callable[[Axes], None]) -> bytes:
    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    draw(figure.subplots())
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _trend(axes: Axes, rows: Sequence[Run]) -> None:
    names = [row.name for row in rows]
    for measure in ("hit@1", "hit@3"):
        axes.plot(range(len(rows)), [row.measures[SINGLE][measure] for row in rows], marker="o", label=measure)
    axes.set_xticks(range(len(rows)), names, rotation=30, ha="right")
    axes.set_ylim(0, 1)
    axes.set_ylabel("share of questions")
    axes.legend()


def _risk_coverage(axes: Axes, outcomes: Sequence[Outcome]) -> None:
    curve = risk_coverage([item.confidence for item in outcomes], [not item.hit for item in outcomes])
    axes.plot([coverage for coverage, _ in curve], [risk for _, risk in curve])
    axes.set_xlabel("coverage: share of all questions answered, most confident first")
    axes.set_ylabel("risk: share of them wrong")
    axes.set_ylim(0)


def _reliability(axes: Axes, outcomes: Sequence[Outcome]) -> None:
    bins = reliability([item.confidence for item in outcomes], [item.hit for item in outcomes])
    axes.plot([0, 1], [0, 1], linestyle="--", color="grey")
    axes.scatter(
        [mean for mean, _, _ in bins], [share for _, share, _ in bins], s=[weight * 900 for *_, weight in bins]
    )
    axes.set_xlabel("mean confidence of the bin")
    axes.set_ylabel("share right")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)


def _worst(outcomes: Sequence[Outcome]) -> list[tuple[Outcome, int]]:
    """Wrong first answers, most confident first; out-of-scope questions that were answered are among them."""
    wrong = [item for item in outcomes if not item.hit and (item.expected or item.status == "answered")]
    return [(item, place(item)) for item in sorted(wrong, key=lambda item: -item.confidence)[:WORST]]


_PAGE = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>kb-eval: {{ run.name }}</title>
<style>
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; max-width: 1180px; margin: 2rem auto; padding: 0 1rem;
  color: #1c2530; }
h1 { margin-bottom: 0 } h2 { margin-top: 2.2rem; border-bottom: 1px solid #d5dbe3; padding-bottom: .2rem }
.meta { color: #5a6675; font-size: 13px } table { border-collapse: collapse; width: 100%; font-size: 13.5px }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #e6eaef; vertical-align: top }
th { background: #f4f6f9; position: sticky; top: 0 } td.n { text-align: right; font-variant-numeric: tabular-nums }
.charts { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0; flex: 1 1 340px }
figcaption { font-weight: 600 } img { width: 100% } code { font-size: 12.5px } .bad { color: #b3261e }
.cards { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0 }
.card { background: #f4f6f9; border-radius: 8px; padding: .5rem .9rem } .card b { display: block; font-size: 1.35rem }
</style></head><body>
<h1>{{ run.name }}</h1>
<p class="meta">{{ run.set }} · {{ run.date }} · commit {{ run.commit }} · knowledge base {{ run.kb_version }} ·
model {{ run.model }}</p>
<div class="cards">
{% set single = run.measures["single issue"] %}
{% for name in ("hit@1", "hit@3", "mrr@10") %}<div class="card"><b>{{ "%.3f"|format(single[name]) }}</b>{{ name }}</div>
{% endfor %}
{% for name, value in run.measures["all"].items() %}<div class="card"><b>{{ "%.3f"|format(value) }}</b>{{ name }}</div>
{% endfor %}</div>
<div class="charts">{% for title, source in charts.items() %}<figure><figcaption>{{ title }}</figcaption>
<img src="{{ source }}" alt="{{ title }}"></figure>{% endfor %}</div>
<h2>Slices</h2>
<table><tr><th>slice</th>{% for name in columns %}<th>{{ name }}</th>{% endfor %}<th>also</th></tr>
{% for name, values in run.measures.items() if name != "all" %}<tr><td>{{ name }}</td>
{% for column in columns %}<td class="n">{% if column in values %}{{ ("%.0f" if column == "questions" else "%.3f")|
format(values[column]) }}{% endif %}</td>{% endfor %}<td>{% for key, value in values.items() if key not in columns %}
{{ key }} {{ "%.3f"|format(value) }}{{ ", " if not loop.last }}{% endfor %}</td></tr>{% endfor %}</table>
<h2>Wrong with the most confidence</h2>
<table><tr><th>question</th><th>expected</th><th>answered instead, with score parts</th><th>place</th></tr>
{% for item, place in worst %}<tr><td>{{ item.text }}<br><code>{{ item.id }}</code> {{ item.slice }}</td>
<td>{{ item.expected|join(", ") or "no answer" }}</td>
<td><span class="bad">{{ item.ranking[0] if item.ranking else "—" }}</span>
{% for part in item.parts[:1] %}<br><code>{% for key, value in part.items() %}{{ key }}
{{ "—" if value is none else "%.3f"|format(value) }}{{ " · " if not loop.last }}{% endfor %}</code>{% endfor %}</td>
<td class="n">{{ place if place <= depth else "> " ~ depth }}</td></tr>{% endfor %}</table>
</body></html>
""")
