"""Texts are read in batches of like length, each once, without gradients."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from bert_parts.reading import read_in_batches


@given(st.lists(st.integers(0, 9)), st.integers(1, 5))
def test_each_is_read_once_and_like_lengths_together(lengths, batch_size):
    batches = list(read_in_batches(lambda places: [lengths[place] for place in places], lengths, batch_size))
    assert sorted(place for places, _ in batches for place in places) == list(range(len(lengths)))
    assert [length for _, made in batches for length in made] == sorted(lengths, reverse=True)
    assert all(len(places) == batch_size for places, _ in batches[:-1]) and all(places for places, _ in batches)


def test_only_reading_is_without_gradients():
    weight = torch.ones(1, requires_grad=True)
    for _, made in read_in_batches(lambda places: weight * len(places), [1, 2, 3], 2):
        assert not made.requires_grad
        assert (weight * 2).requires_grad
