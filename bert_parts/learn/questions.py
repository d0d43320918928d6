"""Questions to check oneself: every option answers for itself when it is opened."""

from dataclasses import dataclass

from bert_parts.learn.page import Note, box, inline


@dataclass(frozen=True)
class Option:
    """One answer to choose, whether it is right, and why."""

    text: str
    right: bool
    because: str


@dataclass(frozen=True)
class Question:
    """A question; exactly one of its options is right."""

    text: str
    options: tuple[Option, ...]


def page_of(questions: tuple[Question, ...]) -> Note:
    """The questions as HTML that needs no script, no mouse and no kernel, and as plain text."""
    html = "".join(question_html(number, question) for number, question in enumerate(questions, 1))
    text = "\n\n".join(question_text(number, question) for number, question in enumerate(questions, 1))
    return Note(text, html)


def question_html(number: int, question: Question) -> str:
    options = "".join(
        f'<details style="margin: 0.25em 0 0.25em 1em;"><summary style="cursor: pointer;">{inline(option.text)}</summary>'
        f"{box('right' if option.right else 'not yet', inline(verdict(option)), role='note')}</details>"
        for option in question.options
    )
    return (f'<section aria-label="Question {number}" style="margin: 0.8em 0;">'
            f"<p><strong>{number}. {inline(question.text)}</strong><br>"
            f"<small>Choose an answer to open it.</small></p>{options}</section>")


def verdict(option: Option) -> str:
    return f"{'✓ Yes.' if option.right else '✗ No.'} {option.because}"


def question_text(number: int, question: Question) -> str:
    options = "\n".join(f"   ({letter}) {option.text}" for letter, option in zip("abcdef", question.options, strict=False))
    return f"{number}. {question.text}\n{options}"
