"""Notebook 12: a small BERT project in which any part can be exchanged, its illnesses, and the tests that tell them."""
