"""What people get wrong in a line of code, as edits that would set it right. No exercise is known here.

A rule takes a place in the syntax tree and gives drafts: what might be done there. The lower its cost, the likelier.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from os.path import commonprefix

from bert_parts.learn.sites import (
    FUNCTIONS,
    SELF,
    Change,
    Site,
    all_arguments,
    called,
    exchanged,
    is_own,
    literal,
    method,
    name,
    number,
    replaced,
    with_,
    without,
)


@dataclass(frozen=True)
class Draft:
    """One thing that might be done at a place.

    Attributes:
        kind: what kind of thing is the matter there.
        cost: how unlikely it is, mostly from 1 on.
        rule: what is done, in a few words that are the same at every place of that sort.
        change: the node → what stands in its place.
        about: the node that is shown to the learner.
        steps: places below it at which to make the change, where it is not made at the place itself.
        adds: what it adds to what stands there, where that is known without making the change.
    """

    kind: str
    cost: float
    rule: str
    change: Change
    about: ast.AST
    steps: tuple = ()
    adds: ast.AST | None = None


# Methods and functions whose whole numbers are dimensions, and at which places these stand, as a method's arguments.
DIMENSIONS = set(
    "softmax log_softmax softmin sum mean max min amax amin argmax argmin prod std var any all cumsum diff norm logsumexp sort "
    "argsort topk transpose swapaxes swapdims movedim moveaxis permute unsqueeze squeeze cat stack concat size flatten unflatten "
    "gather scatter index_select repeat_interleave flip roll split chunk select narrow unbind normalize cosine_similarity "
    "glu nanmean nansum median nanmedian take_along_dim tensor_split index_add".split())
SIZED = set("view reshape expand repeat zeros ones empty full randn rand tile arange randint new_zeros new_ones".split())
LIKE_TRANSPOSE = {"transpose", "swapaxes", "swapdims", "movedim", "moveaxis"}
RESHAPING = {"view", "reshape", "transpose", "permute", "swapaxes", "flatten", "unflatten", "unsqueeze", "squeeze", "expand",
    "repeat",
             "contiguous", "T", "mT", "repeat_interleave"}
TYPING = {"float", "long", "int", "bool", "double", "half", "to", "type", "str", "tolist", "numpy", "list", "tuple", "set",
    "tensor", "Tensor"}
DTYPES = {"float32", "float64", "float16", "int64", "int32", "int8", "long", "bool", "int", "float"}
GRADIENT = {"detach", "item", "no_grad", "data", "requires_grad_", "inference_mode", "detach_", "clone"}
SCALING = {"sqrt", "rsqrt", "square", "pow", "exp", "log", "abs", "norm", "exp2", "log2", "log1p"}

# Methods that take no argument, and so are easily named without being called.
METHODS = set("bool float long int double detach clone mean sum contiguous flatten squeeze tril triu sqrt abs exp log all any max "
              "min argmax numpy tolist item split lower upper strip items keys values copy parameters named_parameters modules "
              "named_modules state_dict eval train backward t".split())

CONFUSED = [set(words.split()) for words in (
    "softmax log_softmax sigmoid", "max mean sum min amax logsumexp prod", "tanh gelu relu sigmoid silu softmax",
        "log log2 log10 log1p", "exp exp2 expm1",
        "GELU ReLU Tanh SiLU",
    "split chunk",
    "squeeze unsqueeze", "tril triu", "argmax argmin max topk argsort", "stack cat", "repeat repeat_interleave expand tile",
    "any all", "min max", "sorted list reversed set", "reshape view", "transpose permute", "flatten unflatten",
    "zeros ones empty full", "zeros_like ones_like full_like", "var std", "sqrt rsqrt square exp log abs", "sin cos",
        "floor ceil round",
    "append extend", "append insert", "startswith endswith", "lstrip rstrip strip removeprefix removesuffix", "keys values items",
    "isalpha isalnum isdigit", "lower upper", "update add", "size numel", "randn rand", "union intersection difference",
    "find rfind index rindex", "split rsplit partition", "named_parameters parameters named_buffers",
        "modules children named_modules",
    "train eval", "mul add sub div", "matmul mul bmm", "eq ne", "lt le gt ge", "logical_and logical_or", "cross_entropy nll_loss",
    "int round ceil floor", "float bool long int", "cumsum sum", "norm normalize sum", "masked_fill where", "sort argsort topk",
    "isfinite isnan", "Linear Embedding", "LayerNorm BatchNorm1d RMSNorm", "randint rand", "amax amin", "len sum max",
        "int8 int64 int32", "tensor Tensor",
    "float32 float64 int64 long bool", "any sum", "pop popleft", "most_common items", "enumerate range", "zip product",
        "softmin softmax",
        "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout", "Dropout Dropout1d Dropout2d",
)]
# What an argument that was forgotten would have been.
FORGOTTEN = {
    **dict.fromkeys(("sum", "mean", "amax", "amin", "var", "std", "prod", "norm"), (("dim", -1), ("dim", 1), ("keepdim", True))),
    **dict.fromkeys(("max", "min", "argmax", "argmin", "any", "all", "softmax", "log_softmax", "cumsum", "sort", "topk", "flatten"),
                    (("dim", -1), ("dim", 1), ("keepdim", True))),
    **dict.fromkeys(("cat", "stack", "concat", "repeat_interleave", "normalize"), (("dim", 1), ("dim", -1))),
    **dict.fromkeys(("sorted", "sort", "argsort"), (("reverse", True), ("descending", True), ("stable", True))),
    "tril": (("diagonal", -1), ("diagonal", 1)), "triu": (("diagonal", 1), ("diagonal", -1)),
    "cross_entropy": (("ignore_index", 0), ("ignore_index", -100), ("reduction", "sum"), ("reduction", "none")),
    "Linear": (("bias", False),), "Embedding": (("padding_idx", 0),), "LayerNorm": (("eps", 1e-12),), "gelu": (("approximate",
        "tanh"),),
    **dict.fromkeys(("pad_sequence", "MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer", "LSTM", "GRU"),
                    (("batch_first", True),)),
    "enumerate": (("start", 1),), "zip": (("strict", True),),
}
FORGOTTEN["var"] += (("unbiased", False), ("correction", 0))
FORGOTTEN["std"] += (("unbiased", False), ("correction", 0))

# What fills up where something is shorter, and is 0 or None unless it is given.
FILLED = {"pad_sequence": "padding_value", "pad": "value", "zip_longest": "fillvalue"}
COMPARING = {"isclose": "all", "eq": "all", "ne": "any"}     # and what joins the answers for a row's numbers
REDUCING = set("sum mean max min amax amin prod norm".split())

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.FloorDiv, ast.Mod)
BITS = (ast.BitAnd, ast.BitOr, ast.BitXor)
PRECEDENCE = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.MatMult: 2, ast.FloorDiv: 2, ast.Mod: 2, ast.Pow: 3}
LONGEST_ROW = 8     # operands of a row in which brackets are tried
COMPARED = {
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE), ast.LtE: (ast.Lt, ast.GtE, ast.Gt), ast.Gt: (ast.GtE, ast.Lt, ast.LtE),
    ast.GtE: (ast.Gt, ast.LtE, ast.Lt), ast.Eq: (ast.NotEq, ast.GtE, ast.LtE, ast.Gt, ast.Lt), ast.NotEq: (ast.Eq, ast.Lt, ast.Gt),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}
COMPARED_RARELY = {**dict.fromkeys((ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In), ast.Eq), ast.Eq: ast.In}


# ── what a place is ──────────────────────────────────────────────────────────────────────────────────────────────────


def is_read(node: ast.AST) -> bool:
    return isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None) or ast.Load(), ast.Load)


def is_value(site: Site) -> bool:
    """An expression that stands for a value of its own: not the name of what is called, not a slice."""
    node = site.node
    if not is_read(node) or isinstance(node, (ast.Slice, ast.Starred, ast.JoinedStr, ast.FormattedValue)):
        return False
    called_here = isinstance(site.parent, ast.Call) and site.place == "func"
    inside = isinstance(site.parent, ast.Attribute) and isinstance(node, ast.Name) and node.id in ("torch", "nn", "F", "math",
        "np", SELF)
    if called_here or inside or isinstance(site.parent, ast.JoinedStr):
        return False
    return not (site.place == "slice" and isinstance(node, ast.Tuple))


def is_condition(site: Site) -> bool:
    return site.place in ("test", "ifs") or isinstance(site.parent, ast.BoolOp) or (
        isinstance(site.parent, ast.UnaryOp) and isinstance(site.parent.op, ast.Not))


def is_size(site: Site) -> bool:
    """It stands where a whole number does that counts or points: an index, a bound, an argument of range."""
    if isinstance(site.parent, ast.Assign) and isinstance(site.node, ast.Name):
        return True
    return site.place in ("slice", "lower", "upper") or (
        site.place == "args" and called(site.parent) in ("range", "arange", "tril", "triu", "topk", "randint",
            "full")) or isinstance(
        site.parent, ast.Compare)


def axis_at(site: Site) -> bool:
    """Is a whole number here a dimension?"""
    if site.place == "value" and isinstance(site.parent, ast.keyword):
        return site.parent.arg in ("dim", "axis", "dims", "dim0", "dim1", "start_dim", "end_dim")
    while isinstance(site.parent, (ast.Tuple, ast.List)):
        site = site.up
    if site.place == "slice":
        return isinstance(site.parent.value, ast.Attribute) and site.parent.value.attr == "shape"
    return site.place == "args" and called(site.parent) in DIMENSIONS


def kind_of(function: str, otherwise: str) -> str:
    """The kind of thing that a function or method is about."""
    for names, kind in ((TYPING, "type"), (GRADIENT, "gradient"), (RESHAPING, "shape"), (SCALING, "scale")):
        if function in names:
            return kind
    return otherwise


# ── numbers, constants, names ────────────────────────────────────────────────────────────────────────────────────────


def numbers(site: Site) -> Iterator[Draft]:
    value = number(site.node)
    if value is None or (isinstance(site.parent, ast.UnaryOp) and number(site.parent) is not None):
        return
    about = site.parent if isinstance(site.parent, ast.expr) else site.up.parent if isinstance(site.parent,
        ast.keyword) else site.node
    if isinstance(value, int) and axis_at(site):
        for other in (-1, -2, 1, 2, 0, -3, 3, -4):
            if other != value:
                yield Draft("axis", 1, f"dimension {value} → {other}", lambda node, v=other: literal(v), about)
        return
    others = [value + 1, value - 1, 0, 1, -value, 2, -1] if isinstance(value, int) else [-value, 0.0, 1.0, 0.5, float("inf")] + (
        [1 - value] if abs(value) <= 1 else [])
    if isinstance(value, int) and isinstance(site.parent, ast.Assign):     # where the search for the best begins
        others += [float("-inf"), float("inf")]
    kind = "scale" if isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.Pow) else "number"
    if kind == "scale":
        others = [0.5, 2, 1, -1, -0.5, *others]
    whole = isinstance(value, int) and kind != "scale"     # a power of a name may take for ever
    for other in site.near if whole and not isinstance(site.parent, ast.Compare) else ():
        yield Draft("name", 3, f"{value} → {other}", lambda node, o=other: name(o), about)
    if isinstance(value, int) and value > 2 and isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.Mult):
        for other in (value * 2, value // 2, value + 2, value - 2):     # of how many there are
            yield Draft(kind, 2, f"{value} → {other}", lambda node, v=other: literal(v), about)
    for other in dict.fromkeys(others):
        if other != value:
            opposite = other == -value and value != 1     # from 1 it is two steps of a count as well
            yield Draft("sign" if opposite else kind, 1.5, f"{value} → {other}", lambda node, v=other: literal(v), about)


def constants(site: Site) -> Iterator[Draft]:
    value = getattr(site.node, "value", ...) if isinstance(site.node, ast.Constant) else ...
    if isinstance(value, bool):
        kind = "axis" if isinstance(site.parent, ast.keyword) and site.parent.arg == "keepdim" else "argument"
        yield Draft(kind, 1.5, f"{value} → {not value}", lambda node: literal(not value), site.up.parent or site.node)
        call = site.within(ast.Call)
        if call and site.scope.attributes:
            yield Draft("argument", 2, f"{value} → self.training", lambda node: name("self.training"), call.node)
    if isinstance(value, (bool, type(None))) and not isinstance(site.parent, (ast.Compare, ast.Return)):
        yield Draft("number", 4, f"{value} → 0", lambda node: literal(0), site.node)
    if isinstance(value, str) and isinstance(site.parent, (ast.BinOp, ast.IfExp, ast.Call, ast.Compare)) and len(value) < 12:
        if called(site.parent) == "float" if isinstance(site.parent, ast.Call) else False:
            other = value[1:] if value.startswith("-") else "-" + value
            yield Draft("sign", 1.5, f"{value} → {other}", lambda node: literal(other), site.parent)
        elif value:
            yield Draft("number", 3, f"{value!r} → ''", lambda node: literal(""), site.parent)
    if isinstance(site.node, (ast.Call, ast.Attribute)) and is_infinite(site.node):
        for other in (0, -1, 1):
            yield Draft("number", 3, f"inf → {other}", lambda node, v=other: literal(v), site.node)


def is_infinite(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "inf" or isinstance(node, ast.Call) and called(node) == "float" and \
        len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and str(node.args[0].value).endswith("inf")


def one_more_or_less(site: Site) -> Iterator[Draft]:
    """Off by one: in an index, a bound, a range, a comparison."""
    node = site.node
    if not is_value(site) or not is_size(site) or isinstance(node, (ast.Tuple, ast.Slice, ast.Compare, ast.BoolOp, ast.UnaryOp)):
        return
    if isinstance(node, ast.Constant) or isinstance(site.parent, ast.Compare) and not isinstance(
            site.parent.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)):
        return
    for op, text in ((ast.Add, "+ 1"), (ast.Sub, "- 1")):
        cost = 4 if site.place == "left" else 3 if site.place == "value" else 2
        yield Draft("number", cost, f"… {text}", lambda node, op=op: ast.BinOp(node, op(), literal(1)), site.parent)


def names(site: Site) -> Iterator[Draft]:
    """Another variable that is at hand."""
    node = site.node
    if not isinstance(node, ast.Name) or node.id not in site.scope.names or node.id == SELF:
        return
    if isinstance(node.ctx, ast.Load):
        for other in site.near:
            if other != node.id and other not in _beside(site):
                yield Draft("name", 2, f"{node.id} → {other}", lambda node, other=other: with_(node, id=other), site.statement.node)
        for value in (0, 1) if isinstance(site.parent, (ast.List, ast.Call, ast.Tuple, ast.BinOp, ast.Assign)) else ():
            yield Draft("name", 3, f"{node.id} → {value}", lambda node, v=value: literal(v), site.statement.node)
    elif isinstance(site.parent, (ast.Assign, ast.AugAssign)):
        for other in site.near:
            if other != node.id:
                kind = "name" if is_read_later(site, other) else "extra"
                yield Draft(kind, 3, f"{node.id} = → {other} =", lambda node, other=other: with_(node, id=other),
                    site.statement.node)


def is_read_later(site: Site, variable: str) -> bool:
    """Whether a variable may be used after a line: on a later one, or on any where there is a loop around it."""
    function, loop = site.within(FUNCTIONS), site.within((ast.For, ast.While))
    return function is None or any(
        isinstance(each, ast.Name) and each.id == variable and isinstance(each.ctx, ast.Load) and (loop or each.lineno > site.line)
        for each in ast.walk(function.node))


def _beside(site: Site) -> set[str]:
    """The other names in a call of append and its like: no list is put into itself."""
    call = site.within(ast.Call, until=ast.stmt)
    if call and called(call.node) in ("append", "extend", "insert", "add"):
        return {each.id for each in ast.walk(call.node) if isinstance(each, ast.Name)}
    return set()


def forgotten(site: Site) -> Iterator[Draft]:
    """An argument that the function never uses, in the place of something that is worked out or written down."""
    function = site.within(FUNCTIONS)
    if not function or not is_value(site) or isinstance(site.node, ast.Name) or isinstance(site.parent, (ast.Expr, ast.Return)):
        return
    for other in unused_arguments(function.node):
        yield Draft("name", 2.5, f"… → {other}", lambda node, other=other: name(other), site.node)


@cache
def unused_arguments(function: ast.AST) -> list[str]:
    read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return [each.arg for each in all_arguments(function) if each.arg not in read and each.arg != SELF]


def strides(site: Site) -> Iterator[Draft]:
    """In a slice, a place in a row of blocks, without the size of a block."""
    node = site.node
    within = site.up.place if isinstance(site.parent, ast.BinOp) else site.place
    if isinstance(node, ast.Name) and within in ("lower", "upper") and node.id in site.scope.names:
        for other in site.near:
            if other != node.id:
                yield Draft("number", 3, f"{node.id} → {node.id} * {other}", lambda node, o=other: ast.BinOp(
                    node, ast.Mult(), name(o)), site.within(ast.Subscript).node)


def attributes(site: Site) -> Iterator[Draft]:
    """Another attribute of self, or another method or function that is easily confused."""
    node = site.node
    if isinstance(node, ast.Attribute):
        if is_own(node) and isinstance(node.ctx, ast.Load):
            for other in site.scope.attributes:
                if other != node.attr:
                    yield Draft("name", 2, f"self.{node.attr} → self.{other}", lambda node, o=other: with_(node, attr=o), node)
        if isinstance(node.value, ast.Attribute) and is_own(node.value) and isinstance(node.ctx, ast.Load):
            yield Draft("name", 2, f"self.….{node.attr} → self.{node.attr}", lambda node: with_(node, value=node.value.value), node)
        yield from _confused(site, node.attr, "attr")
        if node.attr in METHODS and isinstance(node.ctx, ast.Load) and site.place != "func":
            yield Draft("missing", 1, f".{node.attr} → .{node.attr}()", lambda node: ast.Call(node, [], []), node)
        if is_module(node.value) and node.attr[0].isupper() and isinstance(site.parent, ast.Assign):     # nn.Tanh, a class
            yield Draft("missing", 1, f".{node.attr} → .{node.attr}()", lambda node: ast.Call(node, [], []), node)
        if node.attr in ("T", "mT", "data", "grad", "values", "indices") and isinstance(node.ctx, ast.Load):
            yield Draft(kind_of(node.attr, "extra"), 2, f"without .{node.attr}", lambda node: node.value, node)
        if node.attr in ("T", "mT"):
            yield Draft("axis", 1.5, ".T → transpose(-2, -1)", lambda node: method(node.value, "transpose", -2, -1), node)
    elif isinstance(node, ast.Name) and isinstance(site.parent, ast.Call) and site.place == "func":
        yield from _confused(site, node.id, "id")


def confused_with(word: str) -> list[str]:
    return list(dict.fromkeys(other for group in CONFUSED if word in group for other in sorted(group)))


def _confused(site: Site, word: str, field: str) -> Iterator[Draft]:
    about = site.parent if isinstance(site.parent, ast.Call) else site.node
    for other in confused_with(word):
        if other != word:
            kind = "type" if word in TYPING | DTYPES and other in TYPING | DTYPES else "shape" if {word,
                other} <= RESHAPING else "name"
            yield Draft(kind, 1.5, f"{word} → {other}", lambda node, other=other: with_(node, **{field: other}), about)
    if word.endswith("_") and not word.endswith("__"):
        yield Draft("state", 1.5, f"{word} → {word[:-1]}", lambda node: with_(node, **{field: word[:-1]}), about)


# ── operators ────────────────────────────────────────────────────────────────────────────────────────────────────────


def operations(site: Site) -> Iterator[Draft]:
    node = site.node
    if not isinstance(node, ast.BinOp):
        return
    family = (*BITS, ast.Sub) if isinstance(node.op, BITS) else OPERATORS     # of sets, - is one of them
    for op in family:
        if not isinstance(node.op, op):
            likely = {type(node.op), op} in ({ast.Add, ast.Sub}, {ast.Mult, ast.Div}, {ast.Mult, ast.MatMult}, {ast.Add, ast.Mult},
                                             {ast.FloorDiv, ast.Div}, {ast.FloorDiv, ast.Mod})
            kind = "type" if {type(node.op), op} == {ast.Div, ast.FloorDiv} else "operator"
            yield Draft(kind, 1.5 if likely else 3, f"{sign_of(node.op)} → {sign_of(op())}",
                        lambda node, op=op: with_(node, op=op()), node)
    if not isinstance(node.op, (ast.Mult, *BITS)):
        yield Draft("argument", 2 if not isinstance(node.op, ast.Add) else 3, f"both sides of {sign_of(node.op)} exchanged",
                    lambda node: with_(node, left=node.right, right=node.left), node)
    scaling = isinstance(node.op, (ast.Mult, ast.Div, ast.FloorDiv, ast.Pow))
    kind = "scale" if scaling else "number" if number(node.right) is not None else "extra"     # one too many, or too few
    yield Draft(kind, 1.5, f"without {sign_of(node.op)} …", lambda node: node.left, node)
    yield Draft("scale" if scaling else "extra", 2.5, f"without … {sign_of(node.op)}", lambda node: node.right, node)
    yield from _regrouped(node)
    if not isinstance(site.parent, ast.BinOp):
        yield from _bracketed(node)


def _regrouped(node: ast.BinOp) -> Iterator[Draft]:
    """(a ∘ b) · c ↔ a ∘ (b · c)"""
    if isinstance(node.left, ast.BinOp) and type(node.left.op) is not type(node.op):
        yield Draft("order", 2, "(a ∘ b) · c → a ∘ (b · c)", lambda node: with_(
            node.left, right=ast.BinOp(node.left.right, node.op, node.right)) if isinstance(node.left, ast.BinOp) else node, node)
    if isinstance(node.right, ast.BinOp):
        yield Draft("order", 2, "a ∘ (b · c) → (a ∘ b) · c", lambda node: with_(
            node.right, left=ast.BinOp(node.left, node.op, node.right.left)) if isinstance(node.right, ast.BinOp) else node, node)


def _bracketed(node: ast.BinOp) -> Iterator[Draft]:
    """Brackets around some neighbours in a row of operations that has none."""
    operands, signs = _row(node)
    row = [f"_{place}" for place in range(len(operands))]
    before, found = ast.unparse(node), set()
    for start, end in combinations(range(len(operands) if len(operands) <= LONGEST_ROW else 0), 2):
        words = [f"({word}" if place == start else f"{word})" if place == end else word for place, word in enumerate(row)]
        text = " ".join(part for pair in zip(words, [*signs, ""], strict=True) for part in pair)
        new = _filled(ast.parse(text.strip(), mode="eval").body, operands)
        if ast.unparse(new) not in found | {before}:
            found.add(ast.unparse(new))
            yield Draft("order", 2.5, f"brackets from {start} to {end}", lambda _, new=new: new, node)


def _row(node: ast.expr, weakest: int = 0) -> tuple[list[ast.expr], list[str]]:
    """The operands and signs of a row of operations; what stands in brackets is one operand."""
    if not isinstance(node, ast.BinOp) or PRECEDENCE.get(type(node.op), -1) < weakest:
        return [node], []
    own = PRECEDENCE[type(node.op)]
    left, right = _row(node.left, own), _row(node.right, own + 1)
    return [*left[0], *right[0]], [*left[1], sign_of(node.op), *right[1]]


def _filled(node: ast.expr, operands: list[ast.expr]) -> ast.expr:
    """The operations with the operands in the places of their numbers."""
    if isinstance(node, ast.Name):
        return operands[int(node.id[1:])]
    return ast.BinOp(_filled(node.left, operands), node.op, _filled(node.right, operands))


def sign_of(op: ast.operator) -> str:
    return ast.unparse(ast.BinOp(ast.Name("a"), op, ast.Name("b"))).strip("ab ")


def signs(site: Site) -> Iterator[Draft]:
    """A minus, not or ~ too much or too little."""
    node = site.node
    if isinstance(node, ast.UnaryOp) and number(node) is None:
        yield Draft("sign", 1, f"without {type(node.op).__name__}", lambda node: node.operand, node)
        if isinstance(node.op, ast.Invert):     # of whole numbers it makes -2 and -1, which are both true
            yield Draft("type", 2, "~x → ~x.bool()", lambda node: with_(node, operand=method(node.operand, "bool")), node)
    if not is_value(site) or isinstance(node, (ast.UnaryOp, ast.Constant, ast.List, ast.Dict, ast.Tuple, ast.ListComp,
            ast.GeneratorExp, ast.Lambda)):
        return
    if is_condition(site) and not isinstance(node, (ast.Compare, ast.BoolOp)):
        yield Draft("condition", 1.5, "not …", lambda node: ast.UnaryOp(ast.Not(), node), node)
    inside = isinstance(site.parent, ast.Attribute) or isinstance(site.parent, ast.Subscript) and site.place == "value"
    if site.place in ("args", "left", "right", "value", "values", "elt", "test", "slice") and not inside:
        arithmetic = isinstance(site.parent, ast.BinOp) and not isinstance(site.parent.op, BITS)
        if not is_condition(site):     # ~ of a plain truth value is always true
            yield Draft("sign", 1.5 if not arithmetic else 4, "~ …", lambda node: ast.UnaryOp(ast.Invert(), node), node)
        if not isinstance(node, ast.Compare):
            yield Draft("sign", 3, "- …", lambda node: ast.UnaryOp(ast.USub(), node), node)


def comparisons(site: Site) -> Iterator[Draft]:
    node = site.node
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in COMPARED.get(type(op), ()):
                yield Draft("condition", 1.5, f"{type(op).__name__} → {other.__name__}",
                            lambda node, i=i, other=other: with_(node, ops=[*node.ops[:i], other(), *node.ops[i + 1 :]]), node)
            rare = COMPARED_RARELY.get(type(op))
            if rare:
                yield Draft("condition", 2.5, f"{type(op).__name__} → {rare.__name__}",
                            lambda node, i=i, other=rare: with_(node, ops=[*node.ops[:i], other(), *node.ops[i + 1 :]]), node)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield Draft("condition", 1.5, f"→ {other.__name__}", lambda node: with_(node, op=other()), node)
        for i in range(len(node.values)):
            yield Draft("condition", 2, f"without condition {i}", lambda node, i=i: without(node.values, i)[0]
                if len(node.values) == 2
                        else with_(node, values=without(node.values, i)), node)
    elif isinstance(node, ast.IfExp):
        yield Draft("condition", 1.5, "if and else exchanged", lambda node: with_(node, body=node.orelse, orelse=node.body), node)
        yield Draft("condition", 2, "always the first", lambda node: node.body, node)
        yield Draft("condition", 2, "always the second", lambda node: node.orelse, node)
    if is_condition(site) and isinstance(node, ast.Name):
        yield Draft("condition", 2, "… is not None", lambda node: ast.Compare(node, [ast.IsNot()], [ast.Constant(None)]), node)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and len(node.values) == 2 and not is_condition(site):
        yield Draft("condition", 2, "a or b → b if a is None", lambda node: ast.IfExp(
            ast.Compare(node.values[0], [ast.Is()], [ast.Constant(None)]), node.values[1], node.values[0]), node)


def roots(site: Site) -> Iterator[Draft]:
    """A root, a square, an inverse, taken too little."""
    node = site.node
    if isinstance(site.parent, ast.BinOp) and is_value(site) and isinstance(site.parent.op, (ast.Mult, ast.Div)):
        for power in (0.5, 2, -1, -0.5):
            yield Draft("scale", 2 if power == 0.5 else 3, f"… ** {power}", lambda node, p=power: ast.BinOp(node, ast.Pow(),
                literal(p)),
                        site.parent)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield Draft("scale", 2, "base and exponent exchanged", lambda node: with_(node, left=node.right, right=node.left), node)


# ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def calls(site: Site) -> Iterator[Draft]:
    node = site.node
    if not isinstance(node, ast.Call):
        return
    word = called(node)
    if receiver(node) is not None:
        cost = 1.5 if word in RESHAPING | TYPING | GRADIENT | SCALING | DIMENSIONS else 2
        yield Draft(kind_of(word, "extra"), cost, f"without {word}", lambda node: receiver(node), node)
    if word in ("max", "min") and len(node.args) == 2 and not isinstance_method(node):
        yield Draft("extra", 2, f"only argument 1 of {word}", lambda node: node.args[1], node)
    if isinstance(node.func, ast.Attribute) and node.args and not is_module(node.func.value):
        yield Draft("extra", 4, f"only the argument of {word}", lambda node: node.args[0] if node.args else node, node)
    yield from _arguments_exchanged(node, word)
    yield from _arguments_dropped(node, word)
    function = site.within(FUNCTIONS)
    for other in parameters(function.node) if function and not is_module(getattr(node.func, "value", node)) else ():
        if not any(isinstance(each, ast.Name) and each.id == other for each in node.args):
            yield Draft("argument", 2.5, f"{word}(…, {other})", lambda node, o=other: with_(node, args=[*node.args, name(o)]), node)
    given = {keyword.arg for keyword in node.keywords}
    for other in parameters(function.node) if function and word in FILLED and FILLED[word] not in given else ():
        yield Draft("argument", 1, f"{word}(…, {FILLED[word]}={other})", lambda node, o=other: with_(
            node, keywords=[*node.keywords, ast.keyword(FILLED[called(node)], name(o))]), node)
    yield from _reductions(node, word)
    yield from _axis_named(node, word)
    for key, value in FORGOTTEN.get(word, ()):
        positional = key == "dim" and len(node.args) > (receiver(node) is not None and not isinstance_method(node))
        if key not in given and not positional:
            yield Draft("axis" if key in ("dim", "keepdim") else "argument", 2, f"{word}(…, {key}={value})",
                lambda node, k=key, v=value: with_(
                node, keywords=[*node.keywords, ast.keyword(k, literal(v))]), node)


def _reductions(node: ast.Call, word: str) -> Iterator[Draft]:
    """One number of all, where a number of each row is meant, or where nothing should be left."""
    inner = receiver(node)
    if word in ("min", "amin") and isinstance_method(node):
        yield Draft("number", 2.5, f"….{word}() → -inf", lambda node: literal(float("-inf")), node)
    if word in REDUCING and isinstance(inner, ast.Call) and called(inner) in REDUCING and not any(
            keyword.arg == "keepdim" for keyword in inner.keywords):
        yield Draft("extra", 2.5, f"without {word}, keepdim", lambda node: with_(
            receiver(node), keywords=[*receiver(node).keywords, ast.keyword("keepdim", literal(True))]), node)
    if word == "norm" and inner is not None:
        yield Draft("name", 2, "norm → abs of each number", lambda node: method(receiver(node), "abs"), node)
    if word in ("sum", "mean") and inner is not None and not _is_squared(inner):
        yield Draft("missing", 3, f"{word} of squares", lambda node: with_receiver(
            node, ast.BinOp(receiver(node), ast.Pow(), literal(2))), node)


def _is_squared(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)


def _axis_named(node: ast.Call, word: str) -> Iterator[Draft]:
    """Another method of torch's, which knows a dimension as ``dim`` only, where it is named as NumPy does."""
    if isinstance_method(node) and any(keyword.arg == "axis" for keyword in node.keywords):
        named = [with_(keyword, arg="dim") if keyword.arg == "axis" else keyword for keyword in node.keywords]
        for other in confused_with(word):
            if other != word:
                yield Draft("name", 1.5, f"{word}, axis → {other}, dim", lambda node, other=other: with_(
                    renamed_call(node, other), keywords=named), node)


