"""Words → pieces: the longest that a vocabulary holds; and how a vocabulary is learned from text (Wu et al. 2016, section 4.1)."""

from collections import Counter, defaultdict
from collections.abc import Callable

from tqdm import tqdm

from bert_parts.normalization import as_list, check_text, normalize, split_words

PAD, UNK, CLS, SEP, MASK = SPECIAL_TOKENS = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"

LONGEST_WORD = 100       # characters; what is longer is not read as a word


def word_pieces(word: str, vocab: dict[str, int]) -> list[str]:
    """Cut a word from left to right, each time taking the longest piece that the vocabulary knows.

    Every piece but the first is written with ## before it. A word that cannot be cut to its end, or
    that has more than 100 characters, is [UNK] as a whole.
    """
    if len(word) > LONGEST_WORD:
        return [UNK]
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocab:
                break
        else:
            return [UNK]
        pieces.append(piece)
        start = end
    return pieces


def fertility(counts: Counter[str], vocab: dict[str, int]) -> tuple[float, float]:
    """How many tokens a word takes on average, and which share of the words is [UNK]
    (Rust et al. 2021).

    Args:
        counts: the words of a text, at least one, and how often each occurs. A word that occurs
            ten times counts ten times, in both.
        vocab: piece → id, as for word_pieces. An [UNK] is one token.

    Returns:
        The number of tokens for a word; and the share, 0 … 1.
    """
    pieces = {word: word_pieces(word, vocab) for word in counts}
    tokens = sum(len(pieces[word]) * times for word, times in counts.items())
    unknown = sum(times for word, times in counts.items() if pieces[word] == [UNK])
    return tokens / counts.total(), unknown / counts.total()


def count_words(texts: list[str], lowercase: bool = True) -> Counter[str]:
    """How often each word occurs. What stands between spaces is cut into words once, however often it occurs."""
    stretches, words = Counter(), Counter()
    for text in tqdm(as_list(texts, "texts"), desc="counting words", unit="text", delay=1, leave=False):
        check_text(text, "text")
        stretches.update(text.split(" "))
    for stretch, times in stretches.items():
        for word in split_words(normalize(stretch, lowercase)):
            if len(word) <= LONGEST_WORD:
                words[word] += times
    return words


def letters(word: str) -> list[str]:
    """A word in its smallest pieces (film → f · ##i · ##l · ##m)."""
    return [word[0], *(f"##{letter}" for letter in word[1:])]


def joined(pair: tuple[str, str]) -> str:
    """Two neighbouring pieces as one (##i · ##l → ##il)."""
    return pair[0] + pair[1].removeprefix("##")


