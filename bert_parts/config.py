"""The sizes of a BERT, named as in the published ``config.json`` files."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from bert_parts.files import quoted, read_json, shortened

# What a config.json can ask for beside the sizes: the values that are implemented. Anything else is refused.
IMPLEMENTED = {
    "model_type": ("bert",),
    "hidden_act": ("gelu",),
    "position_embedding_type": ("absolute",),
    "is_decoder": (False,),
    "is_encoder_decoder": (False,),
    "add_cross_attention": (False,),
    "tie_word_embeddings": (True,),
    "tie_encoder_decoder": (False,),
    "chunk_size_feed_forward": (0,),
    "pruned_heads": ({},),
    "use_bfloat16": (False,),
    "directionality": ("bidi",),
    "problem_type": (None, "single_label_classification", "regression"),
    "tokenizer_class": (None, "BertTokenizer", "BertTokenizerFast"),
}

# What changes nothing that this BERT computes: who made the file and with what; which outputs are handed over, and whether
# memory is saved on the way; how text is written by a decoder; names that are read elsewhere; and the sizes of a pooler that
# the published multilingual and Chinese models name and do not have. A setting that is null asks for nothing either.
PASSED_OVER = frozenset(
    """
    cls_token_id mask_token_id unk_token_id architectures transformers_version _name_or_path name_or_path _commit_hash
    dtype torch_dtype finetuning_task task_specific_params xla_device model_max_length sentence_transformers
    sbert_ce_default_activation_function gradient_checkpointing output_attentions output_hidden_states output_past
    return_dict torchscript _attn_implementation attn_implementation _attn_implementation_autoset
    _attn_implementation_internal assistant_confidence_threshold assistant_lookbehind bad_words_ids
    begin_suppress_tokens bos_token_id decoder_start_token_id diversity_penalty do_sample early_stopping
    encoder_no_repeat_ngram_size encoder_repetition_penalty eos_token_id epsilon_cutoff eta_cutoff
    exponential_decay_length_penalty forced_bos_token_id forced_eos_token_id length_penalty max_length min_length
    no_repeat_ngram_size num_assistant_tokens num_assistant_tokens_schedule num_beam_groups num_beams
    num_return_sequences output_scores prefix remove_invalid_values repetition_penalty return_dict_in_generate
    sep_token_id suppress_tokens target_lookbehind temperature tf_legacy_loss top_k top_p typical_p use_cache
    label2id num_labels _num_labels
    pooler_fc_size pooler_num_attention_heads pooler_num_fc_layers pooler_size_per_head pooler_type
    """.split()
)


@dataclass(frozen=True)
class BertConfig:
    """Every size a BERT needs to be built. The defaults are BERT-base (Devlin et al. 2019, section 3).

    Raises:
        TypeError: a size is not a whole number, a rate is not a number, or a label's name is not text.
        ValueError: a size is below 1, a rate is outside [0, 1), the heads do not divide the width, or the labels are not
            numbered 0, 1, 2, …
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
    classifier_dropout: float | None = None      # None: as hidden_dropout_prob
    id2label: dict[int, str] | None = field(default=None, hash=False)     # what the scores of a head for labels mean

    def __post_init__(self):
        for each in fields(self):
            if each.type in (int, float):
                _check_size(each.name, getattr(self, each.name), each.type)
        if self.classifier_dropout is not None:
            _check_size("classifier_dropout", self.classifier_dropout, float)
        if self.id2label is not None:
            _check_labels(self.id2label)
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
    def from_json(cls, path: str | Path) -> "BertConfig":
        """Read a published ``config.json``.

        Raises:
            FileNotFoundError: there is no such file.
            TypeError, ValueError: the file is not a JSON object, or asks for something this BERT does not have.
        """
        given = read_json(path)
        sizes = {each.name: given.pop(each.name) for each in fields(cls) if each.name in given}
        check_settings(path, given, IMPLEMENTED, PASSED_OVER)
        for name, value in sizes.items():
            if value is None and name not in ("classifier_dropout", "id2label"):
                raise ValueError(
                    f"{path} sets {name} to null, and this BERT cannot do without it: write the number that the model was "
                    f"trained with{' (the id of [PAD])' if name == 'pad_token_id' else ''}."
                )
        labels = _labels_of(path, sizes.pop("id2label", None), given.get("num_labels"))
        return cls(**sizes, id2label=labels)

    def to_json(self, architecture: str = "BertModel") -> str:
        """The text of a ``config.json`` that other BERT libraries read too.

        Args:
            architecture: the class of the model.
        """
        names = {"architectures": [architecture], "model_type": "bert", "hidden_act": "gelu"}
        settings = asdict(self)
        if self.id2label is None:
            del settings["id2label"]
        else:
            settings["label2id"] = {label: number for number, label in self.id2label.items()}
        return json.dumps(names | settings, indent=2) + "\n"

    @property
    def classifier_dropout_prob(self) -> float:
        """The dropout before a head for labels: classifier_dropout, or hidden_dropout_prob where that is not given."""
        return self.hidden_dropout_prob if self.classifier_dropout is None else self.classifier_dropout

    @property
    def num_labels(self) -> int:
        """How many labels a head scores; 2 if none are named, as in other BERT libraries."""
        return 2 if self.id2label is None else len(self.id2label)