def parameters(function: ast.AST) -> list[str]:
    return [each.arg for each in all_arguments(function) if each.arg != SELF]


def is_module(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("torch", "nn", "F", "math", "np", "numpy", "random", "re", "itertools",
            "functional") or (
        isinstance(node, ast.Attribute) and is_module(node.value))


def isinstance_method(call: ast.Call) -> bool:
    """A method of a value: x.softmax(-1), not F.softmax(x, -1)."""
    return isinstance(call.func, ast.Attribute) and not is_module(call.func.value)


def receiver(call: ast.Call) -> ast.expr | None:
    """What the call works on: the x of x.softmax(-1), F.softmax(x, -1) and self.dense(x)."""
    function = call.func
    if isinstance(function,
            ast.Attribute) and not is_module(function.value) and not is_own(function) and not is_super(function.value):
        return function.value if not (isinstance(function.value, ast.Name) and function.value.id == SELF) else first_of(call)
    return first_of(call)


def is_super(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and called(node) == "super"


def first_of(call: ast.Call) -> ast.expr | None:
    return call.args[0] if call.args and not isinstance(call.args[0], ast.Starred) else None


def _arguments_exchanged(node: ast.Call, word: str) -> Iterator[Draft]:
    kind = "axis" if word in LIKE_TRANSPOSE | {"permute"} else "shape" if word in SIZED else "argument"
    if word in LIKE_TRANSPOSE and len(node.args) == 2:
        return
    for i in range(len(node.args)):
        for j in range(i + 1, len(node.args)):
            yield Draft(kind, 1.5 if j == i + 1 else 2, f"{word}: arguments {i} and {j} exchanged",
                        lambda node, i=i, j=j: with_(node, args=exchanged(node.args, i, j)), node)
            if word in ("view", "reshape") and isinstance_method(node):
                yield Draft("shape", 2, f"{word}: {i} and {j} by transpose", lambda node, i=i, j=j: method(
                    with_(node, args=exchanged(node.args, i, j)), "transpose", i, j), node)
    for i in range(len(node.keywords)):
        for j in range(i + 1, len(node.keywords)):
            yield Draft("argument", 2, f"{word}: keywords exchanged", lambda node, i=i, j=j: with_(node, keywords=[
                with_(k, value=node.keywords[{i: j, j: i}.get(n, n)].value) for n, k in enumerate(node.keywords)]), node)
    if isinstance_method(node) and len(node.args) == 1 and not isinstance(node.args[0], ast.Constant):
        yield Draft("argument", 3, f"a.{word}(b) → b.{word}(a)", lambda node: with_(
            node, func=with_(node.func, value=node.args[0]), args=[node.func.value]), node)


def _arguments_dropped(node: ast.Call, word: str) -> Iterator[Draft]:
    for i in range(len(node.args)):
        if len(node.args) > 1 or isinstance_method(node):
            cost = 2 if number(node.args[i]) is not None else 3
            kind = "number" if word == "range" else kind_of(word, "argument")
            yield Draft(kind, cost, f"{word}: without argument {i}",
                lambda node, i=i: with_(node, args=without(node.args, i)), node)
    for i, keyword in enumerate(node.keywords):
        yield Draft("axis" if keyword.arg in ("dim", "keepdim") else "argument", 2, f"{word}: without {keyword.arg}",
                    lambda node, i=i: with_(node, keywords=without(node.keywords, i)), node)


def einsums(site: Site) -> Iterator[Draft]:
    """Another letter in the text of an einsum, or two letters of its result exchanged."""
    text = getattr(site.node, "value", None)
    if not isinstance(text, str) or "->" not in text or not isinstance(site.parent, ast.Call) or called(site.parent) != "einsum":
        return
    letters = sorted(set(filter(str.isalpha, text)))
    for i, old in enumerate(text):
        for new in letters if old.isalpha() else ():
            if new != old:
                yield Draft("axis", 2, f"einsum: {old} → {new}", lambda node, i=i, new=new: literal(
                    node.value[:i] + new + node.value[i + 1 :]), site.parent)
    given, result = text.split("->")
    first, *others = given.partition(",")
    batch = commonprefix([first, result])
    if batch:
        whatever = f"...{first[len(batch):]}{''.join(others)}->...{result[len(batch):]}"
        yield Draft("shape", 2, f"einsum: {batch} → …", lambda node: literal(whatever), site.parent)
    for i, j in combinations(range(len(result)), 2):
        turned = f"{given}->{''.join(exchanged(list(result), i, j))}"
        yield Draft("axis", 2, "einsum: letters of the result exchanged", lambda node, t=turned: literal(t), site.parent)


def chains(site: Site) -> Iterator[Draft]:
    """Two steps one after the other in the wrong order: x.f().g(), f(g(x)), f(x).g()."""
    outer = site.node
    inner = receiver(outer) if isinstance(outer, ast.Call) else None
    if isinstance(inner, ast.Call) and receiver(inner) is not None:
        yield Draft("order", 2, "two steps exchanged", _turned, outer)
    if isinstance(outer, ast.Call) and isinstance(inner, ast.BinOp):
        yield Draft("order", 2.5, f"{called(outer)}(a ∘ b) → {called(outer)}(a) ∘ b", lambda node: with_(
            receiver(node), left=with_receiver(node, receiver(node).left)) if isinstance(receiver(node), ast.BinOp) else node,
                outer)
        yield Draft("order", 2.5, f"{called(outer)}(a ∘ b) → a ∘ {called(outer)}(b)", lambda node: with_(
            receiver(node), right=with_receiver(node, receiver(node).right)) if isinstance(receiver(node), ast.BinOp) else node,
                outer)
    if isinstance(outer, ast.BinOp) and isinstance(outer.left, ast.Call) and receiver(outer.left) is not None:
        yield Draft("order", 2.5, f"{called(outer.left)}(a) ∘ b → {called(outer.left)}(a ∘ b)", lambda node: with_receiver(
            node.left, with_(node, left=receiver(node.left))) if isinstance(node.left, ast.Call) else node, outer)
    if isinstance(outer, ast.BinOp) and isinstance(outer.right, ast.Call) and receiver(outer.right) is not None:
        yield Draft("order", 3, f"a ∘ {called(outer.right)}(b) → {called(outer.right)}(a ∘ b)", lambda node: with_receiver(
            node.right, with_(node, right=receiver(node.right))) if isinstance(node.right, ast.Call) else node, outer)


def together(site: Site) -> Iterator[Draft]:
    """A step taken on both sides of an operation, where it should be taken of what comes out: f(a) ∘ f(b)."""
    node = site.node
    sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.left, node.comparators[0]) if isinstance(
        node, ast.Compare) and len(node.ops) == 1 else ()
    if sides and all(isinstance(each, ast.Call) and receiver(each) is not None for each in sides) and same_step(*sides):
        word = called(sides[0])
        yield Draft("order", 2, f"{word}(a) ∘ {word}(b) → {word}(a ∘ b)", lambda node: with_receiver(sides[0], _of_both(node)),
                    node)
        if word == "sum" and isinstance(getattr(node, "op", None), ast.Div):
            yield Draft("order", 2.5, "sum(a) / sum(b) → mean(a / b)", lambda node: renamed_call(
                with_receiver(sides[0], _of_both(node)), "mean"), node)


def number_by_number(site: Site) -> Iterator[Draft]:
    """What becomes of whole rows is compared, where the numbers should be: f(a) == f(b)."""
    node = site.node
    if isinstance(node, ast.Call) and called(node) in COMPARING and len(node.args) > 1:
        sides, joins = node.args[:2], COMPARING[called(node)]
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.NotEq)) and len(node.ops) == 1:
        sides, joins = (node.left, node.comparators[0]), "all" if isinstance(node.ops[0], ast.Eq) else "any"
    else:
        return
    if all(isinstance(each, ast.Call) and receiver(each) is not None for each in sides) and same_step(*sides):
        rows, others = sides[0], sides[0].args[not isinstance_method(sides[0]) :]
        yield Draft("operator", 2, f"{called(rows)}(a) == {called(rows)}(b) → (a == b).{joins}()", lambda node: ast.Call(
            ast.Attribute(_of_numbers(node), joins, ast.Load()), others, rows.keywords), node)


