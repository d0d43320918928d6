"""Which value of the learner's is wrong, where no small edit sets the code right."""

import ast
from collections import Counter

import pytest
import torch

from bert_parts.learn import apart, check
from bert_parts.learn.compare import copied, difference, unchanged
from bert_parts.learn.needed import Needed, inputs_of, kind_of_values, made_before, needed, with_values
from bert_parts.learn.registry import EXERCISES
from bert_parts.learn.sites import sites
from bert_parts.learn.source import surroundings_of
from bert_parts.spans import Window
from tests.answers import UNSEEN, Answer, answers

pytestmark = pytest.mark.usefixtures("unhurried")

DEVIATIONS = """
def layer_norm(x, weight, bias, eps):
    mean = x.mean(dim=-1, keepdim=True)
    spread = (x - mean).abs().mean(dim=-1, keepdim=True)
    return (x - mean) / (spread + eps) * weight + bias
"""
ALL_BUT_ONE = "\n" + next(answer.text for answer in answers("02") if str(answer) == "depends_on | all words but one are moved")
SORTED = """import torch
def pad_batch(rows, pad_id):
    rows = sorted(rows, key=lambda row: len(row[0]), reverse=True)
    T = len(rows[0][0])
    return {
        "input_ids": torch.tensor([ids + [pad_id] * (T - len(ids)) for ids, _ in rows]),
        "token_type_ids": torch.tensor([seg + [0] * (T - len(seg)) for _, seg in rows]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (T - len(ids)) for ids, _ in rows]),
    }
"""
SHORTEST = """
from bert_parts import shift_right

def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    logits = model(source_ids, shift_right(target_ids, start_id), source_mask)
    each = logits.log_softmax(dim=-1).gather(-1, target_ids[..., None])[..., 0]

    shortest = (target_ids != pad_id).sum(dim=1).min()
    return each[:, :shortest].sum(dim=-1)
"""
KEY_TWICE = """import torch
from torch import nn

def joint_projection(attention):

    q, k, v = attention.query, attention.key, attention.key
    lin = nn.Linear(q.in_features, 3 * q.out_features)
    lin.weight.data = torch.cat([q.weight.data, k.weight.data, v.weight.data])
    lin.bias.data = torch.cat([q.bias.data, k.bias.data, v.bias.data])
    return lin
"""
ONE_FOR_BOTH = """import torch
def span_loss(start, end, firsts, lasts, attention_mask):
    pad = attention_mask == 0
    length = start.shape[1]
    log_p = torch.cat([start, end], dim=1).masked_fill(torch.cat([pad, pad], dim=1), -torch.inf).log_softmax(dim=1)
    first = log_p.gather(1, firsts[:, None])
    last = log_p.gather(1, lasts[:, None] + length)
    return -(first + last).mean() / 2
"""
FIRST_HEAD = """
def split_heads(x, num_heads):
    d = x.shape[-1] // num_heads
    return x[..., None, :d].expand(-1, -1, num_heads, d).transpose(1, 2)
"""
LOWEST = """
import torch

def attention_weights(query, key, mask=None):
    scores = query @ key.mT / query.size(-1) ** 0.5
    if mask is not None:
        scores = torch.where(mask, scores, scores.min())
    return scores.softmax(dim=-1)
"""
RAISES = """
def padding_mask(attention_mask):
    return (attention_mask - 1 == 0)[:, None, None]
"""


SLICES = """
import torch

def split_heads(x, num_heads):
    width = x.shape[2] // num_heads
    out = torch.zeros(x.shape[0], num_heads, x.shape[1], width)
    for head in range(num_heads):
        out[:, head] = x[:, :, head : head + width]
    return out
"""


UNTRANSPOSED = """
import torch
from torch import nn

class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size, self.num_heads, self.dropout = hidden_size, num_heads, dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        context = x if context is None else context
        d = self.hidden_size // self.num_heads
        q = (x @ self.query.weight + self.query.bias).unflatten(2, (-1, d)).transpose(1, 2)
        k = (context @ self.key.weight + self.key.bias).unflatten(2, (-1, d)).transpose(1, 2)
        v = (context @ self.value.weight + self.value.bias).unflatten(2, (-1, d)).transpose(1, 2)
        p = self.dropout if self.training else 0.0
        return nn.functional.scaled_dot_product_attention(q, k, v, mask, p).transpose(1, 2).flatten(2)
"""


def unseen(says: str) -> str:
    return next(answer.text for answer in answers(folder=UNSEEN) if answer.says.startswith(says))


