"""Mistakes that no edit sets right by itself: a change of the course's version answers so, or an edit and something else does."""

import ast
import math
import textwrap
from dataclasses import replace

import pytest
import torch
from torch import nn

from bert_parts import AddAndNorm, MultiHeadAttention
from bert_parts.learn import EXERCISES, check
from bert_parts.learn.diagnosis import Here, as_known
from bert_parts.learn.edits import KINDS
from bert_parts.learn.exercise import Finding
from bert_parts.learn.judging import NO_GRADIENT, has_by_itself, judge
from bert_parts.learn.known import Mistaken, Outcomes, all_shown_here, apart_from, as_certain, as_which, contradicted, ways
from bert_parts.learn.mirror import SAYS, changed_versions, mirrored
from bert_parts.learn.nearness import Trial, fingerprint, near, total_of
from bert_parts.learn.patches import defined
from bert_parts.learn.repair import Clock, Near, Search, repair, unused
from bert_parts.learn.steadied import steadied
from tests.answers import UNSEEN, answers

pytestmark = pytest.mark.usefixtures("unhurried")

NAMES = {"torch": torch, "nn": nn, "math": math, "AddAndNorm": AddAndNorm, "MultiHeadAttention": MultiHeadAttention}


def made(text, name):
    return defined(textwrap.dedent(text).strip("\n"), name, NAMES)


ADD_AND_NORM = """
class AddAndNorm(nn.Module):
    def __init__(self, input_size, config):
        super().__init__()
        self.config, self.input_size = config, input_size
        self.dense = nn.Linear(input_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
"""
TWICE = ADD_AND_NORM + """
    def forward(self, x, residual):
        x = self.dense(x)
        return self.LayerNorm(x + residual + residual)
"""


def test_an_edit_and_a_known_mistake():
    """The dropout is missing, which shows in training only; and a residual too many, for which there is no name."""
    result = check(made(TWICE, "AddAndNorm"))
    assert result.mistake == "no dropout in training + extra" and result.line == 11
    assert "Two things at once" in result.message and "residual + residual" in result.message


@pytest.mark.parametrize(("title", "mistake"), [
    ("join_pair | changes the list", "input changed in place + ## left inside"),
    ("pad_batch | torch.Tensor is float", "segments padded with 1 + type"),     # the wrong value and the edit tell the same
    ("module_outputs | keeps the first text only", "first text only + hooks hung before the try"),
    ("AddAndNorm | no dropout, and no gradient", "no dropout in training + gradient cut off"),
])
def test_what_is_left_beside_a_known_mistake(title, mistake):
    answer = next(each for each in answers(folder=UNSEEN) if str(each).startswith(title))
    result = check(answer.define())
    assert result.mistake == mistake and result.message.startswith("Two things at once.")
    assert "The numbers are right" not in result.message


@pytest.mark.parametrize(("title", "mistake"), [
    ("MultiHeadAttention | two: split by a view without a transpose", "random in evaluation + split by reshape"),
    ("shift_right | two: starts two places late", "type + number"),     # how the numbers differ, in the dtype that is expected
    ("best_pair | the first piece's count squared", "one count twice + order of the second pieces"),
    ("sinusoidal_positions | two: counted from 1", "positions from 1 + axis"),     # what the second edit leaves is known
    ("pad_batch | the mask is 1 in the padding", "mask exchanged + name"),     # and not a value without a name
])
def test_both_of_two_are_told(title, mistake):
    result = check(next(each for each in answers(right=False) if str(each).startswith(title)).define())
    assert result.mistake == mistake


DROPS_ALWAYS = ADD_AND_NORM + """
    def forward(self, x, residual):
        x = nn.functional.dropout(self.dense(x), self.dropout.p, True)
        return self.LayerNorm(x + 0 * residual)
"""
IN_PLACE = """
def layer_norm(x, weight, bias, eps):
    x -= x.mean(dim=-1, keepdim=True)
    spread = x.square().mean(dim=-1, keepdim=True)
    return x / (spread + eps).sqrt() * weight - bias
"""


