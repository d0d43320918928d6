# %% [markdown]
# # 3 · Tokenizer
#
# **A model reads numbers, not text. You will learn a vocabulary from Wikipedia, letter by letter, and write the code that cuts text
# into its pieces: for 10,605 real sentences it gives exactly the ids that BERT was trained with.**
#
# Time: about an hour and a half. Builds on: [00_start_here](00_start_here.ipynb) and plain Python. No attention is needed.

# %%
import math
import re
import unicodedata
from collections import Counter

import torch
from IPython.display import HTML, display
from matplotlib import pyplot as plt

from bert_parts import load_pretrained, movie_reviews, passages, train_wordpiece
from bert_parts.learn import check, mine, my_parts, quiz
from bert_parts.tokenizer import count_words, joined, letters, normalize, split_words, truncate
from bert_parts.visualize import show

bert, tokenizer = load_pretrained("all-MiniLM-L6-v2")
reviews = [review.text for review in movie_reviews()]
wikipedia = [passage.text for passage in passages()]
known, held_out = wikipedia[:10_000], wikipedia[10_000:]     # to learn from, and to try it on
print(f"{len(reviews):,} sentences from film reviews, {len(wikipedia):,} paragraphs of Wikipedia")

# %% [markdown]
# ## The idea
#
# Here is what BERT gets to see. Blue begins a word, orange continues one.

# %%
BLUE, ORANGE, GREY = "#aed6f1", "#f5cba7", "#d5d8dc"


def colour(piece):
    return ORANGE if piece.startswith("##") else GREY if piece.startswith("[") else BLUE


def draw(rows, alt):
    """A row of boxes for each (label, pieces)."""
    figure, panel = plt.subplots(figsize=(9, 0.36 * len(rows) + 0.1))
    edge = max(len(label) for label, _ in rows) + 1
    for y, (label, pieces) in enumerate(rows):
        panel.text(-1, y, label, ha="right", va="center", fontsize=9, color="#555555")
        x = 0
        for piece in pieces:
            width = len(piece) + 1.5
            panel.add_patch(plt.Rectangle((x, y - 0.4), width, 0.8, color=colour(piece)))
            panel.text(x + width / 2, y, piece, ha="center", va="center", fontsize=9, family="monospace", parse_math=False)
            x += width + 0.4
    panel.set(xlim=(-edge, 106 - edge), ylim=(len(rows) - 0.5, -0.5))
    panel.axis("off")
    show(figure, alt)


# %%
sentences = ["Spielberg's transformers are unfilmable.", "Scorsese rewatched it in 1984, unbelievably moved.",
             "BERT has no word for embeddings or photosynthesis."]
draw([("", tokenizer.tokenize(sentence)) for sentence in sentences],
     "Three sentences cut into pieces. Most words are one piece; unfilmable is un, film, able; Scorsese is sc, ors, ese; "
     "embeddings is em, bed, ding, s; photosynthesis is photos, yn, thesis.")

# %% [markdown]
# Most words are one piece. Others are cut: *unfilmable* as a grammarian would, *photosynthesis* as nobody would. *Spielberg* is in
# the vocabulary, *Scorsese* is not. Each piece has a number, its **id**, and these numbers are all that the model gets:

# %%
for piece in tokenizer.tokenize(sentences[0]):
    print(f"{piece:14} {tokenizer.vocab[piece]:6}")

# %% [markdown]
# The **vocabulary** is a list of 30,522 such pieces, and the id is a piece's place in it. A piece with **##** before it continues
# a word: `able` and `##able` are two different entries. What follows is how such a list is found, and how text is cut by it.
# The whole is called a **tokenizer**, its pieces **tokens**, and this way of doing it **WordPiece**.

# %% [markdown]
# ## Build it, step by step
#
# ### 1. Clean the text, cut it into words
#
# This BERT reads no capitals and no accents. Then text is cut at spaces, and around every punctuation mark.

# %%
text = "Déjà vu?  Don't tell Céline about the co-writer's €1,000!"
print(normalize(text))
print(" · ".join(split_words(normalize(text))))

# %% [markdown]
# ### 2. Why not whole words? Why not letters?
#
# Let us count the words in ten thousand paragraphs of Wikipedia, and look for them in the 2,271 that we held out.

