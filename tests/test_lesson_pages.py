"""The pages of the lessons, their patches, and how numbers differ."""

import math

import pytest
import torch

from bert_parts.learn.example import NUMBERS, smallest
from bert_parts.learn.lesson_pages import PageError, exercise_page, quiz_page
from bert_parts.learn.measures import measured
from bert_parts.learn.patches import PatchError, normal, patched
from bert_parts.learn.trace import parting, steps_of

PAGE = """# part

1. First.
2. Second,
   in two lines.

```python
def part(x):
    return x
```

## two ways
`a` → `b`, `c` → nothing
`d` → `e`
Words on `code` → and more,
in two lines.

## lines
```diff
 stays
-goes
+comes
@@
-away
```

## whole
```python
def part(x):
    return 1
```
Other words.
"""


def test_a_way_may_stand_in_the_heading(tmp_path):
    (tmp_path / "p.md").write_text("# p\n\n## one: `a: b` → `c`, `d` → nothing\n`e` → `f`\nWords: these.\n", encoding="utf-8")
    mistake, = exercise_page(tmp_path / "p.md").mistakes
    assert mistake.name == "one" and mistake.ways == ((("a: b", "c"), ("d", "")), (("e", "f"),)) and mistake.says == "Words: these."


def test_a_page_is_read(tmp_path):
    (tmp_path / "part.md").write_text(PAGE, encoding="utf-8")
    page = exercise_page(tmp_path / "part.md")
    assert page.hints == ("First.", "Second, in two lines.") and page.plain == "def part(x):\n    return x"
    two, lines, whole = page.mistakes
    assert two.ways == ((("a", "b"), ("c", "")), (("d", "e"),)) and two.says == "Words on `code` → and more, in two lines."
    assert lines.ways == ((("stays\ngoes", "stays\ncomes"), ("away", "")),) and lines.says == ""
    assert whole.ways == ((("", "def part(x):\n    return 1"),),) and whole.says == "Other words."


@pytest.mark.parametrize(("text", "says"), [
    ("# p\n\n## one\nWords.\n", "no way to make it"),
    ("# p\n\n## one\n`a` → `b`\nWords.\n\n## one\n`c` → `d`\nWords.\n", "two mistakes have the name 'one'"),
    ("# p\n\n## one\n```diff\n-a\n", "does not end"),
])
def test_a_page_that_is_written_wrongly_is_refused(text, says, tmp_path):
    (tmp_path / "p.md").write_text(text, encoding="utf-8")
    with pytest.raises(PageError, match=says):
        exercise_page(tmp_path / "p.md")


def test_a_quiz_is_read(tmp_path):
    path = tmp_path / "quiz.md"
    path.write_text("# Check yourself\n\n## Why?\n- [ ] So\n  not so\n- [x] Thus,\n  since\n  it is\n", encoding="utf-8")
    question, = quiz_page(path)
    assert question.text == "Why?" and [option.right for option in question.options] == [False, True]
    assert question.options[1].text == "Thus," and question.options[1].because == "since it is"


SOURCE = normal("""
class Part:
    '''Words.'''
    def one(self, x):
        return x + 1     # a comment

    def two(self, x):
        return self.one(x) + 1
""")


def test_patches_are_made_together():
    both = SOURCE.replace("x + 1", "x - 1").replace("self.one(x)", "x")
    assert patched(SOURCE, (("x + 1", "x - 1"), ("self.one(x)", "x"))) == both
    assert "Words" not in SOURCE and "comment" not in SOURCE


def test_a_method_takes_the_place_of_the_one_of_its_name():
    other = patched(SOURCE, (("", "def one(self, x):\n    return 7"), ("self.one(x) + 1", "self.one(x)")))
    namespace = {}
    exec(other, namespace)
    assert namespace["Part"]().two(3) == 7


@pytest.mark.parametrize("changes", [
    (("y", "z"),), (("+ 1", "- 1"),), (("x + 1", "x"), ("+ 1\n", "")), (("", "def f(): ..."),) * 2,
])
def test_a_patch_that_does_not_apply_fails_loudly(changes):
    with pytest.raises(PatchError):
        patched(SOURCE if changes[0][0] else "def part(x):\n    return x", changes)


# ── how numbers differ ───────────────────────────────────────────────────────────────────────────────────────────────