def test_what_is_left_where_nothing_is_dropped():
    result = check(made(DROPS_ALWAYS, "AddAndNorm"))
    assert result.mistake == "random in evaluation + residual forgotten" and result.message.startswith("Two things at once.")


def test_of_two_edits_one_mends_what_is_found_and_the_other_is_told_beside_it():
    result = check(made(IN_PLACE, "layer_norm"))
    assert (result.mistake, result.line) == ("input changed in place + operator", 2) and "And in line 4" in result.message


def test_a_steady_part_drops_nothing_and_is_the_same_otherwise():
    def drops(x):
        return nn.functional.dropout(x, 0.5) + torch.dropout(x, 0.5, True) + nn.functional.scaled_dot_product_attention(
            x, x, x, None, 0.9) - nn.functional.scaled_dot_product_attention(x, x, x, dropout_p=0.9)

    class Drops(nn.Module):
        def forward(self, x, more=0):
            return nn.Dropout(0.5)(input=x) + more

    x = torch.randn(2, 3, 4)
    assert torch.allclose(steadied(drops)(x), 2 * x, atol=1e-5) and not torch.allclose(drops(x), 2 * x, atol=1e-5)
    assert torch.equal(steadied(Drops)()(x, more=1), x + 1) and steadied(Drops).__name__ == "Drops"


DETACHED = """
def layer_norm(x, weight, bias, eps):
    mean = x.mean(dim=-1, keepdim=True)
    spread = (x - mean).square().mean(dim=-1, keepdim=True)
    return (x - mean) / (spread + eps).sqrt() * weight.detach() - bias
"""


def test_an_edit_that_sets_all_answers_right_and_what_is_wrong_beside_them():
    result = check(made(DETACHED, "layer_norm"))
    assert result.mistake == "operator + gradient cut off" and result.line == 4 and "weight" in result.message
    exercise = EXERCISES["layer_norm"]
    assert has_by_itself(exercise, made(DETACHED, "layer_norm"), NO_GRADIENT)
    assert not has_by_itself(exercise, made(DETACHED.replace(".detach()", ""), "layer_norm"), NO_GRADIENT)


def test_what_only_the_edit_would_bring_is_not_told():
    search = Search(ast.parse("def f(n):\n    return n * 3\n"), "f", {}, lambda f: 0.5, 2)
    search.one()
    edit, near = search.tried[0][0], Near(0.9)
    near.left = "a fault"
    search.tried[0] = edit, near
    assert search.one_and_left(lambda left: False) is None
    assert search.one_and_left(lambda left: left == "a fault") == (edit, "a fault")


def test_an_edit_that_does_not_help_but_leaves_a_known_mistake():
    search = Search(ast.parse("def f(n):\n    return n * 3\n"), "f", {}, lambda f: 0.5, 2)
    search.one()
    edit, near = next((edit, Near(0.5)) for edit, _ in search.tried if edit.rule == "* → +")
    near.like = next(way for way in ways(EXERCISES["layer_norm"]))
    search.tried = [(edit, near)]
    assert search.others_and_known(lambda way: True) == [(edit, near.like)] and search.others_and_known(lambda way: False) == []
    assert search.alone(edit) is near


def test_what_is_left_behind_an_error_has_the_name_of_the_known_mistake_that_it_is():
    """The scores are too small as well, which only the edit that mends the bias brings to light."""
    answer = next(each for each in answers("08", folder=UNSEEN) if str(each).startswith("MaskedLMHead | double: one bias"))
    result = check(answer.define())
    assert result.mistake == "one bias for all words + divided by √D" and "self.bias = nn.Parameter" in result.message


