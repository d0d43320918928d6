"""What the speedrun's own records are made of, each against an oracle."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from bert_parts.tokenizer import BertTokenizer
from speedrun import mixing, product, table
from speedrun.book import Book
from speedrun.clock import Clock
from speedrun.contexts import Contexts, Told, counted, keys_of, windows_of
from speedrun.counts import MIXED_IN, Neighbours, evidence, log_frequencies, vectors_from
from speedrun.encoder import Encoder, Sizes, turned, turns_of
from speedrun.loop import Settings, learn, rate_at
from speedrun.mixture import Mixture
from speedrun.product import Product
from speedrun.runner import load_record
from speedrun.swift import Swift, first_places, thrifty
from speedrun.text import VOCABULARY, Text

SIZE = 9
TINY = Sizes(vocab_size=SIZE, hidden_size=24, num_hidden_layers=1, num_attention_heads=3, intermediate_size=16)
TOKENIZER = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d"])


class Counted:
    """A clock by which 150 steps are the whole time."""

    def steps(self):
        return (step / 150 for step in range(150))


@pytest.fixture
def rows():
    return torch.randint(5, SIZE, (40, 12), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("distance", (1, 2))
def test_evidence_is_counted(rows, distance):
    after, before = evidence(rows, SIZE, distance, [4])
    frequency = log_frequencies(rows, SIZE).exp()
    assert frequency.sum() == pytest.approx(1, abs=1e-5)
    pairs = [(row[place].item(), row[place + distance].item()) for row in rows for place in range(12 - distance)]
    for other in range(SIZE):
        for token in (5, 7, 8):
            followed, preceded = pairs.count((other, token)), pairs.count((token, other))
            first, last = sum(pair[0] == other for pair in pairs), sum(pair[1] == other for pair in pairs)
            share = frequency[token].item()
            expected = (math.log((followed + MIXED_IN * share) / (first + MIXED_IN) / share),
                        math.log((preceded + MIXED_IN * share) / (last + MIXED_IN) / share))
            found = after[other, token].item(), before[other, token].item()
            assert found == pytest.approx((0, 0) if other == 4 else expected, abs=1e-4)


def test_neighbours_add_what_the_tokens_around_say(rows):
    after, before = evidence(rows, SIZE, 1, [4])
    part = Neighbours(24, {-1: after, 1: before}, mask_id=4)
    ids = torch.tensor([[5, 4, 6, 4]])
    found = part(torch.randn(2, 24), ids, ids == 4)
    assert torch.allclose(found, torch.stack([after[5] + before[6], after[6]]))     # beyond the row there is nothing


def test_vectors_from_counts_have_the_products_of_the_table(rows):
    table_ = torch.randn(64, 4, generator=torch.Generator().manual_seed(1)) @ torch.randn(4, 64)
    torch.manual_seed(0)
    vectors = vectors_from(table_, 16, spread=0.05)
    assert vectors.shape == (64, 16) and vectors.std() == pytest.approx(0.05, abs=1e-4)
    strength = torch.linalg.svdvals(vectors)
    assert strength[7] > 0.1 and strength[8] < 1e-3     # rank 4 to the left and rank 4 to the right, and no more


def test_what_is_turned_sees_distances_only():
    """The product of a query and a key depends on how far they are apart, and not on where they stand (Su et al. 2021, eq. 16)."""
    query, key = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(0)).unbind()
    scores = turned(query.expand(1, 1, 20, 8), *turns_of(20, 8)) @ turned(key.expand(1, 1, 20, 8), *turns_of(20, 8)).mT
    for distance in (-3, 0, 4):
        along = scores[0, 0].diagonal(distance)
        assert torch.allclose(along, along[0].expand(len(along)), atol=1e-5)
    assert not torch.allclose(scores[0, 0, 0, 1], scores[0, 0, 1, 0], atol=1e-3)     # and on the side
    assert torch.allclose(turned(query, *turns_of(1, 8)), query)     # the first place is not turned


def test_scores_are_of_the_places_that_are_asked(rows):
    torch.manual_seed(0)
    model = Encoder(TINY, torch.randn(SIZE, 24), torch.zeros(SIZE))
    asked = torch.zeros(40, 12, dtype=torch.bool)
    asked[3, 4] = asked[7, 0] = True
    alone = torch.zeros(1, 12, dtype=torch.bool)
    alone[0, 4] = True
    found = model(rows, asked)
    assert found.shape == (2, SIZE) and torch.allclose(found[:1], model(rows[3:4], alone), atol=1e-5)


def test_the_rate_rises_stays_and_falls():
    settings = Settings(peak=0.01, warmup=0.1, cooldown=0.4)
    rates = [rate_at(share / 100, settings) for share in range(101)]
    assert rates[0] == 0 and rates[5] == pytest.approx(0.005) and rates[10:61] == pytest.approx([0.01] * 51)
    assert rates[80] == pytest.approx(0.005) and rates[100] == pytest.approx(0)
    assert all(later <= earlier for earlier, later in pairwise(rates[10:]))


@pytest.mark.parametrize("only_masks", (False, True))
@pytest.mark.parametrize("muon", (False, True))
def test_the_loop_learns_a_pattern(only_masks, muon):
    pattern = (torch.arange(12) % 4 + 5).expand(200, 12)
    rows = torch.stack([pattern[0].roll(shift) for shift in range(4)]).repeat(50, 1)
    torch.manual_seed(0)
    model = Encoder(TINY, torch.randn(SIZE, 24), torch.zeros(SIZE))
    learn(model, rows, TOKENIZER, Counted(), 0, Settings(batch_size=16, only_masks=only_masks, peak=0.01, muon=muon))
    asked = torch.zeros(200, 12, dtype=torch.bool)
    asked[:, 5] = True
    right = model(torch.where(asked, 4, rows), asked).argmax(dim=1) == rows[asked]
    assert right.double().mean() > 0.95


CONTEXTS = [(-1, 1), (-2, -1, 1), (2,)]


@pytest.fixture
def stream(rows):
    """Ids and the number of each one's document, of which there are four."""
    return rows.flatten()[:300], torch.arange(300) // 75


