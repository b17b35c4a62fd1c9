"""Fits the confidence of an answer on the dev split, and shows how reliable it is there.

The features are raw scores of the best answer (see `kb_service.retrieve`). Report figures come from other questions
than these; this prints them only so that a bad fit is seen.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from eval.golden import read_golden
from kb_service.encoder import load_encoder
from kb_service.index import Scope
from kb_service.knowledge import open_version
from kb_service.retrieve import retrieve
from kb_service.settings import load_settings
from kb_service.versions import read_pointer


def calibrate(questions: Path) -> str:
    """Coefficients for `retrieve`, with hit@1, hit@3, AUROC and reliability (five-fold) on the given questions."""
    settings = load_settings()
    knowledge = open_version(settings, read_pointer(settings.home), load_encoder(settings))
    now = datetime.now(UTC)
    features, labels, first, third = [], [], [], []
    for question in read_golden(questions):
        ranked = retrieve(knowledge, question.text, Scope("senior", now, now), limit=5).entries
        if not ranked:
            continue
        names = [hit.entry for hit in ranked if "#" not in hit.entry]
        best = ranked[0]
        features.append([best.dense or 0.0, best.overlap])
        labels.append(int(best.entry in question.relevant))
        if question.relevant:
            first.append(bool(names) and names[0] in question.relevant)
            third.append(any(name in question.relevant for name in names[:3]))
    inputs, targets = np.array(features), np.array(labels)
    model = LogisticRegression(C=1e3, max_iter=10_000)
    held_out = cross_val_predict(model, inputs, targets, cv=5, method="predict_proba")[:, 1]
    model.fit(inputs, targets)
    bias, (cosine, overlap) = float(model.intercept_[0]), model.coef_[0]
    lines = [
        f"questions {len(targets)}, answerable {len(first)}; hit@1 {np.mean(first):.3f}, hit@3 {np.mean(third):.3f}",
        f"AUROC of 'first answer is right' (five-fold) {roc_auc_score(targets, held_out):.3f}",
        f"BIAS, COSINE_WEIGHT, OVERLAP_WEIGHT = {bias:.1f}, {cosine:.1f}, {overlap:.1f}",
        "confidence -> share right (five-fold):",
    ]
    for low in np.arange(0.0, 1.0, 0.2):
        inside = (held_out >= low) & (held_out < low + 0.2 + 1e-9)
        if inside.any():
            lines.append(f"  {low:.1f}-{low + 0.2:.1f}: {targets[inside].mean():.2f} of {inside.sum()}")
    return "\n".join(lines)