# %%
words, new_words = count_words(known), count_words(held_out)
once = sum(times == 1 for times in words.values()) / len(words)
missing = sum(word not in words for word in new_words) / len(new_words)
length = sum(len(word) * times for word, times in words.items()) / words.total()
print(f"{len(words):,} different words; {once:.0%} of them occur only once")
print(f"of the different words in the held-out paragraphs, {missing:.0%} never occurred before")
print(f"a word that one reads has {length:.1f} letters on average")

# %% [markdown]
# A list of whole words is never complete, and much of it is hardly ever used. A list of letters is complete, but then every text
# is four times as long, and a letter by itself means nothing. **Pieces lie between: frequent words whole, rare ones in parts, and
# letters for the rest.** Which pieces? We let the text decide. Begin with letters, and join what belongs together.

# %%
print(" · ".join(letters("unfilmable")))

# %% [markdown]
# ### 3. Which two pieces belong together?
#
# First count: how often does each piece occur in the text, and how often each pair of neighbours?

# %%
def count(cut, times):
    """How often each piece and each pair occurs. cut: word → its pieces; times: word → how often the word occurs."""
    pieces, pairs = Counter(), Counter()
    for word, parts in cut.items():
        for piece in parts:
            pieces[piece] += times[word]
        for pair in zip(parts, parts[1:], strict=False):
            pairs[pair] += times[word]
    return pieces, pairs


piece_counts, pair_counts = count({word: letters(word) for word in words}, words)
print(f"{len(piece_counts)} different letters, with and without ##; {len(pair_counts):,} different pairs")
for (first, second), times in pair_counts.most_common(4):
    print(f"{first:3} {second:3} {times:7,} times together   {piece_counts[first]:7,} and {piece_counts[second]:7,} times at all")

# %% [markdown]
# The most frequent pair is *he* inside a word. But letters that occur everywhere meet often by chance alone. WordPiece asks
# another question: **how often are the two together, for how often they occur at all?**
#
# $$\mathrm{score}(a, b) = \frac{\mathrm{count}(ab)}{\mathrm{count}(a) \cdot \mathrm{count}(b)}$$
#
# Here are the best ones.

# %%
def score(pair):
    return pair_counts[pair] / (piece_counts[pair[0]] * piece_counts[pair[1]])


for pair in sorted(pair_counts, key=lambda pair: (-score(pair), pair))[:4]:
    first, second = (unicodedata.name(piece[-1]).lower() for piece in pair)
    print(f"score {score(pair):.0f}: {first} + {second}, {pair_counts[pair]} time")

# %% [markdown]
# That is a surprise. Four pairs of letters from far away, each of which occurs **once** in a million words. If two letters occur
# once, side by side, the score is 1 / (1 · 1) = 1, and no pair can do better. The score says how strongly two pieces belong
# together, not how often that is of any use.
#
# So let only frequent pairs compete: those that occur at least once in a thousand words.

# %%
floor = words.total() // 1000
frequent = {pair: times for pair, times in pair_counts.items() if times >= floor}
print(f"{len(frequent)} pairs occur {floor:,} times or more. The best of them:")
for first, second in sorted(frequent, key=score, reverse=True)[:10]:
    print(f"{first:3} {second:3} score {score((first, second)) * 1e6:5.1f} millionths, {pair_counts[first, second]:6,} times")

# %% [markdown]
# Now it makes sense. The beginnings of the years, *ex*, *of* and *th*; and *q*, which hardly ever goes without its *u*.

# %% [markdown]
# ## Your turn: the best pair
#
# Give back the pair with the highest score. Pairs with equal scores happen, and then the result must not depend on chance: the one
# that occurs more often wins, and if that is equal too, the first in alphabetical order (which is how Python compares tuples of
# text).

# %% tags=["exercise"]
def best_pair(pair_counts, piece_counts):
    """The pair with the highest score, count(pair) / (count(first) · count(second)) (after Schuster & Nakajima 2012).

    Of pairs with equal scores, the one that occurs more often; if that is equal too, the first in alphabetical order.
    """
    ...


# %%
check(best_pair)

