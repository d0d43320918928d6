"""What is wrong with an answer, in steps from sure to general: known mistakes, one or two at once, then what shows in general."""

import time

from bert_parts.learn.exercise import Exercise, Finding
from bert_parts.learn.judging import Refusal
from bert_parts.learn.known import Outcomes, known_mistake, shown_here, two_mistakes

SECONDS = 2.0     # for the whole answer


def diagnosed(exercise: Exercise, thing, refusal: Refusal) -> Finding:
    """The refusal of an answer, with the mistake's name and words where they are found."""
    if refusal.case is None:
        return refusal.finding
    began = time.monotonic()
    outcomes = Outcomes(exercise, thing, {refusal.case: refusal.given})
    return (
        known_mistake(exercise, outcomes, refusal)
        or two_mistakes(exercise, outcomes, refusal, until=began + SECONDS / 2)
        or shown_here(exercise, outcomes, refusal)
        or refusal.finding
    )