def _of_numbers(node: ast.Call | ast.Compare) -> ast.expr:
    if isinstance(node, ast.Compare):
        return _of_both(node)
    return with_(node, args=[*map(receiver, node.args[:2]), *node.args[2:]])


def first_only(site: Site) -> Iterator[Draft]:
    """The first of many is asked, where any of them, or all, should be: x[0].startswith(y), x[0] == y."""
    node = site.node
    asks = isinstance(node, ast.Compare) or isinstance(node, ast.Call) and called(node).startswith(("starts", "ends", "is"))
    firsts = [each for each in ast.walk(node) if isinstance(each, ast.Subscript) and isinstance(each.value, ast.Name)
              and number(each.slice) == 0] if asks else []
    if len(firsts) == 1:
        of_each = replaced(node, {id(firsts[0]): name("each")})
        loop = ast.comprehension(ast.Name("each", ast.Store()), firsts[0].value, [], 0)
        for word in ("any", "all"):
            yield Draft("condition", 3, f"x[0] … → {word}(each … for each in x)", lambda node, w=word: ast.Call(
                name(w), [ast.GeneratorExp(of_each, [loop])], []), node)


def further_in(site: Site) -> Iterator[Draft]:
    """A step taken of what comes out of an operation, where it should be taken of the one thing that goes in: f(a ∘ a)."""
    node = site.node
    inner = receiver(node) if isinstance(node, ast.Call) else None
    if isinstance(inner, ast.BinOp):
        used = {each.id for each in ast.walk(inner) if isinstance(each, ast.Name)} & set(site.scope.names)
        if len(used) == 1:
            yield Draft("order", 2.5, f"{called(node)}(a ∘ a) → {called(node)}(a) ∘ {called(node)}(a)", lambda node: _put_in(
                node, *used), node)