# %% [markdown]
# Stuck? `hint(best_pair)` gives up to three hints, one each time, and `reveal(best_pair)` shows the course's version. Take away a
# `#`, and run. From here on the notebook uses **your** function if it has passed, and the course's until then.

# %%
from bert_parts.learn import hint, reveal

best_pair = mine(best_pair)
# hint(best_pair)
# reveal(best_pair)

# %% [markdown]
# ## Your turn: join a pair
#
# The pair becomes one piece, in every word in which it stands. `joined` says what the new piece is called:

# %%
print(joined(("##i", "##l")), joined(("f", "##i")))

# %% tags=["exercise"]
def join_pair(pieces, pair):
    """The pieces of a word, with the two of the pair joined wherever one follows the other.

    From left to right, and no piece twice: of h · ##a · ##a · ##a, the pair ##a · ##a makes h · ##aa · ##a.
    """
    ...


# %%
check(join_pair)

# %%
join_pair = mine(join_pair)
# hint(join_pair)
# reveal(join_pair)

# %% [markdown]
# ### 4. Again and again
#
# Count, choose, join; count, choose, join. That is all of it. Run the next cell and watch: these are the words of two thousand film
# reviews, at first all in letters. Each join changes every word in which the pair stands.

# %%
def as_html(title, rows):
    box = '<span style="background: {}; color: black; padding: 0 4px; margin: 1px; border-radius: 3px;">{}</span>'
    lines = ["".join(box.format(colour(piece), piece) for piece in pieces) for pieces in rows]
    return HTML(f'<div style="font-family: monospace; line-height: 1.8;"><b>{title}</b><br>{"<br>".join(lines)}</div>')


times = dict(count_words(reviews[:2000]).most_common(1500))
cut = {word: letters(word) for word in times}
watched = "the these film films movie movies something anything performances characters entertaining".split()
snapshots = {0: cut}

# %% tags=["nbval-ignore-output"]
view, enough = display(as_html("", []), display_id=True), 60
for step in range(1, 501):
    pieces, pairs = count(cut, times)
    while max(pairs.values()) < enough:     # no frequent pair is left: half as often will do
        enough //= 2
    pair = best_pair({pair: n for pair, n in pairs.items() if n >= enough}, pieces)
    cut = {word: join_pair(parts, pair) for word, parts in cut.items()}
    snapshots[step] = cut
    if step % 5 == 0:
        view.update(as_html(f"after {step} joins; the last was {pair[0]} · {pair[1]}", [cut[word] for word in watched]))

# %%
for word in ("something", "entertaining"):
    draw([(f"{step} joins", snapshots[step][word]) for step in (0, 50, 100, 150, 200, 300, 400, 500)],
         f"The word {word}, at first in letters, in fewer and longer pieces after 50, 100, 150, 200, 300, 400 and 500 joins: at "
         f"last {', '.join(snapshots[500][word])}.")

# %% [markdown]
# ### 5. In earnest
#
# `train_wordpiece` does the same for ten thousand paragraphs. It does not count everything anew each time, but only the words
# that a join has changed, and so it takes seconds instead of minutes. When no frequent pair is left, it is content with half as
# frequent ones, and so on, until there are 4,000 tokens.

# %%
vocabulary = train_wordpiece(known, 4000)
alphabet = sum(len(token.removeprefix("##")) == 1 for token in vocabulary[5:])
print("special: ", *vocabulary[:5])
print("letters: ", alphabet)
print("first:   ", *vocabulary[5 + alphabet :][:22])
print("last:    ", *vocabulary[-22:])

# %% [markdown]
# Years first, then the common words and endings, at last *kentucky* and *continental*. Nobody told it what a word is, let alone
# what Kentucky is. Note that nearly every fifth entry is a single letter, and most of these come from other scripts: whatever
# occurs in the text gets its place.
#
# ### 6. How a word is cut
#
# The joins are forgotten now; only the list is kept. To read a word, BERT looks for **the longest piece in the list that the word
# begins with**, then for the longest that the rest begins with, and so on. Here is each attempt, with the real vocabulary:

# %%
word, start = "unfilmable", 0
while start < len(word):
    for end in range(len(word), start, -1):
        candidate = ("##" if start else "") + word[start:end]
        print(candidate, "✓" if candidate in tokenizer.vocab else "", end="  ")
        if candidate in tokenizer.vocab:
            break
    print()
    start = end

