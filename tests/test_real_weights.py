"""What notebook 07 stands on: the comparison of names, hooks, who wrote which part, and a BERT of a learner's own parts."""

import ast
import linecache
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file

from bert_parts import BertConfig, BertForMaskedLM, BertForPreTraining, BertModel, load_pretrained
from bert_parts.checkpoint import find_checkpoint, misfits, rename_published
from bert_parts.learn import check, mine, my_model, my_parts, with_parts
from bert_parts.learn.inside import authors, first_difference, module_outputs, real_batch

SOLUTIONS = Path(__file__).parent / "solutions"
SMALL = BertConfig(vocab_size=20, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
                   max_position_embeddings=8)
PARTS = ["BertModel", "BertEmbeddings", "BertEncoder", "BertLayer", "BertAttention", "MultiHeadAttention", "AddAndNorm",
         "BertIntermediate", "BertPooler"]


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("BERT_PARTS_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def oracle():
    return transformers.BertModel.from_pretrained(find_checkpoint("all-MiniLM-L6-v2"), local_files_only=True).eval()


def test_misfits_against_torch():
    """torch's own strict=False tells what is missing and what is unexpected."""
    published = load_file(find_checkpoint("all-MiniLM-L6-v2") / "model.safetensors")
    published = {name.replace("LayerNorm.weight", "LayerNorm.gamma"): tensor for name, tensor in published.items()}
    model, _ = load_pretrained()
    found = misfits(model.state_dict(), published)
    theirs = model.load_state_dict(published, strict=False)
    assert found == {"missing": sorted(theirs.missing_keys), "unexpected": sorted(theirs.unexpected_keys), "misshapen": []}
    assert len(found["missing"]) == 13


def test_misshapen():
    places = {"a": torch.zeros(2, 3), "b": torch.zeros(4)}
    assert misfits(places, {"b": torch.zeros(4, 1), "a": torch.zeros(3, 2)})["misshapen"] == ["a", "b"]
    assert misfits(places, {"b": torch.ones(4), "a": torch.ones(2, 3)}) == {
        "missing": [], "unexpected": [], "misshapen": []}


def test_our_names_are_those_of_transformers(oracle):
    model, _ = load_pretrained()
    assert rename_published(oracle.state_dict()).keys() == model.state_dict().keys()


def test_outputs_against_transformers(oracle):
    """The same names catch the same vectors in other people's code."""
    model, _ = load_pretrained()
    names = ["embeddings", "encoder.layer.0.intermediate", "encoder.layer.5", "pooler"]
    batch = real_batch()
    ours, theirs = module_outputs(model, names, batch), module_outputs(oracle, names, batch)
    real = batch["attention_mask"].bool()
    for name in names:
        rows = real if ours[name].dim() == 3 else slice(None)
        torch.testing.assert_close(ours[name][rows], theirs[name][rows], atol=1e-5, rtol=0)
    assert first_difference(model, oracle, batch) is None


def test_no_hook_is_left_behind():
    model = BertModel(SMALL)
    with pytest.raises(ValueError, match="id 99"):
        module_outputs(model, ["pooler"], {"input_ids": torch.tensor([[99]])})
    assert not any(module._forward_hooks for module in model.modules())


def test_no_hook_is_left_behind_by_an_unknown_name():
    model = BertModel(SMALL)
    with pytest.raises(AttributeError, match="nowhere"):
        module_outputs(model, ["pooler", "nowhere"], {"input_ids": torch.tensor([[2, 3]])})
    assert not any(module._forward_hooks for module in model.modules())


def test_what_is_not_its_own_stays():
    model = BertModel(SMALL).train()
    seen = []
    model.pooler.register_forward_hook(lambda module, arguments, output: seen.append(output))
    outputs = module_outputs(model, ["pooler"], {"input_ids": torch.tensor([[2, 3]])})
    assert seen[0] is outputs["pooler"] and len(model.pooler._forward_hooks) == 1
    assert model.training and torch.is_grad_enabled()


def test_gradients_switched_off_for_good_are_named_and_switched_on():
    """Not among the lesson's mistakes, which run whenever an answer is wrong: this one would reach the learner's kernel."""

    def switches_off(model, names, batch):
        torch.set_grad_enabled(False)
        return module_outputs(model, names, batch)

    switches_off.__name__ = "module_outputs"
    try:
        result = check(switches_off)
        assert (result.status, result.mistake) == ("not yet", "gradients left off")
        assert torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)


