"""Notebook 09, as a learner might solve it from its text alone."""

import torch
from torch import nn

from bert_parts import BertModel


class BertForSequenceClassification(nn.Module):
    """A label for the whole text, or for a pair of texts (Devlin et al. 2019, section 4.1).

    Shapes:
        as BertModel → scores (B, num_labels)
    """

    def __init__(self, config, num_labels):
        super().__init__()
        self.config, self.num_labels = config, num_labels
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(p=config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        self.apply(self.bert.initialize)

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        _, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        dropped = self.dropout(pooled)
        return self.classifier(dropped)


def decay_groups(model, weight_decay):
    """The parameters for AdamW: matrices are pulled towards 0, biases and LayerNorm's are not.

    As in the published code (the paper names the decay, 0.01, only). Parameters that do not learn
    are left out.
    """
    pulled, spared = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            (spared if name.endswith(".bias") or "LayerNorm" in name else pulled).append(parameter)
    return [{"params": spared, "weight_decay": 0.0}, {"params": pulled, "weight_decay": weight_decay}]


def learning_rate_at(step, steps, peak, warmup):
    """It rises from 0 to the peak in the first part of the steps, then falls to 0, both straight.

    Args:
        step: of the steps, counted from 0. Step 0 has a little more than 0, and so has the last.
        warmup: which part of the steps it rises, 0 … 1 (Devlin et al. 2019, appendix A.2: 10,000 of
            1,000,000).
    """
    rising = warmup * steps
    if step + 1 <= rising:
        share = (step + 1) / rising
    else:
        share = (steps - step) / (steps - int(rising))
    return share * peak


def gradient_times_input(model, batch, label, against=None):
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
    vectors = []
    table = model.bert.embeddings.word_embeddings
    hook = table.register_forward_hook(lambda module, arguments, output: vectors.append(output))
    scores = model(**batch)
    hook.remove()
    explained = scores[:, label]
    if against is not None:
        explained = explained - scores[:, against]
    gradient = torch.autograd.grad(explained.sum(), vectors[0])[0]
    return (gradient * vectors[0]).sum(-1).detach()