# %% [markdown]
# What if nothing fits, not even a single letter? Then the **whole word** becomes `[UNK]`, unknown. So does a “word” of more than 100
# characters. In the second line below, the film is gone:

# %%
print(tokenizer.tokenize("a film 🎬"))
print(tokenizer.tokenize("a film🎬"))

# %% [markdown]
# ## Your turn: the pieces of a word
#
# `vocab` is a dictionary from piece to id. The loop above shows the way for one word that can be cut. Yours must also do the
# right thing when a word cannot.

# %% tags=["exercise"]
def word_pieces(word, vocab):
    """Cut a word from left to right, each time taking the longest piece that the vocabulary knows.

    Every piece but the first is written with ## before it. A word that cannot be cut to its end, or that has more than
    100 characters, is [UNK] as a whole.
    """
    ...


# %%
check(word_pieces)

# %%
word_pieces = mine(word_pieces)
# hint(word_pieces)
# reveal(word_pieces)

# %% [markdown]
# With it, we can read by the vocabulary that we have just learned, and see how it grew. Its beginning is a smaller vocabulary:

# %%
sizes = [5 + alphabet, 1000, 1500, 2000, 3000, 4000]
grown = {size: dict.fromkeys(vocabulary[:size]) for size in sizes}
for word in ("transmission", "immediately"):
    draw([(f"{size:,} tokens", word_pieces(word, grown[size])) for size in sizes],
         f"The word {word}, cut by vocabularies of {sizes[0]} to 4,000 tokens: at first in letters, then in fewer and longer "
         f"pieces, at last {', '.join(word_pieces(word, grown[4000]))}.")

# %% [markdown]
# Try it with words of your own: move the slider and type. (This needs a running notebook.)

# %% tags=["nbval-ignore-output"]
from ipywidgets import IntSlider, Text, interact


@interact(text=Text("a truly unbelievable photograph of kentucky"), size=IntSlider(2000, 5 + alphabet, 4000, 25))
def read(text, size):
    smaller = dict.fromkeys(vocabulary[:size])
    pieces = [piece for word in split_words(normalize(text)) for piece in word_pieces(word, smaller)]
    display(as_html(f"{len(pieces)} tokens", [pieces]))


# %% [markdown]
# ## A row for the model
#
# Two marks are put in: **`[CLS]`** before everything, whose vector will later stand for the whole row, and **`[SEP]`** after each
# text. Some tasks have two texts, a question and a paragraph, say. Both go into one row, and a second list says which token belongs
# to which text: the **segments**, 0 and 1.

# %%
batch = tokenizer("Whose code is this?", "It is yours.")
print("tokens  ", *(f"{token:>6}" for token in tokenizer.convert_ids_to_tokens(batch["input_ids"][0])))
print("ids     ", *(f"{i:6}" for i in batch["input_ids"][0].tolist()))
print("segments", *(f"{i:6}" for i in batch["token_type_ids"][0].tolist()))

# %% [markdown]
# BERT reads 512 tokens at most, so long texts are cut. But never the special tokens: the model has not seen a row without its last
# `[SEP]`. `truncate` cuts two texts to the room that there is. The longer one gives way first.

# %%
print(truncate([1, 2, 3, 4, 5, 6], [7, 8], 5))
print(truncate([1, 2, 3, 4, 5, 6], [7, 8, 9, 10], 6))
print(truncate([1, 2, 3], [], math.inf))

# %% [markdown]
# ## Your turn: build a row

# %% tags=["exercise"]
def build_row(first, second, max_length, cls_id, sep_id):
    """One row of a batch: [CLS] first [SEP], or [CLS] first [SEP] second [SEP].

    Args:
        first: the ids of a text.
        second: the ids of the text that it is paired with, which may be an empty list; None = there is no second text.
        max_length: the most ids that the row may have, special ones counted; the longer text gives way first, the
            special tokens never do. math.inf = as many as it has.

    Returns:
        The ids of the row; and the segment of each, 0 up to the first [SEP] and with it, 1 after it.
    """
    ...


# %%
check(build_row)

# %%
build_row = mine(build_row)
# hint(build_row)
# reveal(build_row)

