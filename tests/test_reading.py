"""Texts are read in batches of like length, each once, without gradients and without padding."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from bert_parts import BertConfig, BertModel
from bert_parts.reading import read_in_batches

MODEL = BertModel(BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)).eval()


@given(st.lists(st.integers(0, 9)), st.integers(1, 5))
def test_each_is_read_once_and_like_lengths_together(lengths, batch_size):
    batch_of, read = lambda places: [lengths[place] for place in places], lambda model, batch: batch
    batches = list(read_in_batches(MODEL, batch_of, read, lengths, batch_size))
    assert sorted(place for places, _ in batches for place in places) == list(range(len(lengths)))
    assert [length for _, made in batches for length in made] == sorted(lengths, reverse=True)
    assert all(len(places) == batch_size for places, _ in batches[:-1]) and all(places for places, _ in batches)


def test_only_reading_is_without_gradients():
    weight = torch.ones(1, requires_grad=True)
    for _, made in read_in_batches(MODEL, len, lambda model, count: weight * count, [1, 2, 3], 2):
        assert not made.requires_grad
        assert (weight * 2).requires_grad


def test_only_reading_is_without_padding():
    """A text alone has none, and takes no time for that."""
    def read(model: BertModel, count: int) -> tuple[int, bool]:
        return count, "forward" in vars(model.encoder)

    for _, (count, answered) in read_in_batches(MODEL, len, read, [1, 2, 3], 2):
        assert answered == (count > 1)
        assert "forward" not in vars(MODEL.encoder)
