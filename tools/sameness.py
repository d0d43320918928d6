"""What makes no difference in any exercise, so that a mutant with it need not be written down.

- A copy that the reference does not make has the same values, and gradients come through it: ``x.clone()``, ``x.copy()``,
  ``list(x)``, ``tuple(x)``, ``torch.as_tensor(x)``. So has ``torch.tensor(x)``, and the check refuses it where a gradient is lost.
- A tuple that is written out does what the list does, and a list what the tuple does; which of them is given back is compared.
- ``x.float()`` is x: where an exercise has numbers with a fraction, they are float32 already.
- ``int(x)`` of what is said to be an int, an argument or a field of the config, is x, and so with float and str. Lengths and sizes
  are ints, too.
- ``a * b`` is ``b * a``, and ``1 + a`` is ``a + 1``.
- A line that only sets what it does not read does nothing the second time; nor does a line after a return.
- Two lines of which neither sets what the other reads or sets may stand in either order; what is no module may be kept before
  ``super().__init__()``.
- After a block that ends in a return, or a loop without a break, else is no other place than the next line; and a loop whose first
  turn ends in a return is an if.
- Where no docstring says what is raised, no error is asked for, nor the test before it; nor where the page's own version has none.
"""

import ast
import inspect
import textwrap

from bert_parts.config import BertConfig
from bert_parts.learn.exercise import Exercise

COPYING, CONVERTING = {"clone", "copy", "float"}, {"list", "tuple", "torch.tensor", "torch.as_tensor"}
EFFECTS = set("append add extend insert update pop popleft next remove sort backward step random choice shuffle rand randint "
              "sample load_state_dict eval train".split())
ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
SETS_UP = "super().__init__()"
FUNCTIONS = (ast.FunctionDef, ast.ClassDef)


def asks_for_errors(exercise: Exercise) -> bool:
    """Is the learner to raise them?"""
    tree = ast.parse(textwrap.dedent(inspect.getsource(exercise.reference)))
    says = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(ast.parse(exercise.source)))
    return raises and any("Raises:" in each for each in says)


def same(reference: str, mutant: str, errors: bool) -> bool:
    """Do two sources differ only in what makes no difference? With errors, what is raised is one."""
    reference, mutant = (ast.parse(textwrap.dedent(source)) for source in (reference, mutant))
    calls = {ast.unparse(node) for node in ast.walk(reference) if isinstance(node, ast.Call)}
    return ast.dump(_Plainest(errors, calls).visit(reference)) == ast.dump(_Plainest(errors, calls).visit(mutant))