def _put_in(call: ast.Call, variable: str) -> ast.expr:
    """What the call works on, with the call around the variable, wherever that is in it."""
    inner = receiver(call)
    own = {id(each): with_receiver(call, name(variable)) for each in ast.walk(inner)
           if isinstance(each, ast.Name) and each.id == variable}
    return replaced(inner, own)


def same_step(one: ast.Call, other: ast.Call) -> bool:
    """Do both call the same function with the same arguments, of two different things?"""
    anything = ast.Name("_", ast.Load())
    alike = (ast.dump(with_receiver(one, anything)), ast.dump(receiver(one))), (
        ast.dump(with_receiver(other, anything)), ast.dump(receiver(other)))
    return alike[0][0] == alike[1][0] and alike[0][1] != alike[1][1]


def _of_both(node: ast.BinOp | ast.Compare) -> ast.expr:
    """The operation on what both sides are made of."""
    if isinstance(node, ast.BinOp):
        return with_(node, left=receiver(node.left), right=receiver(node.right))
    return with_(node, left=receiver(node.left), comparators=[receiver(node.comparators[0])])


def renamed_call(call: ast.Call, word: str) -> ast.Call:
    function = call.func
    return with_(call, func=with_(function, attr=word) if isinstance(function, ast.Attribute) else with_(function, id=word))


