"""Fine-tune BERT to find the answer to a question in a passage, and measure it on passages that it has not seen.

    python -m bert_parts.tasks.question_answering --output answers                   (the course's questions)
    python -m bert_parts.tasks.question_answering --data mine.jsonl --output mine --seeds 0 1 2
    python -m bert_parts.tasks.question_answering predict mine/seed_0 --question "who came?" --text "Ada came, and nobody else."

Your own data have the columns "question", "passage" and "answer", as .csv, .tsv or .jsonl, or are SQuAD's own .json. An answer
stands in its passage word for word, and is empty if the passage has none; where it stands more than once, "answer_start" says
which is meant. A training that was stopped goes on where it was when the same command is given again.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from tqdm import tqdm

from bert_parts.datasets import SpanQuestion, span_questions
from bert_parts.heads import BertForQuestionAnswering
from bert_parts.reading import read_in_batches
from bert_parts.spans import Window, best_span, exact_match, span_labels, span_loss, token_f1, windows
from bert_parts.tasks.predict import Reader
from bert_parts.tasks.questions import questions_in
from bert_parts.tasks.run import Examples, Task, enough_to_part, main, under_new_head
from bert_parts.tokenizer import BertTokenizer, pad_batch
from bert_parts.training import History, fit, like_lengths

LENGTH, STRIDE = 112, 60     # tokens of a window, and how much further on the next one begins
BATCH = 8     # windows
LONGEST = 30     # tokens of an answer
EPOCHS, RATE = 2.0, 1e-4


class Row(NamedTuple):
    """A window, and with which of its tokens the answer begins and ends; 0 and 0, [CLS], if it is not in it."""

    window: Window
    first: int
    last: int


class Answer(NamedTuple):
    """passage[start : start + len(text)] == text; `score` says by how much it is above that of "no answer"."""

    text: str
    start: int
    score: float


def split(questions: Sequence[SpanQuestion], count: int, seed: int = 0) -> tuple[list[SpanQuestion], list[SpanQuestion]]:
    """The questions on so many passages, chosen at random, and all others: no passage is on both sides."""
    passages = sorted({question.passage for question in questions})
    order = torch.randperm(len(passages), generator=Generator().manual_seed(seed))
    chosen = {passages[place] for place in order[:count].tolist()}
    return [q for q in questions if q.passage in chosen], [q for q in questions if q.passage not in chosen]


def rows_of(question: SpanQuestion, tokenizer: BertTokenizer) -> list[Row]:
    """All windows on the question's passage, labelled."""
    end = question.start + len(question.answer)
    made = windows(question.text, question.passage, tokenizer, LENGTH, STRIDE)
    return [Row(window, *span_labels(window, question.start, end)) for window in made]


def chosen_rows(questions: Sequence[SpanQuestion], tokenizer: BertTokenizer, seed: int) -> list[Row]:
    """What is learned from in an epoch: of each question one window that holds its answer, or one that does not if none does.

    A long passage has many windows and hardly any holds the answer: with all of them, a model would learn to say nothing.
    One question in four gives a window without its answer as well.
    """
    generator, chosen = Generator().manual_seed(seed), []
    for question in tqdm(questions, desc="cutting", unit="question", delay=1, leave=False):
        rows = rows_of(question, tokenizer)
        holding, others = [row for row in rows if row.first], [row for row in rows if not row.first]
        draws = torch.rand(3, generator=generator).tolist()
        if holding:
            chosen.append(holding[int(draws[0] * len(holding))])
        if others and (not holding or draws[2] < 0.25):
            chosen.append(others[int(draws[1] * len(others))])
    return chosen


def begin(seed: int, name: str = "all-MiniLM-L6-v2") -> tuple[BertForQuestionAnswering, BertTokenizer]:
    """A pretrained encoder under a new head."""
    return under_new_head(BertForQuestionAnswering, seed, name)


def batch_of(rows: Sequence[Row], tokenizer: BertTokenizer) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """
    Shapes:
        B rows → a batch of (B, T), first tokens (B,), last tokens (B,)
    """
    batch = pad_batch([(row.window.ids, row.window.segments) for row in rows], tokenizer.pad_id)
    return batch, torch.tensor([row.first for row in rows]), torch.tensor([row.last for row in rows])


def fine_tune(
    model: nn.Module, tokenizer: BertTokenizer, questions: Sequence[SpanQuestion], *, epochs: float = EPOCHS, seed: int = 0,
    learning_rate: float = RATE, folder: Path | None = None, depends_on: dict | None = None, precision: str = "float32",
) -> History:
    """Train the layers and the head. The embeddings stay as they are: no word means anything else than before."""
    model.bert.embeddings.requires_grad_(False)
    rows = chosen_rows(questions, tokenizer, seed)
    batches = like_lengths([len(row.window.ids) for row in rows], BATCH, epochs, seed)

    def loss_of(model: nn.Module, batch: tuple[dict[str, Tensor], Tensor, Tensor]) -> Tensor:
        inputs, firsts, lasts = batch
        return span_loss(*model(**inputs), firsts, lasts, inputs["attention_mask"])

    torch.manual_seed(seed)
    return fit(model, lambda step: batch_of([rows[place] for place in batches[step]], tokenizer), loss_of,
               steps=len(batches), learning_rate=learning_rate, folder=folder, depends_on=depends_on, precision=precision)


