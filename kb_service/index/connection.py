"""A connection to a Qdrant server or cluster: time limits, second tries, and its errors turned into ours."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

import grpc
import httpx
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from kb_service.errors import IndexAway, VectorIndexError
from kb_service.index.patience import Breaker, patiently
from kb_service.settings import Settings

Answer = TypeVar("Answer")

_CONNECTIONS = 8  # kept open; more are made when they are needed


class Pace(NamedTuple):
    """Seconds: of one try of a call, of a call with all its tries, and of waiting for a collection to become green."""

    attempt: float
    whole: float
    settling: float = 0.0


PUBLISHING = Pace(attempt=30, whole=120, settling=900)
ASIDE = Pace(attempt=3, whole=3)  # what a publish or a rollback can do without, and whether there is a server at all


def searching(settings: Settings) -> Pace:
    """The pace of a request: after one try that is lost, a second one still fits."""
    return Pace(settings.qdrant_timeout_seconds / 2, settings.qdrant_timeout_seconds)


class Server:
    """A connection to the server that the settings name. Raises VectorIndexError if they cannot be used."""

    def __init__(self, settings: Settings, pace: Pace | None = None, breaker: Breaker | None = None) -> None:
        self.settings, self.pace = settings, pace or searching(settings)
        self.breaker = breaker or Breaker()
        self._place = urlsplit(settings.qdrant_url).netloc.rpartition("@")[2]  # never the password
        self._client = _client(settings, self.pace.attempt)

    def call(self, use: Callable[[QdrantClient], Answer]) -> Answer:
        """What `use` gets from the server. Only for what may be done twice: it is tried again.

        Raises VectorIndexError if the server refuses, IndexAway if it does not answer.
        """
        return self.breaker.run(lambda trial: patiently(lambda: self._once(use), 0 if trial else self.pace.whole))

    def _once(self, use: Callable[[QdrantClient], Answer]) -> Answer:
        try:
            return use(self._client)
        except ResourceExhaustedResponse as error:
            raise IndexAway(f"检索服务 {self._place} 太忙（HTTP 429）", retry_after=error.retry_after_s) from error
        except UnexpectedResponse as error:
            raise self._refused(error) from error
        except ResponseHandlingException as error:
            raise self._unanswered(error.source) from error
        except grpc.RpcError as error:
            raise self._grpc_error(error) from error
        except (ApiException, QdrantException, ValueError, AssertionError) as error:  # what the client cannot parse
            raise VectorIndexError(f"向量引擎出错：检索服务 {self._place} 的回答看不懂（{error}）") from error

    def _refused(self, error: UnexpectedResponse) -> VectorIndexError:
        status = error.status_code or 0
        if status in (401, 403):
            return self._key_refused(f"HTTP {status}")
        if status in (429, 502, 503, 504):
            wait = error.headers.get("retry-after", "")
            seconds = float(wait) if wait.isdigit() else 0.0
            return IndexAway(f"检索服务 {self._place} 暂时不可用（HTTP {status}）", retry_after=seconds)
        said = error.content[:200].decode("utf-8", "replace")
        if status == 404 and self.pace.settling:  # a node of a cluster may not have heard yet of what was just made
            return IndexAway(f"检索服务 {self._place} 还没有这个集合（HTTP 404）")
        if status >= 500:
            return IndexAway(f"检索服务 {self._place} 内部出错（HTTP {status}）：{said}", passing=False)
        return VectorIndexError(f"向量引擎出错：检索服务 {self._place} 不接受这次调用（HTTP {status}）：{said}")

    def _unanswered(self, source: Exception) -> VectorIndexError:
        if isinstance(source, httpx.TimeoutException):
            return self._late()
        if isinstance(source, httpx.TransportError):
            return self._unreachable(str(source) or type(source).__name__)
        return VectorIndexError(f"向量引擎出错：检索服务 {self._place} 的回答看不懂（{source}）")

    def _grpc_error(self, error: grpc.RpcError) -> VectorIndexError:
        code, said = error.code(), error.details()
        if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
            return self._key_refused(code.name)
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return self._late()
        if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED):
            return self._unreachable(f"{code.name}：{said}")
        if code in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN):
            return IndexAway(f"检索服务 {self._place} 内部出错（{code.name}）：{said}", passing=False)
        return VectorIndexError(f"向量引擎出错：检索服务 {self._place} 不接受这次调用（{code.name}）：{said}")

    def _key_refused(self, code: str) -> VectorIndexError:
        return VectorIndexError(f"向量引擎出错：检索服务 {self._place} 不认密钥（{code}）；请检查 KB_QDRANT_API_KEY")

    def _late(self) -> IndexAway:
        return IndexAway(f"检索服务 {self._place} 没有在 {self.pace.attempt:g} 秒内回答")

    def _unreachable(self, reason: str) -> IndexAway:
        return IndexAway(f"连不上检索服务 {self._place}（{reason}）；请检查 KB_QDRANT_URL 和服务是否在运行")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _client(settings: Settings, attempt: float) -> QdrantClient:
    key = settings.qdrant_api_key.get_secret_value()
    authority = settings.qdrant_ca_file
    grpc_options = {"root_certificates": Path(authority).read_bytes()} if authority else None
    return QdrantClient(
        url=settings.qdrant_url,
        prefer_grpc=settings.qdrant_grpc,
        grpc_options=grpc_options,
        timeout=max(1, round(attempt)),  # of gRPC, in whole seconds; REST has its own below
        headers={"api-key": key} if key else None,  # as `api_key` it would warn of plain HTTP inside a cluster
        check_compatibility=False,  # would call the server from a thread of its own
        transport=_Bounded(settings, attempt),
    )


class _Bounded(httpx.BaseTransport):
    """REST with a limit on a whole answer. httpx has one on each read only: a body that drips would never end."""

    def __init__(self, settings: Settings, attempt: float) -> None:
        secure = settings.qdrant_url.startswith("https:")
        authority = settings.qdrant_ca_file or None
        context: ssl.SSLContext | bool = ssl.create_default_context(cafile=authority) if secure else False
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=_CONNECTIONS)
        self._inner, self._attempt = httpx.HTTPTransport(verify=context, limits=limits), attempt

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        ends = time.monotonic() + self._attempt
        request.extensions["timeout"] = httpx.Timeout(self._attempt).as_dict()
        response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Stream(response.stream, ends, request)
        return response

    def close(self) -> None:
        self._inner.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, ends: float, request: httpx.Request) -> None:
        self._inner, self._ends, self._request = inner, ends, request

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._inner:
            if time.monotonic() > self._ends:
                raise httpx.ReadTimeout("the body took too long", request=self._request)
            yield chunk

    def close(self) -> None:
        self._inner.close()
