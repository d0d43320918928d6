"""Fine-tune BERT to judge whether a passage answers a question, to put in a better order what the search has found.

    python -m bert_parts.tasks.reranking --output reranking                          (the course's yes/no questions)
    python -m bert_parts.tasks.reranking --data mine.csv --output mine --seeds 0 1 2

    python -m bert_parts.tasks.reranking predict mine/seed_0 --question "is rome far away" --data passages.csv

Your own data have the columns "question" and "passage", as .csv, .tsv or .jsonl: passages that answer their questions. All
passages of a file together are what is searched. A training that was stopped goes on where it was when the same command is given
again.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from tqdm import tqdm

from bert_parts.checkpoint import load_pretrained
from bert_parts.datasets import passages, yes_no_questions
from bert_parts.devices import CPU, device_of, moved
from bert_parts.heads import BertForSequenceClassification
from bert_parts.reading import most_tokens, read_in_batches
from bert_parts.search import sentence_vectors
from bert_parts.tasks.predict import Reader
from bert_parts.tasks.rows import read_rows
from bert_parts.tasks.run import Examples, Task, enough_to_part, main, under_new_head
from bert_parts.tokenizer import BertTokenizer
from bert_parts.training import History, batch_places, fit

LENGTH = 96                 # tokens of a question and a passage together, unless another number is given
LABELS = ["score"]
CANDIDATES, RIVALS = 10, 3     # passages that the search hands on; wrong ones beside the right one in training
BATCH = 4                   # questions
SHARPNESS = 20.0            # what a cosine is multiplied by before it is added to a score
EPOCHS, RATE = 1.0, 1e-4


class Pair(NamedTuple):
    """A question, and the passage that answers it."""

    question: str
    passage: str


class Found(NamedTuple):
    """What the search finds, of P passages, for N questions.

    Shapes:
        passages: P texts; right (N,): which of them answers each question, and its cosine, right_cosines (N,)
        places (N, K), cosines (N, K): the K passages with the largest cosines, the best first
    """

    passages: list[str]
    right: Tensor
    right_cosines: Tensor
    places: Tensor
    cosines: Tensor


def search(pairs: Sequence[Pair], others: Sequence[str] = (), device: torch.device = CPU) -> Found:
    """For each question those passages whose vectors are nearest to its own: the search of notebook 07.

    Args:
        others: passages that are searched beside those of the pairs.
        device: where the vectors are made.
    """
    model, tokenizer = load_pretrained()
    model.to(device)
    texts = sorted({pair.passage for pair in pairs} | set(others))
    number = {text: place for place, text in enumerate(texts)}
    right = torch.tensor([number[pair.passage] for pair in pairs])
    cosines = sentence_vectors(model, tokenizer, [pair.question for pair in pairs]) @ sentence_vectors(model, tokenizer, texts).T
    best, places = cosines.topk(min(CANDIDATES, len(texts)), dim=1)
    return Found(texts, right, cosines[torch.arange(len(pairs)), right], places, best)


def begin(seed: int, name: str = "all-MiniLM-L6-v2") -> tuple[BertForSequenceClassification, BertTokenizer]:
    """A pretrained encoder under a new head with one score."""
    return under_new_head(lambda config: BertForSequenceClassification(config, num_labels=1), seed, name, LABELS)


def group_of(found: Found, question: int, generator: Generator) -> tuple[list[int], list[float]]:
    """The right passage, and RIVALS others at random of those that the search found; and the cosines of them all."""
    wrong = (found.places[question] != found.right[question]).nonzero().flatten()
    rivals = wrong[torch.randperm(len(wrong), generator=generator)[:RIVALS]]
    places = [found.right[question].item(), *found.places[question, rivals].tolist()]
    return places, [found.right_cosines[question].item(), *found.cosines[question, rivals].tolist()]


def _scores_of(model: nn.Module, batch: tuple[dict[str, Tensor], Tensor]) -> Tensor:
    """How well each passage answers its question: what the model says, and what the search has said.

    Shapes:
        questions and passages as a batch of (B, T), and cosines (B,) → (B,)
    """
    inputs, cosines = batch
    return model(**inputs)[:, 0] + SHARPNESS * cosines


def fine_tune(
    model: nn.Module, tokenizer: BertTokenizer, pairs: Sequence[Pair], *, epochs: float = EPOCHS, seed: int = 0,
    learning_rate: float = RATE, folder: Path | None = None, depends_on: dict | None = None, precision: str = "float32",
    found: Found | None = None, length: int = LENGTH,
) -> History:
    """Train the model to find the right passage among those that the search took for right. The embeddings stay as they are.

    Args:
        found: what the search has found for these pairs, if that is known.
        length: how many tokens of a question and a passage are read together.
    """
    model.bert.embeddings.requires_grad_(False)
    found = found or search(pairs, device=device_of(model))
    steps = max(1, round(epochs * len(pairs) / BATCH))

    def batch_at(step: int) -> tuple[dict[str, Tensor], Tensor, list[int]]:
        generator = Generator().manual_seed(1_000_003 * seed + step)
        chosen = batch_places(step, len(pairs), BATCH, seed).tolist()
        groups = [group_of(found, place, generator) for place in chosen]
        questions = [pairs[place].question for place, (places, _) in zip(chosen, groups, strict=True) for _ in places]
        texts = [found.passages[place] for places, _ in groups for place in places]
        cosines = torch.tensor([cosine for _, group in groups for cosine in group])
        return tokenizer(questions, texts, max_length=length), cosines, [len(places) for places, _ in groups]

    def loss_of(model: nn.Module, batch: tuple[dict[str, Tensor], Tensor, list[int]]) -> Tensor:
        inputs, cosines, sizes = batch
        scores = _scores_of(model, (inputs, cosines)).split(sizes)
        return torch.stack([-group.log_softmax(dim=0)[0] for group in scores]).mean()     # the right one stands first

    torch.manual_seed(seed)
    return fit(model, batch_at, loss_of, steps=steps, learning_rate=learning_rate, folder=folder, depends_on=depends_on,
               precision=precision)


def rerank(
    model: nn.Module, tokenizer: BertTokenizer, pairs: Sequence[Pair], found: Found, length: int = LENGTH
) -> Tensor:
    """The passages that were found, in the order of their scores; the model is put into eval mode.

    Shapes:
        N pairs → places (N, K)
    """
    model.eval()
    ordered, device = torch.empty_like(found.places), device_of(model)
    for number, pair in enumerate(tqdm(pairs, desc="re-ranking", unit="question", delay=1, leave=False)):
        texts = [found.passages[place] for place in found.places[number].tolist()]
        batch = tokenizer([pair.question] * len(texts), texts, max_length=length), found.cosines[number]
        with torch.inference_mode():
            scores = moved(_scores_of(model, moved(batch, device)), CPU)
        ordered[number] = found.places[number][scores.argsort(descending=True, stable=True)]
    return ordered


def reciprocal_ranks(places: Tensor, right: Tensor) -> Tensor:
    """1 for a right passage in the first place, 1/2 in the second, …, 0 if it was not found. Their mean is the MRR.

    Shapes:
        places (N, K), right (N,) → (N,)
    """
    ranks = torch.arange(1, places.shape[1] + 1)
    return ((places == right[:, None]) / ranks).sum(dim=1)


# ---------------------------------------------------------------- for those who outgrow the notebook


def _question_pairs() -> list[Pair]:
    """The course's yes/no questions, each with its passage."""
    texts = [passage.text for passage in passages()]
    return [Pair(question.text, texts[question.passage]) for question in yes_no_questions()]


