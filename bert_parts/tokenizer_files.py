"""What a checkpoint's folder says of its tokenizer: ``vocab.txt``, or ``tokenizer.json``, and the settings beside them.

Everything that these files ask for is what BertTokenizer does, or is known to change nothing, or is refused.
"""

from pathlib import Path

from bert_parts.config import check_settings
from bert_parts.files import quoted, read_json
from bert_parts.tokenizer import BertTokenizer
from bert_parts.wordpiece import CLS, LONGEST_WORD, MASK, PAD, SEP, SPECIAL_TOKENS, UNK

VOCABULARY, TOKENIZER, SETTINGS = "vocab.txt", "tokenizer.json", "tokenizer_config.json"
SPECIAL_TOKENS_MAP, ADDED_TOKENS = "special_tokens_map.json", "added_tokens.json"
TOKENIZER_FILES = (VOCABULARY, TOKENIZER, SETTINGS, SPECIAL_TOKENS_MAP, ADDED_TOKENS)

NAMES = {"pad_token": PAD, "unk_token": UNK, "cls_token": CLS, "sep_token": SEP, "mask_token": MASK}
BERTS = ("BertTokenizer", "BertTokenizerFast")                     # transformers' classes that follow tokenizer_config.json,
AS_IN_FILE = ("PreTrainedTokenizerFast", "TokenizersBackend")      # and those that follow tokenizer.json
TOKEN = {"single_word": (False,), "lstrip": (False,), "rstrip": (False,), "normalized": (False,), "special": (True,)}

# The values of other settings that are implemented; strip_accents is looked at by itself, since it goes with the capitals.
IMPLEMENTED = {
    "model_type": ("bert",),
    "tokenize_chinese_chars": (True,),
    "do_basic_tokenize": (True,),
    "never_split": (None, []),
    "clean_text": (True,),
    "padding_side": ("right",),
    "truncation_side": ("right",),
    "pad_token_type_id": (0,),
    "split_special_tokens": (False,),
    "add_special_tokens": (True,),
    "add_prefix_space": (False,),
    "add_bos_token": (False,),
    "add_eos_token": (False,),
    "wordpieces_prefix": ("##",),
    "model_input_names": (["input_ids", "token_type_ids", "attention_mask"],),
}

# What changes nothing: names of files and versions; what is asked for anew at every call, such as a length; and how decoded
# text is tidied, which is for reading.
PASSED_OVER = frozenset(
    """
    backend clean_up_tokenization_spaces do_lower_case files_loaded from_slow full_tokenizer_file init_inputs is_local
    local_files_only max_len max_length model_max_length name_or_path pad_to_multiple_of padding processor_class
    special_tokens_map_file stride tokenizer_class tokenizer_file transformers_version truncation truncation_strategy
    trust_remote_code use_fast verbose vocab_file strip_accents added_tokens_decoder
    """.split()
)

