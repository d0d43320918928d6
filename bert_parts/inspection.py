"""Looking inside a model: what each head looks at and adds, what becomes of it without some heads, what it would say after each
layer, and where it keeps what it says it by."""

from contextlib import ExitStack

import torch
from torch import Tensor, nn

from bert_parts.attention import split_heads


def head_hits(weights: Tensor, wanted: Tensor) -> Tensor:
    """Whether each head looks most strongly where it is wanted to, for every token that is asked.

    A token is asked if it is wanted to look anywhere. The mean over the tokens is a head's score
    for a relation, such as from a determiner to its noun (Clark et al. 2019, section 4.2).

    Shapes:
        weights (B, H, T, S) of one layer, wanted (B, T, S) boolean → (H, N) boolean, the N tokens
            that are asked text by text, each text from its beginning
    """
    asked = wanted.any(dim=-1)                                                  # (B, T)
    strongest = weights.argmax(dim=-1, keepdim=True)                            # (B, H, T, 1)
    hits = wanted[:, None].expand_as(weights).gather(-1, strongest)[..., 0]     # (B, H, T)
    return hits.transpose(0, 1)[:, asked]                                       # (H, N)


def gate_heads(model: nn.Module, batch: dict[str, Tensor], gates: Tensor) -> Tensor:
    """What the model gives if what each head found is multiplied by a number: 0 switches it off.

    The heads of a layer stand side by side in what its attention gives (Michel et al. 2019,
    section 2.3). The model is left as it was.

    Args:
        model: anything on top of `model.bert`.
        batch: what the tokenizer gives.

    Shapes:
        gates (L, H), or (B, L, H) if each text has its own: one for each layer and head
    """
    with ExitStack() as hooks:     # which removes them, whatever happens
        for number, layer in enumerate(model.bert.encoder.layer):
            gate = gates[..., number, :]                                        # (H,) or (B, H)

            def multiply(module, arguments, output, gate=gate):
                heads = output.unflatten(-1, (gate.size(-1), -1))               # (B, T, H, d)
                return (heads * gate[..., None, :, None]).flatten(-2)           # (B, T, D)

            hooks.enter_context(layer.attention.self.register_forward_hook(multiply))
        return model(**batch)


def hidden_states(bert: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """The vectors of all tokens after the embeddings and after each layer. The model is left as it was.

    Shapes:
        → (L + 1, B, T, D)
    """
    found = []
    with ExitStack() as hooks:
        for part in (bert.embeddings, *bert.encoder.layer):
            hooks.enter_context(part.register_forward_hook(lambda module, arguments, output: found.append(output)))
        bert(**batch)
    return torch.stack(found)


def value_norms(bert: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    """How long the vector is that a head would add if it looked at one token only: ‖f(x)‖, where f(x) = (x W^V + b^V) W^O, with
    the head's own columns of W^V and rows of W^O (Kobayashi et al. 2020, section 3).

    Times a head's weight, which is no negative number, it is the length of what the head takes from that token: ‖α f(x)‖.

    Shapes:
        → (L, B, H, T); of padding, too, at which nobody looks
    """
    norms = []
    for layer, x in zip(bert.encoder.layer, hidden_states(bert, batch)[:-1], strict=True):
        attention, heads = layer.attention, layer.attention.self.num_heads
        values = split_heads(attention.self.value(x), heads)                    # (B, H, T, d)
        slices = attention.output.dense.weight.unflatten(1, (heads, -1))        # (D, H, d)
        norms.append(torch.einsum("bhtd,ohd->bhto", values, slices).norm(dim=-1))
    return torch.stack(norms)


def patched(bert: nn.Module, batch: dict[str, Tensor], layer: int, where: Tensor, states: Tensor) -> Tensor:
    """The last hidden states if some tokens' vectors are others after one layer, from which the model then goes on: activation
    patching (Vig et al. 2020). The model is left as it was.

    Args:
        layer: after which, counted from 1; 0 = after the embeddings.

    Shapes:
        where (B, T) boolean, states (B, T, D): the vectors to put where it is True → (B, T, D)
    """
    part = (bert.embeddings, *bert.encoder.layer)[layer]
    with part.register_forward_hook(lambda module, arguments, output: torch.where(where[..., None], states, output)):
        return bert(**batch)[0]


def logit_lens(model: nn.Module, batch: dict[str, Tensor], asked: Tensor) -> Tensor:
    """What the model would say after the embeddings and after each layer, were it the last
    (nostalgebraist 2020). The model is left as it was.

    Args:
        model: a masked-language model with `model.bert` and `model.score_words`, in eval mode.
        batch: what the tokenizer gives.

    Shapes:
        asked (B, T) boolean, True at N tokens → the scores of all words (L + 1, N, V), of which
            the last are what the model gives there
    """
    return model.score_words(hidden_states(model.bert, batch)[:, asked])
