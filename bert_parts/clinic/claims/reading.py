"""Claims about models that are there: all-MiniLM-L6-v2, and the course's mask filler. They are read, and nothing is trained."""

import re
import statistics
from collections import Counter
from collections.abc import Iterator
from functools import cache

import torch
from scipy.stats import kendalltau
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from bert_parts.checkpoint import load_pretrained
from bert_parts.datasets import marked_sentences, passages, split_passages
from bert_parts.fill import mask_filler
from bert_parts.heads import BertForMaskedLM
from bert_parts.inspection import hidden_states
from bert_parts.pooler import mean_pooling
from bert_parts.tasks.sentiment import review_examples, split
from bert_parts.tokenizer import BertTokenizer
from bert_parts.visualize import record_attention

STOP_WORDS = frozenset("a an the of in on at to for by with from as is are was were be been it its he she his her they their this "
                       "that which who and or but not".split())
KINDS = {"bird": "robin eagle sparrow crow", "fish": "salmon trout shark", "animal": "dog horse cow bear lion elephant",
         "tree": "oak pine maple palm", "tool": "hammer saw", "instrument": "guitar piano violin drum trumpet",
         "city": "london paris chicago tokyo", "country": "france germany japan canada", "river": "nile thames amazon danube",
         "language": "english french german latin", "metal": "iron gold copper silver", "sport": "football baseball tennis hockey",
         "game": "chess poker", "building": "castle church temple hotel", "fruit": "apple banana orange lemon",
         "vehicle": "car truck bus", "planet": "mars venus jupiter", "disease": "cancer malaria"}
ENDINGS = ("less", "ness", "ment", "ful", "able", "ship", "ing", "ism", "ist", "hood", "ward", "wise", "ed", "ly", "er")
BEGINNINGS = ("un", "re", "non", "over", "under", "pre", "anti", "inter", "sub", "super", "micro", "semi", "counter")


def untrained(seed: int) -> nn.Module:
    """A model like the mask filler, with random weights."""
    torch.manual_seed(seed)
    return BertForMaskedLM(mask_filler()[0].config).eval()


@cache
def first_two(count: int) -> list[tuple[str, str]]:
    """The first two sentences of held-out passages, 8 to 30 words each."""
    found = []
    for passage in split_passages()[1]:
        sentences = re.split(r"(?<=[a-z)]\.) (?=[A-Z])", passage.text)
        if len(sentences) > 1 and all(8 <= len(sentence.split()) <= 30 for sentence in sentences[:2]):
            found.append((sentences[0], sentences[1]))
    return found[:count]


# ── vectors for sentences ────────────────────────────────────────────────────────────────────────────────────────────


def neighbours_found(vectors: Tensor, others: Tensor) -> list[float]:
    """For each first sentence, whether the nearest of all second ones is its own: 1 or 0."""
    nearest = (F.normalize(vectors, dim=-1) @ F.normalize(others, dim=-1).T).argmax(dim=1)
    return (nearest == torch.arange(len(vectors))).float().tolist()


@torch.no_grad()
def found_by(vector_of) -> list[float]:
    return neighbours_found(*(torch.cat([vector_of(list(texts[at : at + 50])) for at in range(0, len(texts), 50)])
                              for texts in zip(*first_two(200), strict=True)))


def mean_of_words(bert: nn.Module, tokenizer: BertTokenizer, texts: list[str]) -> Tensor:
    """The mean of the tokens' vectors as the table has them, [CLS] and [SEP] left out: what is there before any layer."""
    batch = tokenizer(texts)
    inside = batch["attention_mask"] * (batch["input_ids"] != tokenizer.cls_id) * (batch["input_ids"] != tokenizer.sep_id)
    return mean_pooling(bert.embeddings.word_embeddings(batch["input_ids"]), inside)


def pooled_vector() -> tuple[list[float], list[float]]:
    bert, tokenizer = load_pretrained("all-MiniLM-L6-v2")
    return (found_by(lambda texts: bert(**tokenizer(texts))[1]),
            found_by(lambda texts: mean_of_words(bert, tokenizer, texts)))


def cls_vector() -> tuple[list[float], list[float]]:
    filler, tokenizer = mask_filler()
    return (found_by(lambda texts: filler.bert(**tokenizer(texts))[0][:, 0]),
            found_by(lambda texts: mean_of_words(filler.bert, tokenizer, texts)))


