"""What is asked of BERT: small parts on top of its hidden states or its pooled vector, and the models that they make.

A head here is no attention head. Losses are left to whoever trains (``F.cross_entropy`` serves them all).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert_parts.config import BertConfig
from bert_parts.model import BertModel


class Transform(nn.Module):
    """One more layer before the words are scored: dense, GELU, LayerNorm.

    Shapes:
        hidden (…, D) → (…, D)
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.LayerNorm(F.gelu(self.dense(hidden)))


class MaskedLMHead(nn.Module):
    """A score for every word of the vocabulary: how well does its own vector fit?

    The words are scored by the very table that they are looked up in, which is why the head has no
    matrix of that size; what is its own is a bias for each word
    (Devlin et al. 2019, section 3.1, task 1).

    Shapes:
        hidden (…, D), words (V, D) → scores (…, V)
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden: Tensor, words: Tensor) -> Tensor:
        return F.linear(self.transform(hidden), words, self.bias)


def _score_words(model: nn.Module, hidden: Tensor) -> Tensor:
    """Scores for some hidden states only, such as those of the masked words: (…, D) → (…, V)."""
    return model.cls["predictions"](hidden, model.bert.embeddings.word_embeddings.weight)


class BertForPreTraining(nn.Module):
    """Both tasks that BERT was trained on: the masked words, and whether the second text follows upon the first.

    Shapes:
        as BertModel → word scores (B, T, V), scores (B, 2) for "it follows" and "it does not"
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.bert = BertModel(config)
        self.cls = nn.ModuleDict({"predictions": MaskedLMHead(config), "seq_relationship": nn.Linear(config.hidden_size, 2)})
        self.apply(self.bert.initialize)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return self.score_words(hidden), self.cls["seq_relationship"](pooled)

    score_words = _score_words


class BertForMaskedLM(nn.Module):
    """Which word belongs here? (Devlin et al. 2019, section 3.1, task 1.)

    Shapes:
        as BertModel → scores (B, T, V)
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.cls = nn.ModuleDict({"predictions": MaskedLMHead(config)})
        self.apply(self.bert.initialize)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Tensor:
        return self.score_words(self.bert(input_ids, attention_mask, token_type_ids)[0])

    score_words = _score_words


class BertForNextSentencePrediction(nn.Module):
    """Does the second text follow upon the first? (Devlin et al. 2019, section 3.1, task 2.)

    Shapes:
        as BertModel → scores (B, 2): it follows (0), it does not (1)
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.bert = BertModel(config)
        self.cls = nn.ModuleDict({"seq_relationship": nn.Linear(config.hidden_size, 2)})
        self.apply(self.bert.initialize)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Tensor:
        return self.cls["seq_relationship"](self.bert(input_ids, attention_mask, token_type_ids)[1])


class BertForSequenceClassification(nn.Module):
    """A label for the whole text, or for a pair of texts (Devlin et al. 2019, section 4.1).

    Shapes:
        as BertModel → scores (B, num_labels)
    """

    def __init__(self, config: BertConfig, num_labels: int):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.classifier_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Tensor:
        return self.classifier(self.dropout(self.bert(input_ids, attention_mask, token_type_ids)[1]))


class BertForTokenClassification(nn.Module):
    """A label for every token (Devlin et al. 2019, section 5.3).

    Shapes:
        as BertModel → scores (B, T, num_labels)
    """

    def __init__(self, config: BertConfig, num_labels: int):
        super().__init__()
        self.config = config
        self.num_labels = num_labels
        self.bert = BertModel(config, add_pooling_layer=False)
        self.dropout = nn.Dropout(config.classifier_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Tensor:
        return self.classifier(self.dropout(self.bert(input_ids, attention_mask, token_type_ids)[0]))


class BertForQuestionAnswering(nn.Module):
    """Where does the answer begin, and where does it end? (Devlin et al. 2019, section 4.2.)

    Shapes:
        as BertModel → scores (B, T) of being the first token of the answer,
            scores (B, T) of being the last
    """

    def __init__(self, config: BertConfig):
        super().__init__()
        self.config = config
        self.bert = BertModel(config, add_pooling_layer=False)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.apply(self.bert.initialize)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        start, end = self.qa_outputs(self.bert(input_ids, attention_mask, token_type_ids)[0]).unbind(dim=-1)
        return start, end
