"""Notebook 12, as a learner might solve it from its text alone."""

import torch

from bert_parts.training import MAX_NORM


def padding_does_not_matter(project):
    model = project.model(hard=True)
    short = project.texts[6]
    with torch.no_grad():
        alone = project.vectors(model, project.read([short]))
        beside = project.vectors(model, project.read([short, " ".join(["rose"] * 15)]))
    return torch.allclose(alone[0], beside[0], atol=1e-4)


def score_tests(tests, ill, healthy):
    def fine(project):
        for test in tests:
            try:
                good = test(project)
            except Exception:
                good = False
            if not good:
                return False
        return True

    score = {"caught": [], "missed": [], "refused": []}
    for name in ill:
        score["missed" if fine(ill[name]) else "caught"].append(name)
    for name in healthy:
        if not fine(healthy[name]):
            score["refused"].append(name)
    return score


def train_step(model, optimizer, examples, loss):
    asked = sum(int((labels >= 0).sum()) for _, labels in examples)
    optimizer.zero_grad()
    whole = torch.zeros(())
    for batch, labels in examples:
        whole = whole + loss(model, batch, labels) * (labels >= 0).sum() / max(asked, 1)
    whole.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
    optimizer.step()
    return whole.item()