def segments() -> tuple[list[float], list[float]]:
    """Vectors are means over the last layer, as this model was trained; all tokens in segment 0, as it was trained, or in 1."""
    bert, tokenizer = load_pretrained("all-MiniLM-L6-v2")

    def vectors(texts: list[str], segment: int) -> Tensor:
        batch = tokenizer(texts)
        return mean_pooling(bert(**batch | {"token_type_ids": torch.full_like(batch["input_ids"], segment)})[0],
                            batch["attention_mask"])

    return tuple(found_by(lambda texts, segment=segment: vectors(texts, segment)) for segment in (0, 1))


# ── what hidden words are guessed by ─────────────────────────────────────────────────────────────────────────────────


def is_stop_word(tokenizer: BertTokenizer) -> Tensor:
    return torch.tensor([token in STOP_WORDS for token in tokenizer.tokens])


def is_content(ids: Tensor, tokenizer: BertTokenizer) -> Tensor:
    """Where a word stands as one piece, of three letters or more, that is no stop word."""
    words = torch.tensor([token.isalpha() and len(token) > 2 and token not in STOP_WORDS for token in tokenizer.tokens])
    goes_on = torch.tensor([token.startswith("##") for token in tokenizer.tokens])
    return words[ids] & ~F.pad(goes_on[ids][..., 1:], (0, 1))


@torch.no_grad()
def attention_tells() -> tuple[list[float], list[float]]:
    """In sentences with one word hidden: does attention rank the others as their effect does? Kendall's τ for each sentence.

    The effect of a token is what the right word loses in log-probability when [MASK] is put in that token's place. Attention
    is that of the hidden word's place, on average over all heads and layers. The control ranks by nearness alone.
    """
    filler, tokenizer = mask_filler()
    by_attention, by_nearness = [], []
    for number, (text, _) in enumerate(first_two(60)):
        ids = tokenizer([text])["input_ids"][0]
        content = is_content(ids, tokenizer).nonzero()[:, 0]
        place = content[number % len(content)].item()
        others = [at for at in range(1, len(ids) - 1) if at != place]
        rows = ids.repeat(len(others) + 1, 1)
        rows[:, place] = tokenizer.mask_id
        rows[torch.arange(1, len(rows)), others] = tokenizer.mask_id
        marks = torch.ones_like(rows)
        with record_attention(filler) as maps:
            filler.bert(rows[:1], marks[:1])
        looked = torch.stack(maps)[:, 0, :, place].mean(dim=(0, 1))[others]
        hidden, _ = filler.bert(rows, marks)
        right = filler.score_words(hidden[:, place]).log_softmax(dim=-1)[:, ids[place]]
        effect = (right[0] - right[1:]).tolist()
        by_attention.append(kendalltau(effect, looked.tolist()).statistic)
        by_nearness.append(kendalltau(effect, [-abs(at - place) for at in others]).statistic)
    return by_attention, by_nearness


