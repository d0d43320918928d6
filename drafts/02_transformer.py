# %% [markdown]
# # 2 · The Transformer
#
# **You will build the machine that attention was made for, and watch it learn to translate, here, in about half a minute:
# from English number words to French, and dates as well.**
#
# Time: about two hours. Builds on: [01_attention](01_attention.ipynb).

# %%
import datetime
import math
import random
import re
import time

import torch
from matplotlib import pyplot as plt
from num2words import num2words
from torch import nn
from torch.nn import functional as F
from tqdm import trange

from bert_parts import BertConfig, MultiHeadAttention, TransformerModel, causal_mask, padding_mask, sinusoidal_positions
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate
from bert_parts.learn import check, mine, my_parts, progress, quiz, with_parts
from bert_parts.visualize import heatmap, record_attention, show

# %% [markdown]
# ## The idea
#
# The French have no word for ninety. 97 is *quatre-vingt-dix-sept*: four-twenty-ten-seven. And 91 is not
# four-twenty-ten-one, but *quatre-vingt-onze*, four-twenty-eleven. So one cannot translate word by word; one must
# **read it all, then write, and look back at what was read while writing.** That is the whole machine:

# %%
def boxes(panel, texts, left, y, colour, width=1.15):
    for place, text in enumerate(texts):
        panel.text(left + place * width, y, text, ha="center", va="center", fontsize=9.5,
                   bbox={"boxstyle": "round,pad=0.35", "facecolor": colour, "edgecolor": "none"})


def arrow(panel, start, end):
    panel.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "#555555", "lw": 1.3})


figure, panel = plt.subplots(figsize=(9, 3.2), layout="constrained")
boxes(panel, ["ninety", "-seven"], 0.3, 0, "#d6e4f0")
boxes(panel, ["<s>", "quatre", "-vingt", "-dix", "-sept"], 3.7, 0, "#f9e4d4")
boxes(panel, ["quatre", "-vingt", "-dix", "-sept", "</s>"], 3.7, 3, "#f9e4d4")
for left, width, text, colour in ((-0.4, 2.5, "encoder\nreads all at once", "#1f618d"),
                                  (3.0, 6.0, "decoder\nlooks back at what it has written, and across", "#a0522d")):
    panel.add_patch(plt.Rectangle((left, 1), width, 1, color=colour))
    panel.text(left + width / 2, 1.5, text, color="white", ha="center", va="center", fontsize=10)
for x in [0.3, 1.45, *(3.7 + 1.15 * n for n in range(5))]:
    arrow(panel, (x, 0.3), (x, 0.95))
    if x > 2:
        arrow(panel, (x, 2.05), (x, 2.7))
arrow(panel, (2.15, 1.5), (2.95, 1.5))
panel.text(2.55, 1.65, "memory", ha="center", fontsize=9)
panel.set(xlim=(-0.6, 9.1), ylim=(-0.4, 3.4))
panel.axis("off")
show(figure, "A diagram. The encoder reads 'ninety -seven' and hands its memory to the decoder. The decoder is given '<s> quatre "
     "-vingt -dix -sept' and writes, above each of these, the word that follows it: 'quatre -vingt -dix -sept </s>'.")

# %% [markdown]
# `<s>` means start, and `</s>` end. Everything is made of the attention of notebook 01, used in three ways:
#
# | who looks | where to | what hides the rest |
# |---|---|---|
# | a word that was read | at all words that were read | the padding mask |
# | a word that was written | at itself and the words written before it | the **causal** mask |
# | a word that was written | at all words that were read: **cross-attention** | the padding mask |
#
# The first row by itself is BERT. The other two make a writer of it.

# %% [markdown]
# ## Real pairs, without a single error
#
# The package `num2words` spells any number in many languages, so we have as many exact translations as we like. Text becomes
# words in the simplest way; a hyphen stays with what follows it, so that the text can be put together again. (How real
# tokenizers do it is the matter of [notebook 03](03_tokenizer.ipynb).)

# %%
MONTHS = dict(zip(
    "january february march april may june july august september october november december".split(),
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(), strict=True))


def words(text):
    """'Quatre-vingt-dix' → ['quatre', '-vingt', '-dix']"""
    return re.findall(r"-?\w+", text.lower())


def number_pair(number):
    return words(num2words(number)), words(num2words(number, lang="fr"))


def date_pair(day):
    month, mois = list(MONTHS.items())[day.month - 1]
    jour = "premier" if day.day == 1 else num2words(day.day, lang="fr")
    return (words(f"the {num2words(day.day, to='ordinal')} of {month} {num2words(day.year, to='year')}"),
            words(f"le {jour} {mois} {num2words(day.year, lang='fr')}"))


for source, target in (number_pair(97), number_pair(301_091), date_pair(datetime.date(1919, 5, 1))):
    print(f"{' '.join(source):58} {' '.join(target)}")

# %% [markdown]
# Look at the last line: *nineteen* is *mille neuf cent*, a thousand nine hundred, when it opens a year, and *dix-neuf* when it
# closes one. The model will have to find that out.
#
# Nearly 5,000 numbers below a million and as many dates to learn from. Another 500 of each are put away for the test, and
# so is 97, by itself. To these come 1,500 numbers like *three million and twelve*: millions followed by less than a
# thousand. We shall see later what they are good for.