def examples_of(path: Path | None, held_out: Path | None) -> Examples:
    """What to learn from and what to measure on, from files or from the course's questions.

    Raises:
        ValueError: a bad row, told with its file and line; too little to learn from.
    """
    pairs = _question_pairs() if path is None else _pairs_in(path)
    texts = sorted({pair.passage for pair in pairs})
    if held_out:
        learned, measured = pairs, _pairs_in(held_out)
    else:
        enough_to_part(path, len(texts), "passages")
        kept_back = set(texts[::5])
        learned = [pair for pair in pairs if pair.passage not in kept_back]
        measured = [pair for pair in pairs if pair.passage in kept_back]
    return Examples(learned, measured, f"{len(learned):,} questions to learn from, {len(measured):,} held out", LABELS)


def _pairs_in(path: Path) -> list[Pair]:
    return [Pair(row["question"], row["passage"]) for row in read_rows(path, ["question", "passage"])]


def measure(model: nn.Module, tokenizer: BertTokenizer, pairs: Sequence[Pair]) -> dict[str, float]:
    """Mean reciprocal rank, and how often the right passage is first, before and after."""
    found = search(pairs, device=device_of(model))
    ordered = rerank(model, tokenizer, pairs, found, most_tokens(model, tokenizer))
    after, before = (reciprocal_ranks(places, found.right) for places in (ordered, found.places))
    return {"MRR": after.mean().item(), "recall@1": (after == 1).float().mean().item(),
            "MRR of the search": before.mean().item(), "recall@1 of the search": (before == 1).float().mean().item()}


def say(model: nn.Module, tokenizer: BertTokenizer, rows: Sequence[dict[str, str]]) -> list[dict]:
    """Which place each passage has among all that are given for the same question, 1 the best, and with which score."""
    questions, texts = ([row[name] for row in rows] for name in ("question", "passage"))
    encoder, its_tokenizer = load_pretrained()
    encoder.to(device_of(model))
    cosines = (sentence_vectors(encoder, its_tokenizer, questions) * sentence_vectors(encoder, its_tokenizer, texts)).sum(dim=1)
    length = most_tokens(model, tokenizer)

    def batch_of(places: list[int]) -> tuple[dict[str, Tensor], Tensor]:
        asked, answers = ([column[place] for place in places] for column in (questions, texts))
        return tokenizer(asked, answers, max_length=length), cosines[places]

    made, lengths = torch.empty(len(rows)), [len(tokenizer.ids(text)) for text in texts]
    for places, given in read_in_batches(model, batch_of, _scores_of, lengths, CANDIDATES):
        made[places] = given.float()     # of half the digits, within torch.autocast
    scores, of_question = made.tolist(), {}
    for question, score in zip(questions, scores, strict=True):
        of_question.setdefault(question, []).append(score)
    return [{"rank": 1 + sum(other > score for other in of_question[question]), "score": score, "cosine": cosine}
            for question, score, cosine in zip(questions, scores, cosines.tolist(), strict=True)]


READER = Reader("reranking", BertForSequenceClassification, say, ("question", "passage"), LABELS)
TASK = Task(
    name="reranking", reader=READER, about=__doc__.splitlines()[0],
    data='columns "question" and "passage" (default: the course\'s yes/no questions; a fifth of the passages is held out)',
    epochs=EPOCHS, learning_rate=RATE, batch=BATCH, texts_of=tuple, examples_of=examples_of,
    begin=lambda labels, seed, name: begin(seed, name), measure=measure,
    fine_tune=lambda model, tokenizer, pairs, **named: fine_tune(
        model, tokenizer, pairs, length=most_tokens(model, tokenizer), **named),
)

if __name__ == "__main__":
    sys.exit(main(TASK))
