"""Pages from templates. The only module that knows Jinja; what it shows is escaped unless it was made here."""

from __future__ import annotations

from datetime import date, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ingest.preview.marking import Piece, changed_pieces
from ingest.preview.names import KINDS, READERS, entry_href, field_name, source_href, title_of, who
from ingest.rules.registry import RULES
from ingest.source import html
from kb_service.records import CHINA

_GRAVE = frozenset(rule.id for rule in RULES.values() if rule.level == "error")
_TAGS = {"filled": "mark", "missing": "strong", "gone": "del", "came": "ins"}


def render(name: str, **values: object) -> str:
    """The page `name` as HTML."""
    return _pages.get_template(name).render(values)


def _markdown(text: str) -> Markup:
    return Markup(html(text))


def _pieces(pieces: list[Piece]) -> Markup:
    """Marked text; every piece is escaped on its own."""
    done = Markup()
    for piece in pieces:
        if tag := _TAGS.get(piece.mark):
            done += Markup("<{0} class={1}>{2}</{0}>").format(tag, piece.mark, piece.text)
        else:
            done += Markup.escape(piece.text)
    return done


def _moment(value: datetime | date | None, empty: str = "") -> str:
    """A date, with the time of day where it is not midnight; Beijing time."""
    if value is None:
        return empty
    if isinstance(value, datetime):
        value = value.astimezone(CHINA)
        return f"{value:%Y-%m-%d %H:%M}" if (value.hour, value.minute) != (0, 0) else f"{value:%Y-%m-%d}"
    return value.isoformat()


_pages = Environment(
    loader=PackageLoader("ingest.preview", "pages"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_pages.filters |= {
    "markdown": _markdown,
    "pieces": _pieces,
    "moment": _moment,
    "field_name": field_name,
    "source": source_href,
    "entry": entry_href,
    "title_in": title_of,
    "who": who,
    "difference": lambda field: _pieces(changed_pieces(field.old, field.new)),
}
_pages.globals |= {"KINDS": KINDS, "RULES": RULES, "READERS": READERS, "grave": _GRAVE}