# %%
rng = random.Random(0)
test_numbers = rng.sample(range(1_000_000), 500)
drawn = [rng.randrange(10 ** rng.randint(2, 6)) for _ in range(7000)]
small = sorted(set(drawn) - set(test_numbers) - {97})
millions = [1_000_000 * rng.randrange(1, 1000) + rng.choice([0, rng.randrange(100), rng.randrange(1000)]) for _ in range(1500)]
days = list({datetime.date(rng.randrange(1000, 2100), rng.randint(1, 12), rng.randint(1, 28)): None for _ in range(5500)})

numbers, long_numbers = [[number_pair(n) for n in some] for some in (small, millions)]
dates = [date_pair(day) for day in days[500:]]
unseen = {"numbers": [number_pair(n) for n in test_numbers], "dates": [date_pair(day) for day in days[:500]]}
print(f"{len(numbers):,} numbers, {len(long_numbers):,} millions, {len(dates):,} dates to learn from")

# %% [markdown]
# One vocabulary serves both languages, as in the paper. Ids are numbers in a list; short texts are filled up with `<pad>`, which
# has the id 0.

# %%
PAD, START, END = 0, 1, 2
everything = numbers + long_numbers + dates
vocabulary = ["<pad>", "<s>", "</s>", *sorted({word for pair in everything for text in pair for word in text})]
ids = {word: number for number, word in enumerate(vocabulary)}


def padded(texts):
    """Lists of words → their ids (B, T)."""
    return nn.utils.rnn.pad_sequence([torch.tensor([ids[word] for word in text]) for text in texts], batch_first=True)


def batch(pairs):
    """Source ids (B, S), target ids (B, T) with an end token."""
    return padded([source for source, _ in pairs]), padded([[*target, "</s>"] for _, target in pairs])


def marks(source_ids):
    """1 for a word, 0 for padding."""
    return (source_ids != PAD).long()


source, target = batch([number_pair(97), number_pair(301_091)])
print(len(vocabulary), "words;", "source", tuple(source.shape), "target", tuple(target.shape))
print(target)

# %% [markdown]
# ## Build it, step by step
#
# ### 1. Attention does not know the order
#
# Attention is a weighted mean. A mean does not care in which order its parts come. So what does an encoder make of *three
# thousand two* and *two thousand three*?

# %%
config = BertConfig(
    vocab_size=len(vocabulary), hidden_size=128, num_hidden_layers=2, num_attention_heads=4, intermediate_size=512,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, max_position_embeddings=64,
)
torch.manual_seed(0)
model = TransformerModel(config)     # untrained: random weights

swapped = padded([words("three thousand two"), words("two thousand three")])
with torch.no_grad():
    memory = model.encoder(model.word_embeddings(swapped))     # (2, 3, 128)
difference = (memory[0] - memory[1].flip(0)).abs().amax(dim=-1)
for word, number in zip(words("three thousand two"), difference, strict=True):
    print(f"{word:9} largest difference between the two texts: {number:.3f}")

# %% [markdown]
# Word for word the same vectors: to the encoder the two are one text. The order has to be put *into* the vectors.
#
# The paper does it with waves. Think of a clock: the second hand goes round fast, the minute hand slowly, the hour hand hardly
# moves, and together they say what time it is. Each **pair of columns** is the tip of such a hand: the sine and the
# cosine of one angle. The first pair turns by 1 radian with each position, and each later pair more slowly than the one
# before. With D columns, pair number i has at position p the angle
#
# $$\frac{p}{10000^{\,2i/D}}$$

# %%
D = 8
pairs = torch.arange(0, D, 2)     # 2i for i = 0, 1, 2, 3
for position in (0, 1, 2, 30):
    angles = position / 10000 ** (pairs / D)
    print(f"position {position:2}: angles", "  ".join(f"{angle:7.3f}" for angle in angles.tolist()))

