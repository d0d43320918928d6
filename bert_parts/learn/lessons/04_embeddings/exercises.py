"""Notebook 04: word, position and segment vectors, their sum, layer norm; what the table of words knows."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from bert_parts.config import BertConfig
from bert_parts.embeddings import BertEmbeddings, cosine_by_distance, layer_norm, nearest_words
from bert_parts.learn.exercise import Case, Exercise, Finding, randn, with_hard_weights
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model, runs_inside

HERE = Path(__file__).parent
TITLE = "Embeddings"
BUILDS = "word, position and segment vectors, LayerNorm"
PAPER = "[Devlin et al. 2019](https://arxiv.org/abs/1810.04805), 3"

WORDS = "sun moon star cat dog bird".split()
TABLE = randn(6, 8) * torch.tensor([1.0, 3.0, 0.2, 2.0, 0.5, 4.0])[:, None]     # vectors of very unequal lengths
WITH_A_TWIN = [*WORDS, "luna"], torch.cat([TABLE, TABLE[1:2]])     # the vector of moon again
OPPOSITE = ["north", "south", "east"], torch.tensor([[0.0, 3.0], [0.0, -2.0], [4.0, 1.0]])
CROSSING = ["north", "east", "west", "up"], torch.tensor([[0.0, 3.0, 0.0], [4.0, 0.0, 0.0], [-2.0, 0.0, 0.0], [0.0, 1.0, 1.0]])

NO_ERROR = Finding("For a word that is not among the tokens, your code gives an answer. It should raise a `ValueError`, as "
                   "`tokens.index(word)` does by itself: else a slip of the pen goes unnoticed.", "no ValueError")
OTHER_ERROR = Finding("For a word that is not among the tokens, your code raises another error than a `ValueError`, which is what "
                      "the docstring promises. `tokens.index(word)` raises it by itself.", "another error")
EQUALS_LOST = Finding("Two words have the same cosine, and your answer holds only one of them: in a dictionary, for instance, "
                      "there is room for one value at each key. Keep the pairs in a list.", "equal cosines lost")


def refuses_unknown_words(thing) -> Finding | None:
    try:
        thing("fish", list(WORDS), TABLE.clone(), 2)
    except ValueError:
        return None
    except Exception:
        return OTHER_ERROR
    return NO_ERROR


def keeps_equals(thing) -> Finding | None:
    """East and west are both at a right angle to north; which of them comes first is open."""
    return None if sorted(token for token, _ in thing("north", *CROSSING, 3)) == ["east", "up", "west"] else EQUALS_LOST


def same_neighbours(thing) -> Finding | str:
    """The real table of 30,522 word vectors."""
    model, tokenizer = real_model()
    vectors = model.embeddings.word_embeddings.weight.detach()
    for word in ("film", "seven", "the", "[MASK]"):
        given, expected = thing(word, tokenizer.tokens, vectors), nearest_words(word, tokenizer.tokens, vectors)
        if [token for token, _ in given] != [token for token, _ in expected]:
            return Finding(f"On made-up vectors your neighbours agree, but in the real table those of `{word}` do not: "
                           f"yours begin with `{given[0][0]}`, they should begin with `{expected[0][0]}`.")
    words = ", ".join(token for token, _ in nearest_words("film", tokenizer.tokens, vectors))
    return f"In the real table of {len(vectors):,} vectors: the same neighbours. Nearest to film: {words}."


TORCHS_OWN = Finding("The numbers are right, but torch has computed them: `layer_norm` is called inside. Write it yourself, with "
                     "means, squares and a root.", "torch's own")


class Calls(TorchFunctionMode):
    """The names of torch's functions that are called while it is in force."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_function__(self, function, types, arguments=(), named=None):
        self.names.add(getattr(function, "__name__", ""))
        return function(*arguments, **(named or {}))


def is_written_out(thing) -> Finding | None:
    with Calls() as calls:
        thing(randn(2, 3, 5), randn(5, seed=1), randn(5, seed=2), 1e-3)
    return TORCHS_OWN if calls.names & {"layer_norm", "native_layer_norm"} else None


def every_norm_agrees(thing) -> Finding | str:
    """The real model with each of its layer norms computed by the learner's function."""
    model, _ = real_model()
    batch = real_batch()
    norms = [module for module in model.modules() if isinstance(module, nn.LayerNorm)]
    with torch.no_grad():
        expected, _ = model(**batch)
        hooks = [norm.register_forward_hook(lambda norm, given, _: thing(*given, norm.weight, norm.bias, norm.eps))
                 for norm in norms]
        try:
            given, _ = model(**batch)
        finally:
            for hook in hooks:
                hook.remove()
    real = batch["attention_mask"].bool()
    if not torch.allclose(given[real], expected[real], atol=TOLERANCE, rtol=0):
        return Finding("On made-up vectors yours agrees, but as the layer norm of the real BERT it gives other hidden states.")
    return f"In place of all {len(norms)} layer norms of the real BERT: the same hidden states, on sentences with padding."


CONFIG = BertConfig(vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12,
                    max_position_embeddings=18, type_vocab_size=3)
DROPS = replace(CONFIG, hidden_size=4, hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.6)
OTHER_PADDING = replace(CONFIG, pad_token_id=9)
THREE_TEXTS = torch.tensor([[3, 7, 7, 1, 12], [4, 1, 9, 2, 5], [11, 6, 13, 8, 10]])     # ids below 18 also name positions
SEGMENTS = torch.tensor([[0, 0, 0, 1, 1], [0, 0, 1, 1, 1], [0, 1, 1, 2, 2]])
PADDED = torch.tensor([[3, 7, 2, 0, 0], [4, 1, 9, 2, 5], [11, 2, 0, 0, 0]])
HIGH_IDS = torch.tensor([[29, 18, 3, 27], [2, 25, 19, 28]])

