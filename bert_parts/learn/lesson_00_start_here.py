"""Notebook 00: how an exercise works, on the mean of a sentence's token vectors."""

import torch

from bert_parts.learn.exercise import Case, Exercise, Finding, Mistake, randn
from bert_parts.learn.inside import TOLERANCE, real_batch, real_model
from bert_parts.learn.questions import Option, Question
from bert_parts.pooler import mean_pooling

NOTEBOOK = "00_start_here"
TITLE = "Start here"

FULL = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 1]])
RAGGED = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]])


def counts_padding(hidden, attention_mask):
    return hidden.mean(dim=1)


def divides_by_length(hidden, attention_mask):
    return (hidden * attention_mask[..., None]).mean(dim=1)


def adds_only(hidden, attention_mask):
    return (hidden * attention_mask[..., None]).sum(dim=1)


def over_width(hidden, attention_mask):
    return hidden.mean(dim=-1)


def over_batch(hidden, attention_mask):
    return hidden.mean(dim=0)


def first_token(hidden, attention_mask):
    return hidden[:, 0]


def only_padding(hidden, attention_mask):
    gone = (1 - attention_mask)[..., None]
    return (hidden * gone).sum(dim=1) / gone.sum(dim=1)


def same_sentences(thing) -> Finding | str:
    """The sentence vectors of the real model."""
    model, _ = real_model()
    batch = real_batch()
    with torch.no_grad():
        hidden, _ = model(batch["input_ids"], batch["attention_mask"])
    marks = batch["attention_mask"]
    if not torch.allclose(thing(hidden, marks), mean_pooling(hidden, marks), atol=TOLERANCE, rtol=0):
        return Finding("On made-up numbers your part agrees, but on the vectors of the real BERT it does not.")
    return "On the vectors of the real BERT: the same sentence vectors, padding or not."


EXERCISES = (
    Exercise(
        reference=mean_pooling,
        notebook=NOTEBOOK,
        cases=(
            Case("two sentences of equal length, no padding", lambda: (randn(2, 4, 3), FULL)),
            Case("three sentences, two of them padded", lambda: (randn(3, 4, 5, seed=1), RAGGED)),
        ),
        mistakes=(
            Mistake("padding counted", "Your mean counts the padding as well: a short sentence's vector is mixed with "
                    "those of `[PAD]`, which mean nothing. `attention_mask` is 1 where a real token stands and 0 where "
                    "padding does: let only the real ones into the mean.", counts_padding),
            Mistake("divided by padded length", "You leave the padding out of the sum, but still divide by the padded "
                    "length: divide by the number of real tokens in each sentence.", divides_by_length),
            Mistake("sum, not mean", "You add the tokens up but do not divide by how many there are.", adds_only),
            Mistake("mean over the width", "Your mean runs over the numbers inside each vector; it should run over the "
                    "tokens, dimension 1.", over_width),
            Mistake("mean over the batch", "Your mean mixes the sentences with one another (dimension 0); it should run "
                    "over the tokens, dimension 1.", over_batch),
            Mistake("first token only", "You give back the first token's vector alone, not the mean of all.", first_token),
            Mistake("mask inverted", "You average the padding and leave the words out: 1 marks a real token.",
                    only_padding),
        ),
        hints=(
            "Padding should count as if it were not there: neither in the sum nor in the number you divide by.",
            "Multiplying by 0 takes a vector out of a sum. The mask has shape (B, T), the vectors (B, T, D): give the "
            "mask a last dimension of size 1 with `attention_mask[..., None]`.",
            "Sum `hidden` times that mask over dimension 1, then divide by the sum of the mask over dimension 1.",
        ),
        drop_in=same_sentences,
    ),
)

QUIZ = (
    Question(
        "What is there when you open this course, before you have written anything?",
        (
            Option("An untrained network that needs a GPU to become useful", False,
                   "The weights are there, trained and published, and two processor cores are enough."),
            Option("A real pretrained BERT that runs on this machine without a network", True,
                   "all-MiniLM-L6-v2 came with the installation. You will write the code that runs it."),
            Option("A program that sends your text to a model elsewhere", False,
                   "Nothing leaves this machine, and the tests of the course hold that."),
        ),
    ),
    Question(
        "A check answers “not yet”. What then?",
        (
            Option("The notebook stops until it is right", False,
                   "It goes on: until your part passes, the course's own takes its place."),
            Option("Nothing is lost: read the diagnosis, change the cell, run it and the check again", True,
                   "As often as you like. A `hint` helps, and `reveal` shows the course's version."),
            Option("The answer is kept and marked as wrong", False,
                   "Only parts that pass are kept. A wrong try leaves no trace."),
        ),
    ),
    Question(
        "Two sentences share no word, and the search still finds them similar. How can that be?",
        (
            Option("It compares vectors made from what the words mean in their sentence", True,
                   "Training has put sentences that mean alike close together, whatever words they use."),
            Option("It looks the words up in a list of synonyms", False,
                   "There is no such list: only weights, and vectors made with them."),
            Option("They must share parts of words", False,
                   "Words are cut into pieces, as notebook 03 shows, but no piece need be shared."),
        ),
    ),
)