# %% [markdown]
# ## Your turn: fill up a batch
#
# Rows of a batch must have one length, so the shorter ones are filled up with `[PAD]`. A third list, the **attention mask**, says
# what is real: 1 for a token, 0 for padding. You met it in notebooks 00 and 01 from the other side. `torch.tensor(rows)` makes a
# tensor of a list of rows, once they are all equally long.

# %% tags=["exercise"]
def pad_batch(rows, pad_id):
    """Rows of different lengths as one batch, the shorter ones filled up on the right.

    Args:
        rows: the ids and the segments of each of B rows, as build_row makes them.
        pad_id: the id of [PAD].

    Shapes:
        input_ids (pad_id in the padding), token_type_ids (0 in the padding), attention_mask (1 for a token, 0 for
        padding): each (B, T) int64, T the longest row
    """
    ...


# %%
check(pad_batch)

# %%
pad_batch = mine(pad_batch)
# hint(pad_batch)
# reveal(pad_batch)

# %% [markdown]
# And back: `decode` glues the pieces together. Capitals, accents and odd spaces do not come back; they were dropped at the
# beginning.

# %%
print(tokenizer.decode(tokenizer("Céline  Dion was NOT in it, unbelievably.")["input_ids"][0]))

# %% [markdown]
# ## Drop it in
#
# Here is the real tokenizer, with the real vocabulary, made of your functions where they have passed. Beside it stands Hugging
# Face's, written in Rust by other people. Every sentence of the film reviews goes through both.

# %%
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from bert_parts.learn.lesson_03_tokenizer import tokenizer_with

own = tokenizer_with(my_parts())
reference = Tokenizer(models.WordPiece(tokenizer.vocab, unk_token="[UNK]"))
reference.normalizer, reference.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()

expected = [encoding.ids for encoding in reference.encode_batch(reviews)]
assert [own.ids(text) for text in reviews] == expected
yours = [name for name in ("best_pair", "join_pair", "word_pieces", "build_row", "pad_batch") if name in my_parts()]
print(f"{len(reviews):,} sentences, {sum(map(len, expected)):,} tokens: the same ids, one by one.")
print("Written by you:", ", ".join(yours) or "nothing yet")

# %% [markdown]
# ## Look
#
# How much does a larger vocabulary buy? The measure is how many tokens a word takes on average, in text that it has not
# seen. It is called **fertility**.

# %%
def fertility(tokens, counts):
    """Tokens for each word of a text, and the share of its words that are [UNK]."""
    vocab = dict.fromkeys(tokens)
    pieces = {word: word_pieces(word, vocab) for word in counts}
    tokens_in_all = sum(len(pieces[word]) * times for word, times in counts.items())
    unknown = sum(times for word, times in counts.items() if pieces[word] == ["[UNK]"])
    return tokens_in_all / counts.total(), unknown / counts.total()


sizes = [5 + alphabet, 900, 1000, 1250, 1500, 2000, 2500, 3000, 3500, 4000]
curve = [fertility(vocabulary[:size], new_words)[0] for size in sizes]
whole, _ = fertility(tokenizer.tokens, new_words)
print(f"letters {curve[0]:.2f}, our 4,000 tokens {curve[-1]:.2f}, BERT's 30,522 {whole:.2f} tokens a word")

# %%
figure, panel = plt.subplots(figsize=(7, 3.2), layout="constrained")
panel.plot(sizes, curve, "o-", color="#1f618d", label="learned here, from ten thousand paragraphs")
panel.axhline(whole, color="#c0392b", linestyle="--", label="BERT's own: 30,522 tokens")
panel.set(xlabel="tokens in the vocabulary", ylabel="tokens for a word", ylim=(1, None))
panel.legend(frameon=False)
show(figure, f"A falling curve: tokens for a word over the size of the vocabulary, from {curve[0]:.1f} with letters alone to "
     f"{curve[-1]:.2f} with 4,000 tokens, steep at first and then flat. A dashed line at {whole:.2f}: BERT's own vocabulary.")

# %% [markdown]
# The first few hundred joins do most of the work. BERT's own vocabulary, more than seven times as large, gets close to one
# token for a word.
#
# But not for every kind of word. We take four kinds from the paragraphs: ordinary words, names (never written small), numbers, and words
# in other scripts.

