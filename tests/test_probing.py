"""Control labels against what they are to be: one for each type, drawn from the tokens' labels, by a generator."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from bert_parts.probing import control_labels


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def test_by_hand():
    """Three types, 3, 7 and 9; which tokens are drawn, the same seed says."""
    types, labels = torch.tensor([7, 3, 9, 7]), torch.tensor([5, 6, 6, 8])
    drawn = torch.randint(4, (3,), generator=seeded(0)).tolist()
    of = dict(zip((3, 7, 9), (labels[token].item() for token in drawn), strict=True))
    assert control_labels(types, labels, seeded(0)).tolist() == [of[7], of[3], of[9], of[7]]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-3, 3)), min_size=1, max_size=40), st.integers(0, 99))
def test_each_type_has_one_label_and_the_inputs_stay(tokens, seed):
    types, labels = torch.tensor(tokens).T.contiguous()
    before = types.clone(), labels.clone()
    found = control_labels(types, labels, seeded(seed))
    assert found.shape == labels.shape and found.dtype == labels.dtype
    assert all(len(found[types == kind].unique()) == 1 for kind in types.unique())
    assert torch.isin(found, labels).all()
    assert torch.equal(found, control_labels(types, labels, seeded(seed)))
    assert torch.equal(types, before[0]) and torch.equal(labels, before[1])


def test_frequent_labels_stay_frequent():
    """20,000 types, of which only the first ten are frequent: a label's share is that among tokens."""
    types = torch.cat([torch.arange(20_000), torch.arange(10).repeat(1000)])
    labels = torch.arange(30_000) % 10 // 7                                        # 1 for three in ten tokens
    share = control_labels(types, labels, seeded(1))[:20_000].double().mean().item()
    assert abs(share - 0.3) < 5 * (0.3 * 0.7 / 20_000) ** 0.5


def test_draws_go_on_and_differ():
    types, labels = torch.arange(200) % 50, torch.arange(200) % 7
    one = seeded(0)
    first, second = (control_labels(types, labels, one) for _ in range(2))
    assert not torch.equal(first, second) and not torch.equal(first, control_labels(types, labels, seeded(1)))
