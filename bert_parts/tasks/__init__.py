"""What the notebooks train, from a terminal: python -m bert_parts.tasks.sentiment --help"""
