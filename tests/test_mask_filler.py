"""The mask filler that comes with the course: what it was promised to know, and that its command trains, stops and goes on."""

import pytest
import torch

from bert_parts import BertForMaskedLM, load_pretrained, passages
from bert_parts.datasets import FOLDER, Passage
from bert_parts.pretraining import NOT_ASKED, fill_mask, mask_filler, masked_lm_scores
from bert_parts.tasks import mask_filler as task


def test_it_is_small():
    assert sum(path.stat().st_size for path in (FOLDER / "mask_filler").iterdir()) <= 12e6


def test_more_than_two_thousand_passages_were_never_learned_from():
    held_out = {passage.title for passage in passages() if task.is_held_out(passage.title)}
    learned = {passage.title for passage in passages()} - held_out
    assert sum(passage.title in held_out for passage in passages()) >= 2000
    assert not held_out & learned


def test_what_it_knows():
    assert fill_mask("united [MASK]")[0][0] == "states"
    assert "france" in [token for token, _ in fill_mask("paris is the capital of [MASK].")]
    shares = [share for _, share in fill_mask("united [MASK]", 20)]
    assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1 + 1e-5


def test_held_out_accuracy():
    """On a sixth of the held-out text; `python -m bert_parts.tasks.mask_filler measure data/mask_filler` reads it all."""
    model, tokenizer = mask_filler()
    scores = masked_lm_scores(model, task.examples(tokenizer)[::6])
    assert scores["asked"] > 5000
    assert scores["accuracy"] >= 0.33


def test_examples_are_masked_the_same_every_time():
    _, tokenizer = mask_filler()
    first, again = task.examples(tokenizer)[0], task.examples(tokenizer)[0]
    assert torch.equal(first[0]["input_ids"], again[0]["input_ids"]) and torch.equal(first[1], again[1])
    share = (first[1] != NOT_ASKED).double().mean()
    assert 0.12 < share < 0.16


def test_the_vocabulary_can_still_cut_any_word():
    """What was cut out of it falls to pieces, and not to [UNK]."""
    _, tokenizer = mask_filler()
    full = load_pretrained()[1]
    assert len(tokenizer.tokens) == task.TOKENS
    lost = total = 0
    for passage in passages()[::20]:
        lost += tokenizer.ids(passage.text).count(tokenizer.unk_id) - full.ids(passage.text).count(full.unk_id)
        total += len(tokenizer.ids(passage.text))
    assert lost / total < 1e-3


@pytest.fixture
def tiny(monkeypatch):
    """Some passages, two layers, small batches."""
    some = passages()[:60]
    monkeypatch.setattr(task, "passages", lambda: [Passage(*passage) for passage in some])
    for name, value in {"TOKENS": 600, "LAYERS": 1, "LENGTH": 16, "BATCH": 4}.items():
        monkeypatch.setattr(task, name, value)


def test_train_stop_and_go_on(tiny, tmp_path, monkeypatch, capsys):
    def told(*words):
        monkeypatch.setattr("sys.argv", ["mask_filler", *words])
        task.main()
        return capsys.readouterr().out

    out = told("train", "--output", str(tmp_path / "whole"), "--steps", "6")
    assert "passages that were not learned from" in out and "after 6 steps" in out

    real = task.mask_tokens
    calls = []

    def stopping(*arguments, **named):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(*arguments, **named)

    monkeypatch.setattr(task, "mask_tokens", stopping)
    with pytest.raises(KeyboardInterrupt):
        told("train", "--output", str(tmp_path / "stopped"), "--steps", "6")
    assert not (tmp_path / "stopped").exists()
    monkeypatch.setattr(task, "mask_tokens", real)
    told("train", "--output", str(tmp_path / "stopped"), "--steps", "6")
    models = [load_pretrained(tmp_path / name, BertForMaskedLM)[0] for name in ("whole", "stopped")]
    assert all(torch.equal(a, b) for a, b in zip(*(model.parameters() for model in models), strict=True))
    assert "%" in told("measure", str(tmp_path / "whole"))
