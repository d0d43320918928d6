"""Hidden words and pairs: the proportions of the paper, on real text, and nothing that a seed does not decide."""

import math

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, nn
from torch.nn import functional as F

from bert_parts import BertConfig, BertForMaskedLM, BertForPreTraining, BertTokenizer, load_pretrained, passages
from bert_parts.datasets import addresses
from bert_parts.fill import fill_mask
from bert_parts.masking import (
    NOT_ASKED,
    choose_tokens,
    choose_words,
    hide_tokens,
    mask_tokens,
    masked_lm_loss,
    masked_lm_scores,
    may_be_chosen,
    unigram_entropy,
)
from bert_parts.muon import Muon, orthogonal
from bert_parts.pairs import pack, sentence_pairs

TOKENIZER = load_pretrained()[1]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij", "##k", "##l"]
SMALL = BertTokenizer(WORDS)
CONFIG = BertConfig(vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24,
                    max_position_embeddings=16, initializer_range=0.3)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def batch():
    """Real text, with padding: (B, T) and about 40,000 tokens."""
    return TOKENIZER([passage.text for passage in passages()[:400]], max_length=128)["input_ids"]


def close_to(count: int, share: float, number: int) -> bool:
    """Whether a count out of a number is what this share would give, within five standard deviations."""
    return abs(count - number * share) <= 5 * math.sqrt(number * share * (1 - share))


# ── hidden words ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_fifteen_percent_of_what_may_be_chosen(batch):
    candidates = may_be_chosen(batch, TOKENIZER)
    chosen = choose_tokens(candidates, 0.15, seeded())
    assert not (chosen & ~candidates).any()
    assert close_to(chosen.sum(), 0.15, candidates.sum())