@pytest.mark.parametrize(("title", "mistake"), [
    ("BertAttention | the mask the other way round", "mask inverted"),
    ("best_pair | logarithms", None),     # it is right where one that takes the end of the alphabet is wrong
    ("depends_on | all words but one are moved", None),     # in five cases of fifteen only as if all were
    ("depends_on | the gradient with respect to the whole result", None),     # right where one that moves all is wrong
])
def test_a_value_without_a_name_has_that_of_the_known_mistake_that_shows_there(title, mistake):
    answer = next(each for each in answers(right=False) + answers(folder=UNSEEN) if str(each).startswith(title))
    exercise, thing = EXERCISES[answer.exercise], answer.define()
    refusal = judge(exercise, thing)
    outcomes, value = Outcomes(exercise, thing, {refusal.case: refusal.given}), Finding("Another value.", line=7)
    found = as_known(value, ways(exercise), outcomes, refusal)
    assert (found.mistake, found.line) == (mistake, 7) and ("if not everywhere" in found.message) == (mistake is not None)
    assert as_known(Finding("It has a name.", "axis"), ways(exercise), outcomes, refusal).message == "It has a name."


def test_a_value_without_a_name_has_that_of_a_change_with_which_the_right_version_answers_so():
    exercise = EXERCISES["attention_weights"]
    wrong = exercise.made((("math.sqrt(query.size(-1))", "query.size(-1)"),))
    refusal = judge(exercise, wrong)
    outcomes = Outcomes(exercise, wrong, {refusal.case: refusal.given})
    value = Finding("Another value.", line=5)
    found = [as_known(value, [], outcomes, refusal, sources) for sources in ((), (3, 4))]     # it may be on these lines as well
    assert [(each.mistake, each.line) for each in found] == [("scale", 5), ("scale", None)]


def test_rounding_is_no_gradient():
    """Cosines of each vector with itself are all 1, and what is left of their gradients is rounding."""
    text = """
        def cosine_by_distance(vectors):
            unit = vectors / vectors.norm(dim=-1, keepdim=True)
            return torch.stack([torch.einsum("td,td->t", unit[d:], unit[d:]).mean() for d in range(len(unit))])
    """
    assert check(made(text, "cosine_by_distance")).mistake == "each with itself"


def test_of_two_known_mistakes_the_second_is_told_only_if_no_other_would_do():
    exercise = EXERCISES["best_pair"]
    known = {way.mistake.name: way for way in ways(exercise)}
    one, other = known["brackets forgotten"], known["rarest of equals"]
    both = Outcomes(exercise, exercise.made(one.changes + other.changes))
    alike = replace(other, mistake=replace(other.mistake, name="its like"))
    found, certain = as_certain(one, other, [one, other, alike], both, list(exercise.cases))
    assert (found.mistake, certain) == ("brackets forgotten", False) and "it may be this: Of pairs" in found.message
    found, certain = as_certain(one, other, [one, other], both, list(exercise.cases))
    assert (found.mistake, certain) == ("brackets forgotten + rarest of equals", True)
    twin = replace(one, mistake=replace(one.mistake, name="another like"))
    assert as_certain(one, other, [twin, alike], both, list(exercise.cases)) == (None, False)


SPLIT = """
def attention_weights(query, key, mask=None):
    scores = query @ key.transpose(-2, -1) / {0}
    if mask is not None:
        scores = scores.masked_fill(~mask, {1})
    return scores.softmax(dim=-1)
"""


def test_a_mistake_that_shows_first_alone_and_an_edit_that_leaves_it():
    """What is hidden shows only with a mask, and the scale shows before: as near as it was, the edit leaves nothing but that."""
    exercise = EXERCISES["attention_weights"]
    thing = made(SPLIT.format("query.size(-1)", "-1.0"), "attention_weights")
    refusal = judge(exercise, thing)
    outcomes = Outcomes(exercise, thing, {refusal.case: refusal.given})
    here = Here(outcomes, all_shown_here(ways(exercise), outcomes, refusal))
    assert {way.mistake.name for way, _ in here.ways} == {"scaled by d"}
    assert here.which(made(SPLIT.format("query.size(-1)", "-math.inf"), "attention_weights")).mistake.name == "scaled by d"
    assert here.which(thing) is None and here.which(exercise.reference) is None


