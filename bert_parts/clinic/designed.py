"""Twelve patients that were made for the course: small slips that nearly everybody makes once."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.attention import MultiHeadAttention, join_heads, split_heads
from bert_parts.clinic import symptoms
from bert_parts.clinic.patient import Patient
from bert_parts.clinic.project import Examples
from bert_parts.config import BertConfig
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import AddAndNorm, BertEncoder, BertLayer
from bert_parts.masking import NOT_ASKED, choose_tokens, hide_tokens, may_be_chosen
from bert_parts.training import MAX_NORM


class AnnasEncoder(BertEncoder):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.layer[0](x, mask)
        for layer in self.layer[1:]:
            x = layer(x)
        return x


class BensAttention(MultiHeadAttention):
    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        context = x if context is None else context
        query, key, value = (split_heads(part, self.num_heads)
                             for part in (self.query(x), self.key(context), self.value(context)))
        scores = query @ key.mT
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        weights = F.dropout(scores.softmax(dim=-1), self.dropout, self.training)
        return join_heads(weights @ value)


class ClarasAttention(MultiHeadAttention):
    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        context = x if context is None else context
        query, key, value = (split_heads(part, self.num_heads)
                             for part in (self.query(x), self.key(context), self.value(context)))
        scores = query @ key.mT / math.sqrt(query.size(-1))
        if mask is not None:
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        weights = F.dropout(scores.softmax(dim=-2), self.dropout, self.training)
        return join_heads(weights @ value)


def davids_initialize(model: nn.Module):
    for module in model.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=model.config.initializer_range)
            nn.init.zeros_(module.bias)


class EmmasAddAndNorm(AddAndNorm):
    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(x)))


class FelixsAddAndNorm(AddAndNorm):
    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        return self.LayerNorm(residual + F.dropout(self.dense(x), self.config.hidden_dropout_prob))


class GretasEmbeddings(BertEmbeddings):
    def forward(self, input_ids: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        segments = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        positions = self.position_embeddings.weight.data[: input_ids.size(1)]
        total = self.word_embeddings(input_ids) + positions + self.token_type_embeddings(segments)
        return self.dropout(self.LayerNorm(total))


class HugosEncoder(BertEncoder):
    def __init__(self, config: BertConfig):
        nn.Module.__init__(self)
        self.config = config
        self.layer = [BertLayer(config) for _ in range(config.num_hidden_layers)]


def idas_train_step(model: nn.Module, optimizer: torch.optim.Optimizer, examples: Examples, loss) -> float:
    counts = [int((labels != NOT_ASKED).sum()) for _, labels in examples]
    total = 0.0
    for (batch, labels), count in zip(examples, counts, strict=True):
        share = loss(model, batch, labels) * count / max(1, sum(counts))
        share.backward()
        total += share.item()
    nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
    optimizer.step()
    return total


def jonas_hide(input_ids: Tensor, tokenizer, generator: torch.Generator, rate: float = 0.15) -> tuple[Tensor, Tensor]:
    chosen = choose_tokens(may_be_chosen(input_ids, tokenizer), rate, generator)
    return hide_tokens(input_ids, chosen, tokenizer.mask_id, len(tokenizer.tokens), generator), input_ids.clone()


def karls_rate(step: int, steps: int, peak: float, warmup: float) -> float:
    rising = max(1, int(warmup * steps))
    if step < rising:
        return peak * ((step + 1) // rising)
    return peak * (steps - step) / (steps - rising)


def lenas_loss(model: nn.Module, batch: dict[str, Tensor], labels: Tensor) -> Tensor:
    hidden, _ = model.bert(**batch)
    scores = model.score_words(hidden)
    return F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=NOT_ASKED)


DESIGNED = (
    Patient("Anna", "The same sentence gives slightly different vectors from one run to the next. It depends on what it is "
            "batched with. Surely rounding?", symptoms.beside_a_longer_text, "how far a vector moves beside a longer text",
            "BertEncoder", AnnasEncoder, "The mask is handed to the first layer only."),
    Patient("Ben", "Trains, but learns slowly, and in the pictures each head stares at one single token.",
            symptoms.largest_weight, "the share of the key that a query looks at most", "MultiHeadAttention", BensAttention,
            "Scores are not divided by √d."),
    Patient("Clara", "Some words seem to read more than there is, and others only half. Loss goes down all the same.",
            symptoms.sum_of_weights, "the least that a query gives to all keys together", "MultiHeadAttention", ClarasAttention,
            "Softmax runs over the queries, not the keys."),
    Patient("David", "The first loss that is printed is several times what a friend of mine gets.",
            symptoms.loss_at_the_start, "the loss before the first step", "initialize", davids_initialize,
            "Tables keep torch's own beginning, a standard deviation of 1; words are scored by that very table."),
    Patient("Emma", "After a few layers all words of a sentence look alike.", symptoms.alike,
            "the mean cosine of two tokens of a text", "AddAndNorm", EmmasAddAndNorm, "What came in is not added."),
    Patient("Felix", "I call model.eval(), and still each run gives me other fills for the same sentence.",
            symptoms.two_readings, "how far two readings of the same text lie apart", "AddAndNorm", FelixsAddAndNorm,
            "F.dropout drops in eval mode, too, unless it is told of the mode."),
    Patient("Greta", "It fills masks, but it hardly cares in which order the words stand. Longer training does not help.",
            symptoms.moved_positions, "how far a position's vector moves in three steps", "BertEmbeddings", GretasEmbeddings,
            "The positions are read as .data, through which no gradient flows."),
    Patient("Hugo", "The checkpoint is suspiciously small, and however many layers I add, it does not grow.",
            lambda project: float(sum(tensor.numel() for tensor in project.model().state_dict().values())),
            "how many numbers are saved", "BertEncoder", HugosEncoder,
            "The layers stand in a Python list, where torch does not find them: they are neither trained nor saved."),
    Patient("Ida", "Loss falls nicely for a while, then it swings, whatever the learning rate.", symptoms.step_without_a_question,
            "how far a weight moves in a step of which nothing is asked", "train_step", idas_train_step,
            "Gradients of old steps are never set to zero: each step adds to them."),
    Patient("Jonas", "Loss falls to nearly nothing, best I have ever seen! But it cannot fill a mask.", symptoms.share_asked,
            "the part of all tokens that is asked for", "hide", jonas_hide,
            "Every token is asked for, hidden or not: to copy what is shown is enough."),
    Patient("Karl", "In the first part of training nothing happens at all. Then it learns as it should.",
            symptoms.first_learning_rate, "the learning rate of the second step, as a part of the peak", "rate", karls_rate,
            "A whole-number division makes the rise 0 until its last step."),
    Patient("Lena", "After a day of training all weights are NaN. It happens only with small batches.",
            symptoms.loss_of_a_batch_without_questions, "the loss of a batch in which nothing is hidden", "loss", lenas_loss,
            "The mean over no tokens at all is 0 / 0."),
)