UNTURNED, SHIFTED = unseen("zip_longest gives columns"), unseen("padding is looked for in what the decoder")
LOGARITHMS, BACKWARDS = unseen("logarithms, with which equal"), unseen("squared lengths, and the farthest first")
LATE = unseen("stops only when all end at the same step")


def value_in(text: str) -> Needed | None:
    tree = ast.parse(text)
    name = tree.body[-1].name
    exercise = EXERCISES[name]
    for case in exercise.cases:
        thing = Answer(name, "", text, False).define()
        try:
            given, expected = (exercise.answer(part, case, case.arguments()) for part in (thing, exercise.reference))
        except RuntimeError:
            given, expected = torch.zeros(()), torch.ones(())
        if difference(given, expected, 1e-5):
            return needed(exercise, tree, surroundings_of(thing), case, 5)
    return None


def test_of_several_that_do_the_same_work_the_one_that_differs_is_told():
    text = next(answer.text for answer in answers("03", right=False) if "the last token of each row is masked" in answer.says)
    value = value_in(text)     # the ids are wrong as well, but not where the marks fail first
    assert ast.unparse(value.node) == "torch.tensor(attention_mask)" and value.others == ()


@pytest.mark.parametrize(("text", "expression", "line", "says"), [
    (DEVIATIONS, "spread + eps", 5, "At [0, 0, 0] it is `1.343`, and `1.572` would do."),
    (FIRST_HEAD, "x[..., None, :d]", 4, "Its shape is (2, 5, 1, 4), and (2, 5, 3, 4) would do."),
    (RAISES, "attention_mask - 1 == 0", 3, ""),
    (LOWEST, "scores.min()", 7, "Its shape is (), and (2, 3, 4, 6) would do."),     # the scores of line 5 are right
])
def test_the_first_value_that_sets_all_right(text, expression, line, says):
    found = value_in(text)
    assert (ast.unparse(found.node), found.line, found.given, found.says()) == (expression, line, None, says)


@pytest.mark.parametrize(("text", "expression", "line"), [
    (SLICES, "x[:, :, head:head + width]", 8),                                     # what is expected, taken apart
    (UNTURNED, "list(zip_longest(*lists, fillvalue=value))", 7),                   # three lists of the course's, one after another
    (SHIFTED, "given != pad_id", 14),                                              # the course asks `== pad_id`
    (LOGARITHMS, "log(n) - log(piece_counts[one]) - log(piece_counts[two])", 7),   # the course has it with a minus
    (BACKWARDS, "c.diagonal(d)", 7),                                               # it is `d` that is wrong, not `c` alone
    (LATE, "model.decode(text, memory, source_mask)[:, -1, :].argmax(dim=1, keepdim=True)", 9),     # before the loop goes on
])
def test_values_that_no_single_expression_of_the_course_has(text, expression, line):
    found = value_in(text)
    assert (ast.unparse(found.node), found.line, found.given) == (expression, line, None)


@pytest.mark.skipif(not apart.can_fork(), reason="edits are tried in a child process only")
def test_several_steps_that_need_other_values_are_all_told():
    result = check(Answer("MultiHeadAttention", "", UNTRANSPOSED.lstrip(), False).define())
    assert result.line == 15 and "should be another value, and so should what is made in line 16 and line 17;" in result.message


@pytest.mark.parametrize(("text", "line"), [
    (DEVIATIONS, 4),            # what the wrong sum is made of
    (SORTED, 3),                # rows in another order
    (SHORTEST, 8),              # the piece that is taken of what is right
    (KEY_TWICE, 6),             # one line makes all that goes in
    (ONE_FOR_BOTH, 5),          # of two values, the one that both are made of
])
def test_the_line_on_which_a_wrong_value_begins(text, line):
    assert value_in(text).begins == line


def test_a_piece_of_a_value_tells_less():
    assert value_in(SLICES).late and not value_in(UNTURNED).late


def test_where_the_step_is_right_its_one_variable_is_looked_at():
    found = value_in(ALL_BUT_ONE)
    assert (ast.unparse(found.node), found.given, found.line) == ("function(moved)", "moved", 10)


UNCUT = unseen("the segments of the texts before")
WHOLE_NUMBERS = """
import torch

def cosine_by_distance(vectors):
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    found = torch.full((len(vectors),), 0)
    for distance in range(len(vectors)):
        found[distance] = torch.stack([unit[i] @ unit[i + distance] for i in range(len(vectors) - distance)]).mean()
    return found
"""
ROOT = """
def mean_pooling(hidden, attention_mask):
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1).sqrt()
"""
UNMASKED = """
import torch

def head_contributions(attention, x, mask=None):
    heads = attention.self.num_heads
    found = attention.self(x).unflatten(-1, (heads, -1))
    return torch.einsum("bthd,ohd->bhto", found, attention.output.dense.weight.unflatten(1, (heads, -1)))
"""