PADDING_LEARNS = Finding("The numbers are right, but in training the row of `[PAD]` would learn from texts that it is no part of: "
                         "give the word table `padding_idx=config.pad_token_id`.", "padding learns")
OTHER_ROW_RESTS = Finding("The numbers are right, but a row of the word table would never learn, and it is not that of `[PAD]`: "
                          "`padding_idx` is `config.pad_token_id`, which need not be 0.", "padding not from the config")
POSITION_RESTS = Finding("The numbers are right, but one of the positions would never learn: `padding_idx` belongs to the word "
                         "table only, since every position has a vector that learns.", "a position does not learn")


def only_padding_rests(thing) -> Finding | None:
    """In training every row that is looked up gets a gradient, but for that of [PAD]."""
    module = with_hard_weights(thing(OTHER_PADDING)).eval()
    module(PADDED).pow(2).sum().backward()
    words, positions = (table.weight.grad for table in (module.word_embeddings, module.position_embeddings))
    if words is None or positions is None:
        return None     # a cut that is spoken of anyway
    looked_up, padding = PADDED.unique().tolist(), OTHER_PADDING.pad_token_id
    if not all(words[number].any() for number in looked_up if number != padding):
        return OTHER_ROW_RESTS
    if words[padding].any():
        return PADDING_LEARNS
    return None if positions[: PADDED.size(1)].any(dim=1).all() else POSITION_RESTS


TURNS = torch.arange(7) * 0.9     # of a hand that goes on by 0.9 of a radian each time
TURNING = torch.stack([TURNS.cos(), TURNS.sin()], dim=1) * torch.tensor([1.0, 3.0, 0.5, 2.0, 4.0, 0.2, 1.5])[:, None]


def same_curve(thing) -> Finding | str:
    """The real table of positions, as much of it as a loop over pairs goes through in a moment."""
    model, _ = real_model()
    positions = model.embeddings.position_embeddings.weight.detach()[:128]
    given, expected = thing(positions), cosine_by_distance(positions)
    if given.shape != expected.shape or (given - expected).abs().max() > TOLERANCE:
        return Finding(f"On made-up vectors your cosines agree, but for {len(positions)} positions of the real table they do not.")
    return f"For the first {len(positions)} positions of the real table: the same mean cosine at each distance."


EXERCISES = (
    Exercise(lesson=HERE, reference=nearest_words, probes=(refuses_unknown_words, keeps_equals), drop_in=same_neighbours, cases=(
        Case("6 words with vectors of very unequal lengths, the nearest 3",
             lambda: ("moon", list(WORDS), TABLE.clone(), 3)),
        Case("another word, the nearest 2", lambda: ("bird", list(WORDS), TABLE.clone(), 2)),
        Case("k not given", lambda: ("sun", [*WORDS, "fish"], torch.cat([TABLE, randn(1, 8, seed=1)]))),
        Case("k larger than the number of other words", lambda: ("cat", list(WORDS), TABLE.clone(), 9)),
        Case("another word has the very same vector", lambda: ("moon", *WITH_A_TWIN, 3)),
        Case("another word, further up in the list, has the very same vector", lambda: ("luna", *WITH_A_TWIN, 3)),
        Case("another word has the opposite vector", lambda: ("north", *OPPOSITE, 2)),
        Case("words that hold the word, or are held by it",
             lambda: ("film", ["fil", "film", "films", "microfilm"], TABLE[:4].clone(), 3)),
    )),
    Exercise(lesson=HERE, reference=layer_norm, probes=(is_written_out,), drop_in=every_norm_agrees, cases=(
        Case("2 texts of 4 vectors, weight 1 and bias 0",
             lambda: (randn(2, 4, 6, scale=2) + 1, torch.ones(6), torch.zeros(6), 1e-12)),
        Case("another weight and bias for each column",
             lambda: (randn(2, 4, 6, scale=2) + 1, randn(6, seed=1), randn(6, seed=2), 1e-12)),
        Case("an eps as large as 0.5", lambda: (randn(2, 4, 6), randn(6, seed=1), randn(6, seed=2), 0.5)),
        Case("numbers around 40", lambda: (randn(2, 4, 6) + 40, randn(6, seed=1), randn(6, seed=2), 1e-12)),
    )),
    Exercise(lesson=HERE, reference=BertEmbeddings, probes=(only_padding_rests,), drop_in=runs_inside, cases=(
        Case("three texts of 5 tokens, with segments", lambda: (THREE_TEXTS.clone(), SEGMENTS.clone()), build=(CONFIG,)),
        Case("no segments given", lambda: (THREE_TEXTS.clone(),), build=(CONFIG,)),
        Case("texts with padding", lambda: (PADDED.clone(),), build=(CONFIG,)),
        Case("ids that are higher than any position", lambda: (HIGH_IDS.clone(),), build=(CONFIG,)),
        Case("a layer_norm_eps of 0.1", lambda: (THREE_TEXTS.clone(), SEGMENTS.clone()),
             build=(replace(CONFIG, layer_norm_eps=0.1),)),
        Case("in training, with a dropout rate of 0.3", lambda: (THREE_TEXTS[:1, :3].clone(),), build=(DROPS,), training=True),
    )),
    Exercise(lesson=HERE, reference=cosine_by_distance, drop_in=same_curve, cases=(
        Case("5 vectors of 8 numbers, of very unequal lengths", lambda: (TABLE[:5].clone(),)),
        Case("7 vectors in a plane, each turned on from the one before by the same angle", lambda: (TURNING.clone(),)),
        Case("2 vectors of 3 numbers", lambda: (randn(2, 3, seed=3),)),
    )),
)