def told_by_hand(ids: list[int], offsets: tuple[int, ...], place: int, left_out: range) -> list[int]:
    """The tokens in the same context elsewhere."""
    padded = [0] * 3 + ids + [0] * 3
    context = [[padded[other + 3 + offset] for offset in offsets] for other in range(len(ids))]
    return [ids[other] for other in range(len(ids)) if other not in left_out and context[other] == context[place]]


@pytest.mark.parametrize("offsets", CONTEXTS)
def test_contexts_are_counted_in_other_documents(stream, offsets):
    ids, document = stream
    found, told = counted(ids, document, offsets, SIZE)
    keys = keys_of(windows_of(ids, 3), offsets, SIZE)
    said, total, kinds, number = found.say(torch.cat([keys[:20], torch.tensor([-1])]), SIZE)
    assert torch.equal(number[:20], told.context[:20])
    for place in range(0, 300, 7):
        start = place // 75 * 75
        others = told_by_hand(ids.tolist(), offsets, place, range(start, start + 75))
        expected = others.count(ids[place]) / max(1, len(others)), len(others), len(set(others))
        assert tuple(part[place].item() for part in told[:3]) == pytest.approx(expected)
    for place in range(20):
        others = told_by_hand(ids.tolist(), offsets, place, range(0))
        assert (total[place], kinds[place]) == (len(others), len(set(others)))
        assert said[place].tolist() == pytest.approx([others.count(token) / len(others) for token in range(SIZE)])
    assert total[-1] == kinds[-1] == said[-1].sum() == 0     # one that was not seen tells nothing