def test_what_goes_into_an_expression_is_made_where_a_method_changes_it_too():
    tree = ast.parse("def f(a):\n  x = []\n  for y in a:\n    x.append(y)\n    print(x)\n  return sorted(x)\n  x = 1\n")
    made = {ast.unparse(site.node): made_before(site) for site in with_values(tree)}
    assert made["sorted(x)"] == {"x": [2, 4]} and made["x.append(y)"] == {"x": [2], "y": [3]}


@pytest.mark.parametrize(("text", "expression", "kind", "sources"), [
    (UNCUT, "len(first)", "name", ()),
    (WHOLE_NUMBERS, "torch.full((len(vectors),), 0)", "type", ()),
    (ROOT, "mask.sum(1).sqrt()", None, ()),     # what goes into it is right
    (UNMASKED, "attention.self(x)", "argument", ()),
    (DEVIATIONS, "spread + eps", None, (4,)),
])
def test_what_the_two_expressions_tell(text, expression, kind, sources):
    found = value_in(text)
    assert (ast.unparse(found.node), found.kind, found.sources) == (expression, kind, sources)


SIZES = """
def layer_norm(x, weight, bias, eps):
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.abs().mean(dim=-1, keepdim=True)
    return centred / (variance + eps).sqrt() * weight + bias
"""
COUNTED = """
def mean_pooling(hidden, attention_mask):
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1).clamp(min=4)
"""


@pytest.mark.parametrize(("text", "expression", "work"), [
    (SIZES, "centred.abs()", "name"),                     # the course has `centred.pow(2)` of the very same
    (ROOT, "mask.sum(1).sqrt()", "scale"), (COUNTED, "mask.sum(1).clamp(min=4)", "extra"),
    (LOGARITHMS, "log(n) - log(piece_counts[one]) - log(piece_counts[two])", "operator"),
    (DEVIATIONS, "spread + eps", None),                   # `spread` is no value of the course's
    (UNMASKED, "attention.self(x)", None),                # where the course gives the mask as well
])
def test_where_the_same_goes_in_it_is_the_step_itself(text, expression, work):
    found = value_in(text)
    assert (ast.unparse(found.node), found.work) == (expression, work)


CLIPPED = """
import torch
from torch import nn

class BertPooler(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden):
        first = torch.stack([text[0] for text in hidden]) * hidden[:, 0].sign()
        return self.dense(first).tanh()
"""
ONE_TEXT = """
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        attended = self.attention(x, mask)[0]
        return self.output(self.intermediate(attended), attended)
"""
MOVED = """
import torch

def nearest_words(word, tokens, vectors, k=5):
    if word not in tokens:
        raise ValueError(word)
    place = tokens.index(word)
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    cosines = torch.cat([unit[:place], unit[place + 1:]]) @ unit[place]
    order = cosines.argsort(descending=True)[:k]
    return [(tokens[i], cosines[i].item()) for i in order.tolist()]
"""
ANY_LETTER = """
from bert_parts.wordpiece import word_pieces

def unreadable(word, vocab):
    return any(letter not in vocab for letter in word)

def fertility(counts, vocab):
    words = counts.total()
    tokens = sum(len(word_pieces(word, vocab)) * n for word, n in counts.items())
    return tokens / words, sum(n for word, n in counts.items() if unreadable(word, vocab)) / words
"""
ROLLED = """
import torch

@torch.no_grad()
def sequence_log_prob(model, source_ids, source_mask, target_ids, start_id, pad_id):
    given = target_ids.roll(1, dims=1)
    each = model(source_ids, given, source_mask).log_softmax(dim=-1).gather(-1, target_ids[..., None])[..., 0]
    return each.masked_fill(target_ids == pad_id, 0.0).sum(dim=-1)
"""
INPUTS = """
import torch
from torch import nn

def joint_projection(attention):
    joint = nn.Linear(attention.hidden_size, attention.hidden_size * 3)
    weight = torch.cat((attention.query.weight, attention.key.weight, attention.value.weight), dim=1)
    joint.weight = nn.Parameter(weight.detach())
    joint.bias = nn.Parameter(torch.cat((attention.query.bias, attention.key.bias, attention.value.bias)).detach())
    return joint
"""


@pytest.mark.parametrize(("text", "expression", "kind"), [
    (MOVED, "tokens[i]", "number"), (ANY_LETTER, "any((letter not in vocab for letter in word))", "condition"),
    (ROLLED, "target_ids.roll(1, dims=1)", "missing"),     # `start_id` is used nowhere
    (INPUTS, "torch.cat((attention.query.weight, attention.key.weight, attention.value.weight), dim=1)", "axis"),
])
def test_what_two_values_tell(text, expression, kind):
    found = value_in(text)
    assert (ast.unparse(found.node), found.kind) == (expression, kind)