RIGHT = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("given", "kind", "says"), [
    (RIGHT * math.sqrt(5), "scale", "2.236 (√5, and 5 is d) times"),
    (RIGHT * 3, "scale", "3 times"),
    (-RIGHT, "sign", "other sign"),
    (RIGHT - 0.25, "missing", "0.25 too small"),
    (RIGHT.transpose(1, 2), "axis", "not in the order (2, 3, 4, 6)"),
    (RIGHT.reshape(6, 4, 6), "shape", "in the shape (6, 4, 6)"),
    (RIGHT.roll(1, -1), "number", "1 place too late along dimension 3"),
    (torch.cat((RIGHT[:, :, :3], RIGHT[:, :, 3:] + 1), dim=2), None, "Along dimension 2 only place 3 is wrong"),
    (RIGHT.flip(-1), None, "each stands in another place"),
    (RIGHT + torch.randn(RIGHT.shape, generator=torch.Generator().manual_seed(1)), None, None),
])
def test_how_numbers_differ(given, kind, says):
    found = measured(given, RIGHT, {"d": 5})
    assert (found.kind, says in found.says) == (kind, True) if says else found is None


@pytest.mark.parametrize(("given", "kind"), [
    ({"a": 1, "c": [2]}, "name"), ({"a": 1}, "missing"), ({"a": 2}, None), ({"a": 1, "c": [3]}, None), ({"a": 1, "b": [3]}, None),
])
def test_what_is_right_under_another_key_or_not_there(given, kind):
    found = measured(given, {"a": 1, "b": [2]}, {})
    assert (found and found.kind) == kind


def test_no_factor_is_made_of_0():
    assert measured(RIGHT * 3.3, RIGHT, {"pad_id": 0}).kind == "scale"


def test_what_is_alike_is_no_multiple():
    assert measured(RIGHT.double(), RIGHT, {}) is None


@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 1), (3, 4), (1, 1, 2, 3)])
@pytest.mark.parametrize("wrong", [lambda x: x + 1, lambda x: -x, lambda x: x.flatten().sort().values.view_as(x),
                                   lambda x: x + (torch.arange(x.numel()) == 0).view(x.shape).float(),
                                   lambda x: x > 0, lambda x: x.unsqueeze(0), lambda x: x * float("nan"), lambda x: x.softmax(-1)])
def test_whatever_the_shape_it_can_be_measured(shape, wrong):
    right = torch.arange(1.0, 1 + math.prod(shape)).sin().view(shape)
    found = measured(wrong(right), right, {"d": 5})
    assert found is None or found.says


@pytest.mark.parametrize(("given", "kind", "says"), [
    ((RIGHT * 5).softmax(-1), "scale", "Your scores, before the softmax, are 5 (5, and 5 is d) times"),
    (RIGHT.softmax(-2), "axis", "sum to 1 over dimension 2; over dimension 3"),
])
def test_how_weights_differ(given, kind, says):
    found = measured(given, RIGHT.softmax(-1), {"d": 5})
    assert found.kind == kind and says in found.says


def test_the_smallest_example_has_at_most_twelve_numbers():
    def numbers_in(text):
        return sum(character == "," for character in text.split(" of ")[1]) + 2

    arguments = (torch.randn(3, 4, 5), torch.tensor([[1, 0, 0, 0], [1, 1, 1, 1], [1, 1, 1, 0]]))
    said = smallest(lambda hidden, marks: hidden.mean(dim=1),
                    lambda hidden, marks: (hidden * marks[..., None]).sum(dim=1) / marks.sum(dim=1, keepdim=True),
                    arguments, ["hidden", "marks"], 1e-5)
    assert said.startswith("The smallest example: of `hidden`") and numbers_in(said) <= NUMBERS
    assert "nan" not in said
    assert smallest(lambda x: x, lambda x: x, (torch.ones(2),), ["x"], 1e-5) == ""


def test_an_example_may_fail_when_it_is_tried_again():
    """A model that is given is not made afresh: what a version that failed has left on it stays."""
    tries = []

    def left_behind(x):
        tries.append(x)
        return x + (len(tries) == 1)

    assert smallest(left_behind, lambda x: x, (torch.ones(2),), ["x"], 1e-5) == ""


def test_where_values_part():
    def own(x):
        y = x * 2
        z = y + 1
        return z.exp()

    def course(x):
        return (2 * x.flip(0) - 1).exp()

    x = torch.randn(5)
    first = own.__code__.co_firstlineno
    agreed, parted = parting(steps_of(lambda: own(x), {__file__}), steps_of(lambda: course(x), {__file__}), 1e-6)
    assert (agreed, parted) == (first + 1, first + 2)     # in another order they are the same numbers
