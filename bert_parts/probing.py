"""What a probe could have learned by heart."""

import torch
from torch import Generator, Tensor


def control_labels(types: Tensor, labels: Tensor, generator: Generator) -> Tensor:
    """Labels that say nothing of the text: each type has one, at all of its places, drawn by lot.

    That is a control task (Hewitt & Liang 2019, section 2): to find them, a probe must have learned
    by heart which type has which.

    For each of the V types that occur, from the smallest id to the largest, one of all N tokens is
    drawn, each as likely as any other, by `torch.randint(N, (V,), generator=generator)`. The type
    gets the label of that token, so that a label which many tokens have is given to many types.

    Args:
        types: which word each token is, by its id.

    Shapes:
        types (N,) int64, labels (N,) int64 → (N,) int64, for N ≥ 1
    """
    kinds, which = types.unique(return_inverse=True)                                # (V,), (N,)
    drawn = torch.randint(len(labels), (len(kinds),), generator=generator)          # (V,): numbers of tokens
    return labels[drawn][which]
