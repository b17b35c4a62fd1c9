"""How ids are formed: by them editors and programs tell at sight what an entry is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from ingest.loaded import Loaded
from kb_service.errors import Problem


def check_naming(loaded: Loaded) -> Iterator[Problem]:
    """Articles not named after their issue type, other entries without their prefix or not named as their file."""
    for faq in loaded.faqs:
        if not faq.id.startswith(f"{faq.issue_type}."):
            message = f"id“{faq.id}”不以问题类型“{faq.issue_type}”开头；两处必有一处写错了"
            yield loaded.places[faq.id].problem(("issue_type",), "naming", message)
    for prefix, entries in (("tpl.", loaded.templates), ("flow.", loaded.flows)):
        for entry in entries:
            if not entry.id.startswith(prefix):
                message = f"id“{entry.id}”应以“{prefix}”开头"
                yield loaded.places[entry.id].problem(("id",), "naming", message)
    for policy in loaded.policies:
        place = loaded.places[policy.id]
        if PurePosixPath(place.file).stem != policy.id:
            message = f"规则的 id“{policy.id}”与文件名“{PurePosixPath(place.file).stem}”不同；请改成一样"
            yield place.problem(("id",), "naming", message)
