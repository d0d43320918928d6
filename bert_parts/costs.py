"""What a layer costs, counted before it runs: multiplications and additions, and bytes that are moved for them.

With both, and what a machine does of each in a second, one knows what a layer takes at least (Williams et al. 2009: the roofline).
"""

from bert_parts.config import BertConfig

FLOAT32 = 4     # bytes of a number


def layer_flops(config: BertConfig, lengths: list[int]) -> dict[str, int]:
    """The floating-point operations (FLOPs) of one layer's matrix products, part by part.

    A multiplication is one and an addition is one. What is no matrix product (biases, softmax,
    GELU, LayerNorm, sums) is left out.

    Args:
        lengths: how many tokens each text has, padding counted where there is any.

    Returns:
        "projections": query, key, value and W^O, of all tokens.
        "attention": all scores, and the mixing of values by them: in each text by itself.
        "feed-forward": its two linear maps, of all tokens.
    """
    width, wide, tokens = config.hidden_size, config.intermediate_size, sum(lengths)
    return {
        "projections": 4 * 2 * tokens * width * width,
        "attention": 2 * 2 * sum(length * length for length in lengths) * width,
        "feed-forward": 2 * 2 * tokens * width * wide,
    }


def layer_bytes(config: BertConfig, lengths: list[int]) -> dict[str, int]:
    """The bytes that one layer's matrix products move, in float32, by part as in `layer_flops`.

    Each product reads its two matrices once and writes one, as if nothing stayed in a cache. In
    attention the scores are written, one for each head and pair of tokens of a text, and as many
    weights, which softmax makes of them, are read. Biases are left out.

    Args:
        lengths: how many tokens each text has, padding counted where there is any.
    """
    width, wide, tokens = config.hidden_size, config.intermediate_size, sum(lengths)
    scores = config.num_attention_heads * sum(length * length for length in lengths)
    return {
        "projections": FLOAT32 * 4 * (width * width + 2 * tokens * width),
        "attention": FLOAT32 * (4 * tokens * width + 2 * scores),
        "feed-forward": FLOAT32 * 2 * (width * wide + tokens * width + tokens * wide),
    }
