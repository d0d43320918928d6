"""Functions of a learner's in the modules of the tokenizer, and so inside the real tokenizer."""

import importlib.util

from bert_parts.learn.inside import real_model


def module_with(parts: dict[str, object], name: str):
    """A second copy of a module, in which the given functions take the place of those of the same name."""
    spec = importlib.util.find_spec(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module).update({name: part for name, part in parts.items() if name in vars(module)})
    return module


def tokenizer_with(parts: dict[str, object], tokens: list[str] | None = None):
    """A tokenizer that works with the given functions; its vocabulary is the real BERT's if none is given."""
    return module_with(parts, "bert_parts.tokenizer").BertTokenizer(real_model()[1].tokens if tokens is None else tokens)