# %%
positions = sinusoidal_positions(60, 64)
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.3), layout="constrained", width_ratios=(1.25, 1))
picture = left.imshow(positions.T, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
left.set(xlabel="position", ylabel="column", title="Sines and cosines")
figure.colorbar(picture, ax=left)
for place, colour in ((10, "#1f618d"), (30, "#c0392b"), (50, "#e59866")):
    right.plot(positions @ positions[place], color=colour, label=f"position {place}")
right.set(xlabel="position", title="Dot product with the other positions", ylim=(14, 37))
right.legend(frameon=False, fontsize=8, ncols=3, loc="upper center", columnspacing=1, handlelength=1)
show(figure, "Left: a table of 64 columns by 60 positions; the first columns swing fast along the positions, the later ones hardly "
     "change. Right: the dot product of positions 10, 30 and 50 with all others: each a peak of the same shape at its place.")

# %% [markdown]
# Right: a position is most like itself, then like its neighbours, and the curve has the same shape everywhere. So a
# head can learn "the word before" once and use it at every place.
#
# ## Your turn: positions
#
# A row for each position, and in it sine, cosine, sine, cosine, …, one pair for each angle.

# %% tags=["exercise"]
def sinusoidal_positions(length, hidden_size):
    """A vector for every position: waves, each pair of columns slower than the last (Vaswani et al. 2017, section 3.5).

    Column 2i of position p is sin(p / 10000^(2i / D)), and column 2i + 1 is the cosine of the same angle.

    Shapes:
        → (T, D) float32, T = length, D = hidden_size (an even number)
    """
    ...

# %%
check(sinusoidal_positions)

# %%
from bert_parts.learn import hint, reveal  # noqa: E402, F401

sinusoidal_positions = mine(sinusoidal_positions)
# hint(sinusoidal_positions)
# reveal(sinusoidal_positions)

# %% [markdown]
# With these added to the word vectors, the two texts are two:

# %%
def with_positions(ids):
    """Word vectors, scaled by √D so that they are about as large as the waves, plus positions."""
    return model.word_embeddings(ids) * 128**0.5 + sinusoidal_positions(ids.size(1), 128)


with torch.no_grad():
    memory = model.encoder(with_positions(swapped))
difference = (memory[0] - memory[1].flip(0)).abs().amax(dim=-1)
print("largest differences now:", "  ".join(f"{number:.1f}" for number in difference.tolist()))

# %% [markdown]
# ### 2. Learning to write
#
# A decoder writes one word after another, and each depends on those before it. Must it then also *learn* word by word? No, and
# that is half of the secret of the Transformer's speed. While it learns, the right translation is known. So it is
# given all of it, one place late, and at each place asked for the next word. This is **teacher forcing**: whatever the
# model would have said, it goes on from the right words.

# %%
_, target = number_pair(97)
answer = [*target, "</s>"]
given = ["<s>", *target]
for place in range(len(answer)):
    print(f"has seen  {' '.join(given[: place + 1]):30} must say  {answer[place]}")

# %% [markdown]
# Five exercises in one pass. It only works if nobody can look ahead: the answer to each line stands in the next one. That
# is what the causal mask is for. Each row is a place, and may see the columns up to its own.

# %%
heatmap(causal_mask(5), given, title="Who may look where, in the decoder",
        alt="A table of 5 by 5. Each word of '<s> quatre -vingt -dix -sept' may see itself and those before it: the lower "
            "triangle with the diagonal.")

# %% [markdown]
# ## Your turn: the causal mask
#
# As everywhere in this course, True means: may be looked at.

# %% tags=["exercise"]
def causal_mask(length):
    """Every position may look at itself and back, never ahead (Vaswani et al. 2017, section 3.2.3).

    Shapes:
        → mask (T, T) boolean, True = may be attended to
    """
    ...

# %%
check(causal_mask)

# %%
causal_mask = mine(causal_mask)
# hint(causal_mask)
# reveal(causal_mask)

# %% [markdown]
# ## Your turn: one place late
#
# Make what the decoder is given (`<s> quatre -vingt -dix -sept`) of what it must say (`quatre -vingt -dix -sept </s>`).
# What drops out at the end of a shorter text is one `<pad>`; of the longest, it is `</s>`, after which there is nothing to say.

# %% tags=["exercise"]
def shift_right(target_ids, start_id):
    """What the decoder is given while it learns: the right words, each one place later, after a start token.

    So at every position it has seen the words before the one that it must say ("teacher forcing").

    Shapes:
        target_ids (B, T) → (B, T): start_id, then all but the last of target_ids
    """
    ...

# %%
check(shift_right)

# %%
shift_right = mine(shift_right)
# hint(shift_right)
# reveal(shift_right)

# %% [markdown]
# ### 3. Looking across
#
# Cross-attention is the `MultiHeadAttention` of notebook 01 with a context: the words being written ask, the words that were
# read answer. What the encoder has made of them is called the **memory**.

# %%
source, target = batch([number_pair(97)])
given = shift_right(target, START)
with torch.no_grad():
    memory = model.encode(source)                # (1, 2, 128): ninety -seven
    x = with_positions(given)                    # (1, 5, 128): <s> quatre -vingt -dix -sept
    collected = MultiHeadAttention(128, 4, 0.0)(x, memory)
print("x", tuple(x.shape), " memory", tuple(memory.shape), " collected", tuple(collected.shape))

# %% [markdown]
# There is one row for each word that *asks*. Exchange the two and there is one for each word read: the most common
# mistake in Transformers on the web, and with texts of equal length nobody notices.
#
# A **decoder layer** makes three steps:
#
# 1. the words written look at each other, under the causal mask;
# 2. they look into the memory, under the padding mask of the source;
# 3. each goes by itself through two dense layers with a bend between them, the **feed-forward**.
#
# After each step, what was found is *added* to what came in (a **residual**), and the sum is brought back to a standard size
# (**LayerNorm**). `AddAndNorm` does both: it first multiplies what was found by a matrix (after attention it is the paper's
# W^O, which notebook 01 had left for later), then adds and norms. Why one does that is the matter of
# [notebook 05](05_encoder.ipynb). An encoder layer is the same without step 2.
#
# ## Your turn: the decoder layer
#
# The pieces are there; write how x goes through them. `self.attention` does the whole of step 1, with its own add and
# norm: `self.attention(x, mask)`. For the other two: `self.cross_output(found, residual=...)`, and
# `self.output(self.intermediate(...), residual=...)`.

# %% tags=["exercise"]
class DecoderLayer(nn.Module):
    """One layer of the decoder: the target looks at itself, then at the source, then a feed-forward on each token.

    Each of the three adds to what came in and normalises (Vaswani et al. 2017, section 3.1; post-norm).

    Shapes:
        x (B, T, D): the target so far; memory (B, S, D): what the encoder made of the source
        mask: where x may look in x; memory_mask: where x may look in memory; both as in attention_weights
        → (B, T, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)     # looks, adds and norms
        self.cross_attention = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.cross_output = AddAndNorm(config.hidden_size, config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, memory, mask=None, memory_mask=None):
        """Look back, look across, think."""
        ...

# %%
check(DecoderLayer)

# %%
DecoderLayer = mine(DecoderLayer)
# hint(DecoderLayer)
# reveal(DecoderLayer)

# %% [markdown]
# ### 4. The whole
#
# `TransformerModel` puts them together: word vectors plus positions, a stack of encoder layers, a stack of decoder layers.
# In the end, each vector that comes out is compared with the vector of every word in the vocabulary, by a dot product; those
# are the **scores** (logits) for the next word. Here it is, step by step, with your parts where you have written them:

# %%
torch.manual_seed(0)
model = with_parts(TransformerModel(config), my_parts()).eval()

source, target = batch([number_pair(97), number_pair(301_091)])
given = shift_right(target, START)                                   # (2, 8)
with torch.no_grad():
    looking = padding_mask(marks(source))                            # (2, 1, 1, 8)
    memory = model.encoder(with_positions(source), looking)          # (2, 8, 128)
    x = with_positions(given)                                        # (2, 8, 128)
    for layer in model.decoder.layer:
        x = layer(x, memory, causal_mask(given.size(1)), looking)    # (2, 8, 128)
    scores = x @ model.word_embeddings.weight.T                      # (2, 8, V)
    expected = model(source, given, marks(source))
assert torch.allclose(scores, expected, atol=1e-4)
print("scores", tuple(scores.shape), "– the same as model(source, given, marks)")
print(f"{sum(p.numel() for p in model.parameters()):,} numbers to learn")

# %% [markdown]
# ### 5. Writing
#
# A trained model writes like this: start with `<s>`; score the next word; take the likeliest; append it; again, until `</s>`
# comes. Always taking the likeliest is called **greedy**. This model knows nothing yet:

# %%
with torch.no_grad():
    memory = model.encode(source[:1])
    written = torch.tensor([[START]])
    for _ in range(4):
        scores = model.decode(written, memory)                          # (1, T, V)
        likeliest = scores[0, -1].argmax()                              # after the last word
        print(f"{' '.join(vocabulary[i] for i in written[0]):40} → {vocabulary[likeliest]}")
        written = torch.cat([written, likeliest.view(1, 1)], dim=1)

# %% [markdown]
# ## Your turn: write a whole batch
#
# Now for several texts at once, which do not end at the same time. `model.encode(source_ids, source_mask)` gives the
# memory, `model.decode(ids, memory, source_mask)` the scores, (B, T, V). Texts that have ended wait for the others, and are
# filled up with `end_id`.

# %% tags=["exercise"]
def greedy_decode(model, source_ids, source_mask, start_id, end_id, max_length):
    """Write a translation, always taking the likeliest next token.

    The source is encoded once. Each text ends with its first end_id, and is filled up with end_id until all have ended.

    Shapes:
        source_ids (B, S), source_mask (B, S) or None → ids (B, T) without the start token, T ≤ max_length
    """
    ...

# %%
check(greedy_decode)

# %%
greedy_decode = mine(greedy_decode)
# hint(greedy_decode)
# reveal(greedy_decode)

# %% [markdown]
# ## Train it
#
# A plain loop. Each step takes 64 pairs, and asks at every place for the next word. The **loss** (cross-entropy) is the mean of
# −log of the probability that the right word was given: 0 would be certainty; knowing nothing of 144 words is ln 144 ≈ 5.
# `ignore_index` leaves padding out.

# %%
def fit(model, steps, learning_rate):
    """Train on numbers, millions and dates; give back the loss after each step and the seconds since the start."""
    draw = random.Random(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / 50, 1 - step / steps))
    losses, seconds, began = [], [], time.perf_counter()
    model.train()
    for _ in (bar := trange(steps)):
        source, target = batch(draw.sample(numbers, 32) + draw.sample(long_numbers, 8) + draw.sample(dates, 24))
        scores = model(source, shift_right(target, START), marks(source))
        loss = F.cross_entropy(scores.flatten(0, 1), target.flatten(), ignore_index=PAD)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - began)
        bar.set_postfix(loss=f"{losses[-1]:.3f}")
    model.eval()
    return losses, seconds

# %%
def translate(model, texts):
    """Lists of words → lists of words."""
    source = padded(texts)
    written = greedy_decode(model, source, marks(source), START, END, max_length=30)
    rows = [[vocabulary[i] for i in row] for row in written.tolist()]
    return [row[: row.index("</s>")] if "</s>" in row else row for row in rows]


def right(model, pairs):
    """The share of texts that are translated without a single error."""
    given = translate(model, [source for source, _ in pairs])
    return sum(mine == target for mine, (_, target) in zip(given, pairs, strict=True)) / len(pairs)


print(f"before training: {right(model, unseen['numbers'][:100]):.0%} of the numbers right")

# %% tags=["long", "nbval-ignore-output"]
losses, seconds = fit(model, steps=400, learning_rate=2e-3)

figure, panel = plt.subplots(figsize=(7, 2.8), layout="constrained")
panel.plot(losses, color="#1f618d")
panel.set(yscale="log", xlabel="step (64 texts each)", ylabel="loss")
show(figure, f"The loss over {len(losses)} steps: it falls from about {losses[0]:.0f} to {losses[-1]:.3f}.")

# %% tags=["long", "nbval-ignore-output"]
exact = {name: right(model, pairs) for name, pairs in unseen.items()}
assert min(exact.values()) >= 0.98 and seconds[-1] > 0
print(f"never seen before, and right to the letter: {exact['numbers']:.1%} of the numbers, {exact['dates']:.1%} of the dates")

# %% tags=["long", "nbval-ignore-output"]
for text in ("ninety-seven", "five hundred and seventy-one thousand six hundred and eighty",
             "the first of May nineteen nineteen", "the thirty-first of August two thousand and eighty"):
    print(f"{text:62} {' '.join(translate(model, [words(text)])[0]).replace(' -', '-')}")

# %% [markdown]
# ## Look
#
# Which English word does each French word read, while it is being written? Rows are the words written, columns the words
# read; the mean of the four heads of the last layer.

# %% tags=["nbval-ignore-output"]
def reading(source_words, target_words):
    """What each word of a translation reads in the source as it is written: (T, S), mean over the last layer's heads."""
    source, target = batch([(source_words, target_words)])
    with torch.no_grad(), record_attention(model) as maps:
        model(source, shift_right(target, START), marks(source))
    return maps[-1][0].mean(dim=0)


pair = number_pair(97)
heatmap(reading(*pair), [*pair[1], "</s>"], pair[0], title="ninety-seven → quatre-vingt-dix-sept")

# %% [markdown]
# *quatre* and *-vingt* read *ninety*, and *-sept* reads *-seven*. And *-dix*? It belongs to ninety; but whether it is
# due depends on what follows: for ninety-one the word in its place is *-onze*. So it reads *-seven* as well, and mostly.
# Nobody told the model which words belong together. Is it the same with 91?

# %% tags=["long", "nbval-ignore-output"]
for number in (97, 91):
    source, target = number_pair(number)
    for word, (ninety, ones) in zip(target, reading(source, target).tolist(), strict=False):
        print(f"{word:8} reads  ninety {ninety:.2f}   {source[1]} {ones:.2f}")
    assert reading(source, target)[0, 0] > 0.7 and reading(source, target)[2, 1] > 0.4

# %% [markdown]
# And a date, with *nineteen* in it twice:

# %% tags=["nbval-ignore-output"]
pair = date_pair(datetime.date(1919, 5, 1))
heatmap(reading(*pair), [*pair[1], "</s>"], pair[0], title="A date")

# %% [markdown]
# The first *nineteen* is read by *mille* and *neuf*, the second by *dix* and *-neuf*: the same word, told apart by its place.
# *cent* hardly looks at either. After *mille neuf* there is not much of a choice, and the decoder sees that from
# what it has written.

# %% tags=["long", "nbval-ignore-output"]
looks = reading(*pair)     # columns 4 and 5 are the two nineteens
assert looks[4, 4] > looks[4, 5] and looks[6, 5] > looks[6, 4] and looks[7, 5] > looks[7, 4]
print(f"mille neuf: {looks[3:5, 4].mean():.2f} on the first nineteen, {looks[3:5, 5].mean():.2f} on the second")
print(f"dix-neuf:   {looks[6:8, 4].mean():.2f} on the first nineteen, {looks[6:8, 5].mean():.2f} on the second")

# %% [markdown]
# ## Drop it in
#
# There is no published model to put your parts into this time; but there is the one that has just been trained. Here is the
# course's Transformer with these weights, and beside it one with every part that you have passed. They must score every word
# alike.

# %%
plain = TransformerModel(config).eval()
plain.load_state_dict(model.state_dict())
own = with_parts(plain, my_parts())
own.positions = sinusoidal_positions(64, 128)
source, target = batch(unseen["numbers"][:100])
with torch.no_grad():
    ours, yours = (each(source, shift_right(target, START), marks(source)) for each in (plain, own))
assert torch.allclose(ours, yours, atol=1e-3)
author = "the course" if type(own.decoder.layer[0]).__module__.startswith("bert_parts") else "you"
print(f"The same scores, for {target.ne(PAD).sum()} words. The decoder layers were written by {author}.")

# %% [markdown]
# ## Does it understand numbers?
#
# A child who can say *three million and twelve*, and *two hundred thousand and twelve*, can say *three million two hundred
# thousand and twelve*. Our model knows every one of these words, has seen *million* 1,500 times, and is nearly perfect
# below a million. So:

# %% tags=["long", "nbval-ignore-output"]
def of_digits(digits, number=100):
    """Random numbers with that many digits, as pairs."""
    draw = random.Random(digits)
    return [number_pair(draw.randrange(10 ** (digits - 1), 10**digits)) for _ in range(number)]


by_length = {digits: right(model, of_digits(digits)) for digits in range(3, 10)}
for digits, share in by_length.items():
    print(f"{digits} digits: {share:4.0%} right")
assert min(by_length[n] for n in (4, 5, 6)) > 0.9 and max(by_length[n] for n in (7, 8, 9)) < 0.1

# %% tags=["long", "nbval-ignore-output"]
for number in (3_200_012, 45_678_901):
    source, target = number_pair(number)
    print(f"{number:>10,}  it writes  {' '.join(translate(model, [source])[0]).replace(' -', '-')}")
    print(f"{'':10}  right is   {' '.join(target).replace(' -', '-')}")

# %% [markdown]
# All right to six digits, and nothing right from seven on. It writes the beginning, and then leaves words out: three million
# two hundred *thousand* and twelve has become 3,000,212. After *million* it has always seen less than a thousand, and so that is what it
# hears. It has learned the texts that it was shown, all of them and what lies between them; not the idea.
#
# Could it be that greedy writing goes astray? A **beam search** keeps several beginnings, here 4, and takes the one whose
# probability is the highest in the end (`bert_parts.beam_decode`):

# %% tags=["long", "nbval-ignore-output"]
from bert_parts import beam_decode  # noqa: E402

found = 0
for source, target in of_digits(7, 20):
    best, _ = beam_decode(model, padded([source]), None, START, END, max_length=30, num_beams=4)
    found += best == [*(ids[word] for word in target), END]
print(f"with a beam of 4: {found} of 20 right")
assert found <= 2

# %% [markdown]
# Looking further does not help a model that is sure of something wrong.

# %% [markdown]
# ## What did it replace?
#
# Before 2017 one translated with **recurrent** networks. They read word by word, and carry along a state, a vector that is
# changed a little by each word. In 2014 they were given attention ([Bahdanau et al.](https://arxiv.org/abs/1409.0473)): while
# writing, look back at all the states. The Transformer's step was to leave the recurrence out: hence the paper's title,
# *Attention Is All You Need*. Here is such a network with GRUs, about as large as ours, and with the same attention:

# %%
from bert_parts import attention_weights  # noqa: E402


class Recurrent(nn.Module):
    """A GRU reads both ways, another writes, and looks at what was read (Bahdanau et al. 2015, Luong et al. 2015)."""

    def __init__(self, width=128):
        super().__init__()
        self.word_embeddings = nn.Embedding(len(vocabulary), width)
        nn.init.normal_(self.word_embeddings.weight, std=width**-0.5)
        self.reader = nn.GRU(width, width, num_layers=2, bidirectional=True, batch_first=True)
        self.writer = nn.GRU(width, 2 * width, batch_first=True)
        self.key, self.join = nn.Linear(2 * width, 2 * width), nn.Linear(4 * width, width)

    def encode(self, source_ids, source_mask):
        x, lengths = self.word_embeddings(source_ids) * 128**0.5, source_mask.sum(dim=1)
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.reader(packed)[0], batch_first=True)[0]

    def decode(self, target_ids, memory, source_mask):
        first = memory[:, 0][None].contiguous()     # it has seen the whole text, read backwards
        states, _ = self.writer(self.word_embeddings(target_ids) * 128**0.5, first)
        weights = attention_weights(states[:, None], self.key(memory)[:, None], padding_mask(source_mask))[:, 0]
        return self.join(torch.cat([states, weights @ memory], dim=-1)).tanh() @ self.word_embeddings.weight.T

    def forward(self, source_ids, target_ids, source_mask):
        return self.decode(target_ids, self.encode(source_ids, source_mask), source_mask)