CLS_ITEM, SEP_ITEM = ({"SpecialToken": {"id": token, "type_id": 0}} for token in (CLS, SEP))
SINGLE = [CLS_ITEM, {"Sequence": {"id": "A", "type_id": 0}}, SEP_ITEM]
PAIR = [*SINGLE, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": SEP, "type_id": 1}}]


def read_tokenizer(folder: str | Path) -> BertTokenizer:
    """The tokenizer of a folder in Hugging Face layout.

    Raises:
        FileNotFoundError: there is neither a vocab.txt nor a tokenizer.json.
        TypeError, ValueError: a file is damaged, files disagree, or a setting is not implemented.
    """
    folder = Path(folder)
    settings = read_json(folder / SETTINGS) if (folder / SETTINGS).is_file() else {}
    whole = read_json(folder / TOKENIZER) if (folder / TOKENIZER).is_file() else None
    lowercase = _reads_lowercase(folder, settings, whole)
    tokenizer = None
    if whole is not None:
        tokenizer = BertTokenizer(_vocabulary_of(folder / TOKENIZER, whole), lowercase)
        _check_whole(folder / TOKENIZER, whole, tokenizer, settings.get("tokenizer_class") in AS_IN_FILE)
    if tokenizer is None or (folder / VOCABULARY).is_file():
        plain = BertTokenizer.from_file(folder / VOCABULARY, lowercase)
        if tokenizer is not None and plain.tokens != tokenizer.tokens:
            raise ValueError(f"{folder / VOCABULARY} and {TOKENIZER} hold other tokens: remove the one that is not the model's.")
        tokenizer = plain
    _check_tokenizer_config(folder / SETTINGS, settings, tokenizer)
    if (folder / SPECIAL_TOKENS_MAP).is_file():
        _check_names(folder / SPECIAL_TOKENS_MAP, read_json(folder / SPECIAL_TOKENS_MAP), {}, ())
    if (folder / ADDED_TOKENS).is_file():
        _check_added(folder / ADDED_TOKENS, read_json(folder / ADDED_TOKENS).items(), tokenizer)
    return tokenizer


def _reads_lowercase(folder: Path, settings: dict, whole: dict | None) -> bool:
    """Whether capitals and accents are dropped: the published default, unless the settings say something else."""
    kind = settings.get("tokenizer_class")
    if kind in AS_IN_FILE and whole is not None:
        lowercase = settings.get("do_lower_case", _part(whole, "normalizer").get("lowercase"))
    else:
        check_settings(folder / SETTINGS, {"tokenizer_class": kind}, {"tokenizer_class": (None, *BERTS)}, ())
        lowercase = settings.get("do_lower_case", True)
    if not isinstance(lowercase, bool):
        raise ValueError(f"{folder / SETTINGS} sets do_lower_case to {quoted(lowercase)}: write true or false.")
    return lowercase


def _part(whole: dict, name: str) -> dict:
    """A part of a tokenizer.json; {} if it is not there, or is null."""
    value = whole.get(name)
    return value if isinstance(value, dict) else {}


def _vocabulary_of(path: Path, whole: dict) -> dict[str, int]:
    vocab = _part(whole, "model").get("vocab")
    if not isinstance(vocab, dict) or not all(type(number) is int for number in vocab.values()):
        raise ValueError(f"{path} holds no vocabulary of tokens and their ids, as model.vocab: give a WordPiece tokenizer's file.")
    return vocab


def _check_whole(path: Path, whole: dict, tokenizer: BertTokenizer, strict: bool):
    """Every part of a tokenizer.json does what BertTokenizer does.

    Args:
        strict: there must be special tokens around the text, since nobody else sees to them.
    """
    parts = ("normalizer", "pre_tokenizer", "post_processor", "decoder", "model", "added_tokens", "padding", "truncation")
    check_settings(path, whole, {"version": (None, "1.0")}, parts)
    lowercase = tokenizer.lowercase
    if _part(whole, "normalizer").get("lowercase", lowercase) != lowercase:
        raise ValueError(
            f"{path} says lowercase = {not lowercase}, and {SETTINGS} do_lower_case = {lowercase} (true, if it says nothing): "
            f"make them agree, as the model was trained."
        )
    _check_part(path, whole, "normalizer", {"type": ("BertNormalizer",), "clean_text": (True,), "handle_chinese_chars": (True,),
                                           "strip_accents": (None, lowercase), "lowercase": (lowercase,)})
    _check_part(path, whole, "pre_tokenizer", {"type": ("BertPreTokenizer",)})
    _check_part(path, whole, "model", {"type": (None, "WordPiece"), "unk_token": (UNK,), "continuing_subword_prefix": ("##",),
                                      "max_input_chars_per_word": (LONGEST_WORD,)}, ("vocab",))
    if whole.get("decoder") is not None:
        _check_part(path, whole, "decoder", {"type": ("WordPiece",), "prefix": ("##",)}, ("cleanup",))
    if whole.get("padding") is not None:
        _check_part(path, whole, "padding", {"direction": ("Right",), "pad_id": (tokenizer.pad_id,), "pad_type_id": (0,),
                                            "pad_token": (PAD,)}, ("strategy", "pad_to_multiple_of"))
    if whole.get("truncation") is not None:
        _check_part(path, whole, "truncation", {"direction": (None, "Right")}, ("max_length", "strategy", "stride"))
    if strict or whole.get("post_processor") is not None:
        _check_template(path, whole, tokenizer)
    added = whole.get("added_tokens") or []
    if not isinstance(added, list) or not all(isinstance(token, dict) for token in added):
        raise ValueError(f"{path} sets added_tokens to {quoted(added)}, where a list of tokens is expected: fetch it again.")
    for token in added:
        _check_token(path, "added_tokens", {name: value for name, value in token.items() if name != "id"}, SPECIAL_TOKENS)
    _check_added(path, [(token.get("content"), token.get("id")) for token in added], tokenizer)


def _check_part(path: Path, whole: dict, name: str, implemented: dict[str, tuple], passed_over: tuple = ()):
    """A part holds just what is implemented; what it does not say counts as null."""
    given = {f"{name}.{key}": value for key, value in (dict.fromkeys(implemented) | _part(whole, name)).items()}
    known = {f"{name}.{key}": values for key, values in implemented.items()}
    check_settings(path, given, known, [f"{name}.{key}" for key in passed_over])


def _check_template(path: Path, whole: dict, tokenizer: BertTokenizer):
    """[CLS] text [SEP] pair [SEP], in either of the two ways to write it."""
    ids = {CLS: tokenizer.cls_id, SEP: tokenizer.sep_id}
    if _part(whole, "post_processor").get("type") == "BertProcessing":
        implemented = {"sep": ([SEP, ids[SEP]],), "cls": ([CLS, ids[CLS]],)}
        _check_part(path, whole, "post_processor", {"type": ("BertProcessing",)} | implemented)
    else:
        special = {name: {"id": name, "ids": [number], "tokens": [name]} for name, number in ids.items()}
        _check_part(path, whole, "post_processor", {"type": ("TemplateProcessing",), "single": (SINGLE,), "pair": (PAIR,),
                                                   "special_tokens": (special,)})


def _check_tokenizer_config(path: Path, settings: dict, tokenizer: BertTokenizer):
    lowercase = tokenizer.lowercase
    check_settings(path, {"strip_accents": settings.get("strip_accents")}, {"strip_accents": (None, lowercase)}, ())
    _check_names(path, settings, IMPLEMENTED, PASSED_OVER)
    added = settings.get("added_tokens_decoder") or {}
    if not isinstance(added, dict) or not all(isinstance(token, dict) for token in added.values()):
        raise ValueError(f"{path} sets added_tokens_decoder to {quoted(added)}, where tokens by their ids are expected.")
    for token in added.values():
        _check_token(path, "added_tokens_decoder", token, SPECIAL_TOKENS)
    _check_added(path, [(token["content"], int(number) if number.isdecimal() else number) for number, token in added.items()],
                tokenizer)


def _check_names(path: Path, settings: dict, implemented: dict[str, tuple], passed_over: tuple | frozenset):
    """The special tokens have BERT's names, there are no others, and what else is set is implemented."""
    names = NAMES | {"bos_token": CLS, "eos_token": SEP}     # not used by BERT; these two names change nothing
    for name, expected in names.items():
        if settings.get(name) is not None:
            _check_token(path, name, settings[name], (expected,))
    for name in ("additional_special_tokens", "extra_special_tokens"):
        more = settings.get(name) or []
        for token in more.values() if isinstance(more, dict) else more if isinstance(more, list) else [more]:
            _check_token(path, name, token, SPECIAL_TOKENS)
    others = {name: value for name, value in settings.items() if name not in names}
    check_settings(path, others, implemented, [*passed_over, "additional_special_tokens", "extra_special_tokens"])


def _check_token(path: Path, name: str, token: str | dict, allowed: tuple):
    """A special token, given by its name or with its flags, is one that BERT has, and is found in a text as it stands."""
    flags = token if isinstance(token, dict) else {"content": token}
    known = {f"{name}.{flag}": values for flag, values in (TOKEN | {"content": allowed}).items()}
    given = {"content": None} | {flag: value for flag, value in flags.items() if flag != "__type"}
    check_settings(path, {f"{name}.{flag}": value for flag, value in given.items()}, known, ())


def _check_added(path: Path, added, tokenizer: BertTokenizer):
    """Tokens that are named beside the vocabulary are BERT's special ones, with the ids that they have there."""
    for token, number in added:
        if token not in SPECIAL_TOKENS or number != tokenizer.vocab[token]:
            raise ValueError(
                f"{path} adds the token {quoted(token)} with the id {quoted(number, 20)}, and beside the vocabulary this BERT "
                f"knows only {', '.join(SPECIAL_TOKENS)}, with the ids that they have there: choose another checkpoint."
            )