def test_a_known_mistake_and_a_change_of_the_version_that_makes_it():
    exercise = EXERCISES["attention_weights"]
    way = next(way for way in ways(exercise) if way.mistake.name == "scaled by d")
    wrong, case = Mistaken.of(way), exercise.cases[0]
    thing = made("""
        def attention_weights(query, key, mask=None):
            scores = torch.einsum("bhtd,bhsd->bhts", query, key) / query.size(-1)
            scores = scores if mask is None else scores.masked_fill(~mask, -math.inf)
            return torch.stack([column.softmax(-1) for column in scores.unbind(-1)], dim=-1)
    """, "attention_weights")
    assert wrong.name == exercise.name and "query.size(-1)" in wrong.source and "sqrt" not in wrong.source
    assert mirrored(wrong, case, Outcomes(exercise, thing), seconds=5) == "axis"
    assert mirrored(wrong, case, Outcomes(exercise, way.outcomes.thing), seconds=5) is None


def test_of_a_word_the_other_cases_say_how_near_it_is():
    exercise = EXERCISES["best_pair"]
    trial, way = Trial(exercise), next(way for way in ways(exercise) if way.mistake.name == "rarest of equals")
    product = "piece_counts[first] * piece_counts[second]"
    both = exercise.made(way.changes + ((f"({product})", product),))
    before = trial(both)
    assert before == trial(both) < trial(exercise.made(way.changes)) < 1


def test_the_known_mistake_of_a_candidate_agrees_in_every_case():
    exercise = EXERCISES["attention_weights"]
    known = ways(exercise)
    for way in known[:8]:
        candidate, trial = exercise.made(way.changes), Trial(exercise)
        assert trial(candidate) < 1
        failed_at = trial.failed_at
        found = as_which(known, exercise, candidate, failed_at.case, failed_at.given)
        if failed_at.given is not None:
            assert found.mistake.name == way.mistake.name
    assert as_which(known, exercise, candidate, exercise.cases[0], None) is None


def test_a_change_of_the_right_version():
    """Softmax over the wrong dimension in a way that no small edit turns right; the list of known mistakes is not asked."""
    exercise = EXERCISES["attention_weights"]
    wrong = made("""
        def attention_weights(query, key, mask=None):
            scores = (query.unsqueeze(-2) * key.unsqueeze(-3)).sum(-1) / math.sqrt(query.size(-1))
            if mask is not None:
                scores = scores.masked_fill(~mask, -math.inf)
            return torch.stack([column.softmax(-1) for column in scores.unbind(-1)], dim=-1)
    """, "attention_weights")
    case = exercise.cases[0]
    assert len(list(changed_versions(exercise, case, Clock(5)))) > 30
    assert mirrored(exercise, case, Outcomes(exercise, wrong), seconds=5) == "axis"
    assert mirrored(exercise, case, Outcomes(exercise, exercise.reference), seconds=5) is None


def test_what_is_taken_out_of_a_right_version_is_missing():
    exercise = EXERCISES["attention_weights"]
    wrong = made("""
        def attention_weights(query, key, mask=None):
            scores = (query.unsqueeze(-2) * key.unsqueeze(-3)).sum(-1) / math.sqrt(query.size(-1))
            return scores.softmax(dim=-1)
    """, "attention_weights")
    masked = next(case for case in exercise.cases if case.arguments()[2:] and case.arguments()[2] is not None)
    assert mirrored(exercise, masked, Outcomes(exercise, wrong), seconds=5) == "missing"


@pytest.mark.parametrize(("title", "mistake", "apart"), [
    ("BertLayer | no mask, and what came into the layer is added once more", "mask ignored", True),     # without a mask it is alone
    ("count_parameters | brackets forgotten around the rows, and both biases", "the same map twice", True),     # of each a number
    ("nearest_words | distances for cosines, and lists for pairs", "distance", True),     # the very distances
    ("BertPooler | dense is a Sequential, so that its weights", "no tanh", False),        # an edit brings it
    ("nearest_words | a dict from token to cosine", "no cosines", False),
    ("BertEncoder | two layers are run, and they are one", "every layer reads the input", False),
])
def test_whether_a_known_mistake_shows_apart_from_something_else(title, mistake, apart):
    answer = next(each for each in answers(right=False) + answers(folder=UNSEEN) if str(each).startswith(title))
    exercise = EXERCISES[answer.exercise]
    way = next(way for way in ways(exercise) if way.mistake.name == mistake)
    assert apart_from(way, Outcomes(exercise, answer.define())) is apart


