"""What everyone learns from, and what everyone is asked."""

from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor

from bert_parts.datasets import Address, addresses
from bert_parts.masking import choose_tokens, may_be_chosen
from bert_parts.pairs import pack, together
from bert_parts.tokenizer import BertTokenizer
from bert_parts.wordpiece import train_wordpiece

LENGTH = 125                # of a row of questions: [CLS], and 124 tokens, which four rows of 32 or two of 63 hold as well
VOCABULARY = 2000
EVERY = 4                   # which of the held-out rows are asked
STREAM, VOCAB = "text.safetensors", "vocab.txt"


class Text(NamedTuple):
    """What may be learned from.

    Attributes:
        documents: of each address its ids (N,), sentence after sentence, without special tokens.
        tokenizer: the same for all, so that a nat is the same for all.
    """

    documents: list[Tensor]
    tokenizer: BertTokenizer

    def rows(self, length: int) -> Tensor:
        """All documents one after the other, [SEP] after each, in full rows that begin with [CLS]: (N, T), T = length."""
        return pack([document.tolist() for document in self.documents], length, self.tokenizer)


class Questions(NamedTuple):
    """Held-out rows in which some tokens are hidden.

    Shapes:
        ids (N, 125), asked (N, 125) bool: where [MASK] stands for a token; answers (Q,): these tokens, row by row
    """

    ids: Tensor
    asked: Tensor
    answers: Tensor


def everything() -> tuple[Text, Questions]:
    """The addresses to learn from, and questions on those that notebook 08 holds out: every tenth, as a whole."""
    given = addresses()
    learned = [address for place, address in enumerate(given) if place % 10 != 5]
    some = [sentence for address in learned[::4] for sentence in address.sentences]
    tokenizer = BertTokenizer(train_wordpiece(some, VOCABULARY))
    return _text(learned, tokenizer), _questions(_text(given[5::10], tokenizer))


def for_trying(text: Text) -> tuple[Text, Questions]:
    """A tenth of what is to be learned from, put aside to choose settings on; and the rest."""
    rest = [document for place, document in enumerate(text.documents) if place % 10 != 3]
    return text._replace(documents=rest), _questions(text._replace(documents=text.documents[3::10]))


def _text(some: list[Address], tokenizer: BertTokenizer) -> Text:
    return Text([torch.tensor(together([tokenizer.ids(sentence) for sentence in each.sentences])) for each in some], tokenizer)


def _questions(text: Text) -> Questions:
    """15 % of the tokens of every fourth row, each hidden by [MASK]: a token that is there to be seen would be no question."""
    rows = text.rows(LENGTH)[::EVERY]
    asked = choose_tokens(may_be_chosen(rows, text.tokenizer), 0.15, Generator().manual_seed(0))
    return Questions(torch.where(asked, text.tokenizer.mask_id, rows), asked, rows[asked])


def save_text(text: Text, folder: Path):
    lengths = torch.tensor([len(document) for document in text.documents])
    save_file({"ids": torch.cat(text.documents), "lengths": lengths}, folder / STREAM)
    text.tokenizer.save_vocabulary(folder / VOCAB)


def load_text(folder: Path) -> Text:
    found = load_file(folder / STREAM)
    return Text(list(found["ids"].split(found["lengths"].tolist())), BertTokenizer.from_file(folder / VOCAB))