@pytest.mark.parametrize(
    ("parameter", "place"),
    [
        ("embeddings.LayerNorm.bias", "embeddings"),
        ("encoder.layer.2.attention.self.value.bias", "encoder.layer.2"),
        ("pooler.dense.weight", "pooler"),
    ],
)
@pytest.mark.parametrize("value", [0.02, float("nan")])
def test_the_first_difference_is_found(oracle, parameter, place, value):
    model, _ = load_pretrained()
    with torch.no_grad():
        model.get_parameter(parameter).view(-1)[3] += value
    assert first_difference(model, oracle, real_batch()) == place


def test_differences_in_padding_do_not_count(oracle):
    model, _ = load_pretrained()
    batch = real_batch()

    def disturb(module, arguments, output):
        return output.masked_fill(~batch["attention_mask"].bool()[..., None], 7.0)

    model.encoder.layer[5].register_forward_hook(disturb)
    assert first_difference(model, oracle, batch) is None


# ── whose parts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def learned(notebook: str):
    """What a learner's solutions of a notebook define, each passed through its check."""
    path = SOLUTIONS / f"{notebook}.py"
    text = path.read_text(encoding="utf-8")
    names = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    filename = f"<cells of {notebook}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = {"__name__": "a_notebook"}
    exec(compile(text, filename, "exec"), namespace)
    for name in names:
        result = check(namespace[name])
        assert result.status == "right", f"{name}: {result.message}"
        assert "Kept" in result.message, f"{name}: {result.message}"
    return names


def test_all_is_the_courses_at_first():
    model, _ = my_model()
    assert set(authors(model)) == set(PARTS)
    assert {author for _, author in authors(model).values()} == {"the course"}
    assert authors(model)["AddAndNorm"] == (12, "the course")


def test_solved_parts_are_the_learners_and_run(oracle):
    for notebook in ("01_attention", "05_encoder"):
        learned(notebook)
    model, _ = my_model()
    whose = {part: author for part, (_, author) in authors(model).items()}
    solved = {"MultiHeadAttention", "AddAndNorm", "BertAttention", "BertLayer", "BertEncoder"}
    assert {part for part, author in whose.items() if author == "you"} == solved
    assert first_difference(model, oracle, real_batch()) is None


def test_solutions_of_notebook_07():
    names = learned("07_real_weights")
    weights = mine("rename_published")(load_file(find_checkpoint("all-MiniLM-L6-v2") / "model.safetensors"))
    model, _ = load_pretrained()
    assert not any(mine("misfits")(model.state_dict(), weights).values())
    assert all(mine(name).__module__ == name for name in names)     # kept, not the course's


@pytest.mark.parametrize("kind", [BertForMaskedLM, BertForPreTraining])
def test_a_learners_bert_has_a_pooler_where_the_courses_has_one(kind):
    learned("06_pooler")
    model, ids = kind(SMALL).eval(), torch.tensor([[2, 5, 3]])
    own = with_parts(model, my_parts())
    assert authors(own)["BertModel"] == (1, "you")
    assert ("BertPooler" in authors(own)) == (kind is BertForPreTraining)
    torch.testing.assert_close(own(ids), model(ids))
    assert authors(with_parts(own, {"BertModel": BertModel}))["BertModel"] == (1, "the course")     # and back


def test_copies_share_their_weights():
    model, _ = load_pretrained()
    copy = with_parts(model, {})
    assert copy is not model
    assert all(a is b for a, b in zip(copy.parameters(), model.parameters(), strict=True))
