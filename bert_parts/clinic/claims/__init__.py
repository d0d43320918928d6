"""Notebook 12's claims lab: sentences that are often read about BERT, each measured, and judged by a rule."""