class _Plainest(ast.NodeTransformer):
    """Takes out what makes no difference, but no calls that are to be kept."""

    def __init__(self, errors: bool, kept: set[str]):
        self.errors, self.kept, self.types = errors, kept, {}

    def generic_visit(self, node: ast.AST) -> ast.AST:
        node = super().generic_visit(node)
        for field in ("body", "orelse"):
            if isinstance(getattr(node, field, None), list):
                setattr(node, field, self.block(getattr(node, field)) or [ast.Pass()] * (field == "body"))
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        outer = self.types
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        self.types = outer | {each.arg: getattr(each.annotation, "id", "") for each in arguments}
        node = self.generic_visit(node)
        self.types = outer
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        text = ast.unparse(node)
        node = self.generic_visit(node)
        if text in self.kept or node.keywords:
            return node
        if isinstance(node.func, ast.Attribute) and node.func.attr in COPYING and not node.args:
            return node.func.value
        function = ast.unparse(node.func)
        plain = len(node.args) == 1 and (function in CONVERTING or function and self.type(node.args[0]) == function)
        return node.args[0] if plain else node

    def type(self, node: ast.expr) -> str:
        """The type of an expression, where it is plain to see."""
        if isinstance(node, ast.Name):
            return self.types.get(node.id, "")
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("config", "self.config"):
            return getattr(BertConfig.__annotations__.get(node.attr), "__name__", "")
        name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
        return "int" if name == "len" or name == "size" and node.args else ""

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        node = self.generic_visit(node)
        return node if isinstance(node.ctx, ast.Store) else ast.List(node.elts, node.ctx)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        node = self.generic_visit(node)
        number = any(isinstance(each, ast.Constant) and isinstance(each.value, (int, float)) for each in (node.left, node.right))
        if isinstance(node.op, ast.Mult) or isinstance(node.op, ast.Add) and number:
            node.left, node.right = sorted((node.left, node.right), key=ast.dump)
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        node = self.generic_visit(node)
        turns = any(isinstance(each, (ast.Continue, ast.Break)) for each in ast.walk(node))
        once = isinstance(node.body[-1], (ast.Return, ast.Raise)) and not turns
        return ast.If(node.test, node.body, node.orelse) if once else node

    def block(self, block: list[ast.stmt]) -> list[ast.stmt]:
        """Without what is said twice, never reached, or tested for an error; lines in an order of their own."""
        statements = [each for statement in block for each in self.opened(statement)]
        end = next((i for i, each in enumerate(statements) if isinstance(each, ENDS)), len(statements))
        ordered = _ordered(statements[: end + 1])
        return [each for before, each in zip([None, *ordered], ordered, strict=False)
                if not (_does_it_once(each) and before is not None and ast.dump(before) == ast.dump(each))]

    def opened(self, statement: ast.stmt) -> list[ast.stmt]:
        """The lines that come of one, once its inner ones are as plain as they can be."""
        if isinstance(statement, ast.Pass) or isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Call):
            return []
        if not self.errors and isinstance(statement, ast.Expr) and getattr(statement.value.func, "id", "").startswith("check_"):
            return []
        if isinstance(statement, (ast.If, ast.While)):
            if not self.errors and isinstance(statement.body[0], ast.Raise):
                return statement.orelse
            if isinstance(statement.body[0], ast.Pass) and not statement.orelse:
                return []
            if isinstance(statement, ast.If) and isinstance(statement.body[-1], ENDS):
                return [ast.If(statement.test, statement.body, []), *statement.orelse]
        if isinstance(statement, (ast.For, ast.While)) and not any(isinstance(each, ast.Break) for each in ast.walk(statement)):
            orelse, statement.orelse = statement.orelse, []
            return [statement, *orelse]
        return [statement]


def _ordered(block: list[ast.stmt]) -> list[ast.stmt]:
    """The lines in one order of those in which each stays behind all that it rests on."""
    rest, found = list(block), []
    while rest:
        free = [i for i, each in enumerate(rest) if all(_independent(each, other) for other in rest[:i])]
        found.append(rest.pop(min(free, key=lambda i: ast.dump(rest[i]))))
    return found


def _independent(one: ast.stmt, other: ast.stmt) -> bool:
    (sets, reads), (sets2, reads2) = _touched(one), _touched(other)
    return bool(sets and sets2) and not (sets & (sets2 | reads2) or sets2 & reads)


def _does_it_once(statement: ast.stmt) -> bool:
    sets, reads = _touched(statement)
    return bool(sets) and not sets & reads


def _touched(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """What a line sets and what it reads; nothing that is set, if it may do more than that."""
    if ast.unparse(statement) == SETS_UP:
        return {SETS_UP}, set()
    sets, reads, plain = set(), set(), isinstance(statement, (ast.Assign, ast.AugAssign))
    for node in ast.walk(statement):
        name = node.id if isinstance(node, ast.Name) else f".{node.attr}" if isinstance(node, ast.Attribute) else ""
        stored = isinstance(getattr(node, "ctx", None), ast.Store)
        plain = plain and name.strip(".") not in EFFECTS and not (stored and isinstance(node, ast.Subscript))
        if name and name != "self":
            (sets if stored else reads).add(name)
        if isinstance(node, ast.Call):
            reads.add(SETS_UP)     # it may make a module
    inner = {each.id for node in ast.walk(statement) if isinstance(node, ast.comprehension) for each in ast.walk(node.target)
             if isinstance(each, ast.Name)}
    sets, reads = sets - inner, reads - inner
    return (sets if plain else set()), reads | (sets if isinstance(statement, ast.AugAssign) else set())