# %%
inside = Counter(re.findall(r"(?<=[a-z,] )[^\W_]+(?:[.,]\d+)*", " ".join(wikipedia)))     # not at the start of a sentence
small = set(re.findall(r"[a-z]+", " ".join(wikipedia)))
anywhere = dict.fromkeys(re.findall(r"[^\W\d_]+", " ".join(wikipedia)))
kinds = {
    "ordinary words": [word for word, n in inside.items() if n >= 5 and re.fullmatch("[a-z]+", word)],
    "names": [word for word, n in inside.items()
              if n >= 5 and re.fullmatch("[A-Z][a-z]+", word) and word.lower() not in small],
    "numbers": [word for word, n in inside.items() if n >= 2 and re.fullmatch(r"\d[\d.,]*", word)],
    "other scripts": [word for word in anywhere if min(word) >= "Ͱ"],     # Greek and all that stands behind it in Unicode
}
pieces_of = {kind: [tokenizer.tokenize(word) for word in words] for kind, words in kinds.items()}
for kind, cuts in pieces_of.items():
    unknown = sum("[UNK]" in pieces for pieces in cuts) / len(cuts)
    print(f"{kind:15} {len(cuts):6,} different   {sum(map(len, cuts)) / len(cuts):.2f} tokens each   {unknown:4.0%} with [UNK]")

# %%
shades = {"1": "#1f618d", "2": "#5499c7", "3": "#aed6f1", "4": "#f5cba7", "5": "#e59866", "6+": "#c0392b",
          "with [UNK]": "#626567"}
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained", width_ratios=(2, 1))
for y, cuts in enumerate(pieces_of.values()):
    sizes = ["with [UNK]" if "[UNK]" in pieces else "6+" if len(pieces) > 5 else str(len(pieces)) for pieces in cuts]
    shares = [sizes.count(size) / len(cuts) for size in shades]
    for n, size in enumerate(shades):
        left.barh(y, shares[n], left=sum(shares[:n]), color=shades[size], label=size if y == 0 else None)
    found = [piece.removeprefix("##") for pieces in cuts for piece in pieces if piece != "[UNK]"]
    right.barh(y, sum(map(len, found)) / len(found), color="#1f618d")
for panel, title in ((left, "share of words with so many tokens"), (right, "characters in a token")):
    panel.set(title=title, yticks=range(4), yticklabels=pieces_of if panel is left else [])
    panel.invert_yaxis()
left.legend(ncols=7, columnspacing=1, handlelength=1, loc="upper center", bbox_to_anchor=(0.5, -0.12), frameon=False)
show(figure, "Left, how many tokens words take: ordinary words and names mostly one, numbers mostly one or three, words in other "
     "scripts anything from one to six and more, and a quarter of them with an unknown part. Right, characters in a token: about "
     "six in ordinary words, five in names, two in numbers, one in other scripts.")

# %%
for word in ("Cumberbatch", "1984", "2,743", "68457", "Москва", "東京", "서울"):
    print(word, "→", " ".join(tokenizer.tokenize(word)))

# %% [markdown]
# To the model, *1984* is a word like any other, and *68457* is three pieces that say nothing of its size. It reads Russian letter by
# letter. Of Korean it sees less than letters: taking off “accents” takes syllables apart, and two of them have become five tokens. A
# vocabulary serves the text that it was learned from.

# %% [markdown]
# ## Break it
#
# **Take the floor away.** What if rare pairs may compete? And what if we drop the denominators, and always join the most frequent
# pair? The second is a method of its own, **byte pair encoding** (BPE), which GPT uses. Three vocabularies of 2,500, from two
# thousand paragraphs:

# %%
def most_frequent(pair_counts, piece_counts):
    return min(pair_counts, key=lambda pair: (-pair_counts[pair], pair))


rules = {"score, frequent pairs": {}, "score, all pairs": {"min_frequency": 1}, "counts alone (BPE)": {"choose": most_frequent}}
results = {}
for name, options in rules.items():
    tokens = train_wordpiece(known[:2000], 2500, **options)
    results[name], _ = fertility(tokens, new_words)
    print(f"{name:22} {results[name]:.2f} tokens a word   last learned: {' '.join(tokens[-6:])}")

