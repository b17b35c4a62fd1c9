"""Every setting of the service, its default, its bounds and its meaning. Environment variables start with `KB_`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kb_service.errors import SettingsError
from kb_service.validation import explain

_PLACE = re.compile(r"sqlite(\+\w+)?:///(?!:memory:)[^?]|postgresql(\+\w+)?://")


class Settings(BaseSettings):
    """Read from the environment; the README's table is made of these descriptions and a test keeps them equal."""

    model_config = SettingsConfigDict(env_prefix="KB_", frozen=True, extra="ignore")

    home: Path = Field(default=Path("var"), description="folder of models, published versions and caches")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=1, le=65535, description="port to listen on")
    encoder: Literal["onnx", "sentence-transformers"] = Field(
        default="onnx", description="which encoder runs: the int8 ONNX folder, or SentenceTransformer on torch"
    )
    model: str = Field(
        default="me5-small-zh", pattern=r"^[A-Za-z0-9._-]+$", description="name of the model folder below `home`/models"
    )
    sentence_transformer: str = Field(
        default="",
        description="model name or path for the sentence-transformers encoder; empty: the source kept beside the model",
    )
    index: Literal["edge", "server"] = Field(
        default="edge",
        description="where a publish puts the index: into the version's folder (searched in process), "
        "or onto a Qdrant server",
    )
    qdrant_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/]+\S*)?$",
        validate_default=True,
        description="the Qdrant server or cluster, for example `https://qdrant.internal:6333`",
    )
    qdrant_api_key: SecretStr = Field(default=SecretStr(""), description="its API key; empty: none is sent")
    qdrant_ca_file: str = Field(
        default="", description="PEM file of the authority that signed its certificate; empty: those of the system"
    )
    qdrant_grpc: bool = Field(default=False, description="speak gRPC (port 6334) where the client can, instead of REST")
    qdrant_timeout_seconds: float = Field(
        default=2.0, ge=0.1, le=60, description="how long a request waits for the server, with all its tries"
    )
    qdrant_collection: str = Field(
        default="kb",
        pattern=r"^[A-Za-z0-9_.]{1,60}$",
        description="what the names of the collections begin with, and the alias of the current one; "
        "different for each home on a server",
    )
    qdrant_shards: int = Field(default=1, ge=1, le=256, description="shards of a collection")
    qdrant_replicas: int = Field(default=1, ge=1, le=16, description="copies of each shard")
    qdrant_write_consistency: int = Field(
        default=1, ge=1, le=16, description="copies that must have taken a write before it counts"
    )
    qdrant_quantization: Literal["none", "scalar"] = Field(
        default="none", description="`scalar`: search by a byte a dimension held in memory, then rescore"
    )
    qdrant_on_disk: bool = Field(
        default=False, description="keep vectors on disk, read as needed, instead of in memory"
    )
    encoder_threads: int = Field(default=1, ge=1, le=64, description="onnxruntime threads inside one encoder call")
    request_threads: int = Field(
        default=2, ge=1, le=64, description="requests worked on at the same time; about the number of cores"
    )
    poll_seconds: float = Field(
        default=0.25, ge=0.05, le=60, description="how often the service looks for a newly published version"
    )
    keep_versions: int = Field(default=5, ge=2, le=100, description="published versions kept for rollback")

    events: str = Field(
        default="",
        description="where suggestions and feedback are kept: a SQLAlchemy URL of SQLite or PostgreSQL; "
        "empty: `events.sqlite` in the home; `off`: nowhere",
    )
    events_days: int = Field(default=180, ge=1, le=3650, description="days after which kept events are deleted")

    @field_validator("qdrant_url")
    @classmethod
    def _a_server(cls, value: str, others: ValidationInfo) -> str:
        if not value and others.data.get("index") == "server":
            raise ValueError("KB_INDEX=server 时必须给出；例如 http://127.0.0.1:6333")
        return value

    def collection(self, version: str) -> str | None:
        """Where a version that is built with these settings has its index on the server; None: it is in its folder."""
        return f"{self.qdrant_collection}-{version}" if self.index == "server" else None

    @field_validator("qdrant_ca_file")
    @classmethod
    def _a_file(cls, value: str) -> str:
        if value and not Path(value).is_file():
            raise ValueError(f"没有文件 {value}")
        return value

    @field_validator("events")
    @classmethod
    def _a_place(cls, value: str) -> str:
        if value not in ("", "off") and not _PLACE.match(value):
            kind = value.partition(":")[0]  # the rest may hold a password
            raise ValueError(f"不能用“{kind}…”；可以留空、写 off、sqlite:///文件 或 postgresql://用户:密码@主机/库")
        return value

    @property
    def events_url(self) -> str | None:
        """The event store as a SQLAlchemy URL; None where none is kept."""
        return None if self.events == "off" else self.events or f"sqlite:///{self.home / 'events.sqlite'}"

    @property
    def model_dir(self) -> Path:
        """The model folder."""
        return self.home / "models" / self.model

    @property
    def cache_dir(self) -> Path:
        """Folder of caches; deleting it costs only time."""
        return self.home / "cache"


def load_settings() -> Settings:
    """The settings of this environment; raises SettingsError that lists every bad value."""
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for detail in error.errors():
            keys = tuple(detail["loc"])
            lines.append(f"环境变量 KB_{str(keys[0]).upper()}：{explain(detail, Settings, keys)}")
        raise SettingsError("\n".join(lines)) from error
