"""Checked content -> a version folder. `ingest.publish` runs it in a process of its own."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np

from ingest.aside import Aside
from ingest.check import sense_problems, well_formed
from ingest.embed import EmbeddingCache, embed, embed_documents
from ingest.emotions import plain_questions, train
from ingest.files import content_hash
from ingest.learned import learned
from ingest.mentions import mentions_of
from ingest.misspoken import examples_of, learn
from ingest.publications import commit_of
from ingest.render import render_content
from ingest.rules.registry import refusing
from ingest.sounds import sounds_of
from ingest.split import MAX_CHARACTERS, passages
from kb_service.catalog import ELSEWHERE, Catalog, PointRef, PointRole, stricter
from kb_service.content import CaseRecord, Content, Elsewhere, Faq, Policy
from kb_service.encoder import Encoder, Role, Vectors, load_encoder
from kb_service.errors import ContentError, PublishError
from kb_service.index import CASES, MAIN, Point, PointFacets, Scope, SparseTerms, VectorIndex
from kb_service.index.stores import store_to_fill
from kb_service.lexicon import PlainWords
from kb_service.records import Audience, Validity, above, ancestors
from kb_service.settings import Settings
from kb_service.text import fold, sparse_terms, term_id
from kb_service.understand.feelings import FeelingModel
from kb_service.versions import Counts, Manifest, file_digests, sync_folder, versions_dir

# BM25 (Robertson and Zaragoza, 2009); the engine adds the IDF at query time. Chosen on dev: 2.0 and 1.0 are a point
# better than the usual 1.2 and 0.75, for documents made of many short phrasings.
K1, B = 2.0, 1.0


@dataclass(frozen=True)
class Unit:
    """A text to be indexed: what it stands for, how it is embedded, and what it can be filtered by.

    A document has one phrasing a line, and is embedded as the mean of them. `plain` are everyday words for those of a
    clause, a phrase a line: they join its terms, and their mean is averaged with its vector.
    """

    ref: PointRef
    role: Role | Literal["document"]
    text: str
    facets: PointFacets
    plain: str = ""


def build_version(root: Path, settings: Settings, version: str, builder: str) -> Counts:
    """Build `version` from the content at `root`: folder `<version>.tmp`, complete, verified and durable.

    Raises ContentError, ModelError or PublishError; the unfinished folder is left for the next publish to remove.
    """
    digest = content_hash(root)
    loaded = well_formed(root)
    if loaded.problems:
        raise ContentError([*loaded.problems, *(sense_problems(loaded) if loaded.taxonomy else ())])
    sense = Aside(lambda: sense_problems(loaded))  # runs while this core builds
    folder = versions_dir(settings.home) / f"{version}.tmp"
    encoder, counts, computed = write_version(loaded.content, folder, settings, builder)
    problems = sense.result()
    if errors := refusing(problems):
        raise ContentError(errors)
    if problems:
        print(f"另有 {len(problems)} 处提醒，不影响发布；用 kb-content check 查看", file=sys.stderr)
    origin = Origin(version, digest, commit_of(root), builder, settings.collection(version))
    seal_version(folder, origin, encoder, counts)
    print(
        f"已建版本 {version}：{counts.faqs} 篇常见问题、{counts.clauses} 条条款、{counts.points} 个检索点，"
        f"新嵌入 {computed} 条",
        file=sys.stderr,
    )
    return counts


def write_version(
    read: Callable[[], Content], folder: Path, settings: Settings, builder: str
) -> tuple[Encoder, Counts, int]:
    """Write catalog and index of a checked content, as written, into `folder`, and look every article up there.

    Returns the encoder, what was written, and how many texts had to be encoded. Raises ModelError or PublishError.
    """
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load_encoder, settings)  # a fifth of a second, most of it outside the GIL
        written = read()
        content, mentions = render_content(written), mentions_of(written)
        encoder = loading.result()
    units, cases = list(index_units(content)), list(case_units(content))
    cache = EmbeddingCache(settings.cache_dir / "embeddings.sqlite")
    vectors, computed = unit_vectors(units, encoder, cache)
    case_vectors, more = unit_vectors(cases, encoder, cache)
    cache.close()
    folder.mkdir(parents=True)
    terms = unit_terms(units)
    store = store_to_fill(settings, folder.stem, folder, encoder)
    store.write(MAIN, index_points(units, vectors, terms), encoder.dimension)
    if cases:
        store.write(CASES, index_points(cases, case_vectors, unit_terms(cases)), encoder.dimension)
    sounds = sounds_of(found for number, found in terms.items() if units[number].ref.role == "document")
    catalog = Catalog(
        content=_shown(content),
        points=tuple(unit.ref for unit in units),
        case_points=tuple(unit.ref for unit in cases),
        sounds=sounds,
        mentions=mentions,
        misspoken=_misspoken(content, settings, builder),
        feelings=_feelings(content, settings, builder),
    )
    (folder / "catalog.json").write_text(catalog.model_dump_json(), encoding="utf-8")
    _verify(store.open(MAIN), units, vectors)
    if cases:
        _verify(store.open(CASES), cases, case_vectors)
    return encoder, _counts(content, len(units)), computed + more


def _misspoken(content: Content, settings: Settings, builder: str) -> dict[str, float]:
    examples = examples_of(content)
    folder = settings.cache_dir / "learned"
    return learned(folder, "misspoken", builder, examples, dict[str, float], lambda: learn(examples))


def _feelings(content: Content, settings: Settings, builder: str) -> FeelingModel:
    lexicon, calm = content.lexicon, plain_questions(content.faqs)
    examples = (lexicon.emotion_examples, lexicon.emotions, calm)
    folder = settings.cache_dir / "learned"
    return learned(folder, "feelings", builder, examples, FeelingModel, lambda: train(lexicon, calm).model)


def unit_vectors(units: Sequence[Unit], encoder: Encoder, cache: EmbeddingCache) -> tuple[Vectors, int]:
    """Vectors of shape (len(units), dimension), and how many texts had to be encoded."""
    documents = np.array([unit.role == "document" for unit in units], dtype=bool)
    texts = [(unit.role, unit.text) for unit in units if unit.role != "document"]
    vectors = np.empty((len(units), encoder.dimension), dtype=np.float32)
    vectors[~documents], computed = embed(texts, encoder, cache)
    vectors[documents], averaged = embed_documents(
        [unit.text for unit in units if unit.role == "document"], encoder, cache
    )
    explained = [number for number, unit in enumerate(units) if unit.plain]
    plain, explaining = embed_documents([units[number].plain for number in explained], encoder, cache)
    both = vectors[explained] + plain
    vectors[explained] = both / np.linalg.norm(both, axis=1, keepdims=True)
    return vectors, computed + averaged + explaining


def _shown(content: Content) -> Content:
    """The content without what is only searched or trained on; serving has no use for it."""
    faqs = tuple(faq.model_copy(update={"more_questions": ()}) for faq in content.faqs)
    lexicon = content.lexicon.model_copy(update={"emotion_examples": (), "plain": ()})
    cases = tuple(case for case in content.cases if case.reviewed)
    return content.model_copy(update={"faqs": faqs, "cases": cases, "lexicon": lexicon})


def index_units(content: Content) -> Iterator[Unit]:
    """Every text that is searched: titles and phrasings, all of them together, section passages, clause wordings."""
    for faq in content.faqs:
        yield from _faq_units(faq)
    for policy in content.policies:
        yield from _clause_units(policy, content.lexicon.plain)
    for name, group in content.elsewhere.items():
        yield from _elsewhere_units(f"{ELSEWHERE}{name}", group)


def case_units(content: Content) -> Iterator[Unit]:
    """What precedents are found by: title and situation of each reviewed case, its sections, and all together."""
    for case in content.cases:
        if case.reviewed:
            yield from _case_units(case)


def _case_units(case: CaseRecord) -> Iterator[Unit]:
    categories = _categories(case.product_categories)
    facets = PointFacets("case", case.id, case.audience, case.party, ancestors(case.issue_type), categories, case)
    yield Unit(PointRef(case.id, "question", 0), "query", fold(case.title), facets)
    for part, section in enumerate(case.sections):
        for passage in passages(f"{case.title} > {section.heading}", section.text):
            yield Unit(PointRef(case.id, "passage", part), "passage", fold(passage), facets)
    whole = "\n".join((case.title, *(section.text for section in case.sections)))
    yield Unit(PointRef(case.id, "document", 0), "passage", fold(whole), facets)


def _categories(names: Sequence[str]) -> tuple[str, ...]:
    """Product categories, and for each ancestor the label by which asking for the higher one finds what is below."""
    higher = (above(name) for category in names for name in ancestors(category)[:-1])
    return tuple(dict.fromkeys((*names, *higher)))


def _faq_units(faq: Faq) -> Iterator[Unit]:
    def facets(audience: Audience) -> PointFacets:
        categories = _categories(faq.product_categories)
        return PointFacets("faq", faq.id, audience, faq.party, ancestors(faq.issue_type), categories, faq)

    phrasings = [fold(question) for question in (faq.title, *faq.questions)]
    for part, question in enumerate(phrasings):
        yield Unit(PointRef(faq.id, "question", part), "query", question, facets(faq.audience))
    document = "\n".join([*phrasings, *map(fold, faq.more_questions)])
    yield Unit(PointRef(faq.id, "document", 0), "document", document, facets(faq.audience))
    for part, section in enumerate(faq.sections):
        label = facets(stricter(faq.audience, section.audience))
        for passage in passages(f"{faq.title} > {section.heading}", section.text):
            yield Unit(PointRef(faq.id, "passage", part), "passage", fold(passage), label)


def _clause_units(policy: Policy, dictionary: Sequence[PlainWords]) -> Iterator[Unit]:
    types = tuple({name: None for issue_type in policy.issue_types for name in ancestors(issue_type)})
    for part, clause in enumerate(policy.clauses):
        entry = f"{policy.id}#{clause.id}"
        facets = PointFacets("policy", entry, policy.audience, "both", types, ("any",), clause)
        path = f"{policy.title} > {clause.chapter} > {clause.number} {clause.title}"
        # Our own rules are in the desk's words already; widening them costs cited clauses (docs/decisions/0008).
        plain = "\n".join(map(fold, plain_words(clause.text, dictionary))) if policy.source else ""
        for passage in passages(path, clause.text):
            yield Unit(PointRef(entry, "clause", part), "passage", fold(passage), facets, plain)


def plain_words(text: str, dictionary: Sequence[PlainWords]) -> list[str]:
    """What people say instead of the official words that a text has; nobody asks in the words of a law."""
    found = (word for entry in dictionary if any(word in text for word in entry.official) for word in entry.plain)
    return list(dict.fromkeys(found))


def _elsewhere_units(entry: str, group: Elsewhere) -> Iterator[Unit]:
    facets = PointFacets("elsewhere", entry, "public", "both", (), ("any",), Validity())
    questions = [fold(question) for question in group.questions]
    for part, question in enumerate(questions):
        yield Unit(PointRef(entry, "question", part), "query", question, facets)
    yield Unit(PointRef(entry, "document", 0), "document", "\n".join(questions), facets)


def document_units(entry: str, title: str, text: str) -> Iterator[Unit]:
    """The units of one foreign document: its passages, and the whole of it for the sparse leg."""
    facets = PointFacets("faq", entry, "public", "both", (), ("any",), Validity())
    for part, passage in enumerate(passages(title, text)):
        role: PointRole = "clause" if part == 0 and len(text) <= MAX_CHARACTERS else "passage"
        yield Unit(PointRef(entry, role, part), "passage", fold(passage), facets)
    if len(text) > MAX_CHARACTERS:
        yield Unit(PointRef(entry, "document", 0), "passage", fold(f"{title}\n{text}"), facets)


def unit_terms(units: Sequence[Unit]) -> dict[int, Counter[str]]:
    """Unit number -> sparse terms. Only documents and clauses: a word belongs to the article, not to one phrasing."""
    return {
        n: sparse_terms(f"{unit.text}\n{unit.plain}")
        for n, unit in enumerate(units)
        if unit.ref.role in ("document", "clause")
    }


def index_points(units: Sequence[Unit], vectors: Vectors, counts: Mapping[int, Counter[str]]) -> Iterator[Point]:
    """The points, with the terms that `unit_terms` gave."""
    lengths: dict[str, list[int]] = {}
    for number, terms in counts.items():
        lengths.setdefault(units[number].ref.role, []).append(terms.total())
    # Documents and clauses differ in length tenfold; one average would penalise every document.
    average = {role: sum(values) / len(values) for role, values in lengths.items()}
    for number, unit in enumerate(units):
        weights = bm25_weights(counts[number], average[unit.ref.role]) if number in counts else None
        yield Point(number, vectors[number], weights, unit.facets)


def bm25_weights(terms: Counter[str], average: float) -> SparseTerms:
    """The document side of BM25: saturated term frequency, normalised by length against `average` (in terms)."""
    scale = K1 * (1 - B + B * terms.total() / (average or 1))
    weights: dict[int, float] = {}
    for term, count in terms.items():
        weights[term_id(term)] = count * (K1 + 1) / (count + scale)
    return SparseTerms(list(weights), list(weights.values()))


def _verify(index: VectorIndex, units: list[Unit], vectors: Vectors) -> None:
    """Look for every article in what was written, by one of its own texts, at a time when it is valid."""
    with closing(index):
        index.check()
        if index.count() != len(units):
            raise PublishError(f"校验失败：写入 {len(units)} 个检索点，读回 {index.count()} 个；没有发布")
        tried: set[str] = set()
        for unit, vector in zip(units, vectors, strict=True):
            article = unit.ref.entry.partition("#")[0]
            if article in tried:
                continue
            tried.add(article)
            moment = _moment_inside(unit.facets.validity)
            found = index.search(vector, SparseTerms([], []), Scope("senior", moment, moment), limit=10)
            if not any(units[point].ref.entry == unit.ref.entry for point in found.dense):
                raise PublishError(f"校验失败：用“{unit.text[:30]}”找不到 {unit.ref.entry}；没有发布")


def _moment_inside(validity: Validity) -> datetime:
    if validity.valid_until:
        return validity.valid_until - timedelta(seconds=1)
    return validity.valid_from or datetime.now(UTC)


def _counts(content: Content, points: int) -> Counts:
    return Counts(
        faqs=len(content.faqs),
        policies=len(content.policies),
        clauses=sum(len(policy.clauses) for policy in content.policies),
        templates=len(content.templates),
        flows=len(content.flows),
        cases=sum(case.reviewed for case in content.cases),
        points=points,
    )


@dataclass(frozen=True)
class Origin:
    """Where a version comes from: its id, the digest and commit of its content, the digest of the building code.

    `collection` is where its index is, if that is on a server.
    """

    version: str
    content_hash: str
    content_commit: str | None
    builder: str
    collection: str | None = None


def seal_version(folder: Path, origin: Origin, encoder: Encoder, counts: Counts) -> None:
    """Make all files durable, then write the manifest that declares the folder complete."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    for path in paths:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    manifest = Manifest(
        id=origin.version,
        created=datetime.now(UTC),
        content_hash=origin.content_hash,
        content_commit=origin.content_commit,
        builder=origin.builder,
        encoder=encoder.name,
        encoder_fingerprint=encoder.fingerprint,
        dimension=encoder.dimension,
        collection=origin.collection,
        counts=counts,
        files=file_digests(folder, (path.relative_to(folder).as_posix() for path in paths)),
    )
    with (folder / "manifest.json").open("w", encoding="utf-8") as file:
        json.dump(manifest.model_dump(mode="json"), file, ensure_ascii=False, indent=2)
        file.flush()
        os.fsync(file.fileno())
    for inner in [path for path in folder.rglob("*") if path.is_dir()] + [folder]:
        sync_folder(inner)
