"""Which words moved the decision."""

import numpy as np
import torch
from torch import Tensor, nn


def gradient_times_input(model: nn.Module, batch: dict[str, Tensor], label: int, against: int | None = None) -> Tensor:
    """How much each token adds to a label's score: the gradient at its vector, times that vector.

    It says what the score would lose if the word vector shrank to nothing and the model were as
    straight all the way as it is right here. Up to that it is exact (Simonyan et al. 2014; the
    product is from Shrikumar et al. 2016).

    Args:
        model: a text classifier on top of `model.bert`, in eval mode. Nothing in it changes; its
            parameters get no gradients.
        batch: what the tokenizer gives.
        label: which column of the scores.
        against: if given, the score of `label` less that of this one is explained, and not the
            score alone.

    Shapes:
        batch of (B, T), scores (B, L) → (B, T); for padding 0, which comes by itself
    """
    caught = []

    def catch(module, arguments, output):
        caught.append(output.detach().requires_grad_())
        return caught[0]     # the model goes on with this one

    hook = model.bert.embeddings.word_embeddings.register_forward_hook(catch)
    try:
        with torch.enable_grad():
            scores = model(**batch)                                                        # (B, L)
            explained = scores[:, label] if against is None else scores[:, label] - scores[:, against]
            (gradient,) = torch.autograd.grad(explained.sum(), caught[0])                  # (B, T, D)
    finally:
        hook.remove()
    return (gradient * caught[0].detach()).sum(dim=-1)                                     # (B, T)


def integrated_gradients(
    model: nn.Module, batch: dict[str, Tensor], label: int, against: int | None = None, steps: int = 8
) -> Tensor:
    """How much each token adds to a label's score on the way from no words at all to the text: the mean gradient on
    that way, times the token's vector (Sundararajan et al. 2017, section 3).

    On the way all word vectors grow together from 0 to what they are, while positions and segments stay. With
    enough steps the numbers of a text add up to its score less the score at the beginning of the way, which is the
    axiom called completeness. The mean is taken by Gauss–Legendre quadrature, at steps that are not evenly spaced.

    Args:
        model, batch, label, against: as for `gradient_times_input`.
        steps: how many times the gradient is taken.

    Shapes:
        batch of (B, T), scores (B, L) → (B, T); for padding 0
    """
    total = 0
    places, weights = np.polynomial.legendre.leggauss(steps)                # on the way from -1 to 1
    for share, weight in zip((places + 1) / 2, weights / 2, strict=True):
        hook = model.bert.embeddings.word_embeddings.register_forward_hook(
            lambda module, given, output, share=share: output * share)
        try:
            total = total + weight / share * gradient_times_input(model, batch, label, against)
        finally:
            hook.remove()
    return total


def rollout(maps: list[Tensor]) -> Tensor:
    """How much of each token of the text is in each token after the last layer, if attention and
    residuals were all that mixes them (Abnar & Zuidema 2020, section 3).

    In each layer half of a token is what it was before, by the residual, and half comes by
    attention, as the mean of the heads has it.

    Shapes:
        maps: a (B, H, T, T) for each layer, the first layer's first, of which each row adds up
            to 1 → (B, T, T), of which each row does, too
    """
    itself = torch.eye(maps[0].size(-1)).to(maps[0])                        # (T, T)
    mixed = itself
    for weights in maps:
        layer = 0.5 * weights.mean(dim=1) + 0.5 * itself                    # (B, T, T)
        mixed = layer @ mixed
    return mixed
