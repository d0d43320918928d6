"""A small BERT project: a model, and all that stands around one. Any part of it can be exchanged for another.

The sound project is made of the course's own parts. A patient is the same with one part exchanged for an ill one.
"""

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.attention import MultiHeadAttention
from bert_parts.config import BertConfig
from bert_parts.embeddings import BertEmbeddings
from bert_parts.encoder import AddAndNorm, BertEncoder, BertLayer
from bert_parts.heads import BertForMaskedLM
from bert_parts.masking import NOT_ASKED, mask_tokens, masked_lm_loss
from bert_parts.pooler import mean_pooling
from bert_parts.tokenizer import BertTokenizer
from bert_parts.training import MAX_NORM, batch_places, decay_groups, learning_rate_at

TEXTS = tuple("""
the old man reads a book
she sends her résumé
we resume the work
a glass of rosé and a plate of pâté
the rose is red
the small child reads the old book in the garden
he reads
the cat sees the dog and the dog sees the cat
a red rose for the old man
they work in the garden
she reads her book and he sends a rose
the dog resumes
the child sees a red cat
we send the old book and the red book
a cat and a dog
the man works and the child reads a book in the garden of the old man
they see her
he sees the glass
the old dog sees the small cat in the red garden
she resumes her work
a book for her
the small man sends a glass of rosé
we see the garden
the child works
""".strip().split("\n"))
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY = SPECIAL + sorted({word for text in TEXTS for word in text.split()}) + ["exposé", "expose", "pate"]
SIZES = BertConfig(vocab_size=len(VOCABULARY), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
                   intermediate_size=64, max_position_embeddings=24)
Examples = list[tuple[dict[str, Tensor], Tensor]]     # batches and their labels


# ── the parts that are no part of a model ────────────────────────────────────────────────────────────────────────────


def clean(text: str) -> str:
    """A text as it is looked up: in small letters."""
    return text.lower()


def pad(rows: list[list[int]], pad_id: int) -> dict[str, Tensor]:
    """Rows of ids → a batch: padding after each text, and marks that say what is text."""
    length = max(map(len, rows))
    ids = [row + [pad_id] * (length - len(row)) for row in rows]
    marks = [[1] * len(row) + [0] * (length - len(row)) for row in rows]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(marks)}


def initialize(model: nn.Module):
    """Small normal weights everywhere, and zero biases."""
    model.apply(model.bert.initialize)


def tag_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """The mean cross-entropy over the tokens that have a label: scores (B, T, K), labels (B, T) → a number."""
    return F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=NOT_ASKED)


def order(step: int, began: int, count: int, batch_size: int) -> Tensor:
    """Which texts a step reads. `began` is the step with which this run began: 0, or where it was taken up again."""
    return batch_places(step, count, batch_size)


def train_step(model: nn.Module, optimizer: torch.optim.Optimizer, examples: Examples, loss: Callable) -> float:
    """One step on several small batches, as if they were a single large one.

    Args:
        examples: batches and their labels; a label is the id to be guessed, or -100.
        loss: of (model, batch, labels): the mean over the tokens asked for, or 0 if none is.

    Returns:
        The mean loss over all tokens that are asked for in all of the batches.
    """
    optimizer.zero_grad()
    counts = [int((labels != NOT_ASKED).sum()) for _, labels in examples]
    total = 0.0
    for (batch, labels), count in zip(examples, counts, strict=True):
        share = loss(model, batch, labels) * count / max(1, sum(counts))
        share.backward()
        total += share.item()
    nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
    optimizer.step()
    return total


def save(model: nn.Module, optimizer: torch.optim.Optimizer, step: int) -> dict:
    """All that is needed to go on from here."""
    return copy.deepcopy({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step})