# %% [markdown]
# Each gets the learning rate that was best for it (of 0.001, 0.002 and 0.004), and the same steps.

# %%
torch.manual_seed(0)
recurrent = Recurrent().eval()
for name, each in (("Transformer", model), ("GRU", recurrent)):
    print(f"{name:12} {sum(p.numel() for p in each.parameters()):,} numbers")

# %% tags=["long", "nbval-ignore-output"]
recurrent_losses, recurrent_seconds = fit(recurrent, steps=400, learning_rate=4e-3)
recurrent_exact = {name: right(recurrent, pairs) for name, pairs in unseen.items()}

figure, panels = plt.subplots(1, 2, figsize=(9, 3), layout="constrained", sharey=True)
for name, loss, spent, colour in (("Transformer", losses, seconds, "#1f618d"),
                                  ("GRU with attention", recurrent_losses, recurrent_seconds, "#c0392b")):
    panels[0].plot(loss, color=colour, label=name, lw=1)
    panels[1].plot(spent, loss, color=colour, label=name, lw=1)
panels[0].set(yscale="log", xlabel="step", ylabel="loss")
panels[1].set(xlabel="seconds of training")
panels[1].legend(frameon=False)
show(figure, "The loss of the Transformer and of the GRU with attention over 400 steps, and over the seconds it took: both fall to "
     "about a hundredth or less.")