def _turned(node: ast.AST) -> ast.AST:
    inner = receiver(node) if isinstance(node, ast.Call) else None
    if not isinstance(inner, ast.Call) or receiver(inner) is None:
        return node
    return with_receiver(inner, with_receiver(node, receiver(inner)))


def with_receiver(call: ast.Call, new: ast.expr) -> ast.Call:
    """The same call, on something else."""
    old = receiver(call)
    if call.args and call.args[0] is old:
        return with_(call, args=[new, *call.args[1:]])
    return with_(call, func=with_(call.func, value=new))


def reshapes(site: Site) -> Iterator[Draft]:
    """Reshaped where the dimensions should have been exchanged."""
    node = site.node
    if isinstance(node, ast.Call) and called(node) in ("view", "reshape", "flatten", "unflatten") and isinstance_method(node):
        for dims in ((1, 2), (-2, -1)):
            yield Draft("shape", 1.5, f"{called(node)} → transpose{dims}", lambda node, d=dims: method(receiver(node),
                "transpose", *d), node)
            yield Draft("shape", 2, f"transpose{dims} before {called(node)}", lambda node, d=dims: with_receiver(
                node, method(receiver(node), "transpose", *d)), node)
            yield Draft("shape", 2, f"transpose{dims} after {called(node)}", lambda node, d=dims: method(node, "transpose", *d),
                node)
    if isinstance(node, ast.Call) and called(node) == "view":
        yield Draft("shape", 2, "contiguous().view", lambda node: with_receiver(node, method(receiver(node), "contiguous")), node)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) and isinstance(node.ctx, ast.Load):
        parts = node.slice.elts
        for i in range(len(parts)):
            if i + 1 < len(parts) and ast.dump(parts[i]) != ast.dump(parts[i + 1]):
                yield Draft("axis", 1.5, f"indices {i} and {i + 1} exchanged", lambda node, i=i: with_(node, slice=with_(
                    node.slice, elts=exchanged(node.slice.elts, i, i + 1))), node)
            yield Draft("axis", 2, f"without index {i}", lambda node, i=i: with_(node, slice=with_(
                node.slice, elts=without(node.slice.elts, i))), node)
            for new, text in ((ast.Constant(None), "None"), (ast.Slice(), ":")):
                yield Draft("axis", 2.5, f"{text} before index {i}", lambda node, i=i, new=new: with_(node, slice=with_(
                    node.slice, elts=[*node.slice.elts[:i], new, *node.slice.elts[i:]])), node)
            if isinstance(parts[i], ast.Slice) and not parts[i].lower and not parts[i].upper:
                yield Draft("axis", 2.5, ": → None", lambda node, i=i: with_(node, slice=with_(
                    node.slice, elts=[*node.slice.elts[:i], ast.Constant(None), *node.slice.elts[i + 1 :]])), node)
    if is_value(site) and isinstance(node, (ast.Name, ast.Call)) and isinstance(site.parent, ast.BinOp):
        for dim in (-1, 1, 0, 2):
            yield Draft("shape", 3, f"….unsqueeze({dim})", lambda node, d=dim: method(node, "unsqueeze", d), site.parent)
        for dims in ((-2, -1), (1, 2)):
            yield Draft("axis", 2.5, f"….transpose{dims}", lambda node, d=dims: method(node, "transpose", *d), site.parent)
    if isinstance(node, ast.Attribute) and isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.MatMult):
        yield Draft("axis", 2, "….transpose(-2, -1)", lambda node: method(node, "transpose", -2, -1), site.parent)