@pytest.mark.parametrize(("text", "expression", "work"), [
    (ONE_TEXT, "self.attention(x, mask)[0]", "extra"),
    (CLIPPED, "torch.stack([text[0] for text in hidden]) * hidden[:, 0].sign()", "scale"),     # another `hidden[:, 0]`
])
def test_what_is_made_of_the_right_value_is_one_step_too_much(text, expression, work):
    found = value_in(text)
    assert (ast.unparse(found.node), found.work) == (expression, work)


@pytest.mark.parametrize(("own", "wanted", "expression", "kind"), [
    (True, False, "f(x)", "condition"), ("abc", "bc", "x[1:]", "number"), ("abc", "bc", "f(x)", None),
    (torch.ones(3, 4), torch.ones(3, 5), "x[:, 1:]", "number"), (torch.ones(3, 4), torch.ones(4, 5), "x[:, 1:]", None),
    (torch.ones(3), torch.ones(3, 4), "torch.zeros(3)", "shape"), (torch.ones(3), torch.ones(3, 4), "f(3)", None),
    ([1, 2], [2, 1], "f(x)", "order"), ([1, 2], [2, 2], "f(x)", None), (1, 2, "f(x)", None), (None, 1, "f(x)", None),
])
def test_the_kind_that_two_values_have(own, wanted, expression, kind):
    site = next(each for each in sites(ast.parse(expression)) if isinstance(each.node, (ast.Call, ast.Subscript)))
    assert kind_of_values(own, wanted, site) == kind


def test_what_goes_into_an_expression():
    tree = ast.parse("def f(x, y):\n  return g(x.T, y[0], -h.z[x], math.pi, self.a(y.shape[1])) + [y for y in x][0]")
    inputs = {ast.unparse(site.node): [ast.unparse(each.node) for each in inputs_of(site)] for site in with_values(tree)}
    call = "g(x.T, y[0], -h.z[x], math.pi, self.a(y.shape[1]))"
    assert inputs[call] == ["x", "y[0]", "h.z[x]", "y.shape[1]"] and inputs["y[0]"] == ["y"]
    assert inputs[f"{call} + [y for y in x][0]"] == []     # a comprehension has names of its own
    tree = ast.parse("def forward(self, x):\n  return self.a.b(x) @ self.a.b.weight.T + self.c")
    assert [ast.unparse(each.node) for each in inputs_of(next(iter(with_values(tree))))] == ["x", "self.a.b.weight", "self.c"]


def test_the_whole_answer_says_nothing():
    assert value_in("def padding_mask(attention_mask):\n    return attention_mask.bool()") is None


def test_a_constructor_is_let_be_and_what_a_lambda_cannot_do():
    tree = ast.parse("class A:\n  def __init__(self):\n    self.a = f(1)\n  def forward(self, x):\n    super().g(x)\n"
                     "    if (y := h(x)):\n      return f'{k(x)}'\n    x[m(1)] = y[0]")
    assert [ast.unparse(site.node) for site in with_values(tree)] == ["h(x)", "m(1)", "y[0]"]


@pytest.mark.skipif(not apart.can_fork(), reason="edits are tried in a child process only")
def test_check_points_at_it():
    result = check(Answer("layer_norm", "", DEVIATIONS.lstrip(), False).define())
    assert result.line == 3 and result.mistake is None
    assert "`spread + eps` should be another value; then all that you make of it is right." in result.message


@pytest.mark.skipif(not apart.can_fork(), reason="there is no child process")
def test_a_list_that_holds_itself_is_an_error_and_no_crash():
    text = "import torch\n\ndef padding_mask(attention_mask):\n    a = [1]\n    a.append(a)\n    return torch.tensor(a)\n"
    assert "does a list hold itself?" in check(Answer("padding_mask", "", text, False).define()).message


class Rows(list):
    pass


def test_a_copy_is_of_the_same_kind_and_shares_nothing_that_changes():
    window = Window([1, 2], [0, 0], [(0, 1), (1, 2)])
    given = [window, Counter(a=2), torch.ones(2).shape, Rows([[1]]), (torch.zeros(1), "x")]
    twin = copied(given)
    assert unchanged(twin, given) and [type(each) for each in twin] == [type(each) for each in given]
    window.places[0] = (0, 0)
    assert not unchanged(twin, given)
    window.places[0] = (0, 1)
    given[3][0].append(2)
    assert not unchanged(twin, given) and twin[3] == [[1]]
