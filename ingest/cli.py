"""`kb-content`: what KB editors run."""

from __future__ import annotations

import argparse
import os
import sys

from ingest.commands import archive, checking, drafting, gaps, impact, model, preview, publishing
from kb_service.errors import ContentError, KnowledgeBaseError

GROUPS = (checking, drafting, impact, preview, publishing, archive, model, gaps)


def main(argv: list[str] | None = None) -> int:
    """Run one verb. Exit status: 0 done, 1 the content or the request has problems, 2 wrong usage."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ContentError as error:
        from ingest.findings import written

        print(written(error.problems, "text"), file=sys.stderr)
    except KnowledgeBaseError as error:
        print(f"错误：{error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("ingest", "kb_service"):
            raise
        print(f"错误：没有安装 {error.name}；请运行 pip install 'kb-service[ingest]'", file=sys.stderr)
    except BrokenPipeError:  # `kb-content … | head` has read enough; what is still buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kb-content", description="知识库内容：检查、统计、建模型、发布、回滚")
    verbs = parser.add_subparsers(required=True, metavar="命令")
    for group in GROUPS:
        group.add(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