def check_settings(path: str | Path, given: dict, implemented: dict[str, tuple], passed_over: Collection[str]):
    """Whatever a file asks for is implemented, or known to change nothing, or refused in a sentence.

    Raises:
        ValueError: a setting has a value that is not implemented, or is not known.
    """
    for name, value in given.items():
        if name in implemented:
            if value not in implemented[name]:
                known = " or ".join(repr(each) for each in implemented[name] if each is not None)
                raise ValueError(
                    f"{path} asks for {name} = {quoted(value)}, and this BERT implements only {known}: choose another checkpoint."
                )
        elif name not in passed_over and value is not None:
            raise ValueError(
                f"{path} asks for {shortened(name)} = {quoted(value)}, which this BERT does not know: choose another "
                f"checkpoint, or, if you know that it changes nothing, take that line out of the file."
            )


def _labels_of(path: str | Path, id2label: dict | None, num_labels: int | None) -> dict[int, str] | None:
    """The labels of a config.json, whose numbers are text there. Older files say only how many there are."""
    if id2label is None and num_labels is None:
        return None
    if id2label is None:
        if not isinstance(num_labels, int) or not 1 <= num_labels <= 100_000:
            raise ValueError(f"{path} sets num_labels to {quoted(num_labels)}, where a number of labels is expected: write that.")
        return {number: f"LABEL_{number}" for number in range(num_labels)}
    if not isinstance(id2label, dict) or not all(number.isdecimal() and number.isascii() for number in id2label):
        raise ValueError(f"{path} sets id2label to {quoted(id2label)}, where names for the labels 0, 1, 2, … are expected.")
    if num_labels not in (None, len(id2label)):
        raise ValueError(f"{path} says that there are {quoted(num_labels, 20)} labels, and names {len(id2label)}: make them agree.")
    return {int(number): label for number, label in id2label.items()}


def _check_labels(id2label: dict[int, str]):
    """Labels are numbered 0, 1, 2, … and have different names."""
    if not isinstance(id2label, dict) or not all(isinstance(label, str) for label in id2label.values()):
        raise TypeError(f"id2label is {quoted(id2label)}, where a dict of the labels' names by their numbers is expected.")
    if not id2label or set(id2label) != set(range(len(id2label))):
        raise ValueError(f"id2label numbers its labels {quoted(list(id2label))}, where 0, 1, 2, … are expected: number them so.")
    if len(set(id2label.values())) < len(id2label):
        raise ValueError(f"id2label gives two labels the same name, {quoted(id2label)}: give each a name of its own.")


def _check_size(name, value, kind):
    """A whole number from 1 (ids: from 0) for ``int`` fields, a finite number for ``float`` fields."""
    if kind is int:
        least = 0 if name == "pad_token_id" else 1
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} is {quoted(value)}, where a whole number is expected.")
        if value < least:
            raise ValueError(f"{name} is {quoted(value)}, where a whole number of at least {least} is expected.")
        return
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{name} is {quoted(value)}, where a number is expected.")
    if not 0 <= value < 1:
        raise ValueError(f"{name} is {quoted(value)}, where a number from 0 up to, but not including, 1 is expected.")
