"""The model of notebook 08, trained as there: waves, a nudge to the neighbours, vectors from counts, Muon, 30 % hidden."""

import torch
from torch import Tensor, nn

from bert_parts import BertConfig, BertForMaskedLM
from speedrun.clock import Clock
from speedrun.counts import evidence, log_frequencies, vectors_from
from speedrun.loop import Settings, learn
from speedrun.text import Text

BY = "bert_parts, 2026-11-29"
LENGTH, SIZE, HEADS = 32, 128, 4
SPEEDS = 50.0 ** -(torch.arange(SIZE // 2) / (SIZE // 2))     # of the waves, radians a token


def train(text: Text, clock: Clock, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    rows = text.rows(LENGTH)
    model = InPieces(begun(rows, len(text.tokenizer.tokens), text.tokenizer.mask_id, text.tokenizer.pad_id))
    learn(model, rows, text.tokenizer, clock, seed, Settings())
    return model


class InPieces(nn.Module):
    """Rows are read as the model has learned to read them: in pieces of 31 tokens, each after a [CLS]."""

    def __init__(self, bert: BertForMaskedLM):
        super().__init__()
        self.bert = bert

    def forward(self, ids: Tensor, asked: Tensor) -> Tensor:
        first, body, asked = ids[:, :1], ids[:, 1:], asked[:, 1:]                          # [CLS] is never asked for
        pieces = body.size(1) // (LENGTH - 1)
        ids = torch.cat([first.repeat_interleave(pieces, dim=0), body.reshape(-1, LENGTH - 1)], dim=1)
        hidden, _ = self.bert.bert(ids)
        return self.bert.score_words(hidden[:, 1:][asked.reshape(-1, LENGTH - 1)])


@torch.no_grad()
def begun(rows: Tensor, vocab_size: int, mask_id: int, pad_id: int) -> BertForMaskedLM:
    config = BertConfig(vocab_size=vocab_size, hidden_size=SIZE, num_hidden_layers=2, num_attention_heads=HEADS,
                        intermediate_size=2 * SIZE, max_position_embeddings=64, hidden_dropout_prob=0.0,
                        attention_probs_dropout_prob=0.0, initializer_range=0.05)
    model = BertForMaskedLM(config)
    model.cls["predictions"].bias.copy_(log_frequencies(rows, vocab_size))
    words = vectors_from(evidence(rows, vocab_size, 1, [mask_id])[0], SIZE, spread=0.05)
    model.bert.embeddings.word_embeddings.weight.copy_(words)
    model.bert.embeddings.word_embeddings.weight[pad_id] = 0
    angles = torch.arange(64)[:, None] * SPEEDS
    waves = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
    model.bert.embeddings.position_embeddings.weight.copy_(0.1 * waves)
    nudge(model.bert)
    return model


def nudge(bert: nn.Module, strength: float = 2.0):
    """Each head of the first layer begins by looking at a neighbour: the query is the waves of its place, turned by one token."""
    attention, size = bert.encoder.layer[0].attention.self, SIZE // HEADS
    bert.embeddings.word_embeddings.weight[:, :size] *= 0.1     # the words are quiet where the waves are looked at
    for head in range(HEADS):
        here, angles = slice(head * size, (head + 1) * size), (1 if head % 2 else -1) * SPEEDS[: size // 2]
        turns = [torch.tensor([[cosine, sine], [-sine, cosine]])
                 for cosine, sine in zip(angles.cos().tolist(), angles.sin().tolist(), strict=True)]
        attention.query.weight[here, :size] += strength * torch.block_diag(*turns)
        attention.key.weight[here, :size] += strength * torch.eye(size)
