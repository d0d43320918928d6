"""What a stranger's file holds, however long it is, makes no message that fills the screen."""

import json

import pytest
import torch
from torch import nn

from bert_parts import BertConfig, BertTokenizer
from bert_parts.checkpoint import load_strictly, widen
from bert_parts.normalization import check_text
from bert_parts.tasks.questions import questions_in
from bert_parts.tasks.rows import read_rows
from bert_parts.tasks.sentiment import examples_of

LONG = "x" * 10_000
FULL = 500     # characters
FILES = {
    "a value of a configuration": (BertConfig.from_json, "config.json", {"vocab_size": [LONG]}),
    "the name of a setting": (BertConfig.from_json, "config.json", {LONG: 1}),
    "the name of a column": (lambda path: read_rows(path, ["text"]), "a.jsonl", {LONG: "a"}),
    "what is no text": (lambda path: read_rows(path, ["text"]), "a.jsonl", {"text": [LONG]}),
    "an answer": (questions_in, "a.jsonl", {"question": "a", "passage": "b", "answer": LONG}),
    "a place": (questions_in, "a.jsonl", {"question": "a", "passage": "b", "answer": "b", "answer_start": LONG}),
    "a label": (lambda path: examples_of(path, None), "a.jsonl", {"text": "a", "label": LONG}),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file(tmp_path, monkeypatch, what):
    read, name, content = FILES[what]
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises((ValueError, TypeError)) as caught:
        read(type(tmp_path)(name))
    assert 40 < len(str(caught.value)) < FULL


@pytest.mark.parametrize(
    "read",
    [
        lambda: load_strictly(nn.Linear(2, 2), {LONG: torch.zeros(2)}),
        lambda: widen({LONG: torch.zeros(2, 2), f"{LONG}.scale": torch.zeros(2)}),
        lambda: BertTokenizer([LONG, LONG]),
        lambda: check_text([LONG], "texts"),
    ],
)
def test_weights_and_words(read):
    with pytest.raises((ValueError, TypeError)) as caught:
        read()
    assert 40 < len(str(caught.value)) < FULL
