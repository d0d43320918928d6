"""The sizes of a BERT, named as in the published ``config.json`` files."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

# Features a config.json can ask for that this BERT does not have: the one value that is implemented.
IMPLEMENTED = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "chunk_size_feed_forward": 0,
}


@dataclass(frozen=True)
class BertConfig:
    """Every size a BERT needs to be built. The defaults are BERT-base (Devlin et al. 2019, section 3).

    Raises:
        TypeError: a size is not a whole number, or a rate is not a number.
        ValueError: a size is below 1, a rate is outside [0, 1), or the heads do not divide the width.
    """

    vocab_size: int = 30522                      # V
    hidden_size: int = 768                       # D
    num_hidden_layers: int = 12
    num_attention_heads: int = 12                # H
    intermediate_size: int = 3072
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512           # the longest T
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12
    pad_token_id: int = 0

    def __post_init__(self):
        for field in fields(self):
            check_size(field.name, getattr(self, field.name), field.type)
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} cannot be shared evenly by {self.num_attention_heads} attention "
                f"heads: choose a num_attention_heads that divides it."
            )
        if self.pad_token_id >= self.vocab_size:
            raise ValueError(
                f"pad_token_id {self.pad_token_id} is outside the vocabulary of {self.vocab_size} tokens: "
                f"choose an id below vocab_size."
            )

    @classmethod
    def from_json(cls, path):
        """Read a published ``config.json``.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is not a JSON object, or asks for something this BERT does not have.
        """
        try:
            given = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path} is not readable as JSON ({error}): download it again.") from error
        if not isinstance(given, dict):
            raise ValueError(f"{path} holds a {type(given).__name__}, where a JSON object with BERT's sizes is expected.")
        for name, implemented in IMPLEMENTED.items():
            if given.get(name, implemented) != implemented:
                raise ValueError(
                    f"{path} asks for {name} = {given[name]!r}, and this BERT implements only {implemented!r}: "
                    f"choose another checkpoint."
                )
        return cls(**{field.name: given[field.name] for field in fields(cls) if field.name in given})

    def to_json(self):
        """The text of a ``config.json`` that other BERT libraries read too."""
        names = {"architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu"}
        return json.dumps(names | asdict(self), indent=2) + "\n"


def check_size(name, value, kind):
    """A whole number from 1 (ids: from 0) for ``int`` fields, a finite number for ``float`` fields."""
    if kind is int:
        least = 0 if name == "pad_token_id" else 1
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} is {value!r}, where a whole number is expected.")
        if value < least:
            raise ValueError(f"{name} is {value}, where a whole number of at least {least} is expected.")
        return
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}, where a number is expected.")
    if not 0 <= value < 1:
        raise ValueError(f"{name} is {value}, where a number from 0 up to, but not including, 1 is expected.")
