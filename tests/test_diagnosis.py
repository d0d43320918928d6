"""What kind of thing is told of a mistake that is in no list, where several steps of the diagnosis speak."""

import pytest
import torch

from bert_parts.learn import apart, check
from bert_parts.learn.diagnosis import kind_of_error, kind_of_value
from bert_parts.learn.judging import outcome_of
from bert_parts.learn.measures import Measure
from bert_parts.learn.needed import Needed
from tests.answers import Answer, answers

pytestmark = pytest.mark.usefixtures("unhurried")

needs_fork = pytest.mark.skipif(not apart.can_fork(), reason="edits are tried in a child process only")


def answer(title):
    return next(each for each in answers(right=False) if str(each) == title)


@pytest.mark.parametrize(("line", "kind"), [
    ("return torch.rand((2, 3), torch.Generator())", "argument"), ("return len(5)", "argument"),
    ("return torch.ones(2)()", None), ("return torch.ones(2) + None", None),
    ("a, b, c = torch.ones(2, 3).shape", "shape"), ("a, b, c = [1, 2]", None), ("return torch.ones(6).view(4, 2)", "shape"),
    ("return torch.tensor([[1, 2], [3]])", "shape"), ("return torch.ones(2).bool() - 1", "type"), ("return 1 / 0", None),
    ("return torch.ones(2) @ torch.arange(2)", "type"), ("return torch.ones(2) + torch.ones(3)", None),
])
def test_what_an_error_tells(line, kind):
    thing = Answer("f", "", f"import torch\n\ndef f():\n    {line}\n", False).define()
    assert kind_of_error(thing, outcome_of(thing, thing)) == kind


def test_an_error_that_is_on_no_line_and_what_is_no_error_tell_nothing():
    thing = Answer("f", "", "def f():\n    return 1\n", False).define()
    assert kind_of_error(thing, outcome_of(lambda: len(5), thing)) is None and kind_of_error(thing, torch.ones(2)) is None


@pytest.mark.parametrize(("kind", "work", "measured", "of_answer", "told"), [
    ("type", None, None, "scale", "type"), (None, "extra", "scale", None, "scale"), (None, "name", "missing", None, "name"),
    (None, None, "missing", None, "missing"), (None, None, None, "scale", "scale"), (None, None, None, None, None),
])
def test_which_of_what_is_known_of_a_value_is_told(kind, work, measured, of_answer, told):
    value = Needed(None, 1, 2, 3, kind=kind, work=work)
    assert kind_of_value(value, *(each and Measure(each, "") for each in (measured, of_answer))) == told


@needs_fork
@pytest.mark.parametrize("title", [
    "mean_pooling | counts the padding and divides by it",                      # the same function, with as many arguments
    "best_pair | a root over the denominator, as in a cosine",
    "rename_published | four letters are cut off, and the dot stays",
    "cosine_by_distance | the cosine of two means, not the mean of the cosines",     # first the mean, and no edit for it
    "hide_tokens | the generator is taken for a size",                          # an error, outside of the cases
    "BertPooler | the class nn.Tanh is kept, never made",
    "layer_bytes | the same token read once for query, key and value",
    "shift_right | the start token in the first text only",
])
def test_the_kind_that_is_told_is_true_of_the_code(title):
    tried = answer(title)
    result = check(tried.define())
    assert result.mistake in tried.kinds and tried.text.splitlines()[result.line - 1].strip() in tried.at


@needs_fork
@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize(("title", "says", "never"), [     # readers found each of these to say something untrue
    ("best_span | the loop stops at the first sum that is no better", "is the loop to end here", "condition"),
    ("greedy_decode | one text after another, each list as long as its own text", "rows of different", "A shape is changed"),
    ("split_heads | every head gets the first slice", "is that as it should be?", "never has"),
    ("cosine_by_distance | a corner of the square in place of its diagonal", "What goes into it is made in line", "look there"),
    ("Transform | normalises by hand with the sample's deviation", "on there are none", "Perhaps it is in"),
])
def test_what_only_may_be_so_is_not_told_as_if_it_were(title, says, never):
    message = check(answer(title).define()).message
    assert says in message and never not in message
