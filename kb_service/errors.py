"""All errors of the project.

KnowledgeBaseError
├── SettingsError                 the environment holds a value that cannot be used
├── ContentError                  content has problems; carries every one of them
├── ModelError                    a model cannot be built, found or loaded
│   ├── ModelNotBuilt             503
│   ├── ModelSourceError          the model to convert cannot be had
│   └── ParityError               the converted model strays too far from its original
├── VersionError                  a published version cannot be used
│   ├── NothingPublished          503
│   ├── VersionBroken             503
│   ├── VersionNotFound
│   └── EncoderMismatch           503
├── PublishError                  a version was built and refused, or another publish is running
├── ForeignFileError              a file cannot be imported
├── EditError                     an entry cannot be begun, or a clause not amended, as was asked
├── VectorIndexError              503  the vector engine refused a call
│   └── IndexAway                 503  the index server cannot be reached, is overloaded, or answers too late
├── PicturesUnavailable           503  a picture came, and there is nothing here to read it with
├── EventsUnavailable             503  the event store cannot be reached, or none is kept
│   └── EventsRefused             503  the database will never take these rows
├── ExportBroken                  a line of an export of events cannot be read
├── ArchiveRefused                a closed case cannot be archived as it is; nothing was written
└── RequestError                  422  the caller can repair it
    ├── InvalidRequest            422
    ├── UnknownValue              422
    ├── EntryNotFound             404
    ├── RecordNotFound            404
    ├── RouteNotFound             404
    ├── MethodNotAllowed          405
    └── RequestTooLarge           413

Errors that an API user can see carry `status` (HTTP) and `name` (stable, for programs).
Messages are Chinese, say which file or field, what was found and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class KnowledgeBaseError(Exception):
    """Root of the tree; `status` is what an API user sees, 500 unless a class says otherwise."""

    status = 500
    name = "internal_error"


class SettingsError(KnowledgeBaseError):
    """One or more settings cannot be used; the message lists all of them."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One defect of a content file, worded so that a writer can mend it unaided."""

    file: str
    line: int
    field: str
    rule: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where}  {self.field + '：' if self.field else ''}{self.message}  [{self.rule}]"


class ContentError(KnowledgeBaseError):
    """Content that must not be published; `problems` holds all defects found, sorted by place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class ModelError(KnowledgeBaseError):
    """A model cannot be built, found or loaded."""

    status = 503
    name = "model_unavailable"


class ModelNotBuilt(ModelError):
    """The model folder does not exist or lacks a file."""

    name = "model_not_built"


class ModelSourceError(ModelError):
    """The model to convert cannot be loaded or downloaded."""


class ParityError(ModelError):
    """The converted model strays too far from its original; nothing was written."""


class VersionError(KnowledgeBaseError):
    """A published version cannot be used."""

    status = 503
    name = "version_unavailable"


class NothingPublished(VersionError):
    """There is no published version yet."""

    name = "nothing_published"


class VersionBroken(VersionError):
    """The pointer or the version folder is damaged or incomplete."""

    name = "version_broken"


class VersionNotFound(VersionError):
    """No version of that name is kept."""

    name = "version_not_found"


class EncoderMismatch(VersionError):
    """The version was embedded with another model than the one that serves."""

    name = "encoder_mismatch"


class PublishError(KnowledgeBaseError):
    """A version was built and refused by its verification, or another publish is running."""


class ForeignFileError(KnowledgeBaseError):
    """A file cannot be imported; the message names it, and what to do."""


class EditError(KnowledgeBaseError):
    """An entry cannot be begun, or a clause not amended, as was asked; no file was changed."""


class VectorIndexError(KnowledgeBaseError):
    """The vector engine refused a call."""

    status = 503
    name = "index_unavailable"


class IndexAway(VectorIndexError):
    """The index server cannot be reached, is overloaded, or answers too late.

    `passing`: trying again may help; `retry_after` seconds is what the server asked to wait.
    """

    def __init__(self, message: str, passing: bool = True, retry_after: float = 0.0) -> None:
        self.passing, self.retry_after = passing, retry_after
        super().__init__(message)


class PicturesUnavailable(KnowledgeBaseError):
    """A picture was sent, and the text recognition is not installed or does not run."""

    status = 503
    name = "pictures_unavailable"


class EventsUnavailable(KnowledgeBaseError):
    """The event store cannot be reached, or the service was told to keep none."""

    status = 503
    name = "events_unavailable"


class EventsRefused(EventsUnavailable):
    """The database answers, and will never take these rows."""


class ExportBroken(KnowledgeBaseError):
    """A line of an export of events cannot be read; the message names file and line."""


class ArchiveRefused(KnowledgeBaseError):
    """A closed case cannot be made into an entry; the message lists why. Nothing was written."""


class RequestError(KnowledgeBaseError):
    """The caller can repair the request; `field` names the part of it, dotted."""

    status = 422
    name = "invalid_request"

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


class InvalidRequest(RequestError):
    """A field has the wrong type, length or form, or is unknown."""


class UnknownValue(RequestError):
    """A field names something that the published taxonomy does not have."""

    name = "unknown_value"


class EntryNotFound(RequestError):
    """No entry of that id is visible to this caller at this time."""

    status = 404
    name = "entry_not_found"


class RecordNotFound(RequestError):
    """The event store has no suggestion that showed this record."""

    status = 404
    name = "record_not_found"


class RouteNotFound(RequestError):
    """The path does not exist."""

    status = 404
    name = "route_not_found"


class MethodNotAllowed(RequestError):
    """The path exists, the method does not."""

    status = 405
    name = "method_not_allowed"


class RequestTooLarge(RequestError):
    """The body is larger than the service reads."""

    status = 413
    name = "request_too_large"


def suggest_name(found: str, known: Sequence[str]) -> str:
    """The remedy for a misspelt name: the nearest known one, or the list when it is short.

    >>> suggest_name("resovle", ["diagnose", "resolve"])
    '是不是想写“resolve”？'
    """
    near = get_close_matches(found, known, n=1, cutoff=0.6)
    if near:
        return f"是不是想写“{near[0]}”？"
    if len(known) <= 12:
        return "可用的有：" + "、".join(known) + "。"
    return ""