# ── indices, lists, comprehensions ───────────────────────────────────────────────────────────────────────────────────


def subscripts(site: Site) -> Iterator[Draft]:
    node = site.node
    if isinstance(node, ast.Slice):
        for bound in ("lower", "upper"):
            value = getattr(node, bound)
            if value is not None:
                yield Draft("number", 2, f"slice without {bound} bound", lambda node, b=bound: with_(node, **{b: None}),
                    site.parent)
                yield Draft("number", 2, "bounds of the slice exchanged", lambda node: with_(node, lower=node.upper,
                    upper=node.lower), site.parent)
            for new in (1, -1):
                if value is None:
                    yield Draft("number", 2, f"{bound} bound {new}", lambda node, b=bound, v=new: with_(node,
                        **{b: literal(v)}), site.parent)
        ends = [number(each) if each is not None else None for each in (node.lower, node.upper)]
        if None not in ends:
            for by in (1, -1):
                lower, upper = ends[0] + by, ends[1] + by or None
                yield Draft("number", 2, f"both bounds {by:+}", lambda node, lo=lower, up=upper: with_(
                    node, lower=literal(lo), upper=literal(up) if up is not None else None), site.parent)
        if node.step is None:
            yield Draft("order", 3, "backwards", lambda node: with_(node, step=literal(-1)), site.parent)
        else:
            yield Draft("number", 2, "slice without its step", lambda node: with_(node, step=None), site.parent)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield Draft("extra", 2, "without […]", lambda node: node.value, node)
        if not isinstance(node.slice, (ast.Slice, ast.Tuple)):
            yield Draft("number", 3, "[i] → [:i]", lambda node: with_(node, slice=ast.Slice(None, node.slice)), node)
            yield Draft("number", 3, "[i] → [i:]", lambda node: with_(node, slice=ast.Slice(node.slice, None)), node)
            yield Draft("axis", 2.5, "[i] → [:, i]", lambda node: with_(node, slice=ast.Tuple([ast.Slice(), node.slice],
                ast.Load())), node)
    elif isinstance(site.parent, ast.Tuple) and site.up.place == "slice":
        kind = "axis" if number(node) is None else "number"     # one of many is taken
        yield Draft(kind, 2.5, f"index {site.index} → :", lambda node: ast.Slice(), site.up.parent)
    if is_value(site) and isinstance(node, (ast.Call, ast.Name)) and not isinstance(site.parent, (ast.Subscript, ast.Attribute,
            ast.BinOp)):
        for index in (0, 1, -1):
            yield Draft("return" if isinstance(site.parent, ast.Return) else "number", 3, f"…[{index}]",
                        lambda node, i=index: ast.Subscript(node, literal(i), ast.Load()), node)


