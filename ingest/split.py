"""Article sections -> passages: what is embedded as one text.

Every passage carries its heading path; a table that has to be cut repeats its header; no passage is a heading alone.
The only module that knows llama_index, for cutting sentences; it is imported only when a block is too long.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingest.source import blocks

MAX_CHARACTERS = 320  # about 220 tokens of the default model; encoding time grows with length, and so does blur


def passages(path: str, text: str, limit: int = MAX_CHARACTERS) -> list[str]:
    """Cut the Markdown `text` of one section into passages of at most `limit` characters, each headed by `path`.

    Blocks (paragraphs, lists, tables) are packed whole while they fit; only a block longer than `limit` is cut.
    """
    if len(text) <= limit:
        return [f"{path}\n{text}"]
    packed: list[str] = []
    for piece in _pieces(text, limit):
        if packed and len(packed[-1]) + len(piece) + 1 <= limit:
            packed[-1] = f"{packed[-1]}\n{piece}"
        else:
            packed.append(piece)
    return [f"{path}\n{piece}" for piece in packed]


def _pieces(text: str, limit: int) -> Iterator[str]:
    for kind, raw in blocks(text):
        if len(raw) <= limit:
            if kind != "heading":
                yield raw
        elif kind == "table":
            yield from _table_pieces(raw, limit)
        else:
            yield from _sentences(raw, limit)


def _table_pieces(raw: str, limit: int) -> Iterator[str]:
    header, rule, *rows = raw.splitlines()
    room = limit - len(header) - len(rule) - 2
    batch: list[str] = []
    for row in rows:
        if batch and sum(map(len, batch)) + len(batch) + len(row) > room:
            yield "\n".join([header, rule, *batch])
            batch = []
        batch.append(row)
    yield "\n".join([header, rule, *batch])


def _sentences(raw: str, limit: int) -> list[str]:
    from llama_index.core.node_parser import SentenceSplitter

    splitter = SentenceSplitter(
        chunk_size=limit,
        chunk_overlap=0,
        tokenizer=list,  # count characters: the default counts with an English tokenizer fetched from a network
        paragraph_separator="\n",
        secondary_chunking_regex="[^。！？；\n]+[。！？；\n]?",
        chunking_tokenizer_fn=_split_sentences,
    )
    return splitter.split_text(raw)


def _split_sentences(text: str) -> list[str]:
    import re

    return re.findall(r"[^。！？；\n]+[。！？；\n]*", text)