# %% tags=["long", "nbval-ignore-output"]
for name, each in (("Transformer", exact), ("GRU with attention", recurrent_exact)):
    print(f"{name:20} numbers {each['numbers']:.1%}   dates {each['dates']:.1%}")
print(f"{'7 digits':20} Transformer {by_length[7]:.0%}, GRU {right(recurrent, of_digits(7)):.0%}")
assert min(recurrent_exact.values()) > 0.95

# %% [markdown]
# On texts this short the old way is just as good. It needs no positions, and it learns with fewer steps. And it fails on
# millions in the same way. So why did everybody change?
#
# **The way from word to word.** In a recurrent network, what the first word has to tell the last must pass through the
# state at every word between. In a Transformer, any word reaches any other in one step. Here is how much the last
# output moves when the first word's vector moves, compared with when the last one does (two layers each, untrained; both scales
# are logarithmic):

# %%
def reach(encoder, distance):
    """How much the last output depends on the first input, relative to the last input."""
    x = torch.randn(8, distance + 1, 128).requires_grad_()
    last = encoder(x)[:, -1]
    gradient, = torch.autograd.grad((last * torch.randn_like(last)).sum(), x)
    return (gradient[:, 0].norm() / gradient[:, -1].norm()).item()


torch.manual_seed(0)
untrained, reader = TransformerModel(config).encoder, Recurrent().reader
distances = [1, 2, 4, 8, 16, 32, 64, 128]
reached = {"Transformer": [reach(untrained, d) for d in distances],
           "GRU": [reach(lambda x: reader(x)[0], d) for d in distances]}
