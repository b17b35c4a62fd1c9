"""The peer: the same points served the way the libraries' tutorials do it.

LlamaIndex `VectorStoreIndex` over `QdrantVectorStore(enable_hybrid=True)` in qdrant-client's local mode, with a
SentenceTransformer on torch for the question. The tutorials' default sparse model would be downloaded; the same sparse
terms that we use stand in for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.vector_stores.types import VectorStoreQueryMode
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.qdrant import QdrantVectorStore
from qdrant_client import QdrantClient

from ingest.build import Unit, bm25_weights
from kb_service.encoder import Vectors
from kb_service.retrieve import query_terms
from kb_service.settings import Settings
from kb_service.text import sparse_terms

TOP = 100


class TutorialRetriever:
    """Hybrid retrieval over indexed units with their vectors, top 100 of each leg as ours."""

    def __init__(self, units: Sequence[Unit], vectors: Vectors, settings: Settings) -> None:
        store = QdrantVectorStore(
            collection_name="tutorial",
            client=QdrantClient(":memory:"),
            enable_hybrid=True,
            sparse_doc_fn=_document_terms,
            sparse_query_fn=_query_terms,
        )
        model = HuggingFaceEmbedding(
            model_name=str(settings.model_dir / "source"), query_instruction="query: ", device="cpu"
        )
        nodes = [
            TextNode(text=unit.text, metadata={"entry": unit.ref.entry}, embedding=vector.tolist())
            for unit, vector in zip(units, vectors, strict=True)
        ]
        index = VectorStoreIndex(
            nodes, storage_context=StorageContext.from_defaults(vector_store=store), embed_model=model
        )
        self._retriever = index.as_retriever(
            similarity_top_k=TOP, sparse_top_k=TOP, vector_store_query_mode=VectorStoreQueryMode.HYBRID
        )

    def retrieve(self, text: str) -> list[NodeWithScore]:
        """The ranked nodes for a question."""
        return self._retriever.retrieve(text)


def _document_terms(texts: list[str]) -> tuple[list[list[int]], list[list[float]]]:
    weights = [bm25_weights(sparse_terms(text), average=30.0) for text in texts]
    return [terms.ids for terms in weights], [terms.weights for terms in weights]


def _query_terms(texts: list[str]) -> tuple[list[list[int]], list[list[float]]]:
    terms = [query_terms(text) for text in texts]
    return [item.ids for item in terms], [item.weights for item in terms]
