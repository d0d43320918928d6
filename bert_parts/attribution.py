"""Which words moved the decision."""

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