def collections(site: Site) -> Iterator[Draft]:
    node = site.node
    if isinstance(node, (ast.Tuple, ast.List)) and is_read(node) and site.place != "slice":
        for i in range(len(node.elts) - 1):
            yield Draft("return" if isinstance(site.parent, ast.Return) else "argument", 1.5, f"items {i} and {i + 1} exchanged",
                        lambda node, i=i: with_(node, elts=exchanged(node.elts, i, i + 1)), node)
        for i in range(len(node.elts)):
            yield Draft("return" if isinstance(site.parent, ast.Return) else "extra", 2, f"without item {i}",
                        lambda node, i=i: with_(node, elts=without(node.elts, i)), node)
            if isinstance(node, ast.Tuple):
                kind = "return" if isinstance(site.parent, ast.Return) else "type" if len(node.elts) == 1 else "extra"
                yield Draft(kind, 2, f"only item {i}",
                    lambda node, i=i: node.elts[i], node)
        other = ast.List if isinstance(node, ast.Tuple) else ast.Tuple
        yield Draft("type", 2, f"→ {other.__name__}", lambda node: other(node.elts, ast.Load()), node)
    if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)):
        yield from _comprehensions(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List):
        yield Draft("state", 1.5, "[x] * n → [x for …]", lambda node: ast.ListComp(_anew(node.left.elts[0]), [ast.comprehension(
            ast.Name("_", ast.Store()), ast.Call(name("range"), [node.right], []), [], 0)]) if isinstance(
            node.left, ast.List) and node.left.elts else node, node)
    if site.place == "iter" or isinstance(site.parent, ast.Return):
        for function in ("sorted", "reversed", "list", "set", "tuple"):
            kind = "order" if function in ("sorted", "reversed") else "type"
            cost = 3 if site.place == "iter" or function in ("list", "tuple") else 4
            yield Draft(kind, cost, f"{function}(…)", lambda node, f=function: ast.Call(name(f), [node], []), node)


