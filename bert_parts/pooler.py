"""One vector for the whole input."""

from torch import Tensor, nn

from bert_parts.config import BertConfig


class BertPooler(nn.Module):
    """The first token's vector, [CLS] (Devlin et al. 2019, section 3),
    through the dense layer and tanh of their code.

    Shapes:
        hidden (B, T, D) → pooled (B, D)
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.dense(hidden[:, 0]).tanh()     # (B, D)


class NoPooler(nn.Module):
    """Stands where the pooler would, in models that are published without one. It learns nothing.

    Shapes:
        hidden (B, T, D) → the first token's vector (B, D)
    """

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden[:, 0]


def mean_pooling(hidden: Tensor, attention_mask: Tensor) -> Tensor:
    """The mean of the tokens' vectors, padding left out (Reimers & Gurevych 2019, section 3).

    Shapes:
        hidden (B, T, D), attention_mask (B, T) of 0 and 1 → (B, D)
    """
    keep = attention_mask.to(hidden.dtype)[..., None]     # (B, T, 1)
    return (hidden * keep).sum(dim=1) / keep.sum(dim=1)