def several(stream) -> tuple[list[Contexts], Told]:
    """All contexts of a stream, and what its places are told."""
    found, told = zip(*(counted(*stream, offsets, SIZE) for offsets in CONTEXTS), strict=True)
    return list(found), Told(*(torch.stack(part, dim=1) for part in zip(*told, strict=True)))


@pytest.mark.parametrize("asked_anew", (False, True))
def test_a_book_of_contexts_has_all_their_tokens_but_those_of_the_places_own_document(stream, asked_anew):
    ids, _ = stream
    found, told = several(stream)
    book, places = Book.of(found), torch.arange(3, 297, 7)
    open_ = told.kinds[places] > (1 if asked_anew else 0)     # some are looked up, others are not
    inside = torch.full_like(told.inside[places], -1) if asked_anew else told.inside[places]
    asker, token, count = book.read(told.context[places], inside, open_)
    table_ = torch.zeros(len(places) * len(CONTEXTS), SIZE).index_put((asker, token), count, accumulate=True)
    for which, place in enumerate(places.tolist()):
        own = range(place // 75 * 75, place // 75 * 75 + 75)
        for kind, offsets in enumerate(CONTEXTS):
            others = told_by_hand(ids.tolist(), offsets, place, range(0) if asked_anew else own)
            expected = [others.count(each) if open_[which, kind] else 0 for each in range(SIZE)]
            assert table_[which * len(CONTEXTS) + kind].tolist() == expected


def test_what_a_place_is_told_does_not_hang_on_its_token(stream):
    ids, document = stream
    changed = ids.clone()
    changed[100] = 5 if ids[100] != 5 else 6
    before, after = (counted(some, document, (-1, 1), SIZE)[1] for some in (ids, changed))
    assert before.total[100] == after.total[100] > 0 and before.kinds[100] == after.kinds[100]
    assert before.share[100] != after.share[100]     # of another token it is told another thing


@pytest.fixture(params=(Mixture, Swift, Product))
def mixture(request, stream):
    torch.manual_seed(0)
    frequencies = log_frequencies(stream[0], SIZE)
    model = request.param(TINY, torch.randn(SIZE, 24), frequencies, torch.randn(3, 4, SIZE, SIZE), several(stream)[0], [4, 2])
    for part in (each for name, each in model.named_children() if name in ("trust", "by_place", "weight_by_place")):
        torch.nn.init.normal_(part.weight)
    return model.eval()


@torch.no_grad()
def test_a_mixture_is_one_of_probabilities(mixture, rows):
    asked = torch.rand(40, 12, generator=torch.Generator().manual_seed(1)) < 0.3
    found = mixture(torch.where(asked, 4, rows), asked)
    assert found.shape == (int(asked.sum()), SIZE) and torch.allclose(found.exp().sum(dim=1), torch.ones(len(found)), atol=1e-5)


@torch.no_grad()
def test_answers_alone_have_the_probabilities_that_they_have_among_all(mixture, stream, rows):
    """Though each place is told of all its contexts, those with a hidden token, or beyond the row, say nothing."""
    asked = torch.rand(40, 12, generator=torch.Generator().manual_seed(1)) < 0.3
    hidden, answers, ids = torch.where(asked, 4, rows), rows[asked], rows.flatten()
    told = []
    for each in mixture.contexts:
        keys = keys_of(windows_of(ids, 3), each.offsets, SIZE)[asked.flatten()]
        said, *rest = each.say(keys, SIZE)
        told.append((said.gather(1, answers[:, None])[:, 0], *rest))
    share, total, kinds, number = (torch.stack(part, dim=1) for part in zip(*told, strict=True))
    told = Told(share, total, kinds, number, torch.full_like(number, -1))
    last = torch.full((len(answers),), 2)
    expected = mixture(hidden, asked).gather(1, answers[:, None])[:, 0]
    assert torch.allclose(mixture.log_probability(hidden, asked, answers, last, told), expected, atol=1e-5)
    assert not torch.allclose(mixture.log_probability(hidden, asked, answers, last - 1, told), expected, atol=1e-2)


@torch.no_grad()
def test_a_mixture_without_contexts_is_the_encoder_with_its_neighbours(mixture, rows):
    asked = torch.rand(40, 12, generator=torch.Generator().manual_seed(1)) < 0.3
    hidden = torch.where(asked, 4, rows)
    encoder = Encoder(TINY, torch.randn(SIZE, 24), torch.zeros(SIZE),
                      Neighbours(24, dict(zip((-2, -1, 1, 2), mixture.tables[2], strict=True)), mask_id=4))
    encoder.load_state_dict({name.replace("trust", "neighbours.trust"): part for name, part in mixture.state_dict().items()
                             if not name.startswith(("by_", "weight_by_"))})
    nothing = torch.zeros(int(asked.sum()), len(CONTEXTS))
    told = Told(nothing, nothing, nothing, nothing.long(), nothing.long())
    found = mixture.own_scores(mixture.read(hidden, asked), hidden, asked, 2, told)
    assert torch.allclose(found, encoder(hidden, asked), atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("in_training", (False, True))
def test_contexts_raise_the_tokens_that_stood_in_them(in_training, stream, monkeypatch):
    """Each by its weight, if not too many did: where the text is read, those of the place's own document are none of them."""
    monkeypatch.setattr(product, "FEW", 3)
    torch.manual_seed(0)
    ids, (found, told) = stream[0], several(stream)
    frequencies = log_frequencies(ids, SIZE)
    model = Product(TINY, torch.randn(SIZE, 24), frequencies, torch.randn(2, 4, SIZE, SIZE), found, [4, 2]).eval()
    torch.nn.init.normal_(model.weight_by_place.weight)
    row = ids[150:175].clone()[None]
    asked = torch.zeros(1, 25, dtype=torch.bool)
    asked[0, [5, 12, 20]] = True
    row[asked] = 4
    hidden, places = model.read(row, asked), [155, 162, 170]
    some = Told(*(part[places] for part in told))
    if not in_training:
        some = some._replace(inside=some.inside * 0 - 1)
    raised = model.own_scores(hidden, row, asked, 1, some) - Swift.own_scores(model, hidden, row, asked, 1, some)
    weights = model.weight_by_place(hidden) + model.weight_by_counts(torch.cat([some.total.log1p(), some.kinds.log1p()], dim=1))
    looked_up = 0
    for which, place in enumerate(places):
        expected = torch.zeros(SIZE)
        for kind, offsets in enumerate(CONTEXTS):
            others = told_by_hand(ids.tolist(), offsets, place, range(150, 225) if in_training else range(0))
            if 0 < some.kinds[which, kind] <= 3:
                looked_up += 1
                for token in set(others):
                    odds = others.count(token) / frequencies[token].exp() / product.MIXED_IN
                    expected[token] += weights[which, kind] * (1 + odds).log()
        assert torch.allclose(raised[which], expected, atol=1e-4)
    assert 0 < looked_up < 9


@torch.no_grad()
def test_a_swift_mixture_reads_as_the_other_does(stream, rows):
    """Rows that are asked at none, one or all places, too."""
    torch.manual_seed(0)
    sizes = replace(TINY, num_hidden_layers=3)
    model = Swift(sizes, torch.randn(SIZE, 24), torch.zeros(SIZE), torch.randn(1, 4, SIZE, SIZE), several(stream)[0], [4, 2])
    asked = torch.rand(40, 12, generator=torch.Generator().manual_seed(1)) < 0.3
    asked[0], asked[1], asked[2] = False, True, torch.arange(12) == 7
    assert torch.allclose(model.read(rows, asked), Mixture.read(model, rows, asked), atol=1e-5)
    places, real = first_places(asked)
    assert places.shape == (40, 12) and not real[0].any() and places[2, 0] == 7 and real[2].tolist() == [True] + [False] * 11


def test_products_are_as_precise_as_before_when_a_record_has_been_trained():
    before = torch.get_float32_matmul_precision(), torch.get_num_threads()
    with pytest.raises(KeyError), thrifty():
        assert (torch.get_float32_matmul_precision(), torch.get_num_threads()) == ("medium", 1)
        raise KeyError
    assert (torch.get_float32_matmul_precision(), torch.get_num_threads()) == before


def test_rows_are_cut_elsewhere_each_time():
    batches = mixing._batches(100, mixing.Reading(length=11, batch_size=4), torch.Generator().manual_seed(0))
    cuts = set()
    for _ in range(8):
        rows_ = torch.cat([next(batches), next(batches), next(batches)])     # 9 or 10 rows
        assert (rows_.diff(dim=1) == 1).all() and rows_.max() < 100
        assert len(rows_.unique()) == rows_.numel() >= 90                    # each place once, but for the ends
        cuts.add(rows_[0, 0].item() % 10)
    assert len(cuts) > 2


def test_a_mixture_learns_from_the_places_that_are_asked():
    """Documents are a pattern, each with another token: what contexts say is right, and is soon trusted."""
    documents = [(torch.arange(60) % 4 + 5).roll(shift) for shift in range(6)]
    text, narrow = Text(documents, TOKENIZER), replace(TINY, hidden_size=12)
    model = mixing.mixed(text, Counted(), 0, mixing.Reading(length=13, batch_size=8, peak=0.01), narrow, 1, [(-1, 1), (-2, -1)])
    ids = documents[0][None, :12]
    asked = torch.zeros(1, 12, dtype=torch.bool)
    asked[0, 5] = True
    with torch.no_grad():
        found = model.eval()(torch.where(asked, 4, ids), asked)
    assert found[0, ids[0, 5]] > -0.1


@pytest.mark.parametrize("path", table.records(), ids=lambda path: path.stem)
def test_each_record_trains(path, monkeypatch):
    """For a moment, on a text that says nothing: what comes out answers questions as the rules want it."""
    monkeypatch.setattr(mixing, "FOLDS", 1)     # what neighbours say takes longest to count
    generator = torch.Generator().manual_seed(0)
    tokenizer = BertTokenizer([*TOKENIZER.tokens[:5], *(f"t{number}" for number in range(VOCABULARY - 5))])
    text = Text([torch.randint(5, VOCABULARY, (4000,), generator=generator) for _ in range(4)], tokenizer)
    record = load_record(path)
    assert record.__doc__.strip() and record.BY
    model, ids = record.train(text, Clock(1.0), 0), text.rows(125)[:3]
    asked = torch.zeros_like(ids, dtype=torch.bool)
    asked[:, [1, 60, 124]] = True
    with torch.no_grad():
        found = model.eval()(torch.where(asked, tokenizer.mask_id, ids), asked)
    assert found.shape == (9, VOCABULARY) and found.isfinite().all()


@torch.no_grad()
def test_the_notebooks_model_reads_pieces_as_it_has_learned_to():
    """A row of 125 is four rows of 32, each with its [CLS]: scores at a place are those of its piece alone."""
    module = load_record(table.records()[0])
    torch.manual_seed(0)
    model = module.InPieces(module.begun(torch.randint(5, 300, (50, 32)), 300, 4, 0)).eval()
    ids, asked = torch.randint(5, 300, (2, 125)), torch.zeros(2, 125, dtype=torch.bool)
    asked[1, 40] = True
    piece = torch.cat([ids[1:2, :1], ids[1:2, 32:63]], dim=1)     # the second 31 tokens, with [CLS] before them
    hidden, _ = model.bert.bert(piece)
    assert torch.allclose(model(ids, asked), model.bert.score_words(hidden[:, 9]), atol=1e-5)     # 40 − 32 + 1