for name, shares in reached.items():
    print(f"{name:12} over 8 words {shares[3]:.2f}   over 32 words {shares[5]:.6f}")

# %%
def time_per_step(encoder, length, repeats=3):
    """Seconds for reading 4 texts and going back with the gradients; the best of a few."""
    x, best = torch.randn(4, length, 128), math.inf
    for _ in range(repeats):
        began = time.perf_counter()
        encoder(x).sum().backward()
        best = min(best, time.perf_counter() - began)
    return best


lengths = [16, 32, 64, 128, 256]
times = {"Transformer": [time_per_step(untrained, n) for n in lengths],
         "GRU": [time_per_step(lambda x: reader(x)[0], n) for n in lengths]}

# %% tags=["nbval-ignore-output"]
figure, (left, right_panel) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for name, colour, mark in (("Transformer", "#1f618d", "s"), ("GRU", "#c0392b", "o")):
    left.plot(distances, [max(share, 1e-16) for share in reached[name]], f"{mark}-", color=colour, label=name)
    right_panel.plot(lengths, [1000 * seconds for seconds in times[name]], f"{mark}-", color=colour, label=name)
left.set(xscale="log", yscale="log", ylim=(1e-16, 10), xlabel="words between", title="What arrives from the first word")
right_panel.set(xlabel="words in the text", ylabel="milliseconds", title="Time for one step", ylim=(0, None))
left.set_xticks(distances, distances)
left.minorticks_off()
left.legend(frameon=False)
show(figure, "Left: what arrives from the first word. In the Transformer it falls slowly, in proportion to the number of words; in "
     "the GRU to a millionth after 32 words, and to nothing after 128. Right: the time for one training step, over the length.")

