"""Text → ids. Rust's tokenizers share the texts out among all threads; the course's runs in one, as Python does."""

import os
from functools import partial

import numpy as np

from benchmarks.texts import NAME, Setting, other_scripts, reviews, tokenizer
from benchmarks.timing import Contender, Makers
from bert_parts import BertTokenizer
from bert_parts.checkpoint import find_checkpoint


def of_reviews(setting: Setting) -> tuple[str, Makers]:
    texts = reviews(500 if setting.quick else 10_000)
    return f"{len(texts):,} reviews", _contenders(texts)


def of_other_scripts(setting: Setting) -> tuple[str, Makers]:
    texts = other_scripts()[:: 10 if setting.quick else 1]
    about = f"{len(texts):,} lists of names of countries, languages and currencies in 15 languages with letters of their own"
    return about, _contenders(texts)


def _contenders(texts: list[str]) -> Makers:
    """Cold: made afresh, so that it has seen no word. Warm: it has read the same texts before."""
    return {
        "tokenizers (Rust)": partial(_rust, texts, "true"),
        "tokenizers (Rust), one thread": partial(_rust, texts, "false"),
        "bert_parts, cold": partial(_ours, texts, warm=False),
        "bert_parts, warm": partial(_ours, texts, warm=True),
    }


def _rust(texts: list[str], parallel: str) -> Contender:
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(find_checkpoint(NAME) / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()

    def allow():
        os.environ["TOKENIZERS_PARALLELISM"] = parallel     # asked for at every call

    def run() -> list[list[int]]:
        return [row.ids for row in made.encode_batch_fast(texts, add_special_tokens=False)]

    return Contender(run, lambda: _flat(run()), before=allow)


def _ours(texts: list[str], warm: bool) -> Contender:
    made = BertTokenizer(tokenizer().tokens)

    def forget():
        nonlocal made
        made = BertTokenizer(tokenizer().tokens)

    def run() -> list[list[int]]:
        return made.ids_of_each(texts)

    return Contender(run, lambda: _flat(run()), **({} if warm else {"before": forget}))


def _flat(rows: list[list[int]]) -> np.ndarray:
    """How long each row is, and all ids: equal if the rows are."""
    return np.array([*map(len, rows), *(one for row in rows for one in row)])
