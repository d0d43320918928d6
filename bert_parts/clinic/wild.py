"""Thirteen patients modelled on bugs that public projects really had.

Code and complaints are the course's own; what is taken from the trackers is what went wrong, and what is known of it there.
"""

import math
import unicodedata

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.attention import MultiHeadAttention, join_heads, split_heads
from bert_parts.clinic import symptoms
from bert_parts.clinic.patient import Patient
from bert_parts.clinic.project import Examples
from bert_parts.masking import NOT_ASKED, choose_tokens, hide_tokens
from bert_parts.training import MAX_NORM, batch_places


class MaxsAttention(MultiHeadAttention):
    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        context = x if context is None else context
        query, key, value = (split_heads(part, self.num_heads)
                             for part in (self.query(x), self.key(context), self.value(context)))
        scores = query @ key.mT / math.sqrt(query.size(-1))
        if mask is not None:
            scores = scores - 10_000.0 * mask
        weights = F.dropout(scores.softmax(dim=-1), self.dropout, self.training)
        return join_heads(weights @ value)


class NorasAttention(MultiHeadAttention):
    IGNORE = -10.0

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        context = x if context is None else context
        query, key, value = (split_heads(part, self.num_heads)
                             for part in (self.query(x), self.key(context), self.value(context)))
        scores = query @ key.mT / math.sqrt(query.size(-1))
        if mask is not None:
            scores = scores.masked_fill(~mask, self.IGNORE)
        weights = F.dropout(scores.softmax(dim=-1), self.dropout, self.training)
        return join_heads(weights @ value)


def ottos_hide(input_ids: Tensor, tokenizer, generator: torch.Generator, rate: float = 0.15) -> tuple[Tensor, Tensor]:
    special = (input_ids == tokenizer.cls_id) | (input_ids == tokenizer.sep_id)
    chosen = choose_tokens(~special, rate, generator)
    shown = hide_tokens(input_ids, chosen, tokenizer.mask_id, len(tokenizer.tokens), generator)
    return shown, torch.where(chosen, input_ids, NOT_ASKED)


def paulas_tag_loss(scores: Tensor, labels: Tensor) -> Tensor:
    labels = labels.masked_fill(labels == NOT_ASKED, 0)
    return F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=0)


class QuentinsNorm(nn.LayerNorm):
    def __init__(self, width: int, eps: float):
        super().__init__(width)


