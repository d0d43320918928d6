"""Questions of one's own, from CSV, JSONL, or the nested JSON of SQuAD. What is wrong is said, with its place in the file."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bert_parts.datasets import SpanQuestion
from bert_parts.files import quoted, shortened
from bert_parts.spans import answer_places
from bert_parts.tasks.rows import decoded, field_of, read_fields

WHOLE = re.compile(r"(-?\d{1,9})(?:\.0+)?")     # spreadsheets write 19.0 for 19


class Questions(list):
    """SpanQuestions; of `unsure` of them the first answer stands in the passage more than once, and no place was given."""

    unsure: int = 0


class _Asked(NamedTuple):
    """A question as it stands in a file: its right answers, each with the place that is given for it, or None."""

    where: str
    text: str
    passage: str
    answers: Sequence[tuple[str, int | None]]


def questions_in(path: Path) -> Questions:
    """The questions of a file.

    In .csv and .jsonl each row has the columns "question", "passage" and "answer", and may have "answer_start": the character of
    the passage with which the answer begins, counted from 0. In .jsonl the last two may be lists, of several right answers. In
    .json stands SQuAD's own form, version 1 or 2: data → paragraphs → qas → answers (Rajpurkar et al. 2016, 2018).

    The first answer is the one that is learned. Without a given place it is where it first stands as whole words.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a file that cannot be read, an answer that is not at its place or in its passage, or no answer at all. The
            message names the file, and in it the line, or the article, the paragraph and the question.
    """
    found, where = Questions(), path.name
    for where, text, passage, answers in (_squad if path.suffix.lower() == ".json" else _table)(path):
        placed = [_place_of(answer, start, passage, where) for answer, start in answers]
        answer, start, unsure = placed[0] if placed else ("", -1, False)
        others = tuple(dict.fromkeys(other for other, *_ in placed if other != answer))
        found.append(SpanQuestion(path.stem, text, passage, answer, start, others))
        found.unsure += unsure
    if not any(question.answer for question in found):
        raise ValueError(f"{where}: up to here no question has an answer: at least one is needed.")
    return found


def _place_of(answer: str, start: int | None, passage: str, where: str) -> tuple[str, int, bool]:
    """The answer without spaces around it, where it begins, and whether it could begin elsewhere as well."""
    bare = answer.strip()
    places = answer_places(bare, passage)
    if start is not None:
        if start < 0 or not passage.startswith(answer, start):
            there = passage[start : start + len(answer)] if start >= 0 else ""
            right = f"it begins with character {places[0]}, counted from 0" if places else "it does not stand there as whole words"
            raise ValueError(f"{where}: 'answer_start' is {start}, and there the passage has {quoted(there)} in place of the "
                             f"answer {quoted(answer)}: {right}.")
        return bare, start + len(answer) - len(answer.lstrip()), False
    if not places and bare in passage:
        raise ValueError(f"{where}: the answer {quoted(bare)} stands in the passage only inside of other words or numbers: copy "
                         f"whole words from there, or give its place as 'answer_start'.")
    if not places:
        raise ValueError(f"{where}: the answer {quoted(bare)} does not stand in the passage: copy it from there, or leave it "
                         f"empty if there is none.")
    return bare, places[0], len(places) > 1


def _table(path: Path) -> Iterator[_Asked]:
    for line, fields in read_fields(path):
        where = f"{path.name}, line {line}"
        text, passage = (field_of(fields, name, where, False) for name in ("question", "passage"))
        answers, starts = fields.get("answer"), fields.get("answer_start")
        if not isinstance(answers, list):
            answers, starts = [field_of(fields, "answer", where, True)], [starts]
        elif starts is None:
            starts = [None] * len(answers)
        if not isinstance(starts, list) or len(starts) != len(answers):
            raise ValueError(f"{where}: 'answer' is a list of {len(answers)}: let 'answer_start' be a list of as many, or leave it "
                             f"out.")
        yield _Asked(where, text, passage, _checked(zip(answers, starts, strict=True), where))


def _checked(answers: Sequence[tuple], where: str) -> list[tuple[str, int | None]]:
    """Answers and places as they were written → as texts and numbers; none at all for a single one that is empty."""
    answers = [(field_of({"answer": answer}, "answer", where, True), _number(start, where)) for answer, start in answers]
    if len(answers) == 1 and not answers[0][0].strip() and answers[0][1] in (None, -1):
        return []
    if not all(answer.strip() for answer, _ in answers):
        raise ValueError(f"{where}: an answer is empty that has a place, or others beside it: fill it in, or leave both out.")
    return answers


def _number(start: object, where: str) -> int | None:
    if start is None or isinstance(start, str) and not start.strip():
        return None
    whole = WHOLE.fullmatch(start.strip() if isinstance(start, str) else json.dumps(start))
    if not whole:
        raise ValueError(f"{where}: 'answer_start' holds {shortened(json.dumps(start))}, where a whole number is expected: "
                         f"the character with which the answer begins, counted from 0.")
    return int(whole[1])


def _squad(path: Path) -> Iterator[_Asked]:
    try:
        content = json.loads(decoded(path))
    except (ValueError, RecursionError) as error:
        if not isinstance(error, (json.JSONDecodeError, RecursionError)):
            raise
        raise ValueError(f"{path.name}, line {getattr(error, 'lineno', 1)}: this is not JSON ({error}): if there is an object on "
                         f"each line, call the file .jsonl.") from error
    for a, article in enumerate(_listed(content, "data", path.name), 1):
        for b, paragraph in enumerate(_listed(article, "paragraphs", f"{path.name}, article {a}"), 1):
            where = f"{path.name}, article {a}, paragraph {b}"
            for c, asked in enumerate(_listed(paragraph, "qas", where), 1):
                yield _squad_question(asked, field_of(paragraph, "context", where, False), f"{where}, question {c}")


def _squad_question(asked: object, passage: str, where: str) -> _Asked:
    answers = _listed(asked, "answers", where)
    impossible = asked.get("is_impossible")
    if impossible not in (None, True, False) or impossible is not None and impossible == bool(answers):
        raise ValueError(f"{where}: 'is_impossible' is {shortened(json.dumps(impossible))}, and there are {len(answers)} "
                         f"answers: it is true where there are none, false where there are some.")
    for answer in answers:
        if not isinstance(answer, dict) or not {"text", "answer_start"} <= answer.keys():
            raise ValueError(f"{where}: an answer is expected to be an object with 'text' and 'answer_start'.")
    given = _checked([(answer["text"], answer["answer_start"]) for answer in answers], where)
    return _Asked(where, field_of(asked, "question", where, False), passage, given)


def _listed(fields: object, name: str, where: str) -> list:
    if not isinstance(fields, dict) or not isinstance(fields.get(name), list):
        raise ValueError(f"{where}: an object with a list {quoted(name)} is expected, as in SQuAD: data → paragraphs → qas → "
                         "answers.")
    return fields[name]