def find_answers(
    model: nn.Module, tokenizer: BertTokenizer, questions: Sequence[SpanQuestion], batch_size: int = 32
) -> list[Answer]:
    """The likeliest answer to each question, of all windows on its passage; the model is put into eval mode.

    Only a question's text and passage are read. A window's answer is as good as its score is above that of "no answer" in the
    same window (Devlin et al. 2019, section 4.3). An empty passage has the empty answer, at 0.
    """
    model.eval()
    cut = [(place, window) for place, question in enumerate(questions)
           for window in windows(question.text, question.passage, tokenizer, LENGTH, STRIDE)]

    def padded(places: list[int]) -> dict[str, Tensor]:
        return pad_batch([(cut[place][1].ids, cut[place][1].segments) for place in places], tokenizer.pad_id)

    found, lengths = [Answer("", 0, -torch.inf) for _ in questions], [len(window.ids) for _, window in cut]
    for places, scores in read_in_batches(model, padded, lambda model, batch: model(**batch), lengths, batch_size):
        for place, start, end in zip(places, *scores, strict=True):
            question, window = cut[place]
            answer = _answer_in(window, questions[question].passage, start, end)
            found[question] = max(found[question], answer, key=lambda each: each.score)
    return found


def _answer_in(window: Window, passage: str, start: Tensor, end: Tensor) -> Answer:
    """The best answer that a window holds.

    Shapes:
        start, end: scores (T,), padding included
    """
    allowed = torch.tensor([place[0] >= 0 for place in window.places])
    if not allowed.any():
        return Answer("", 0, -torch.inf)
    length = len(window.places)
    first, last, score = best_span(start[:length], end[:length], allowed, LONGEST)
    begins, ends = window.places[first][0], window.places[last][1]
    return Answer(passage[begins:ends], begins, score)


def judged(found: Sequence[Answer], questions: Sequence[SpanQuestion], threshold: float = -torch.inf) -> tuple[Tensor, Tensor]:
    """Each answer against the right one: exact match, and F1. One whose score is below the threshold counts as "no answer".

    Where several are right, against the one that is most like it (Rajpurkar et al. 2016, section 6.1).

    Shapes:
        N answers → (N,), (N,): each 0 … 1
    """
    given = [answer.text if answer.score >= threshold else "" for answer in found]
    right = [(question.answer, *question.others) for question in questions]
    pairs = list(zip(given, right, strict=True))
    return (torch.tensor([float(any(exact_match(text, each) for each in texts)) for text, texts in pairs]),
            torch.tensor([max(token_f1(text, each) for each in texts) for text, texts in pairs]))


# ---------------------------------------------------------------- for those who outgrow the notebook


def examples_of(path: Path | None, held_out: Path | None) -> Examples:
    """What to learn from and what to measure on, from files or from the course's questions.

    Raises:
        ValueError: a bad row, told with its file and line; too little to learn from.
    """
    learned = span_questions() if path is None else questions_in(path)
    read = [learned]
    if held_out:
        measured = questions_in(held_out)
        read.append(measured)
    else:
        passages = len({question.passage for question in learned})
        enough_to_part(path, passages, "passages", least=5)
        measured, learned = split(learned, passages // 5)
    told = f"{len(learned):,} questions to learn from, {len(measured):,} held out"
    unsure = sum(getattr(questions, "unsure", 0) for questions in read)
    if unsure:
        told += (f"\n{unsure:,} of the answers stand in their passage more than once: the first place was taken, unless "
                 f"'answer_start' says which is meant")
    return Examples(learned, measured, told)


def measure(model: nn.Module, tokenizer: BertTokenizer, questions: Sequence[SpanQuestion]) -> dict[str, float]:
    """F1 and exact match, where there are such questions: of those that have an answer, to which the model must give one; and, if
    some have none, of all, to which it may say "no answer" where that has the higher score (Rajpurkar et al. 2018).
    """
    found = find_answers(model, tokenizer, questions)
    answered = torch.tensor([bool(question.answer) for question in questions])
    shares = {}
    if answered.any():
        exact, f1 = (each[answered].mean().item() for each in judged(found, questions))
        shares |= {"F1 of questions with an answer": f1, "exact match of questions with an answer": exact}
    if not answered.all():
        exact, f1 = (each.mean().item() for each in judged(found, questions, threshold=0))
        shares |= {"F1 of all questions": f1, "exact match of all questions": exact}
    return shares


def say(model: nn.Module, tokenizer: BertTokenizer, rows: Sequence[dict[str, str]]) -> list[dict]:
    """The likeliest answer to each question: passage[start:end]. It is `answered` if that has a higher score than "no answer"."""
    questions = [SpanQuestion("", row["question"], row["passage"], "", -1) for row in rows]
    return [{"answer": answer.text, "start": answer.start, "end": answer.start + len(answer.text), "answered": answer.score > 0,
             "score": answer.score if answer.text else None} for answer in find_answers(model, tokenizer, questions)]


READER = Reader("question_answering", BertForQuestionAnswering, say, ("question", "passage"), at_once=None)
TASK = Task(
    name="question_answering", reader=READER, about=__doc__.splitlines()[0],
    data='columns "question", "passage", "answer" and, if need be, "answer_start"; or SQuAD\'s own .json (default: the course\'s '
         'questions; a fifth of the passages is held out)',
    epochs=EPOCHS, learning_rate=RATE, batch=BATCH, texts_of=lambda question: (question.text, question.passage),
    examples_of=examples_of,
    begin=lambda labels, seed, name: begin(seed, name), fine_tune=fine_tune, measure=measure,
)

if __name__ == "__main__":
    sys.exit(main(TASK))