def rosas_pool(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    return hidden.mean(dim=1)


def simons_pad(rows: list[list[int]], pad_id: int) -> dict[str, Tensor]:
    length = max(map(len, rows))
    ids = [[pad_id] * (length - len(row)) + row for row in rows]
    marks = [[0] * (length - len(row)) + [1] * len(row) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(marks)}


def tildas_clean(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")


def ullas_restore(state: dict, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    decoder = state["model"]["bert.embeddings.word_embeddings.weight"].clone()
    model.score_words = lambda hidden: model.cls["predictions"](hidden, decoder)
    return state["step"]


def viktors_train_step(model: nn.Module, optimizer: torch.optim.Optimizer, examples: Examples, loss) -> float:
    optimizer.zero_grad()
    total = 0.0
    for batch, labels in examples:
        share = loss(model, batch, labels) / len(examples)
        share.backward()
        total += share.item()
    nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
    optimizer.step()
    return total


def wandas_order(step: int, began: int, count: int, batch_size: int) -> Tensor:
    per_epoch = math.ceil(count / batch_size)
    done = began // per_epoch
    return batch_places(step - done * per_epoch, count, batch_size)


def xavers_evaluate(model: nn.Module, examples: Examples, loss) -> float:
    model.eval()
    with torch.no_grad():
        counts = [int((labels != NOT_ASKED).sum()) for _, labels in examples]
        losses = [loss(model, batch, labels).item() * count for (batch, labels), count in zip(examples, counts, strict=True)]
    return sum(losses) / max(1, sum(counts))


def yaras_keep(model: nn.Module) -> dict[str, Tensor]:
    return model.state_dict()


WILD = (
    Patient("Max", "Classification with BERT is far below what others report. With one sentence at a time it is better.",
            symptoms.beside_a_longer_text, "how far a vector moves beside a longer text", "MultiHeadAttention", MaxsAttention,
            "The sign of the mask is wrong: tokens are hidden and padding is read.", "nyu-mll/jiant#465",
            "The pull request that mends it is titled “Critical bug: fix sign of BERT attention mask”."),
    Patient("Nora", "Fresh models pass all our tests. In a published model, whose scores are large, padding is looked at.",
            symptoms.after_a_long_training, "how far a vector moves beside a longer text, in a model with large weights",
            "MultiHeadAttention", NorasAttention, "What stands for “never” is a number that real scores fall below.",
            "TransformerLensOrg/TransformerLens#318",
            "There the number was -100,000, and a published model's scores on some tokens fell below even that."),
    Patient("Otto", "Loss on texts of unequal length is much lower than on equal ones.", symptoms.padding_asked,
            "tokens of padding that are asked for, in each batch", "hide", ottos_hide,
            "Padding may be hidden and asked for like a word: it is easy to guess.", "huggingface/transformers#11155",
            "Three lines were lost in a clean-up, and with them that padding is left out."),
    Patient("Paula", "The tagger never gives the first tag. Its loss is fine.", symptoms.paid_for_the_first_tag,
            "what is paid for two tokens, one of the first tag and tagged wrongly, one tagged rightly", "tag_loss", paulas_tag_loss,
            "Tokens without a tag are marked with 0, which is the number of a tag, too.", "nyu-mll/jiant#925",
            "It “has led to some wonky runs”, the report says: the loss left out a whole class."),
    Patient("Quentin", "Loaded the published weights, and my outputs are off by a very little. Close enough?",
            symptoms.tiny_vectors, "the size of vectors of about 0.001 after a LayerNorm", "LayerNorm", QuentinsNorm,
            "LayerNorm keeps torch's own epsilon, 1e-5, whatever the config says.", "keras-team/keras-hub#642",
            "The LayerNorm after the embeddings had BERT's 1e-12; those of all layers had 1e-5."),
    Patient("Rosa", "Search gives other neighbours when I change the size of the batch.", symptoms.beside_a_longer_text,
            "how far a vector moves beside a longer text", "pool", rosas_pool, "The mean is taken over padding, too.",
            "dbiir/UER-py#190", "Every vector of a text that was padded was a little of its own and a little of padding."),
    Patient("Simon", "In a batch, every text but the longest comes out wrong. No error.", symptoms.beside_a_longer_text,
            "how far a vector moves beside a longer text", "pad", simons_pad,
            "Padding stands on the left, and positions are counted from the left edge.", "ndif-team/nnsight#673",
            "Every prompt shorter than the longest was “silently” mispredicted, as the pull request says."),
    Patient("Tilda", "It answers “resume” where I asked about a résumé.", symptoms.apart,
            "how far the vectors of “resume” and “résumé” lie apart", "clean", tildas_clean,
            "Whoever asks for small letters loses the accents as well.", "huggingface/transformers#2742",
            "In Spanish hacia and hacía became one word. The uncased BERT was trained so (#35); for other models it is a loss."),
    Patient("Ulla", "Training loss goes down after the restart as before. The loss on held-out text does not.",
            symptoms.difference_after_a_stop, "how far the last loss lies from that of a training without a stop", "restore",
            ullas_restore, "After loading, words are scored by a copy of their table, which is no longer trained.",
            "facebookresearch/lingua#74",
            "There the two tables came apart while training on several devices, and were made one again for evaluation: the "
            "training loss fell, the validation loss did not. The copy after a restart is ours."),
    Patient("Viktor", "Two small batches ought to be as good as one large one. They are a little worse.",
            symptoms.one_batch_or_two, "how far the weights lie apart after one step", "train_step", viktors_train_step,
            "The mean of two means is not the mean of all: short texts count too much.", "huggingface/transformers#24725",
            "Reported in 2023. In October 2024 the mending began (#34191), and took several pull requests; torchtune mended the "
            "same (#1875)."),
    Patient("Wanda", "After a restart the loss on what was just read is strangely low.", symptoms.difference_after_a_stop,
            "how far the last loss lies from that of a training without a stop", "order", wandas_order,
            "The shuffling starts with that of the first epoch again.", "huggingface/transformers#8878",
            "The same library had it again in 2025, in another form (#40691)."),
    Patient("Xaver", "With an evaluation in the middle of each epoch we overfit much sooner.", symptoms.drops_after_a_look,
            "whether dropout still drops after an evaluation", "evaluate", xavers_evaluate,
            "The evaluation leaves the model in eval mode.", "fartashf/vsepp#4",
            "It made a noticeable difference; the mend became a flag, so that the published results could still be had."),
    Patient("Yara", "Early stopping says the best was at step 4. What it gives back is as bad as the end.",
            symptoms.kept_weights_move, "how far the weights that were kept move in the next step", "keep", yaras_keep,
            "The state of a model is no copy: training goes on in the weights that were kept.", "pytorch/tutorials#188",
            "It stood in one of PyTorch's own tutorials."),
)
