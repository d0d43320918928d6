"""The embeddings against transformers, the layer norm against torch, the nearest words against scikit-learn."""

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors
from torch.nn import functional as F
from transformers.models.bert.modeling_bert import BertEmbeddings as ReferenceEmbeddings

from bert_parts import BertConfig, BertEmbeddings, load_pretrained
from bert_parts.embeddings import cosine_by_distance, layer_norm, nearest_words

SIZES = dict(vocab_size=40, hidden_size=12, num_attention_heads=3, max_position_embeddings=9, type_vocab_size=3,
             layer_norm_eps=0.01, hidden_dropout_prob=0.3, pad_token_id=5)
IDS = torch.tensor([[39, 2, 2, 17, 0, 5, 5], [1, 30, 8, 8, 21, 3, 38]])
SEGMENTS = torch.tensor([[0, 0, 1, 1, 2, 0, 0], [2, 1, 0, 0, 1, 2, 1]])


@pytest.fixture
def pair():
    """Ours and theirs, with the same weights of std 0.3."""
    theirs = ReferenceEmbeddings(transformers.BertConfig(**SIZES))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_(std=0.3, generator=generator)
    ours = BertEmbeddings(BertConfig(**SIZES))
    ours.load_state_dict(dict(theirs.named_parameters()))
    return ours, theirs


@pytest.mark.parametrize("segments", [None, SEGMENTS], ids=["no segments given", "three segments"])
@pytest.mark.parametrize("training", [False, True], ids=["in use", "in training"])
def test_embeddings_and_their_gradients(pair, segments, training):
    """In training, with the same seed, the same numbers are dropped."""
    results = []
    for model in pair:
        model.train(training)
        torch.manual_seed(3)
        result = model(IDS, token_type_ids=segments)
        result.pow(3).sum().backward()
        results.append({"output": result} | {name: parameter.grad for name, parameter in model.named_parameters()})
    ours, theirs = results
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        torch.testing.assert_close(ours[name], expected, msg=lambda text, name=name: f"{name}: {text}")
    assert not ours["word_embeddings.weight"][SIZES["pad_token_id"]].any()


def test_the_words_of_a_text_do_not_depend_on_its_neighbours_in_the_batch(pair):
    ours = pair[0].eval()
    torch.testing.assert_close(ours(IDS)[1:], ours(IDS[1:]))


@settings(deadline=None, max_examples=60)
@given(shape=st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(2, 9)), eps=st.floats(1e-12, 1),
       spread=st.floats(0.1, 100), seed=st.integers(0, 99))
def test_layer_norm(shape, eps, spread, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator, dtype=torch.float64) * spread + spread
    weight, bias = torch.randn(2, shape[-1], generator=generator, dtype=torch.float64)
    torch.testing.assert_close(layer_norm(x, weight, bias, eps), F.layer_norm(x, shape[-1:], weight, bias, eps))


def test_layer_norm_of_equal_numbers_is_the_bias():
    bias = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert torch.equal(layer_norm(torch.full((1, 2, 4), 7.0), torch.ones(4), bias, 1e-12), bias.expand(1, 2, 4))


def test_gradient_of_layer_norm():
    generator = torch.Generator().manual_seed(0)
    given = [torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)
             for shape in ((2, 3, 5), (5,), (5,))]
    assert torch.autograd.gradcheck(lambda *tensors: layer_norm(*tensors, 0.1), given)


def test_nearest_words_in_the_real_table():
    model, tokenizer = load_pretrained()
    vectors = model.embeddings.word_embeddings.weight.detach()
    oracle = NearestNeighbors(n_neighbors=9, metric="cosine").fit(vectors.numpy())
    for word in ("film", "##ing", "[MASK]", "1984"):
        place = tokenizer.vocab[word]
        distances, places = oracle.kneighbors(vectors[place : place + 1].numpy())
        expected = {tokenizer.tokens[i]: 1 - d for d, i in zip(distances[0], places[0], strict=True) if i != place}
        found = nearest_words(word, tokenizer.tokens, vectors, k=8)
        assert [token for token, _ in found] == list(expected)
        assert [cosine for _, cosine in found] == pytest.approx(list(expected.values()), abs=1e-5)


def test_nearest_words_of_few():
    vectors = torch.tensor([[1.0, 0.0], [0.0, 0.1], [30.0, 40.0], [0.0, 0.0]])
    words = ["east", "north", "between", "nowhere"]
    assert nearest_words("north", words, vectors, k=1) == [("between", pytest.approx(0.8))]
    assert [token for token, _ in nearest_words("north", words, vectors)][0] == "between"
    assert len(nearest_words("north", words, vectors, k=9)) == 3     # all there are, and not the word itself


def test_a_word_that_has_no_vector():
    with pytest.raises(ValueError, match="'south' is not one of the 2 tokens"):
        nearest_words("south", ["east", "north"], torch.eye(2))


def test_cosine_by_distance_pair_by_pair():
    vectors = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)) * torch.arange(1, 7)[:, None]
    expected = [torch.stack([F.cosine_similarity(vectors[i], vectors[i + far], dim=0) for i in range(6 - far)]).mean()
                for far in range(6)]
    torch.testing.assert_close(cosine_by_distance(vectors), torch.stack(expected))


def test_cosine_by_distance_of_waves_is_a_wave():
    angles = torch.arange(9) * 0.7
    waves = torch.stack([angles.sin(), angles.cos()], dim=1)
    torch.testing.assert_close(cosine_by_distance(waves), angles.cos())