def test_two_that_are_told_together_answer_so_together():
    """Each of two edits alone leaves a known mistake; but a version that makes both is not the learner's."""
    answer = next(each for each in answers("05", right=False) if "as in GPT-J" in each.says)
    exercise = EXERCISES["BertLayer"]
    two = [next(way for way in ways(exercise) if way.mistake.name == name) for name in (
        "attention forgotten", "feed-forward's input added twice")]
    made, gpt_j = (Outcomes(exercise, part) for part in (exercise.made(two[0].changes + two[1].changes), answer.define()))
    assert contradicted(two, gpt_j) and not contradicted(two, made)
    assert not contradicted([two[0], two[0]], gpt_j)     # they meet in one place: nothing is known


def test_each_kind_has_its_words():
    assert SAYS.keys() == KINDS


def test_an_edit_that_cuts_out_what_is_wrong_is_the_last_resort():
    text = "def f(n):\n    m = n * 3\n    k = m + m * 0 + 1\n    return k\n"
    tree = ast.parse(text)
    search = Search(tree, "f", {}, lambda f: (f(2), f(5)) == (4, 10), 2)
    cutting = [edit for edit in search.edits if search.cuts_out(edit)]
    assert cutting and unused(tree) == set()
    kept = Search(ast.parse("def f(n):\n    unused = 3\n    return n * 3\n"), "f", {}, lambda f: f(2) == 4, 2)
    assert kept.one()[0].line == 3 and not kept.cuts_out(*kept.one())


@pytest.mark.parametrize("change", [
    lambda model, ids, words: ids.add_(1), lambda model, ids, words: words.append("more"), lambda model, ids, words: model.train(),
    lambda model, ids, words: model(torch.ones(2)).sum().backward(), lambda model, ids, words: model.weight.requires_grad_(False),
    lambda model, ids, words: model.register_forward_hook(print), lambda model, ids, words: setattr(model, "seen", 1),
])
def test_what_was_changed_in_place_is_seen(change):
    given = torch.nn.Linear(2, 1).eval(), torch.arange(3), ["some", "words"]
    before = fingerprint(given)
    given[0](torch.ones(2)), given[1] + 1, sorted(given[2])
    assert fingerprint(given) == before and fingerprint((*given, object())) is None
    change(*given)
    assert fingerprint(given) != before


def test_totals_tell_answers_apart_quickly():
    for one in (torch.ones(2), [torch.ones(2), 3], {"a": "b", "c": 2.5}, "text", 3, ("x", 1.0), None):
        assert near(total_of(one), total_of(one))
    assert not near(total_of("text"), total_of("texts"))
    assert not near(total_of(["a", "b"]), total_of(["b", "a"]))
    assert near(float("nan"), float("nan")) and not near(float("nan"), 1.0)
    assert total_of(torch.ones(3).to_sparse()) == 0
    holds_itself = [1, 2]
    holds_itself.append(holds_itself)
    assert total_of(holds_itself) > 0


def test_a_plain_number_says_how_near_too():
    search = Search(ast.parse("def f(n):\n    return n * 3\n"), "f", {}, lambda f: f(2) / 8, 2)
    search.one()
    assert isinstance(search.before, Near) and search.before == 0.75 and search.before.like is None


@pytest.mark.parametrize("text", ["def f(n):\n    return n * 2\n", "def f(n:\n"])
def test_what_is_right_or_cannot_be_read_is_not_repaired(text):
    assert repair(text, "f", {}, lambda f: f(2) == 4, 1) is None