# %% [markdown]
# With all pairs let in, the vocabulary is used up on rare strings, and most text falls back into letters. Between the score and
# plain counts there is hardly a difference here: what matters is that a piece is frequent.
#
# **Take the marks away.** Without ##, which pieces make one word?

# %%
marked = [piece for word in split_words("someone spilled butter in winter") for piece in word_pieces(word, grown[4000])]
print("with ##:   ", " ".join(marked))
print("decoded:   ", " ".join(marked).replace(" ##", ""))
print("without ##:", " ".join(piece.removeprefix("##") for piece in marked))

# %% [markdown]
# *Some one* and *someone* would be the same to the model, and nobody could put the words together again.
#
# **Take another text's vocabulary.** We learn 4,000 tokens from film reviews, and let both vocabularies read both kinds of text, always
# sentences that they have not seen.

# %%
from_reviews = train_wordpiece(reviews[:8000], 4000)
new_reviews = count_words(reviews[8000:])
table = {}
for learned, tokens in (("reviews", from_reviews), ("Wikipedia", vocabulary)):
    for name, counts in (("reviews", new_reviews), ("Wikipedia", new_words)):
        table[learned, name] = fertility(tokens, counts)
        rate, unknown = table[learned, name]
        print(f"learned from {learned:9} reading {name:9} {rate:.2f} tokens a word, {unknown:6.2%} unknown")

unread = {word: n for word, n in new_words.items() if word_pieces(word, dict.fromkeys(from_reviews)) == ["[UNK]"]}
print("unknown to the vocabulary from reviews:", sorted(unread, key=unread.get, reverse=True)[:5], "…")

# %%
figure, panel = plt.subplots(figsize=(7, 2.8), layout="constrained")
for offset, learned, shade in ((-0.2, "reviews", "#1f618d"), (0.2, "Wikipedia", "#e59866")):
    rates = [table[learned, name][0] for name in ("reviews", "Wikipedia")]
    bars = panel.bar([offset, 1 + offset], rates, 0.38, color=shade, label=f"vocabulary from {learned}")
    panel.bar_label(bars, fmt="%.2f", fontsize=8)
panel.set(xticks=[0, 1], xticklabels=["reading reviews", "reading Wikipedia"], ylabel="tokens for a word", ylim=(1, 1.9))
panel.legend(frameon=False, ncols=2)
show(figure, "Bars: tokens for a word, for vocabularies from reviews and from Wikipedia, reading both. Each reads its own kind of "
     "text with fewer tokens: " + "; ".join(f"from {a}, reading {b}: {rate:.2f}" for (a, b), (rate, _) in table.items()) + ".")

# %% [markdown]
# Each vocabulary is at home in its own text. And there is a surprise: to the one from the reviews, the most frequent unknown word of
# Wikipedia is the **hyphen**. Whoever prepared the reviews had replaced every hyphen by a space, so there was none to learn. A
# tokenizer remembers every habit of the text it came from.

# %% [markdown]
# ## Check yourself

# %%
quiz("03_tokenizer")

# %% [markdown]
# ## Where this stands
#
# - **The papers**: WordPiece comes from
#   [Schuster & Nakajima 2012](https://research.google/pubs/japanese-and-korean-voice-search/), section 4, and is described again in [Wu et al. 2016](https://arxiv.org/abs/1609.08144), section 4.1. They ask which new piece raises the
#   likelihood of the whole text most. The score above, which is what people usually quote, is that gain for one single occurrence of
#   the pair. That is why it loves rare pairs, and why it needs the floor.
# - **BERT's own** vocabulary was published ([Devlin et al. 2019](https://arxiv.org/abs/1810.04805), section 3), the code that learned it
#   was not. The trainer called WordPiece in Hugging Face's `tokenizers` goes by counts alone, as BPE does. How text is **cut** by a
#   given vocabulary is not in doubt, and there yours agrees with both.
# - **Real systems** today mostly learn pieces of bytes rather than letters, so that nothing is ever unknown, and keep capitals and
#   spaces.
# - **Next**: [04_embeddings](04_embeddings.ipynb), where each id becomes a vector.

# %%
from bert_parts.learn import progress

progress()