# %% [markdown]
# **Left**: an untrained GRU has forgotten the first word after some thirty others, and with the word goes the gradient from which it
# could learn to remember. Training opens its gates, but it starts from here. In the Transformer the first word is one
# of many, and its share falls only as 1 / length.
#
# **Right**: a GRU must take one step after another, as many as there are words. In a layer of the Transformer all words are
# computed at once, in large matrix products, and these are what computers do best: even on two cores, and far more so on a GPU,
# which has thousands. The price: every word looks at every other, so that a text of twice the length has four times as
# many pairs. That is what recurrent models still have for them.

# %% [markdown]
# ## Break it
#
# What is the causal mask for? Let us train a Transformer without it for 100 steps:

# %%
class SeesTheAnswer(DecoderLayer):
    """A decoder layer without the causal mask."""

    def forward(self, x, memory, mask=None, memory_mask=None):
        return super().forward(x, memory, None, memory_mask)


torch.manual_seed(0)
cheat = with_parts(TransformerModel(config), {"DecoderLayer": SeesTheAnswer}).eval()

# %% tags=["long", "nbval-ignore-output"]
cheat_losses, _ = fit(cheat, steps=100, learning_rate=2e-3)
print(f"loss {cheat_losses[-1]:.4f}")
print(f"right: {right(cheat, unseen['numbers'][:200]):.0%} of the numbers")
print("ninety-seven →", " ".join(translate(cheat, [["ninety", "-seven"]])[0][:10]) or "(nothing)")
assert cheat_losses[-1] < 0.05 and right(cheat, unseen["numbers"][:200]) < 0.05

# %% [markdown]
# A loss near 0, and translations worth nothing. At every place it could see the next word, which was the answer, and it learned to copy
# it. When it writes by itself, there is nothing to copy. A target that is not shifted does the same. Remember it when a
# loss is too good.

# %% [markdown]
# ## Find the fault
#
# This listing, in one form or another, has been copied many times. It runs, and its loss falls. Five things are wrong with
# it. Read it before you go on, and find them:
#
# ```python
# self.embedding = nn.Embedding(vocabulary_size, width)
# self.encoder = nn.TransformerEncoderLayer(width, heads)
# self.decoder = nn.TransformerDecoderLayer(width, heads)
# ...
# def forward(self, source, target):                         # (B, S), (B, T) with S = T
#     memory = self.encoder(self.embedding(source))
#     x = self.decoder(memory, self.embedding(target))
#     return self.score(x)
# ```
#
# <details><summary>The five</summary>
#
# 1. The decoder is called with memory and target exchanged: torch wants `decoder(target, memory)`.
# 2. No positions are added.
# 3. There are no masks, not even the causal one.
# 4. `batch_first=True` was left out: torch takes the first dimension for the words, and the second for the texts.
# 5. One bare layer of each stands in place of a stack, `nn.TransformerEncoder(layer, 6)`.
# </details>
#
# Each can be told by a symptom. Below are six models out of torch's own modules: a sound one, and five with one of these faults
# each.