def test_special_tokens_may_not_be_chosen(batch):
    special = {TOKENIZER.vocab[token] for token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")}
    assert may_be_chosen(batch, TOKENIZER).tolist() == [[i not in special for i in row] for row in batch.tolist()]


def test_eighty_ten_ten(batch):
    before = batch.clone()
    chosen = choose_tokens(may_be_chosen(batch, TOKENIZER), 0.15, seeded(1))
    shown = hide_tokens(batch, chosen, TOKENIZER.mask_id, 30522, seeded(2))
    assert torch.equal(batch, before)
    assert torch.equal(shown[~chosen], batch[~chosen])
    number = chosen.sum()
    masked, same = (shown[chosen] == TOKENIZER.mask_id), (shown[chosen] == batch[chosen])
    assert close_to(masked.sum(), 0.8, number)
    assert close_to(same.sum(), 0.1, number)
    others = shown[chosen][~masked & ~same]
    assert close_to(len(others), 0.1, number)
    assert 0 <= others.min() < 1000 and 29_000 < others.max() < 30522     # from all over the vocabulary
    assert abs(others.double().mean() / 30522 - 0.5) < 5 / math.sqrt(12 * len(others))


def test_shares_to_a_few_thousandths():
    """Of a million tokens: 11 instead of 10 percent would be 30 standard deviations off."""
    ids, everything = torch.full((1000, 1000), 7), torch.ones(1000, 1000, dtype=torch.bool)
    shown = hide_tokens(ids, everything, mask_id=4, vocab_size=100, generator=seeded())
    for token in range(100):     # each is drawn as often, [MASK] and the token itself too
        share = {4: 0.8, 7: 0.1}.get(token, 0) + 0.1 / 100
        assert close_to((shown == token).sum(), share, ids.numel()), token
    for rate in (0.15, 0.2):
        assert close_to(choose_tokens(everything, rate, seeded()).sum(), rate, ids.numel())
        assert close_to(choose_words(everything, ~everything, rate, seeded()).sum(), rate, ids.numel())


def test_fifteen_percent_of_single_tokens_unless_told_otherwise(batch):
    for whole_words, options in ((False, {}), (False, {"whole_words": False}), (True, {"whole_words": True})):
        given = mask_tokens(batch, TOKENIZER, seeded(), **options)
        assert all(map(torch.equal, given, mask_tokens(batch, TOKENIZER, seeded(), 0.15, whole_words)))


def test_labels_are_what_was_there(batch):
    shown, labels = mask_tokens(batch, TOKENIZER, seeded())
    asked = labels != NOT_ASKED
    assert torch.equal(labels[asked], batch[asked])
    assert torch.equal(shown[~asked], batch[~asked])
    assert close_to(asked.sum(), 0.15, may_be_chosen(batch, TOKENIZER).sum())


def test_a_seed_decides_everything_and_the_next_call_hides_others(batch):
    torch.manual_seed(0)
    first, again = mask_tokens(batch, TOKENIZER, seeded(3)), mask_tokens(batch, TOKENIZER, seeded(3))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    state, generator = torch.get_rng_state(), seeded(3)
    one, other = mask_tokens(batch, TOKENIZER, generator)[1], mask_tokens(batch, TOKENIZER, generator)[1]
    both = ((one != NOT_ASKED) & (other != NOT_ASKED)).sum()
    assert close_to(both, 0.15**2, may_be_chosen(batch, TOKENIZER).sum())     # as for independent draws
    assert torch.equal(torch.get_rng_state(), state)     # torch's own random numbers are left alone


def test_whole_words(batch):
    """All pieces of a word or none; a word of three pieces is as likely as one of one."""
    shown, labels = mask_tokens(batch, TOKENIZER, seeded(), whole_words=True)
    asked = labels != NOT_ASKED
    words = {1: [0, 0], 3: [0, 0]}     # pieces → words, words that were chosen
    for row, marks in zip(batch.tolist(), asked.tolist(), strict=True):
        pieces = TOKENIZER.convert_ids_to_tokens([i for i in row if i])
        starts = [place for place, piece in enumerate(pieces) if not piece.startswith("##")] + [len(pieces)]
        for start, end in zip(starts, starts[1:], strict=False):
            assert len(set(marks[start:end])) == 1, pieces[start:end]
            if end - start in words and not pieces[start].startswith("["):
                words[end - start][0] += 1
                words[end - start][1] += marks[start]
    for number, chosen in words.values():
        assert number > 300 and close_to(chosen, 0.15, number)


def test_the_end_of_a_word_at_the_beginning_of_a_row_is_a_word_of_its_own():
    continues, everything = torch.tensor([[True, False, True]]), torch.ones(1, 3, dtype=torch.bool)
    seen = {tuple(choose_words(everything, continues, 0.5, seeded(seed))[0].tolist()) for seed in range(40)}
    assert seen == {(a, b, b) for a in (False, True) for b in (False, True)}
    assert continues.tolist() == [[True, False, True]]


def test_whole_words_do_not_reach_into_the_next_row():
    continues = torch.tensor([[False, True], [True, False]])     # the second row begins in the middle of a word
    everything = torch.ones(2, 2, dtype=torch.bool)
    seen = {tuple(choose_words(everything, continues, 0.5, seeded(seed))[:, 0].tolist()) for seed in range(40)}
    assert len(seen) == 4


@pytest.mark.parametrize("rate", [0, -0.1, 1.5])
def test_a_rate_that_is_none(rate):
    with pytest.raises(ValueError, match="rate is .*0 and up to 1"):
        mask_tokens(torch.tensor([[5]]), SMALL, seeded(), rate)


# ── the loss ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", [BertForMaskedLM, BertForPreTraining])
def test_loss_against_transformers(kind):
    torch.manual_seed(0)
    model = kind(CONFIG).eval().double()
    theirs = transformers.BertForMaskedLM(transformers.BertConfig(**vars(CONFIG))).eval().double()
    theirs.load_state_dict({n: t for n, t in model.state_dict().items() if "pooler" not in n and "seq_rel" not in n}, strict=False)
    theirs.tie_weights()
    ids = torch.randint(5, len(WORDS), (3, 9), generator=seeded())
    mask = (torch.arange(9) < torch.tensor([[9], [4], [6]])).long()
    shown, labels = mask_tokens(ids * mask, SMALL, seeded(), rate=0.5)
    loss = masked_lm_loss(model, {"input_ids": shown, "attention_mask": mask}, labels)
    expected = theirs(input_ids=shown, attention_mask=mask, labels=labels).loss
    torch.testing.assert_close(loss, expected, atol=1e-9, rtol=1e-9)
    scores = masked_lm_scores(model, [({"input_ids": shown, "attention_mask": mask}, labels)])
    assert scores["loss"] == pytest.approx(expected.item())
    guesses = theirs(input_ids=shown, attention_mask=mask).logits.argmax(dim=-1)
    assert scores["accuracy"] == pytest.approx((guesses == labels)[labels != NOT_ASKED].double().mean().item())
    assert scores["asked"] == (labels != NOT_ASKED).sum()


def test_nothing_is_asked_for():
    model = BertForMaskedLM(CONFIG)
    labels = torch.full((1, 3), NOT_ASKED)
    loss = masked_lm_loss(model, {"input_ids": torch.tensor([[2, 5, 3]])}, labels)
    loss.backward()
    assert loss == 0
    assert masked_lm_scores(model, []) == {"loss": 0, "accuracy": 0, "asked": 0}


def test_entropy_of_words():
    even = torch.tensor([[5, 6, 7, 8], [0, 0, 0, 0]])
    assert unigram_entropy(even, even > 0) == pytest.approx(math.log(4))
    assert unigram_entropy(torch.tensor([[5, 5, 5]]), torch.ones(1, 3, dtype=torch.bool)) == 0
    shares = torch.tensor([0.5, 0.25, 0.25])
    some = torch.tensor([[5, 5, 6, 7]])
    assert unigram_entropy(some, some > 0) == pytest.approx(torch.distributions.Categorical(shares).entropy().item())


# ── packing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

IDS = st.lists(st.integers(5, len(WORDS) - 1), max_size=12)


@given(st.lists(IDS, max_size=8), st.integers(2, 9))
@settings(deadline=None)
def test_packed_rows_hold_the_texts_in_order(texts, length):
    stream = [token for text in texts for token in (*text, 3)]
    if len(stream) < length - 1:
        with pytest.raises(ValueError, match="too few for one row"):
            pack(texts, length, SMALL)
        return
    rows = pack(texts, length, SMALL)
    assert rows.shape == (len(stream) // (length - 1), length)
    assert (rows[:, 0] == 2).all()
    assert rows[:, 1:].flatten().tolist() == stream[: len(rows) * (length - 1)]


def test_rows_too_short():
    with pytest.raises(ValueError, match="length is 1"):
        pack([[5]], 1, SMALL)


# ── pairs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def numbered(documents: int, sentences: int, length: int) -> list[list[list[int]]]:
    """Documents in which every token is another, so that it can be told where each comes from."""
    return [[[1000 * document + length * place + i for i in range(length)] for place in range(sentences)]
            for document in range(documents)]


def test_half_follow_and_half_are_of_another_document():
    pairs = sentence_pairs(numbered(40, 50, 4), room=24, generator=seeded())
    assert close_to(sum(pair.follows for pair in pairs), 0.5, len(pairs))
    for first, second, follows in pairs:
        assert second and len(first) + len(second) <= 24
        assert first == list(range(first[0], first[0] + len(first)))
        assert second == list(range(second[0], second[0] + len(second)))
        if follows:
            assert second[0] == first[-1] + 1
        else:
            assert second[0] // 1000 != first[0] // 1000


def test_what_a_false_second_displaced_begins_the_next_pair():
    """The firsts and the true seconds together are the documents, whole and in order."""
    documents = numbered(30, 21, 3)
    pairs = sentence_pairs(documents, room=1000, generator=seeded(1))
    seen = [token for pair in pairs for token in (pair.first + pair.second if pair.follows else pair.first)]
    lost = sum(len(d) * 3 for d in documents) - len(seen)
    assert seen == sorted(seen) and lost <= 30 * 3 * 21 / 2
    ends = {token // 1000 for token in seen if token % 1000 == 62}
    assert len(ends) > 5     # some documents are read to their last token


def test_the_length_gives_nothing_away():
    documents = numbered(60, 17, 5)
    pairs = sentence_pairs(documents, room=40, generator=seeded())
    mean = {kind: torch.tensor([len(p.second) for p in pairs if p.follows == kind]).double() for kind in (True, False)}
    error = sum(lengths.var() / len(lengths) for lengths in mean.values()).sqrt()
    assert abs(mean[True].mean() - mean[False].mean()) < 5 * error


@pytest.fixture(scope="module")
def real_pairs():
    """Of the addresses that notebook 08 holds out, about 12,000."""
    documents = [[TOKENIZER.ids(sentence) for sentence in address.sentences] for address in addresses()[5::10]]
    return [pair for seed in range(3) for pair in sentence_pairs(documents, 61, seeded(seed))]


@pytest.mark.parametrize("which", ["first", "second"])
def test_true_and_false_pairs_end_alike_and_are_as_long(real_pairs, which):
    stops = {TOKENIZER.vocab[mark] for mark in ".?!"}
    rates, lengths = [], []
    for kind in (True, False):
        texts = [getattr(pair, which) for pair in real_pairs if pair.follows == kind]
        rates.append(sum(text[-1] in stops for text in texts) / len(texts))
        lengths.append(torch.tensor([len(text) for text in texts]).double())
    assert min(rates) > 0.2 and abs(rates[0] - rates[1]) < 0.03
    assert abs(lengths[0].mean() - lengths[1].mean()) < 1
    quartiles = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9], dtype=torch.float64)
    assert (lengths[0].quantile(quartiles) - lengths[1].quantile(quartiles)).abs().max() <= 3


@pytest.mark.parametrize("clue", [
    lambda pair: pair.second[-1], lambda pair: pair.first[-1], lambda pair: len(pair.second), lambda pair: len(pair.first),
    lambda pair: (len(pair.first), len(pair.second)), lambda pair: len(pair.first) + len(pair.second),
], ids=["last of the second", "last of the first", "length of the second", "length of the first", "lengths", "length"])
def test_no_judge_who_reads_nothing_can_tell(real_pairs, clue):
    """The best guess for each value of the clue, learned on every second pair, is hardly better than a coin on the others."""
    seen = {}
    for pair in real_pairs[::2]:
        counts = seen.setdefault(clue(pair), [0, 0])
        counts[pair.follows] += 1
    guesses = [(seen.get(clue(pair), (0, 1))[1] >= seen.get(clue(pair), (0, 1))[0]) == pair.follows for pair in real_pairs[1::2]]
    assert sum(guesses) / len(guesses) < 0.54


def test_every_other_document_is_as_likely():
    pairs = sentence_pairs(numbered(5, 400, 3), room=12, generator=seeded())
    false = [(pair.first[0] // 1000, pair.second[0] // 1000) for pair in pairs if not pair.follows]
    for here in range(5):
        others = [there for place, there in false if place == here]
        assert all(close_to(others.count(there), 1 / 4, len(others)) for there in range(5) if there != here)


@given(st.lists(st.lists(st.lists(st.integers(5, 9), min_size=1, max_size=9), max_size=6).filter(len), min_size=2, max_size=4),
       st.integers(2, 20), st.integers(0, 99))
@settings(deadline=None)
def test_pairs_of_any_documents(documents, room, seed):
    pairs = sentence_pairs(documents, room, seeded(seed))
    assert pairs == sentence_pairs(documents, room, seeded(seed))
    assert all(pair.first and pair.second and len(pair.first) + len(pair.second) <= room for pair in pairs)


def test_one_document_has_no_other():
    with pytest.raises(ValueError, match="number of documents is 1.*two or more"):
        sentence_pairs([[[5], [6]]], 10, seeded())


def test_the_next_sentence_loss_against_transformers():
    """Label 0 means that it follows, as in the published heads."""
    torch.manual_seed(0)
    model = BertForPreTraining(CONFIG).eval()
    theirs = transformers.BertForNextSentencePrediction(transformers.BertConfig(**vars(CONFIG))).eval()
    theirs.load_state_dict({n: t for n, t in model.state_dict().items() if "predictions" not in n}, strict=False)
    ids = torch.randint(5, len(WORDS), (4, 7), generator=seeded())
    labels = torch.tensor([0, 1, 1, 0])
    expected = theirs(input_ids=ids, labels=labels).loss
    torch.testing.assert_close(F.cross_entropy(model(ids)[1], labels), expected)


# ── the mask filler's function, on any model ─────────────────────────────────────────────────────────────────────────


def test_fill_mask_against_transformers():
    torch.manual_seed(1)
    model = BertForMaskedLM(CONFIG).eval()
    theirs = transformers.BertForMaskedLM(transformers.BertConfig(**vars(CONFIG))).eval()
    theirs.load_state_dict(model.state_dict(), strict=False)
    theirs.tie_weights()
    ids = SMALL("a b [MASK] d")["input_ids"]
    with torch.no_grad():
        expected = theirs(ids).logits[0, 3].softmax(dim=-1).topk(4)
    given = fill_mask("a b [MASK] d", 4, model, SMALL)
    assert [token for token, _ in given] == SMALL.convert_ids_to_tokens(expected.indices)
    assert [share for _, share in given] == pytest.approx(expected.values.tolist(), abs=1e-6)


@pytest.mark.parametrize(
    "text, k, message",
    [
        ("a b", 5, "0 times"),
        ("[MASK] a [MASK]", 5, "2 times"),
        ("[MASK]", 0, "k is 0"),
        ("[MASK]", 18, "k is 18.*1 to 17"),
        ("a " * 20 + "[MASK]", 5, "after the 16 tokens"),
    ],
)
def test_fill_mask_says_what_is_wrong(text, k, message):
    with pytest.raises(ValueError, match=message):
        fill_mask(text, k, BertForMaskedLM(CONFIG).eval(), SMALL)


# ---------------------------------------------------------------- Muon


def matrices(seed: int = 0) -> list[nn.Parameter]:
    torch.manual_seed(seed)
    return [nn.Parameter(torch.randn(shape)) for shape in ((16, 16), (16, 40), (40, 16))]


def test_orthogonal_brings_singular_values_near_one_and_keeps_directions():
    for matrix in matrices():
        before, after = torch.linalg.svd(matrix, full_matrices=False), orthogonal(matrix[None])[0]
        values = torch.diagonal(before.U.T @ after @ before.Vh.T)     # of the same directions as before
        assert after.shape == matrix.shape
        assert (values > 0.5).all() and (values < 1.3).all()
        assert torch.allclose(before.U * values @ before.Vh, after, atol=1e-4)


def test_muon_goes_where_torchs_goes():
    """torch counts in bfloat16, with three digits or so. Two of the matrices are made orthogonal together, one of them turned."""
    ours, theirs = matrices(), matrices()
    one = Muon(ours, lr=0.01)
    other = torch.optim.Muon(theirs, lr=0.01, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    for step in range(5):
        for mine, its in zip(ours, theirs, strict=True):
            mine.grad = torch.randn(mine.shape, generator=Generator().manual_seed(step))
            its.grad = mine.grad.clone()
        one.step()
        other.step()
    for start, mine, its in zip(matrices(), ours, theirs, strict=True):
        assert (mine - its).norm() < 0.03 * (mine - start).norm()


def test_muon_leaves_out_what_has_no_gradient_and_refuses_what_is_no_matrix():
    matrix = nn.Parameter(torch.ones(3, 3))
    Muon([matrix]).step()
    assert torch.equal(matrix, torch.ones(3, 3))
    with pytest.raises(ValueError, match=r"the shape \(3,\), where matrices are expected"):
        Muon([nn.Parameter(torch.ones(3))])
