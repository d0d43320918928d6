"""The pooler and the count of parameters against transformers and against the models themselves."""

import pytest
import torch
import transformers
from transformers.models.bert.modeling_bert import BertPooler as ReferencePooler

from bert_parts import BertConfig, BertEncoder, BertModel, BertPooler, load_pretrained
from bert_parts.learn.inside import runs_inside
from bert_parts.model import count_parameters

SIZES = {
    "this course's": dict(hidden_size=384, num_hidden_layers=6, intermediate_size=1536),
    "BERT-base": {},
    "BERT-large": dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096),
    "odd": dict(vocab_size=1000, hidden_size=60, num_hidden_layers=3, num_attention_heads=5, intermediate_size=100,
                max_position_embeddings=70, type_vocab_size=3),
    "one of each": dict(vocab_size=1, hidden_size=1, num_hidden_layers=1, num_attention_heads=1, intermediate_size=1,
                        max_position_embeddings=1, type_vocab_size=1),
}


def test_pooler_and_its_gradients():
    theirs = ReferencePooler(transformers.BertConfig(hidden_size=12, num_attention_heads=3))
    ours = BertPooler(BertConfig(hidden_size=12, num_attention_heads=3))
    torch.nn.init.normal_(theirs.dense.weight, std=0.3)
    torch.nn.init.normal_(theirs.dense.bias, std=0.3)
    ours.load_state_dict(theirs.state_dict())
    results = []
    for pooler in (ours, theirs):
        hidden = torch.randn(3, 5, 12, generator=torch.Generator().manual_seed(0)).requires_grad_()
        pooled = pooler(hidden)
        pooled.pow(3).sum().backward()
        results.append((pooled, hidden.grad, pooler.dense.weight.grad, pooler.dense.bias.grad))
    for given, expected in zip(*results, strict=True):
        torch.testing.assert_close(given, expected)
    assert not results[0][1][:, 1:].any()     # only the first token is read


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_count_against_transformers(sizes):
    config = BertConfig(**sizes)
    with torch.device("meta"):
        reference = transformers.BertModel(transformers.BertConfig(**sizes, pad_token_id=0))
    assert sum(count_parameters(config).values()) == sum(parameter.numel() for parameter in reference.parameters())


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_each_part_is_counted_in_its_place(sizes):
    config = BertConfig(**sizes)
    with torch.device("meta"):
        model = BertModel(config)
    counts = dict.fromkeys(count_parameters(config), 0)
    for name, parameter in model.named_parameters():
        counts[part_of(name)] += parameter.numel()
    assert count_parameters(config) == counts


def part_of(name: str) -> str:
    if name.startswith("embeddings"):
        return "words" if "word" in name else "positions and segments"
    if name.startswith("pooler"):
        return "pooler"
    return "attention" if ".attention." in name else "feed-forward"


def test_the_numbers_that_the_course_speaks_of():
    model, _ = load_pretrained()
    assert sum(count_parameters(model.config).values()) == 22_713_216
    assert sum(count_parameters(BertConfig()).values()) == 109_482_240     # BERT-base


def test_the_pooler_of_this_checkpoint_was_never_trained():
    model, _ = load_pretrained()
    assert not model.pooler.dense.bias.any()
    others = [module.bias for name, module in model.named_modules()
              if isinstance(module, torch.nn.Linear) and not name.startswith("pooler")]
    assert len(others) == 36 and all(bias.ne(0).all() for bias in others)


@pytest.mark.parametrize(
    ("part", "what"),
    [(BertPooler, "hidden states and pooled vectors"), (BertModel, "hidden states and pooled vectors"),
     (BertEncoder, "hidden states")],
)
def test_the_check_speaks_of_pooled_vectors_where_they_are_made(part, what):
    assert f"the same {what} as before" in runs_inside(part)