def _anew(node: ast.expr) -> ast.expr:
    """The expression, as a list of its own if it is a list with a name."""
    return ast.Call(name("list"), [node], []) if isinstance(node, ast.Name) else node


def _comprehensions(node: ast.AST) -> Iterator[Draft]:
    for g, generator in enumerate(node.generators):
        for i in range(len(generator.ifs)):
            yield Draft("condition", 1.5, "without the if", lambda node, g=g, i=i: with_(node, generators=[
                with_(each, ifs=without(each.ifs, i)) if n == g else each for n, each in enumerate(node.generators)]), node)
    if len(node.generators) == 2:
        yield Draft("order", 2, "loops exchanged", lambda node: with_(node, generators=node.generators[::-1]), node)
    if isinstance(node, ast.ListComp):
        yield Draft("type", 3, "set of …", lambda node: ast.SetComp(node.elt, node.generators), node)


def values(site: Site) -> Iterator[Draft]:
    """Another type, a copy, or no gradient, on the way into a variable, out of the function, or into a call."""
    node = site.node
    if not is_value(site) or isinstance(node, (ast.Constant, ast.Lambda)) or number(node) is not None or not isinstance(
            site.parent, (ast.Assign, ast.Return, ast.Call, ast.BinOp, ast.comprehension, ast.keyword, ast.Tuple, ast.Dict)):
        return
    whole = isinstance(site.parent, (ast.Assign, ast.Return))
    for attribute in ("float", "bool", "long") if not isinstance(site.parent, ast.Tuple) else ():
        yield Draft("type", 3, f"….{attribute}()", lambda node, a=attribute: method(node, a), node)
    if whole:
        for attribute in ("clone", "copy") if not isinstance(node, ast.Name) else ():
            yield Draft("state", 3.5, f"….{attribute}()", lambda node, a=attribute: method(node, a), node)
        for text in ("torch.tensor", "torch.as_tensor") if isinstance(site.parent, ast.Return) else ():
            yield Draft("type", 3, f"{text}(…)", lambda node, t=text: ast.Call(name(t), [node], []), node)
        if isinstance(node, ast.Name):     # another name for the same thing
            for attribute in ("clone", "copy"):
                yield Draft("state", 1.2, f"a copy by {attribute}", lambda node, a=attribute: method(node, a), site.parent)
            yield Draft("state", 1.3, "a copy by list", lambda node: ast.Call(name("list"), [node], []), site.parent)
    fraction = isinstance(node, ast.Attribute) or isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)     # int: often 0
    types = ("float", "str") if fraction else ("int", "float", "str")
    for function in types if whole or isinstance(site.parent, (ast.Call, ast.Tuple)) else ():
        yield Draft("type", 4, f"{function}(…)", lambda node, f=function: ast.Call(name(f), [node], []), node)


EXPRESSIONS: tuple[Callable[[Site], Iterator[Draft]], ...] = (
    numbers, constants, one_more_or_less, names, forgotten, strides, attributes, operations, signs, comparisons, roots, calls,
    einsums, chains, together, number_by_number, first_only, further_in, reshapes, subscripts, collections, values)