def sentences_asked(generator: Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """The ids of each sentence, and a fifth of its content words that are asked for, (1, T) and (1, T) bool, if it has any."""
    tokenizer = mask_filler()[1]
    for text, _ in first_two(200):
        ids = tokenizer([text])["input_ids"]
        asked = is_content(ids, tokenizer) & (torch.rand(ids.shape, generator=generator) < 0.2)
        if asked.any():
            yield ids, asked


def loss_at(ids: Tensor, shown: Tensor, asked: Tensor) -> float:
    """The mask filler's mean loss at the tokens that are asked for."""
    filler = mask_filler()[0]
    states, _ = filler.bert(shown, torch.ones_like(shown))
    return F.cross_entropy(filler.score_words(states[asked]), ids[asked]).item()


@torch.no_grad()
def stop_words() -> tuple[list[float], list[float]]:
    """The mean loss at a fifth of a sentence's content words: with all stop words hidden as well, and with all shown."""
    tokenizer = mask_filler()[1]
    stops, losses = is_stop_word(tokenizer), ([], [])
    for ids, asked in sentences_asked(Generator().manual_seed(0)):
        if stops[ids].any():
            for hidden, found in zip((asked | stops[ids], asked), losses, strict=True):
                found.append(loss_at(ids, torch.where(hidden, tokenizer.mask_id, ids), asked))
    return losses


@torch.no_grad()
def word_order() -> tuple[list[float], list[float]]:
    """The mean loss at the same content words, each in its place: among the sentence's other tokens in any order, and as they
    stood."""
    tokenizer, generator = mask_filler()[1], Generator().manual_seed(0)
    losses = [], []
    for ids, asked in sentences_asked(generator):
        shown = torch.where(asked, tokenizer.mask_id, ids)
        free = (~asked)[0].nonzero()[1:-1, 0]     # but [CLS] and [SEP]
        shuffled = shown.clone()
        shuffled[0, free] = shown[0, free[torch.randperm(len(free), generator=generator)]]
        for given, found in zip((shuffled, shown), losses, strict=True):
            found.append(loss_at(ids, given, asked))
    return losses


@torch.no_grad()
def negation() -> tuple[list[float], list[float]]:
    """“A robin is not a [MASK].”: the share of the 17 other kinds of things that are likelier than *bird*, for each kind.

    Whoever understands “not” comes near 1. The control is the sentence without it, where they come near 0.
    """
    (model, tokenizer), kinds = mask_filler(), list(KINDS)
    places = torch.tensor([tokenizer.tokens.index(kind) for kind in kinds])
    found = []
    for verb in ("is not", "is"):
        shares = []
        for number, kind in enumerate(kinds):
            of_kind = []
            for thing in KINDS[kind].split():
                batch = tokenizer([f"{'An' if thing[0] in 'aeio' else 'A'} {thing} {verb} a [MASK]."])
                hidden, _ = model.bert(**batch)
                scores = model.score_words(hidden[batch["input_ids"] == tokenizer.mask_id])[0, places]
                of_kind.append((scores > scores[number]).sum().item() / (len(kinds) - 1))
            shares.append(statistics.fmean(of_kind))
        found.append(shares)
    return tuple(found)


# ── what is looked at, and where vectors point ───────────────────────────────────────────────────────────────────────


def separator() -> tuple[list[float], list[float]]:
    """The share of a word's attention that falls on [SEP], on average over all heads and layers; and an even share of it."""
    shares, even = falls_on_separator(*load_pretrained("all-MiniLM-L6-v2"))
    return shares.mean(dim=1).tolist(), even


@torch.no_grad()
def falls_on_separator(bert: nn.Module, tokenizer: BertTokenizer) -> tuple[Tensor, list[float]]:
    """For each sentence and layer the share of a word's attention that falls on [SEP], (N, L); and an even share of it."""
    shares, even = [], []
    for text, _ in first_two(100):
        ids = tokenizer([text])["input_ids"]
        with record_attention(bert) as maps:
            bert(ids, torch.ones_like(ids))
        shares.append(torch.stack(maps)[:, 0, :, 1:-1, -1].mean(dim=(1, 2)))
        even.append(1 / ids.size(1))
    return torch.stack(shares), even


@torch.no_grad()
def one_direction() -> tuple[list[float], list[float]]:
    """The mean cosine of two words of different sentences, after the last layer; and in five models with random weights."""
    random = [cosine_of_neighbours(untrained(seed)) for seed in range(5)]
    return [cosine_of_neighbours(mask_filler()[0])] * len(random), random


def cosine_of_neighbours(model: nn.Module) -> float:
    """The mean over each sentence and the next one."""
    tokenizer, vectors = mask_filler()[1], []
    for text, _ in first_two(101):
        ids = tokenizer([text])["input_ids"]
        vectors.append(F.normalize(model.bert(ids, torch.ones_like(ids))[0][0, 1:-1], dim=-1))
    return statistics.fmean((one @ other.T).mean().item() for one, other in zip(vectors, vectors[1:], strict=False))


@torch.no_grad()
def distance() -> tuple[list[float], list[float]]:
    """Three positions: is the nearer of two the more alike? The share of 400 draws that are right, for each position.

    The positions are the first 256 of all-MiniLM-L6-v2, as many as it reads by default (in its last training it read 128); the
    control are random vectors.
    """
    table = load_pretrained("all-MiniLM-L6-v2")[0].embeddings.position_embeddings.weight[:256]
    generator = Generator().manual_seed(0)
    near, far = (torch.randint(256, (256, 400), generator=generator) for _ in range(2))
    here = torch.arange(256)[:, None]
    sooner = (near - here).abs() < (far - here).abs()
    differ = ((near - here).abs() != (far - here).abs()) & (near != here) & (far != here)
    found = []
    for vectors in (table, torch.randn(table.shape, generator=generator)):
        cosine = F.normalize(vectors, dim=-1) @ F.normalize(vectors, dim=-1).T
        right = (cosine.gather(1, near) > cosine.gather(1, far)) == sooner
        found.append(((right & differ).sum(dim=1) / differ.sum(dim=1)).tolist())
    return tuple(found)


# ── words and their pieces ───────────────────────────────────────────────────────────────────────────────────────────


@cache
def built_words() -> list[tuple[str, int]]:
    """Words of the passages that are made of another word of theirs and an ending or a beginning, and where the seam is."""
    counts = Counter(word for passage in passages() for word in re.findall(r"\b[a-z]{4,}\b", passage.text))
    found = []
    for word in sorted(counts):
        seams = {len(word) - len(end) for end in ENDINGS if word.endswith(end) and counts[word[: -len(end)]] >= 5}
        seams |= {len(begin) for begin in BEGINNINGS if word.startswith(begin) and counts[word[len(begin) :]] >= 5}
        if len(seams) == 1:
            found.append((word, seams.pop()))
    return found


def morphemes() -> tuple[list[float], list[float]]:
    """Of built words that the tokenizer cuts: is one of the cuts the seam? And how likely if it cut anywhere, as often."""
    _, tokenizer = load_pretrained("all-MiniLM-L6-v2")
    at_seam, by_lot = [], []
    for word, seam in built_words():
        pieces = tokenizer.tokenize(word)
        if len(pieces) > 1:
            lengths = torch.tensor([len(piece.removeprefix("##")) for piece in pieces])
            at_seam.append(float(seam in lengths.cumsum(dim=0)[:-1].tolist()))
            by_lot.append((len(pieces) - 1) / (len(word) - 1))
    return at_seam, by_lot


# ── layers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def probed(vectors: Tensor, labels: Tensor, seed: int) -> float:
    """How often a linear probe is right on the half that it was not fitted on."""
    order = torch.randperm(len(labels), generator=Generator().manual_seed(seed))
    fitted, asked = order[: len(order) // 2], order[len(order) // 2 :]
    given = F.pad((vectors - vectors[fitted].mean(dim=0)) / vectors[fitted].std(dim=0), (0, 1), value=1.0)
    square = given[fitted].T @ given[fitted] + 100 * torch.eye(given.size(1))
    probe = torch.linalg.solve(square, given[fitted].T @ (2 * labels[fitted].float() - 1))
    return ((given[asked] @ probe > 0) == labels[asked]).float().mean().item()


def centre(shares: list[float]) -> float:
    """The layer at which a probe gains what it gains, on average: Σ ℓ·gain(ℓ) / Σ gain(ℓ) over layers that gain
    (after Tenney et al. 2019, equation 4, but with a probe of its own for each layer, and losses left out, which draws it to the
    middle: 3.5 of 6 where there is only noise)."""
    gains = (torch.tensor(shares[1:]) - torch.tensor(shares[:-1])).clamp(min=0)
    return ((gains * torch.arange(1, len(shares))).sum() / gains.sum()).item()


@torch.no_grad()
def states_of(texts: list[str]) -> list[Tensor]:
    """For each text the states after the embeddings and after each layer of the filler: (L + 1, T, D)."""
    filler, tokenizer = mask_filler()
    found = []
    for text in texts:
        ids = tokenizer([text], max_length=64)["input_ids"]
        found.append(hidden_states(filler.bert, {"input_ids": ids, "attention_mask": torch.ones_like(ids)})[:, 0])
    return found


def layers() -> tuple[list[float], list[float]]:
    """The centre of the gain of a probe for meaning (is a review positive?) and of one for syntax (is a noun the object of a verb,
    or of a preposition?), in five splits."""
    tokenizer = mask_filler()[1]
    reviews = split(review_examples(), (600,))[0]
    meaning = torch.stack([states[:, 1:-1].mean(dim=1) for states in states_of([each.text for each in reviews])], dim=1)
    nouns, objects = [], []
    sentences = marked_sentences()[:400]
    for sentence, states in zip(sentences, states_of([each.text for each in sentences]), strict=True):
        starts = [1]
        for word in tokenizer.words(sentence.text):
            starts.append(starts[-1] + len(tokenizer.read_word(word)))
        for name, asked, answer in sentence.links:
            place = starts[answer if name == "preposition" else asked]
            if name in ("object", "preposition") and place < states.size(1) - 1:
                nouns.append(states[:, place])
                objects.append(name == "object")
    syntax = torch.stack(nouns, dim=1)
    labels = torch.tensor([bool(each.label) for each in reviews]), torch.tensor(objects)
    return tuple([centre([probed(layer, truth, seed) for layer in states]) for seed in range(5)]
                 for states, truth in zip((meaning, syntax), labels, strict=True))
