"""Fits the confidence of an answer on the dev split, and shows how reliable it is there.

The features are raw scores of the best answer (see `kb_service.retrieve`). Report figures come from other questions
than these; this prints them only so that a bad fit is seen.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from eval.measures import auroc, calibration_error, reliability
from ingest.golden import read_golden
from kb_service.encoder import load_encoder
from kb_service.knowledge import open_version
from kb_service.retrieve import features
from kb_service.settings import load_settings
from kb_service.suggest import rank_case
from kb_service.versions import read_pointer


def calibrate(questions: Path) -> str:
    """Coefficients for `retrieve`, with AUROC, calibration error and reliability (five-fold) on the given questions."""
    settings = load_settings()
    knowledge = open_version(settings, read_pointer(settings.home), load_encoder(settings))
    inputs, right, answerable = [], [], []
    for question in read_golden(questions):
        ranking = rank_case(knowledge, question.request())
        # The five best of each question: below the first place the lead is negative, and few are right.
        for place, hit in enumerate(ranking.entries[:5]):
            inputs.append(features(hit.dense, hit.sparse, hit.dense_lead, hit.sparse_lead, ranking.terms))
            right.append(hit.entry in question.answers)
            answerable.append(bool(question.relevant) if place == 0 else None)
    model = LogisticRegression(C=1e3, max_iter=10_000)
    held_out = cross_val_predict(model, inputs, right, cv=5, method="predict_proba")[:, 1]
    model.fit(inputs, right)
    first = [n for n, value in enumerate(answerable) if value is not None]
    confidence = [float(held_out[n]) for n in first]
    truth, scope = [right[n] for n in first], [bool(answerable[n]) for n in first]
    lines = [
        f"questions {len(first)}, first answer right {np.mean(truth):.3f}",
        f"AUROC of the first answer's confidence: answerable {auroc(confidence, scope):.3f}, right "
        f"{auroc(confidence, truth):.3f}; calibration error {calibration_error(confidence, truth):.3f}",
        f"BIAS = {model.intercept_[0]:.3f}",
        f"WEIGHTS = ({', '.join(f'{value:.3f}' for value in model.coef_[0])})",
        "confidence -> share right, share of all (five-fold):",
        *(f"  {mean:.2f} -> {share:.2f}, {part:.2f}" for mean, share, part in reliability(confidence, truth)),
    ]
    return "\n".join(lines)