def restore(state: dict, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Put a saved state in place, and say which step comes next."""
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
    return state["step"]


def evaluate(model: nn.Module, examples: Examples, loss: Callable) -> float:
    """The mean loss over all tokens that are asked for, without dropout. The model is left as it was."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        counts = [int((labels != NOT_ASKED).sum()) for _, labels in examples]
        losses = [loss(model, batch, labels).item() * count for (batch, labels), count in zip(examples, counts, strict=True)]
    model.train(was_training)
    return sum(losses) / max(1, sum(counts))


def keep(model: nn.Module) -> dict[str, Tensor]:
    """The weights as they are now, to be taken up again later."""
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


SOUND_PARTS = {
    "clean": clean, "pad": pad, "BertEmbeddings": BertEmbeddings, "MultiHeadAttention": MultiHeadAttention,
    "AddAndNorm": AddAndNorm, "LayerNorm": nn.LayerNorm, "BertLayer": BertLayer, "BertEncoder": BertEncoder,
    "initialize": initialize, "hide": mask_tokens, "loss": masked_lm_loss, "tag_loss": tag_loss, "pool": mean_pooling,
    "order": order, "rate": learning_rate_at, "groups": decay_groups, "train_step": train_step, "save": save,
    "restore": restore, "evaluate": evaluate, "keep": keep,
}


def part_named(name: str, parts: Mapping[str, Callable] = SOUND_PARTS) -> Callable:
    """The part of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in parts:
        raise ValueError(f"A project has no part {name!r}: choose one of {', '.join(parts)}.")
    return parts[name]


# ── the project ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Training:
    """What came of a training.

    Attributes:
        losses: of each step; rates: the learning rate of each; looks: what each evaluation gave.
        read: for each step, the places of the texts that it read.
        model: as it is at the end, and as training left it.
        best: the weights that were kept at the best evaluation.
        state: what was saved at the end, to go on from.
    """

    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    read: list[list[int]] = field(default_factory=list)
    model: nn.Module | None = None
    best: dict | None = None
    state: dict | None = None


@dataclass(frozen=True)
class Project:
    """A BERT project, sound or ill. What it does is asked for by its methods; what does it are its parts.

    Attributes:
        config: the sizes of its model.
        parts: by name; see SOUND_PARTS.
        texts: what it is trained on.
        seed: what its weights begin with.
        peak, warmup: the highest learning rate, and the part of the steps in which it rises to that.
        batches: how many small batches of `batch_size` texts make a step.
        hiding: the part of the tokens that is hidden.
    """

    config: BertConfig = SIZES
    parts: Mapping[str, Callable] = field(default_factory=lambda: dict(SOUND_PARTS))
    texts: tuple[str, ...] = TEXTS
    seed: int = 0
    peak: float = 1e-2
    warmup: float = 0.25
    batches: int = 2
    batch_size: int = 4
    hiding: float = 0.15

    def with_part(self, name: str, part: Callable) -> "Project":
        """The same project with one part exchanged."""
        part_named(name, self.parts)
        return replace(self, parts=self.parts | {name: part})

    @cached_property
    def tokenizer(self) -> BertTokenizer:
        return BertTokenizer(VOCABULARY, lowercase=False)

    def model(self, hard: bool = False) -> nn.Module:
        """A fresh model for masked words, in eval mode; the same each time.

        Args:
            hard: large random weights, as they may be after a long training, in place of the small ones of the beginning.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            model = BertForMaskedLM(self.config)
            exchange(model, self.parts)
            torch.manual_seed(self.seed)     # whatever was drawn while parts were built
            self.parts["initialize"](model)
            if hard:
                for name, weight in model.named_parameters():
                    if weight.dim() == 2:
                        nn.init.normal_(weight, std=1.0 if "query" in name or "key" in name else 0.5)
        return model.eval()

    def read(self, texts: list[str]) -> dict[str, Tensor]:
        """Texts → a batch."""
        tokenizer, clean = self.tokenizer, self.parts["clean"]
        rows = [[tokenizer.cls_id, *tokenizer.ids(clean(text)), tokenizer.sep_id] for text in texts]
        return self.parts["pad"](rows, tokenizer.pad_id)

    def hide(self, batch: dict[str, Tensor], seed: int = 0) -> tuple[dict[str, Tensor], Tensor]:
        """A batch with some tokens hidden, and what they were: -100 where nothing is asked."""
        generator = torch.Generator().manual_seed(seed)
        ids, labels = self.parts["hide"](batch["input_ids"], self.tokenizer, generator, self.hiding)
        return batch | {"input_ids": ids}, labels

    def loss(self, model: nn.Module, batch: dict[str, Tensor], labels: Tensor) -> Tensor:
        return self.parts["loss"](model, batch, labels)

    def hidden(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """(B, T) → (B, T, D): the vector of each token."""
        return model.bert(**batch)[0]

    def vectors(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """(B, T) → (B, D): a vector for each text."""
        return self.parts["pool"](self.hidden(model, batch), batch["attention_mask"])

    def tag_loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        """The loss of a tagger: scores (B, T, K), labels (B, T), -100 where a token has none → a number."""
        return self.parts["tag_loss"](scores, labels)

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parts["groups"](model, 0.01), lr=self.peak, eps=1e-6, fused=True)

    def examples(self, step: int, began: int = 0) -> tuple[Examples, list[int]]:
        """What a step reads: its small batches with their labels; and the places of their texts."""
        size = self.batches * self.batch_size
        places = self.parts["order"](step, began, len(self.texts), size).tolist()
        heaps = [places[at : at + self.batch_size] for at in range(0, len(places), self.batch_size)]
        return [self.hide(self.read([self.texts[place] for place in heap]), seed=100 * step + number)
                for number, heap in enumerate(heaps)], places

    def step(self, model: nn.Module, optimizer: torch.optim.Optimizer, examples: Examples) -> float:
        return self.parts["train_step"](model, optimizer, examples, self.loss)

    def evaluate(self, model: nn.Module) -> float:
        """The loss on six texts, the same tokens hidden each time."""
        return self.parts["evaluate"](model, [self.hide(self.read(list(self.texts[:6])), seed=7)], self.loss)

    def train(self, steps: int, until: int | None = None, state: dict | None = None, look_every: int = 2) -> Training:
        """Train a fresh model for so many steps; stop before that at `until`; or go on from a saved state."""
        model, past = self.model(), Training()
        optimizer = self.optimizer(model)
        began = 0 if state is None else self.parts["restore"](state, model, optimizer)
        model.train()
        for step in range(began, until or steps):
            examples, places = self.examples(step, began)
            rate = self.parts["rate"](step, steps, self.peak, self.warmup)
            for group in optimizer.param_groups:
                group["lr"] = rate
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(step)     # of dropout: a step draws the same, whenever it comes
                past.losses.append(self.step(model, optimizer, examples))
            past.rates.append(rate)
            past.read.append(places)
            if (step + 1) % look_every == 0:
                past.looks.append(self.evaluate(model))
                if past.looks[-1] == min(past.looks):
                    past.best = self.parts["keep"](model)
        past.model, past.state = model, self.parts["save"](model, optimizer, until or steps)
        return past


def exchange(module: nn.Module, parts: Mapping[str, Callable]):
    """Wherever a module holds one of the course's parts, put the given part of that name, built like it."""
    for name, child in module.named_children():
        part = parts.get(type(child).__name__)
        if part is not None and type(child) is not part:
            child = part(*_built_with(child))
            setattr(module, name, child)
        exchange(child, parts)


def _built_with(module: nn.Module) -> tuple:
    if isinstance(module, nn.LayerNorm):
        return module.normalized_shape[0], module.eps
    return tuple(getattr(module, name) for name in inspect.signature(type(module)).parameters)


def sound(**changes) -> Project:
    """The sound project, with other sizes if some are given, such as hidden_size=48, or other attributes of a Project."""
    sizes = {name: changes.pop(name) for name in list(changes) if hasattr(SIZES, name)}
    return Project(config=replace(SIZES, **sizes), **changes)


def opened(project: Project, name: str) -> str:
    """The source of a project's part."""
    return inspect.getsource(part_named(name, project.parts))
