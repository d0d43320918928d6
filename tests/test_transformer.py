"""The encoder–decoder against torch's own, its causality, and decoding against brute force."""

import math
from dataclasses import replace
from itertools import product

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bert_parts import (
    BertConfig,
    DecoderLayer,
    TransformerModel,
    beam_decode,
    causal_mask,
    depends_on,
    greedy_decode,
    padding_mask,
    sequence_log_prob,
    shift_right,
    sinusoidal_positions,
)
from bert_parts.visualize import record_attention

CONFIG = BertConfig(vocab_size=30, hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40,
                    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, max_position_embeddings=12)
SOURCE = torch.tensor([[5, 9, 3, 14, 7, 11, 29], [8, 4, 17, 0, 0, 0, 0], [6, 6, 20, 4, 12, 0, 0]])
MARKS = (SOURCE != 0).long()
TARGET = torch.tensor([[1, 6, 13, 10, 0], [1, 16, 0, 0, 0], [1, 21, 5, 13, 26]])
START, END = 1, 2


def hard(model):
    """Weights of std 0.3 (of LayerNorms, around 1), so that nothing goes unseen for being small; in evaluation."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(mean=float(name.endswith("LayerNorm.weight")), std=0.3)
    return model.eval()


@pytest.fixture
def model():
    return hard(TransformerModel(CONFIG))


# ── torch's own Transformer, given the same weights ──────────────────────────────────────────────────────────────────


def oracle_of(model):
    """nn.Transformer without the LayerNorms that torch puts behind both stacks, and the pairs (its tensor, our tensor)."""
    config = model.config
    sizes = {"d_model": config.hidden_size, "nhead": config.num_attention_heads, "dim_feedforward": config.intermediate_size,
             "dropout": 0.0, "activation": "gelu", "layer_norm_eps": config.layer_norm_eps, "batch_first": True}
    layers = config.num_hidden_layers
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(**sizes), layers, enable_nested_tensor=False)
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**sizes), layers)
    oracle = nn.Transformer(custom_encoder=encoder, custom_decoder=decoder, **sizes)
    with torch.no_grad():
        for parameter in oracle.parameters():
            parameter.fill_(math.nan)     # one that is missed below shows
    pairs = []
    for theirs, ours in zip(encoder.layers, model.encoder.layer, strict=True):
        pairs += attention_pairs(theirs.self_attn, ours.attention.self, ours.attention.output)
        pairs += norm_pairs(theirs.norm1, ours.attention.output) + norm_pairs(theirs.norm2, ours.output)
        pairs += feed_forward_pairs(theirs, ours)
    for theirs, ours in zip(decoder.layers, model.decoder.layer, strict=True):
        pairs += attention_pairs(theirs.self_attn, ours.attention.self, ours.attention.output)
        pairs += attention_pairs(theirs.multihead_attn, ours.cross_attention, ours.cross_output)
        pairs += norm_pairs(theirs.norm1, ours.attention.output) + norm_pairs(theirs.norm2, ours.cross_output)
        pairs += norm_pairs(theirs.norm3, ours.output) + feed_forward_pairs(theirs, ours)
    with torch.no_grad():
        for theirs, ours in pairs:
            theirs.copy_(torch.cat(ours))
    return oracle.train(), pairs     # in training torch takes its plain path; there is no dropout


def attention_pairs(theirs, ours, output):
    parts = (ours.query, ours.key, ours.value)
    return [(theirs.in_proj_weight, [part.weight for part in parts]), (theirs.in_proj_bias, [part.bias for part in parts]),
            (theirs.out_proj.weight, [output.dense.weight]), (theirs.out_proj.bias, [output.dense.bias])]


def norm_pairs(theirs, ours):
    return [(theirs.weight, [ours.LayerNorm.weight]), (theirs.bias, [ours.LayerNorm.bias])]


def feed_forward_pairs(theirs, ours):
    return [(theirs.linear1.weight, [ours.intermediate.dense.weight]), (theirs.linear1.bias, [ours.intermediate.dense.bias]),
            (theirs.linear2.weight, [ours.output.dense.weight]), (theirs.linear2.bias, [ours.output.dense.bias])]


def embedded(table, ids):
    """The paper's embedding, written down once more: word vectors times √D, plus its waves."""
    angle = [[place / 10000 ** (column // 2 * 2 / 24) for column in range(24)] for place in range(ids.size(1))]
    waves = [[math.cos(a) if column % 2 else math.sin(a) for column, a in enumerate(row)] for row in angle]
    return table[ids] * 24**0.5 + torch.tensor(waves)


def test_forward_and_backward_against_torch(model):
    oracle, pairs = oracle_of(model)
    assert len(pairs) == len(list(oracle.parameters()))
    table = model.word_embeddings.weight.detach().clone().requires_grad_()
    hidden = oracle(
        embedded(table, SOURCE), embedded(table, TARGET), tgt_mask=~causal_mask(5), src_key_padding_mask=MARKS == 0,
        tgt_key_padding_mask=TARGET == 0, memory_key_padding_mask=MARKS == 0,
    )
    real = TARGET != 0
    expected, given = (hidden @ table.T)[real], model(SOURCE, TARGET, MARKS)[real]
    torch.testing.assert_close(given, expected, atol=1e-5, rtol=1e-5)

    words = torch.arange(real.sum()) % CONFIG.vocab_size
    F.cross_entropy(expected, words).backward()
    F.cross_entropy(given, words).backward()
    for theirs, ours in pairs:
        torch.testing.assert_close(torch.cat([part.grad for part in ours]), theirs.grad, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(model.word_embeddings.weight.grad, table.grad, atol=1e-5, rtol=1e-5)


def test_the_words_are_scored_by_their_own_vectors(model):
    x, memory = model.embed("target_ids", TARGET), model.encode(SOURCE, MARKS)
    x = model.decoder(x, memory, causal_mask(5), padding_mask(MARKS))
    torch.testing.assert_close(model(SOURCE, TARGET, MARKS), x @ model.word_embeddings.weight.T)
    assert sum(name.startswith("word_embeddings") for name, _ in model.named_parameters()) == 1
    assert not any("positions" in name for name in model.state_dict())


# ── what may be seen ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_a_later_word_changes_no_earlier_score(model, place):
    target = torch.tensor([[1, 6, 13, 10, 7]])
    changed = target.clone()
    changed[:, place] = 25
    before, after = model(SOURCE[:1], target), model(SOURCE[:1], changed)
    torch.testing.assert_close(after[:, :place], before[:, :place], atol=1e-6, rtol=0)
    assert ((after - before)[:, place:].abs().amax(dim=-1) > 1e-3).all()     # it does change all from there on


def test_padding_does_not_leak(model):
    expected = model(SOURCE, TARGET, MARKS)
    other_source = SOURCE.masked_fill(MARKS == 0, 27)
    other_target = TARGET.masked_fill(TARGET == 0, 27)
    given = model(other_source, other_target, MARKS)
    torch.testing.assert_close(given[TARGET != 0], expected[TARGET != 0], atol=1e-6, rtol=0)
    assert not torch.allclose(model(other_source, TARGET)[1, :2], expected[1, :2], atol=1e-3)     # unmasked, it would


def test_a_text_is_the_same_alone_and_in_a_batch(model):
    together = model(SOURCE, TARGET, MARKS)
    alone = model(SOURCE[1:2, :3], TARGET[1:2, :2])
    torch.testing.assert_close(alone[0], together[1, :2], atol=1e-5, rtol=0)


def test_every_word_of_the_source_is_seen_and_its_order_too(model):
    expected = model(SOURCE, TARGET, MARKS)[0, 0]
    for place in range(SOURCE.size(1)):
        changed = SOURCE.clone()
        changed[0, place] = 26
        assert (model(changed, TARGET, MARKS)[0, 0] - expected).abs().max() > 1e-3
    exchanged = SOURCE[:, [1, 0, 2, 3, 4, 5, 6]]
    assert (model(exchanged, TARGET, MARKS)[0, 0] - expected).abs().max() > 1e-3


def test_attention_maps_in_the_order_of_the_layers(model):
    with torch.no_grad(), record_attention(model) as maps:
        model(SOURCE, TARGET, MARKS)
    assert [tuple(each.shape) for each in maps] == [(3, 4, 7, 7)] * 3 + [(3, 4, 5, 5), (3, 4, 5, 7)] * 3
    assert (maps[3].triu(1) == 0).all() and (maps[4][1, :, :, 3:] == 0).all()


def test_dropout_only_in_training():
    model = hard(TransformerModel(replace(CONFIG, hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.3)))
    assert torch.equal(model(SOURCE, TARGET, MARKS), model(SOURCE, TARGET, MARKS))
    model.train()
    assert not torch.equal(model(SOURCE, TARGET, MARKS), model(SOURCE, TARGET, MARKS))


def test_it_starts_unsure():
    """Before training, the loss is that of a model that knows nothing, to within a nat."""
    torch.manual_seed(0)
    model = TransformerModel(replace(CONFIG, vocab_size=500, hidden_size=64)).eval()
    source, target = torch.randint(3, 500, (2, 16, 10))
    loss = F.cross_entropy(model(source, shift_right(target, START)).flatten(0, 1), target.flatten())
    assert abs(loss.item() - math.log(500)) < 1


# ── the parts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_positions_by_the_paper():
    positions = sinusoidal_positions(50, 24)
    assert positions.shape == (50, 24) and positions.dtype == torch.float32
    for place, column in product(range(50), range(24)):
        angle = place / 10000 ** (column // 2 * 2 / 24)
        assert abs(positions[place, column].item() - (math.cos if column % 2 else math.sin)(angle)) < 1e-5


def test_shift_right():
    assert shift_right(torch.tensor([[7, 8, 2, 0], [5, 6, 9, 2]]), 1).tolist() == [[1, 7, 8, 2], [1, 5, 6, 9]]
    target = torch.tensor([[7, 8]])
    shift_right(target, 1)
    assert target.tolist() == [[7, 8]]


def test_a_decoder_layer_without_masks_looks_everywhere():
    layer = hard(DecoderLayer(CONFIG))
    x, memory = torch.randn(1, 4, 24), torch.randn(1, 6, 24)
    everything = layer(x, memory, torch.ones(4, 4, dtype=torch.bool), torch.ones(1, 1, 1, 6, dtype=torch.bool))
    torch.testing.assert_close(layer(x, memory), everything)


def test_what_depends_on_what(model):
    x, memory = torch.randn(1, 5, 24), torch.randn(1, 6, 24)
    masks = {None: 4, causal_mask(5): 0, torch.ones(5, 5).tril(1).bool(): 3}     # how far ahead three layers see
    for mask, ahead in masks.items():
        found = depends_on(lambda x, mask=mask: model.decoder(x, memory, mask), x)
        assert torch.equal(found, torch.ones(5, 5).tril(ahead).bool())
    marks = padding_mask(MARKS[1:, :6])[:1]
    found = depends_on(lambda memory: model.decoder(x, memory, None, marks), memory)
    assert torch.equal(found, marks[0, 0].expand(5, 6))


# ── decoding, against brute force ────────────────────────────────────────────────────────────────────────────────────


class Table:
    """A toy model of 4 words (start, end, a, b): scores drawn at random for every text that can be written."""

    def __init__(self, seed, length=4):
        generator = torch.Generator().manual_seed(seed)
        texts = [text for n in range(length) for text in product(range(4), repeat=n)]
        self.scores = {text: torch.randn(4, generator=generator) * 2 for text in texts}

    def encode(self, source_ids, source_mask=None):
        return source_ids[..., None].float()

    def decode(self, target_ids, memory, source_mask=None):
        assert len(target_ids) == len(memory) == (len(memory) if source_mask is None else len(source_mask))
        return torch.stack([torch.stack([self.scores[tuple(row[1 : place + 1])] for place in range(len(row))])
                            for row in target_ids.tolist()])

    def score(self, text):
        return sum(self.scores[tuple(text[:place])].log_softmax(dim=-1)[word].item() for place, word in enumerate(text))


ONE, A_START, AN_END = torch.tensor([[3]]), 0, 1


def all_texts(length):
    """Every text over the 4 words that ends once, at its end, within the length."""
    return [(*words, AN_END) for n in range(length) for words in product((0, 2, 3), repeat=n)]


@pytest.mark.parametrize("seed", range(20))
def test_a_wide_beam_finds_the_likeliest_text(seed):
    model = Table(seed)
    best = max(all_texts(4), key=model.score)
    text, score = beam_decode(model, ONE, torch.ones_like(ONE), A_START, AN_END, 4, num_beams=4**4)
    assert tuple(text) == best
    assert abs(score - model.score(best)) < 1e-5


@pytest.mark.parametrize("seed", range(20))
def test_greedy_takes_the_likeliest_word_each_time(seed):
    model = Table(seed)
    text = []
    while len(text) < 4 and AN_END not in text:
        text.append(model.scores[tuple(text)].argmax().item())
    assert greedy_decode(model, ONE, None, A_START, AN_END, 4).tolist() == [text]


def test_the_probability_of_a_text_is_the_score_of_its_beam(model):
    text, score = beam_decode(model, SOURCE[1:2], MARKS[1:2], START, END, 6, num_beams=3)
    unused = min(set(range(30)) - set(text))
    target = torch.tensor([[*text, unused, unused], [unused] * (len(text) + 2)])     # padded, and empty
    found = sequence_log_prob(model, SOURCE[1:2].expand(2, -1), MARKS[1:2].expand(2, -1), target, START, unused)
    assert found.tolist() == pytest.approx([score, 0], abs=1e-4)


def test_a_beam_of_two_against_its_definition():
    """Step by step with lists: all ways to go on from the two best beginnings, of which the two best are kept."""
    better = 0
    for seed in range(40):
        model = Table(seed)
        beams, ended = [()], []
        for _ in range(4):
            grown = sorted((beam + (word,) for beam in beams for word in range(4)), key=model.score, reverse=True)[:2]
            ended += [text for text in grown if text[-1] == AN_END]
            beams = [text for text in grown if text[-1] != AN_END]
        expected = max(ended or beams, key=model.score)
        text, score = beam_decode(model, ONE, None, A_START, AN_END, 4, num_beams=2)
        assert tuple(text) == expected
        greedy = greedy_decode(model, ONE, None, A_START, AN_END, 4)[0].tolist()
        better += AN_END in greedy and score > model.score(greedy) + 1e-6
    assert better >= 3     # a beam is worth something on such texts


def reversals(number, generator):
    """Texts of 2 to 6 words, and the same backwards with an end token; both padded to 7."""
    source, target = torch.zeros(2, number, 7, dtype=torch.int64)
    for row, length in enumerate(torch.randint(2, 7, (number,), generator=generator).tolist()):
        words = torch.randint(3, 10, (length,), generator=generator)
        source[row, :length], target[row, :length], target[row, length] = words, words.flip(0), END
    return source, target


@pytest.fixture(scope="module")
def backwards():
    """A small model that has learned to write a text backwards."""
    torch.manual_seed(0)
    model = TransformerModel(replace(CONFIG, vocab_size=10, hidden_size=32, intermediate_size=64, num_hidden_layers=2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / 50, 1 - step / 600))
    generator = torch.Generator().manual_seed(0)
    for _ in range(600):
        source, target = reversals(64, generator)
        logits = model(source, shift_right(target, START), (source != 0).long())
        loss = F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def test_it_learns_to_write_backwards(backwards):
    source, target = reversals(200, torch.Generator().manual_seed(1))
    given = greedy_decode(backwards, source, (source != 0).long(), START, END, 7)
    right = (given.masked_fill(target == 0, 0) == target).all(dim=1).float().mean().item()
    assert right > 0.9
    assert not given.requires_grad


def test_decoding_a_batch_is_decoding_each_text(backwards):
    source, target = reversals(20, torch.Generator().manual_seed(2))
    together = greedy_decode(backwards, source, (source != 0).long(), START, END, 12).tolist()
    assert len({row.index(END) for row in together}) >= 4     # they end at different times
    for row, words in zip(together, source, strict=True):
        words = words[words != 0][None]
        alone = greedy_decode(backwards, words, None, START, END, 12)[0].tolist()
        assert row == alone + [END] * (len(row) - len(alone))
        for marks in (None, torch.ones_like(words)):
            text, score = beam_decode(backwards, words, marks, START, END, 12, num_beams=1)
            assert text == alone and score < 0


@pytest.mark.parametrize("max_length", [1, 3, 11])
def test_decoding_keeps_to_the_length(model, max_length):
    model.word_embeddings.weight.data[END] = 0     # never the likeliest
    assert greedy_decode(model, SOURCE, MARKS, START, END, max_length).shape == (3, max_length)
    assert len(beam_decode(model, SOURCE[:1], None, START, END, max_length, 2)[0]) <= max_length


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("source", "target", "marks", "error", "says"),
    [
        (SOURCE.float(), TARGET, None, TypeError, "source_ids is a tensor of torch.float32"),
        (SOURCE, TARGET + 5, None, ValueError, "target_ids holds the id 31"),
        (SOURCE - 1, TARGET, None, ValueError, "source_ids holds the id -1"),
        (SOURCE[0], TARGET, None, ValueError, r"source_ids has shape \(7,\)"),
        (SOURCE[:, :0], TARGET, None, ValueError, "source_ids has shape"),
        (SOURCE.repeat(1, 2), TARGET, None, ValueError, "source_ids is 14 tokens long, and this model knows 12"),
        (SOURCE, TARGET.repeat(1, 3), None, ValueError, "target_ids is 15 tokens long"),
        (SOURCE, TARGET[:2], None, ValueError, "memory holds 3 texts and target_ids 2"),
        (SOURCE, TARGET, MARKS.float(), TypeError, "attention_mask is a tensor of torch.float32"),
        (SOURCE, TARGET, MARKS[:, :4], ValueError, r"attention_mask has shape \(3, 4\)"),
        (SOURCE, TARGET, MARKS * 0, ValueError, "no token to attend to"),
        (SOURCE, TARGET, MARKS * 2, ValueError, "other than 0 and 1"),
    ],
)
def test_bad_inputs(model, source, target, marks, error, says):
    with pytest.raises(error, match=says):
        model(source, target, marks)


def test_positions_come_in_pairs():
    with pytest.raises(ValueError, match="hidden_size is 15: sines and cosines come in pairs"):
        sinusoidal_positions(4, 15)