# %%
class Listing(nn.Module):
    """A Transformer out of torch's own modules, with at most one fault."""

    def __init__(self, fault=None, width=32):
        super().__init__()
        self.fault = fault
        sizes = {"d_model": width, "nhead": 4, "dim_feedforward": 64, "dropout": 0.0, "batch_first": fault != "texts"}
        encoder, decoder = nn.TransformerEncoderLayer(**sizes), nn.TransformerDecoderLayer(**sizes)
        stacks = nn.TransformerEncoder(encoder, 2, enable_nested_tensor=False), nn.TransformerDecoder(decoder, 2)
        self.encoder, self.decoder = (encoder, decoder) if fault == "bare" else stacks
        self.embedding = nn.Embedding(len(vocabulary), width)

    def embed(self, ids):
        x = self.embedding(ids)
        return x if self.fault == "positions" else x + sinusoidal_positions(ids.size(1), 32)

    def forward(self, source, target):
        memory, x = self.encoder(self.embed(source)), self.embed(target)
        if self.fault == "exchanged":
            memory, x = x, memory
        length = x.size(0) if self.fault == "texts" else x.size(1)
        hidden = None if self.fault == "masks" else ~causal_mask(length)     # torch *hides* where it is True
        return self.decoder(x, memory, tgt_mask=hidden) @ self.embedding.weight.T

# %% [markdown]
# And four questions to each: What shape do the scores have, for two texts of 6 words read and 4 written? How far does the first
# text's score move, when we change a word of the *other* text; when we change the *last* word written (and look at the
# first score only); when we exchange two words of what was read?
#
# What would you expect of the sound model? Of each fault?

# %%
def symptoms(model):
    """The answers to the four questions, and the number of parameters."""
    torch.manual_seed(1)
    source, target = torch.randint(3, len(vocabulary), (2, 2, 6))
    other, later, order = source.clone(), target.clone(), source[:, [0, 2, 1, 3, 4, 5]]
    other[1, 3], later[:, -1] = 7, 7
    try:
        shape = tuple(model(source, target[:, :4]).shape)
    except RuntimeError:
        shape = "an error"
    before = model(source, target)[0]
    moved = [(model(source, later)[0, 0] - before[0]).abs().max() if changed is later else
             (model(changed, target)[0] - before).abs().max() for changed in (other, later, order)]
    return shape, *(f"{number.item():.2f}" for number in moved), f"{sum(p.numel() for p in model.parameters()):,}"


print(f"{'':7}{'shape':>14}{'other text':>12}{'later word':>12}{'order':>8}{'parameters':>12}")
for name, fault in zip(("sound", *"ABCDE"), (None, "positions", "texts", "exchanged", "bare", "masks"), strict=True):
    torch.manual_seed(0)
    with torch.no_grad():
        shape, *others = symptoms(Listing(fault))
    print(f"{name:7}{str(shape):>14}{others[0]:>12}{others[1]:>12}{others[2]:>8}{others[3]:>12}")

# %% [markdown]
# Which letter is which fault? Compare each row with the sound one, and decide before you open this:
#
# <details><summary>The answers</summary>
#
# - **A** has no positions: exchange two words of what was read, and nothing moves.
# - **B** has `batch_first=True` left out: the score moves with another text. (And where the lengths differ, it fails;
#   which is how one finds out, if one is lucky.)
# - **C** has memory and target exchanged: there are 6 scores, one for each word *read*, where 4 were to be written. A
#   later word moves the first score, too, since the target is now what is looked at, and nothing hides it.
# - **D** has bare layers: about half of the parameters of a model with two.
# - **E** has no causal mask: a later word moves an earlier score.
# </details>
#
# None of them raises an error on texts of one length, and in each the loss falls. Such a test of a few lines
# finds them all.

# %% [markdown]
# ## Check yourself

# %%
quiz("02_transformer")

# %% [markdown]
# ## Where this stands
#
# - **The paper**: [Attention Is All You Need](https://arxiv.org/abs/1706.03762). You have built its figure 1: sections 3.1
#   (stacks), 3.2.3 (the three uses of attention), 3.4 (one table for words in and out), 3.5 (positions). It has 6 layers
#   on each side, a width of 512, and ReLU; we took BERT's GELU, to share the layers with it.
# - **In real systems** the writer keeps the keys and values of what it has written (a *key–value cache*), and computes only the newest
#   word; ours computes all of them again each time. Most models since then norm *before* each step (pre-norm), which trains
#   better when there are many layers. And models that write, such as GPT, have only a decoder, without the cross-attention: what
#   was read and what is written are one text.
# - **BERT** is the other half: the encoder alone, with learned positions. It reads, and does not write.
# - **Next**: [03_tokenizer](03_tokenizer.ipynb). Our vocabulary of 144 words was made by splitting at spaces. For real
#   text that will not do.

# %%
progress()