def join_pair(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    """The pieces of a word, with the two of the pair joined wherever one follows the other.

    From left to right, and no piece twice: of h · ##a · ##a · ##a, the pair ##a · ##a makes
    h · ##aa · ##a.
    """
    result, place = [], 0
    while place < len(pieces):
        if tuple(pieces[place : place + 2]) == pair:
            result.append(joined(pair))
            place += 2
        else:
            result.append(pieces[place])
            place += 1
    return result


def best_pair(pair_counts: dict[tuple[str, str], int], piece_counts: dict[str, int]) -> tuple[str, str]:
    """The pair with the highest score, as usually quoted for WordPiece.

    The score is count(pair) / (count(first) · count(second)). Of pairs with equal scores, the one
    that occurs more often; if that is equal too, the first in alphabetical order.
    """

    def rank(pair):
        first, second = pair
        return -pair_counts[pair] / (piece_counts[first] * piece_counts[second]), -pair_counts[pair], pair

    return min(pair_counts, key=rank)


class WordsInPieces:
    """The different words of a text, in pieces, with counts that are kept up to date while pairs are joined.

    Attributes:
        piece_counts, pair_counts: how often each piece, and each pair of neighbours, occurs in the text.
        frequent: those of pair_counts that occur min_frequency times or more.
    """

    def __init__(self, words: Counter[str]):
        self.words = [letters(word) for word in words]
        self.times = list(words.values())
        self.piece_counts: Counter[str] = Counter()
        self.pair_counts: Counter[tuple[str, str]] = Counter()
        self.places: defaultdict[tuple[str, str], set[int]] = defaultdict(set)     # the words that a pair is in
        for place in range(len(self.words)):
            self.count(place)
        self.demand(1)

    def demand(self, min_frequency: int):
        """Say how often a pair must occur to be frequent."""
        self.min_frequency = max(min_frequency, 1)
        self.frequent = {pair: count for pair, count in self.pair_counts.items() if count >= self.min_frequency}

    def join(self, pair: tuple[str, str]):
        """Join the pair in every word that it is in. Only these words are counted anew."""
        changed = set()
        for place in list(self.places[pair]):
            changed |= self.count(place, -1)
            self.words[place] = join_pair(self.words[place], pair)
            changed |= self.count(place)
        for each in changed:
            count = self.pair_counts[each]
            if count >= self.min_frequency:
                self.frequent[each] = count
            else:
                self.frequent.pop(each, None)
            if count == 0:
                del self.pair_counts[each], self.places[each]

    def count(self, place: int, sign: int = 1) -> set[tuple[str, str]]:
        """Add a word to the counts, or with the sign -1 take it away. Gives back its pairs."""
        pieces, times = self.words[place], sign * self.times[place]
        pairs = list(zip(pieces, pieces[1:], strict=False))
        for piece in pieces:
            self.piece_counts[piece] += times
        for pair in pairs:
            self.pair_counts[pair] += times
            if sign > 0:
                self.places[pair].add(place)
            else:
                self.places[pair].discard(place)
        return set(pairs)


def train_wordpiece(
    texts: list[str],
    vocab_size: int,
    lowercase: bool = True,
    min_frequency: int | None = None,
    choose: Callable[[dict[tuple[str, str], int], dict[str, int]], tuple[str, str]] = best_pair,
) -> list[str]:
    """Learn a vocabulary from text: begin with its letters, and join the best pair of pieces, again and again.

    best_pair's score is a proportion, so rare pairs would win by luck, and oddities fill the vocabulary. Therefore only
    frequent pairs may be chosen; when there is none left, half as often will do. The same texts give the same
    vocabulary, in whatever order they come.

    Args:
        texts: what to learn from.
        vocab_size: how many tokens to learn, special ones and letters counted.
        lowercase: as for the BertTokenizer that is to use the vocabulary.
        min_frequency: how often a pair must occur to be chosen, at first; None = once in 1,000 words; 1 = all are let in.
        choose: the rule for the next pair, with the arguments of best_pair.

    Returns:
        The tokens in the order of their ids: special ones, letters in the order of their code points, then the pieces as
        they were learned, so that a smaller vocabulary is the beginning of a larger one. There are fewer than vocab_size
        if every word has become one piece.

    Raises:
        TypeError: something that is not text.
        ValueError: no text, or no room for the letters.
    """
    words = WordsInPieces(count_words(texts, lowercase))
    vocab = dict.fromkeys([*SPECIAL_TOKENS, *sorted(words.piece_counts)])
    if vocab_size < len(vocab):
        raise ValueError(
            f"vocab_size is {vocab_size}, where special tokens and letters alone take {len(vocab)}: give more, or "
            f"texts with fewer different letters."
        )
    words.demand(sum(words.times) // 1000 if min_frequency is None else min_frequency)
    with tqdm(total=vocab_size, initial=len(vocab), desc="vocabulary", unit="piece", delay=1, leave=False) as bar:
        while len(vocab) < vocab_size and words.pair_counts:
            while not words.frequent:
                words.demand(words.min_frequency // 2)
            pair = choose(words.frequent, words.piece_counts)
            words.join(pair)
            vocab[joined(pair)] = None     # ##a · ##bc and ##ab · ##c make the same token
            bar.update(len(vocab) - bar.n)
    return list(vocab)
