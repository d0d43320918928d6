"""How fast is the course's BERT beside Hugging Face's? Both take turns in one run, and ratios are reported.

    python tools/benchmark.py
"""

import time
from statistics import median

import torch
import transformers

from bert_parts import load_pretrained, movie_reviews
from bert_parts.checkpoint import find_checkpoint
from bert_parts.visualize import record_attention

ROUNDS = 15


def seconds(call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def ratios(calls: dict, rounds: int = ROUNDS) -> dict[str, float]:
    """The median time of each call as a multiple of the first one's, round by round, so that noise hits all alike."""
    times = [{name: seconds(call) for name, call in calls.items()} for _ in range(rounds + 1)][1:]     # one to warm up
    first = next(iter(calls))
    return {name: median(one[name] / one[first] for one in times) for name in calls}


def main():
    ours, tokenizer = load_pretrained("all-MiniLM-L6-v2")
    folder = find_checkpoint("all-MiniLM-L6-v2")
    theirs = transformers.BertModel.from_pretrained(folder, attn_implementation="sdpa", local_files_only=True).eval()
    eager = transformers.BertModel.from_pretrained(folder, attn_implementation="eager", local_files_only=True).eval()
    reviews = [review.text for review in movie_reviews()]
    print(f"{torch.get_num_threads()} threads, median of {ROUNDS} rounds, time relative to transformers with SDPA")
    for name, texts in {"32 reviews, padded": reviews[:32], "1 review": reviews[:1]}.items():
        batch = tokenizer(texts)

        def forward(model, batch=batch, **options):
            with torch.no_grad():
                return model(**batch, **options)

        def recorded(forward=forward):
            with record_attention(ours):
                forward(ours)

        calls = {
            "transformers, SDPA": lambda forward=forward: forward(theirs),
            "bert_parts": lambda forward=forward: forward(ours),
            "bert_parts, recording attention": recorded,
            "transformers, eager, giving attention": lambda forward=forward: forward(eager, output_attentions=True),
        }
        print(f"\n{name} {tuple(batch['input_ids'].shape)}")
        for call, ratio in ratios(calls).items():
            print(f"  {ratio:5.2f} ×  {call}")


if __name__ == "__main__":
    main()
