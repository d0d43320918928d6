"""Exercises: write a part, ``check`` it, and see it run inside the real model."""

from bert_parts.learn.cells import watch
from bert_parts.learn.checking import check
from bert_parts.learn.helping import hint, progress, quiz, reveal
from bert_parts.learn.inside import with_parts
from bert_parts.learn.kept import mine, my_model, my_parts
from bert_parts.learn.registry import EXERCISES

__all__ = ["EXERCISES", "check", "hint", "mine", "my_model", "my_parts", "progress", "quiz", "reveal", "with_parts"]

watch()
