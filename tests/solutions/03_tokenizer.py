"""Notebook 03's exercises, solved from its text alone."""

import torch

from bert_parts.tokenizer import truncate
from bert_parts.wordpiece import joined


def best_pair(pair_counts, piece_counts):
    winner, winning = None, None
    for pair, together in pair_counts.items():
        a, b = pair
        value = together / (piece_counts[a] * piece_counts[b])
        if winner is None or (value, together) > winning or ((value, together) == winning and pair < winner):
            winner, winning = pair, (value, together)
    return winner


def join_pair(pieces, pair):
    new, rest = [], list(pieces)
    while rest:
        if len(rest) > 1 and (rest[0], rest[1]) == pair:
            new.append(joined(pair))
            rest = rest[2:]
        else:
            new.append(rest[0])
            rest = rest[1:]
    return new


def word_pieces(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    found = []
    rest = word
    while rest:
        mark = "##" if found else ""
        size = len(rest)
        while size > 0 and mark + rest[:size] not in vocab:
            size -= 1
        if size == 0:
            return ["[UNK]"]
        found.append(mark + rest[:size])
        rest = rest[size:]
    return found


def build_row(first, second, max_length, cls_id, sep_id):
    if second is None:
        first, _ = truncate(first, [], max_length - 2)
        row = [cls_id] + first + [sep_id]
        return row, [0] * len(row)
    first, second = truncate(first, second, max_length - 3)
    row = [cls_id] + first + [sep_id] + second + [sep_id]
    return row, [0 if place < len(first) + 2 else 1 for place in range(len(row))]


def pad_batch(rows, pad_id):
    width = max(len(ids) for ids, segments in rows)
    input_ids = torch.full((len(rows), width), pad_id)
    token_type_ids = torch.zeros(len(rows), width, dtype=torch.int64)
    attention_mask = torch.zeros(len(rows), width, dtype=torch.int64)
    for number, (ids, segments) in enumerate(rows):
        input_ids[number, :len(ids)] = torch.tensor(ids)
        token_type_ids[number, :len(ids)] = torch.tensor(segments)
        attention_mask[number, :len(ids)] = 1
    return {"input_ids": input_ids, "token_type_ids": token_type_ids, "attention_mask": attention_mask}


def fertility(counts, vocab):
    words, tokens, lost = 0, 0, 0
    for word, often in counts.items():
        parts = word_pieces(word, vocab)
        words += often
        tokens += often * len(parts)
        lost += often if parts == ["[UNK]"] else 0
    return tokens / words, lost / words
