# %% [markdown]
# # 4 · Embeddings
#
# **You will write the part that turns ids into vectors, and then read the real vectors like a diary: which words are
# alike, how long the texts were that the model was trained on, and which words it has never read.**
#
# Time: about an hour and a half. Builds on: [01_attention](01_attention.ipynb) and [03_tokenizer](03_tokenizer.ipynb).

# %%
import importlib.util
from pathlib import Path

import torch
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional as F

from bert_parts import load_pretrained, movie_reviews
from bert_parts.checkpoint import find_checkpoint
from bert_parts.learn import check, hint, mine, my_model, progress, quiz, reveal, with_parts
from bert_parts.search import sentence_vectors
from bert_parts.visualize import show

torch.manual_seed(0)
bert, tokenizer = load_pretrained("all-MiniLM-L6-v2")     # the real weights
words = bert.embeddings.word_embeddings.weight.detach()
positions = bert.embeddings.position_embeddings.weight.detach()
segments = bert.embeddings.token_type_embeddings.weight.detach()
for name, table in (("words", words), ("positions", positions), ("segments", segments)):
    print(f"{name:9} {table.size(0):6,} vectors of {table.size(1)} numbers")

# %% [markdown]
# ## The idea
#
# An id is a number without a meaning: 2143 is not more than 2142, it is another word. So each id has a **vector** of
# its own, a row in a table, and training moves the rows until they are of use. Such a learned row is called an
# **embedding**.
#
# BERT has three such tables, since it must know three things of each token: *which* word it is, *where* it stands, and
# *in which of two texts*. It looks up one row in each, and adds the three. Here is the real thing, the first 10 of 384
# numbers of each vector, for a pair of texts:

# %%
batch = tokenizer("The dog bit the man.", "He bit back.")
ids, types = batch["input_ids"][0], batch["token_type_ids"][0]
tokens = tokenizer.convert_ids_to_tokens(ids)
place = torch.arange(len(ids))
pieces = {"word": words[ids], "+ position": positions[place], "+ segment": segments[types]}
pieces["= sum"] = sum(pieces.values())
labels = {"word": ids.tolist(), "+ position": place.tolist(), "+ segment": types.tolist(), "= sum": tokens}

figure, panels = plt.subplots(4, 1, figsize=(9, 6), layout="constrained")
for panel, (name, vectors) in zip(panels, pieces.items(), strict=True):
    image = panel.imshow(vectors[:, :10].T, cmap="RdBu_r", vmin=-0.15, vmax=0.15, aspect="auto")
    panel.set_xticks(range(len(ids)), labels[name], fontsize=9)
    panel.set_yticks([])
    panel.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=11)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
figure.colorbar(image, ax=panels, shrink=0.5, aspect=30, pad=0.01)
show(figure, f"Four strips of coloured squares for the tokens {' '.join(tokens)}: a column of ten numbers for each. The "
     "word vectors differ from token to token, but for tokens that occur twice; the position vectors change slowly from "
     "left to right; the segment vectors are one and the same column in each half; the last strip is the sum.")

# %% [markdown]
# The two columns *bit* are the same in the first strip, and no longer quite so in the last: the place has got into
# them. The numbers under the first three strips are all that is looked up. Then the sum is brought to a common size by
# a **layer norm**, which has a section of its own below. For a token with the id $i$, at position $t$, in segment $s$:
#
# $$x = \mathrm{LayerNorm}\left(W_i + P_t + S_s\right)$$

# %% [markdown]
# ## Build it, step by step
#
# ### 1. A table is a table
#
# `nn.Embedding` sounds like more than it is: a matrix, of which rows are taken. In textbooks you also find it as a
# product with **one-hot** vectors, which are 0 but for a single 1. The same rows come out, for 30,522 times the work.

# %%
table = nn.Embedding(5, 3)     # 5 ids, vectors of 3 numbers, random at first
some = torch.tensor([4, 0, 4])
one_hot = F.one_hot(some, 5).float()     # (3, 5)
print(one_hot)
print("the same rows:", torch.equal(table(some), table.weight[some]), torch.equal(table(some), one_hot @ table.weight))

# %% [markdown]
# ### 2. What the table of words knows
#
# In [notebook 01](01_attention.ipynb) we took the dot product of two words for their likeness. It has a flaw. A long
# vector has a large dot product with everything that does not point away from it. Who is nearest to *zebra*?

# %%
def largest_dot_products(word, k=5):
    scores = words @ words[tokenizer.vocab[word]]     # (V,)
    return [tokenizer.tokens[i] for i in scores.topk(k + 1).indices if tokenizer.tokens[i] != word]


print("zebra →", ", ".join(largest_dot_products("zebra")))
for word in ("zebra", "rugby", "zombie", "moose"):
    print(f"length of {word:6} {words[tokenizer.vocab[word]].norm():.2f}")

# %% [markdown]
# Rugby! Its vector is simply longer. So divide both by their lengths first. What is left is the **cosine** of the
# angle between them: 1 if they point the same way, 0 if they have nothing to do with each other, −1 if they are
# opposite.
#
# $$\cos(a, b) = \frac{a \cdot b}{\lVert a \rVert \, \lVert b \rVert}$$

# %% [markdown]
# ## Your turn: nearest words
#
# Find the k tokens whose vectors have the largest cosine with that of a word, not counting the word itself. `tokens`
# is a list of strings, `vectors` has a row for each of them. Give back a list of pairs such as `("films", 0.82)`, with
# the cosine as a plain number. If there are fewer than k other tokens, give all of them.

# %% tags=["exercise"]
def nearest_words(word, tokens, vectors, k=5):
    """The k other tokens whose vectors point most nearly the same way, each with its cosine, the nearest first.

    Shapes:
        V tokens, vectors (V, D), one for each → k pairs of a token and a cosine

    Raises:
        ValueError: the word is not one of the tokens.
    """
    ...

# %%
check(nearest_words)

# %%
nearest_words = mine(nearest_words)
# hint(nearest_words)
# reveal(nearest_words)

# %%
for word in ("zebra", "film", "seven", "1984", "paris", "##ly", "good"):
    found = nearest_words(word, tokenizer.tokens, words)
    print(f"{word:6}", "  ".join(f"{token} {cosine:.2f}" for token, cosine in found))

# %% [markdown]
# Nobody told the model that 7 is *seven*, that 1983 is a year, or that `##ally` is an ending like `##ly`. It has all
# this from where words stand in texts. And there is a warning in the last line. The second nearest to *good* is *bad*.
# Words that stand in the same places get like vectors, and opposites do stand in the same places. We come back to
# this.

# %% [markdown]
# ## Build on
#
# ### 3. Where a token stands
#
# Attention, as you built it, is a weighted mean over all words, and a mean knows no order. Let us empty the table of
# positions and read two sentences that have the same words:

# %%
def without(part):
    """The real model with one of its three tables emptied."""
    model = with_parts(bert, {})     # a copy that shares its weights
    table = getattr(model.embeddings, part)
    table.weight = nn.Parameter(torch.zeros_like(table.weight))
    return model


def hidden_states(model, sentence):
    with torch.no_grad():
        return model(tokenizer(sentence)["input_ids"])[0][0]     # (T, D), after the last layer


print("cosine of …           dog in one, dog in the other   the first 'the', the second 'the'")
for name, model in (("the whole model", bert), ("no positions", without("position_embeddings"))):
    one, other = (hidden_states(model, text) for text in ("the dog bit the man", "the man bit the dog"))
    dogs, articles = (F.cosine_similarity(a, b, dim=0) for a, b in ((one[2], other[5]), (one[1], one[4])))
    print(f"{name:16} {dogs:24.3f} {articles:31.3f}")

# %% [markdown]
# Without positions, a dog that bites and a dog that is bitten are one. To such a model a sentence is a bag of words,
# through all six layers. So each place has a vector too, learned like those of the words. A text of T tokens uses the
# rows 0 to T − 1, whatever words stand there; and all texts of a batch use the same rows.

# %%
print(torch.arange(len(ids)))                            # the positions of a text
print(positions[torch.arange(len(ids))].shape, "a row for each, the same for every text of a batch")

# %% [markdown]
# ### 4. Which of two texts
#
# BERT often reads pairs: a question and a passage, say. The tokenizer marks the first text with 0 and the second with
# 1 (`token_type_ids`), and the table of segments has two rows, one of which is added to every token. A single text is
# all 0.

# %%
print(" ".join(f"{token}/{kind}" for token, kind in zip(tokens, types.tolist(), strict=True)))
print(f"cosine of the two rows: {F.cosine_similarity(*segments, dim=0):.2f}")

# %% [markdown]
# The two rows are nearly the same vector. Remember that; it will explain a riddle below.

# %% [markdown]
# ### 5. Why may one add them?
#
# A sum of three: does that not mix up everything? If I tell you that two numbers add up to 12, you cannot tell which
# they were. Let us try to get back what went in. For each token of some hundred real sentences, we take the sum and
# ask: to which row in the table of words does it point the most, and to which row in the table of positions?

# %%
batch = tokenizer([review.text for review in movie_reviews()[::50]])
real = batch["attention_mask"].bool()
ids = batch["input_ids"][real]                                                 # all tokens one after the other
place = torch.arange(real.size(1)).expand_as(real)[real]
total = words[ids] + positions[place] + segments[0]


def read_back(total, table):
    """For each sum the row of the table with the largest cosine, 500 sums at a time."""
    rows = F.normalize(table, dim=-1)
    return torch.cat([(part @ rows.T).argmax(dim=-1) for part in total.split(500)])


print(f"{len(ids):,} sums. Words read back:     {(read_back(total, words) == ids).sum():,}")
print(f"             Positions read back: {(read_back(total, positions) == place).sum():,}")

# %% [markdown]
# Every word, and all positions but one. In 384 dimensions there is room: two vectors that have nothing to do with each
# other are almost at right angles, so what is stored in one direction does not disturb what is stored in another.
#
# ### 6. Layer norm
#
# The sums have unequal sizes. Position 0, where `[CLS]` always stands, has a vector five times as long as the others,
# and words differ too. A **layer norm** brings each vector to the same size, by itself: take off the mean of its 384
# numbers, and divide by their standard deviation. So that nothing is lost by it, each of the 384 columns then has a
# weight and a bias of its own, both learned:
#
# $$\mathrm{LayerNorm}(x) = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} \cdot w + b, \qquad
# \mu = \frac{1}{D}\sum_j x_j, \quad \sigma^2 = \frac{1}{D}\sum_j (x_j - \mu)^2$$
#
# The small ε (here 10⁻¹²) keeps us from dividing by 0 should all numbers of a vector be the same.

# %%
first = total[:5]     # the first five tokens of the first sentence
plain = nn.LayerNorm(384, eps=1e-12, elementwise_affine=False)     # no weight and bias
print("token      length   std    after: length   std")
for token, before, after in zip(tokenizer.convert_ids_to_tokens(ids[:5]), first, plain(first), strict=True):
    print(f"{token:9} {before.norm():7.1f} {before.std():6.2f} {after.norm():14.1f} {after.std():6.2f}")
same = torch.allclose(plain(first), plain(100 * first), atol=1e-5)
print("A hundred times as large, the same after the layer norm:", same)

# %% [markdown]
# The last line is worth a thought. A layer norm forgets how large a vector was, and keeps only where it points, among
# those that have mean 0.

# %% [markdown]
# ## Your turn: layer norm
#
# Write it with means, squares and a root; no `F.layer_norm`. Mean and variance belong to one vector: they run over the
# last dimension only. And divide by D for the variance, as in the formula. (torch's `var` divides by D − 1 unless told
# otherwise.)

# %% tags=["exercise"]
def layer_norm(x, weight, bias, eps):
    """Every vector to mean 0 and variance 1 by itself, then stretched and shifted (Ba et al. 2016, equations 3 and 4).

    What nn.LayerNorm computes, written out. The model uses torch's own, which is faster.

    Shapes:
        x (B, T, D), weight (D,), bias (D,) → (B, T, D)
    """
    ...

# %%
check(layer_norm)

# %%
layer_norm = mine(layer_norm)
# hint(layer_norm)
# reveal(layer_norm)

# %% [markdown]
# ## The last step: dropout
#
# In training, and only then, one number in ten is set to 0 at random, and the others are made larger by 1/0.9, so that
# the sum stays what it was on average. No layer can then rely on any single number. In this part it comes last.

# %%
dropout = nn.Dropout(0.1)
print("in training: ", dropout.train()(torch.ones(12)).numpy().round(2))
print("in use:      ", dropout.eval()(torch.ones(12)).numpy())

# %% [markdown]
# ## Your turn: BertEmbeddings
#
# Put it together: the whole class this time. The names of its parts must be those of the published weights, or these
# would find no place:
#
# | attribute | what |
# |---|---|
# | `config` | the config itself, kept, so that the course can build another part just like yours |
# | `word_embeddings` | a table of `config.vocab_size` rows of `config.hidden_size` numbers, with a `padding_idx` (see below) |
# | `position_embeddings` | a table of `config.max_position_embeddings` rows |
# | `token_type_embeddings` | a table of `config.type_vocab_size` rows |
# | `LayerNorm` | torch's `nn.LayerNorm`, with `eps=config.layer_norm_eps` |
# | `dropout` | `nn.Dropout(config.hidden_dropout_prob)` |
#
# With `padding_idx=config.pad_token_id`, `nn.Embedding` never trains the row of `[PAD]`. `forward` looks up three
# times, adds, normalises, drops out. Without `token_type_ids`, all tokens are in segment 0. (The course's version also
# says in plain words what is wrong with ids that fit no table. Yours need not.)

# %% tags=["exercise"]
class BertEmbeddings(nn.Module):
    """The sum of three looked-up vectors, normalised (Devlin et al. 2019, section 3, figure 2).

    Shapes:
        input_ids (B, T) int64, token_type_ids (B, T) int64 or None for all zeros → (B, T, D)
    """

    def __init__(self, config):
        ...

    def forward(self, input_ids, token_type_ids=None):
        """Look up and add.

        Raises:
            TypeError: ids that are not whole numbers.
            ValueError: ids of the wrong shape or outside their table, or more tokens than positions.
        """
        ...

# %%
check(BertEmbeddings)

# %%
BertEmbeddings = mine(BertEmbeddings)
# hint(BertEmbeddings)
# reveal(BertEmbeddings)

# %% [markdown]
# ## Drop it in

# %%
own, _ = my_model()
batch = tokenizer(["The dog bit the man.", "Good!"], ["He bit back.", "Not good at all, if you ask me."])
with torch.no_grad():
    ours, yours = bert(**batch)[0], own(**batch)[0]
real = batch["attention_mask"].bool()
assert (ours - yours)[real].abs().max() < 1e-5
author = "the course" if type(own.embeddings).__module__.startswith("bert_parts") else "you"
print(f"The embeddings were written by {author}. After six layers: the same numbers, to within 0.00001.")

# %% [markdown]
# ## Look: a ladder of waves
#
# The table of words has meanings in it. What is in the table of positions? Take the cosine of every position with
# every other:

# %%
directions = F.normalize(positions, dim=-1)
figure, panel = plt.subplots(figsize=(6.9, 5.7), layout="constrained")
colours = plt.get_cmap("RdBu_r", 13)
image = panel.imshow(directions @ directions.T, cmap=colours, vmin=-1, vmax=1, interpolation="nearest")
panel.set(xlabel="position", ylabel="position")
figure.colorbar(image, shrink=0.8, label="cosine")
show(figure, "A square of 512 × 512 cosines of position vectors. A dark red band runs along the diagonal: neighbours "
     "are alike. Beside it lie many parallel stripes, red and blue in turn, fine ones and broad ones. A thin cross at "
     "127 breaks the pattern.")

# %% [markdown]
# Along the diagonal: neighbours are alike, as they should be. But why the stripes? Go along a row: a position is like
# some others far away, then unlike, then like again. Something repeats. It looks like waves. So let us take each of
# the 384 columns as a curve over the positions, and measure which waves it is made of (a **Fourier transform**; all
# columns added up):

# %%
curves = positions[1:511] - positions[1:511].mean(dim=0)            # (510, D)
power = torch.fft.rfft(curves, dim=0).abs().pow(2).sum(dim=1)[1:]
power = power / power.sum()
period = len(curves) / torch.arange(1, len(power) + 1)              # in positions

figure, panel = plt.subplots(figsize=(9, 3.2), layout="constrained")
panel.vlines(period, 0, power, color="#1f618d")
bands = ((300, 600), (90, 300), (30, 90), (10, 30), (4, 10))
for low, high in bands:
    inside = (period >= low) & (period < high)
    share, mean = power[inside].sum(), power[inside].sum() / (power[inside] / period[inside]).sum()
    print(f"waves of {low:3} to {high:3} positions: {share:4.0%} of the power, {mean:3.0f} positions long on average")
    panel.text(mean, power[inside].max() + 0.008, f"≈ {mean:.0f}", ha="center", color="#c0392b")
panel.set(xscale="log", xlabel="length of a wave, in positions", ylabel="share of the power", ylim=(0, 0.2))
panel.set_xticks([3, 6, 18, 54, 170, 510], [3, 6, 18, 54, 170, 510])
panel.minorticks_off()
show(figure, "Lines over the length of a wave, on a logarithmic scale. There are five groups, equally far apart: near "
     "510, 170, 54, 17 and 6 positions; next to nothing between and below them.")

# %% [markdown]
# Five waves, and each about three times as long as the one before: 6, 17, 52, 166, 510. The first Transformer was
# *given* its positions as waves of growing length, by a formula ([notebook 02](02_transformer.ipynb)). This one was
# given nothing; it had to learn its positions from text, number by number. It has found a ladder of waves by itself:
# fast ones that tell neighbours apart, slow ones that say roughly where one is. Like the hands of a clock.

# %%
spread = torch.linalg.svdvals(curves).pow(2)
share = spread[:10].sum() / spread.sum()
print(f"10 of the 384 directions hold {share:.0%} of what differs from position to position.")

# %% [markdown]
# Five waves need ten directions: a sine and a cosine each. That leaves 374 for the words. It is one reason why the sum
# above could be taken apart.
#
# And the thin cross in the picture? Look at the lengths of the position vectors:

# %%
lengths = positions.norm(dim=-1)
figure, panel = plt.subplots(figsize=(9, 2.6), layout="constrained")
panel.plot(lengths, color="#1f618d", linewidth=1)
for spot, shift in ((0, 14), (127, 0), (511, -14)):
    panel.annotate(f"{spot}", (spot, lengths[spot]), (spot + shift, lengths[spot] + 0.12), ha="center",
                   color="#c0392b")
panel.set(xlabel="position", ylabel="length of its vector", ylim=(0, 2.8))
show(figure, "The length of each position vector: about 0.4 to 0.5 everywhere, but for three spikes: 2.4 at position "
     "0, 0.7 at position 127, and 1.0 at position 511.")
for line in (find_checkpoint("all-MiniLM-L6-v2") / "README.md").read_text(encoding="utf-8").splitlines():
    if "sequence length" in line:
        print("From the model's own README:", *[part for part in line.split(". ") if "sequence length" in part])

# %% [markdown]
# Position 0 is where `[CLS]` always stands. Position 127 is the last of 128: where a text was cut to 128 tokens, its
# `[SEP]` came to stand just there, and nowhere else. So the place became special, and before and after it the vectors
# differ: the curve is a little lower up to 127 and a little higher from 128 on. There is such a spike at 511 as well,
# the last position there is. How long the texts were in training is written in the table. You did not need the README.

# %% [markdown]
# ## Look: words that nobody has read
#
# BERT's vocabulary has 994 rows that were left free, `[unused0]` to `[unused993]`. They stand in no text, so nothing
# ever told them where to go. Where are they?

# %%
unused = torch.tensor([token.startswith("[unused") for token in tokenizer.tokens])
centre = F.normalize(words[unused].mean(dim=0), dim=0)
towards = F.normalize(words, dim=-1) @ centre                # the cosine of each token with the mean of the unused ones
lengths = words.norm(dim=-1)

figure, panel = plt.subplots(figsize=(9, 3.6), layout="constrained")
panel.scatter(towards[~unused], lengths[~unused], s=2, color="#1f618d",
              alpha=0.4, label="all other tokens", rasterized=True)
panel.scatter(towards[unused], lengths[unused], s=6, color="#c0392b", label="[unused…]")
panel.set(xlabel="cosine with the mean of the unused tokens", ylabel="length of the vector", ylim=(0, None))
panel.legend(frameon=False, markerscale=3)
show(figure, "Every token as a point. Most form a large cloud around cosine 0 and length 1.1. The unused tokens sit "
     "in a tight clump at cosine 0.9 and length 0.45. Some of the other tokens lie in the clump with them, and a "
     "trail of points leads there.")

# %% [markdown]
# In one tight clump, far shorter than words: all but one red point. And they are not alone there. Which one has left,
# and which English words are with the rest?

# %%
def is_word(token):
    return token.isascii() and not token.startswith(("##", "["))


runaway = min(unused.nonzero()[:, 0].tolist(), key=lambda i: towards[i])
near = nearest_words(tokenizer.tokens[runaway], tokenizer.tokens, words)
print(tokenizer.tokens[runaway], "is near to", *[token for token, _ in near])
strangers = [i for i in towards.argsort(descending=True).tolist() if is_word(tokenizer.tokens[i])][:12]
print(", ".join(f"{tokenizer.tokens[i]} {towards[i]:.2f}" for i in strangers))
company = (towards > 0.8) & ~unused
print(f"{company.sum()} others in the clump, such as", *[tokenizer.tokens[i] for i in company.nonzero()[::40, 0]])
print("'...' is read as", tokenizer.tokenize("..."))

# %% [markdown]
# The runaway stands beside `[SEP]`, *to*, *of* and *the*, which occur everywhere. It seems that somebody did put
# `[unused80]` into texts, and many of them.
#
# In the clump, `...` comes first, and that one is certain: the tokenizer cuts at each full stop, so the token `...`
# can never come out of it. Its row is there, and nobody looks it up. Then there are letters of other scripts, which
# English texts hardly have.
#
# And then Polgara, Belgarath and Sparhawk, Lucivar, Saetan and Jaenelle: heroes of fantasy novels by David Eddings and
# by Anne Bishop. The first BERT was trained on Wikipedia and on thousands of books. That would be how such names came
# into its vocabulary. This smaller model took the vocabulary over. But its vectors suggest that it was hardly given
# those books to read.
#
# So the table keeps a record of what was read. People use this to find the words that a large language model stumbles
# over ([Land & Bartolo 2024](https://arxiv.org/abs/2405.05417)). One more, the shortest vector of them all:

# %%
shortest = int(lengths.argmin())
print(f"shortest: {tokenizer.tokens[shortest]}, length {lengths[shortest]:.2f}; a word has {lengths[2000:].median():.2f}")
print("nearest to it:", nearest_words(tokenizer.tokens[shortest], tokenizer.tokens, words, k=1)[0][0])

# %% [markdown]
# Make of that what you like.

# %% [markdown]
# ## Look: what do people say?
#
# Are cosines of word vectors any good? One can ask people. In two published collections, each pair of words was rated
# by a dozen people or more, from 0 (nothing in common) to 10 (the same). **WordSim-353** asks how *related* two words
# are; *cup* and *coffee* are. **SimLex-999** asks whether they are *alike*; a cup is not like coffee. We compare the
# order in which people put the pairs with the order of our cosines: the **rank correlation** ρ (Spearman's) is 1 if
# they agree throughout, 0 if there is no link.

# %% tags=["nbval-ignore-output"]
def ratings(file):
    """Pairs of words and people's mean rating, from the test data of the package gensim; nothing if it is not there."""
    package = importlib.util.find_spec("gensim")     # finds the files without running the package's code
    if package is None:
        print("The ratings come with the package gensim, which is not installed here: this section stays empty.")
        return []
    path = Path(package.submodule_search_locations[0]) / "test" / "test_data" / file
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row[0].lower(), row[1].lower(), float(row[2])) for row in rows if len(row) == 3 and row[0][0] != "#"]


collections = {"WordSim-353": ratings("wordsim353.tsv"), "SimLex-999": ratings("simlex999.txt")}
for name, pairs in collections.items():
    print(name, len(pairs), "pairs:", *pairs[3:6])

# %% [markdown]
# We try two vectors for a word: its row in the table (the mean of its rows if it has several pieces), which no layer
# has touched; and what comes out when the whole BERT reads the word as if it were a sentence.

# %% tags=["nbval-ignore-output"]
from scipy.stats import spearmanr

cosines = {}
for name, pairs in collections.items():
    if not pairs:
        continue
    one = {word for a, b, _ in pairs for word in (a, b)}
    index = {word: i for i, word in enumerate(sorted(one))}
    from_table = torch.stack([words[tokenizer.ids(word)].mean(dim=0) for word in index])
    from_model = sentence_vectors(bert, tokenizer, list(index))
    people = [rating for *_, rating in pairs]
    for kind, vectors in (("table", from_table), ("six layers", from_model)):
        vectors = F.normalize(vectors, dim=-1)
        cosines[name, kind] = [float(vectors[index[a]] @ vectors[index[b]]) for a, b, _ in pairs]
        rho = spearmanr(cosines[name, kind], people).statistic
        print(f"{name:12} {kind:10} ρ = {rho:.2f}")
        assert abs(rho - {"WordSim-353": 0.735, "SimLex-999": 0.455}[name]) < 0.02

# %% [markdown]
# Six layers of attention do not help: the bare table is as good, and a little better. That is less odd than it sounds.
# A single word has no context, so there is nothing for attention to look at. What the layers are for is *bank* in a
# sentence.
#
# And with likeness (SimLex) the vectors do much worse than with relatedness (WordSim). You know why from the
# neighbours of *good*. Here are the pairs that are the closest in the table among those that people find least alike:

# %% tags=["nbval-ignore-output"]
pairs, near = collections["SimLex-999"], cosines.get(("SimLex-999", "table"), [])
unlike = [(cosine, a, b, rating) for cosine, (a, b, rating) in zip(near, pairs, strict=True) if rating < 2]
unlike = sorted(unlike, reverse=True)[:8]
for cosine, a, b, rating in unlike:
    print(f"{a:11} {b:11} people {rating:4.1f}   cosine {cosine:.2f}")

# %% tags=["nbval-ignore-output"]
if pairs:
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    for panel, (name, rated) in zip(panels, collections.items(), strict=True):
        panel.scatter([rating for *_, rating in rated], cosines[name, "table"], s=7, color="#1f618d", alpha=0.6)
        panel.set(title=name, xlabel="people, 0 to 10")
    panels[1].scatter([rating for *_, rating in unlike], [c for c, *_ in unlike], s=24, color="#c0392b",
                      label="pairs listed above")
    panels[1].legend(frameon=False, loc="upper left")
    panels[0].set_ylabel("cosine in the table")
    show(figure, "Two clouds of points, people's rating against cosine. In WordSim-353 they rise together. In "
         "SimLex-999 the cloud is much looser, and at its upper left lie opposites such as easy and difficult, which "
         "people find unlike and the table close.")

# %% [markdown]
# Opposites, every one. To the table, *easy* and *difficult* are as close as *good* and *bad*.

# %% [markdown]
# ## Break it
#
# Take each of the three away in turn, and see what the whole model makes of it. We give it 212 review sentences, and
# compare its sentence vectors with those of the intact model. Is the nearest neighbour of a sentence still the same
# one? As a test of our own method, there is a fifth model, in which segments 0 and 1 are only exchanged.

# %%
exchanged = with_parts(bert, {})
exchanged.embeddings.token_type_embeddings.weight = nn.Parameter(segments.flip(0))
models = {"whole": bert, "no words": without("word_embeddings"), "no positions": without("position_embeddings"),
          "no segment vector": without("token_type_embeddings"), "segments exchanged": exchanged}
sentences = [review.text for review in movie_reviews()[::50]][:212]


def neighbours(vectors):
    return (vectors @ vectors.T).fill_diagonal_(-1).argmax(dim=1)


vectors = {name: sentence_vectors(model, tokenizer, sentences) for name, model in models.items()}
likeness = {name: (made * vectors["whole"]).sum(dim=1).mean().item() for name, made in vectors.items()}
kept = {name: (neighbours(made) == neighbours(vectors["whole"])).float().mean().item() for name, made in vectors.items()}
for name in models:
    print(f"{name:19} cosine with the intact model's vector {likeness[name]:.2f}, same nearest neighbour {kept[name]:4.0%}")

# %%
figure, panel = plt.subplots(figsize=(9, 3), layout="constrained")
for shift, values, label, colour in ((-0.2, likeness, "cosine with the intact model's vector", "#1f618d"),
                                     (0.2, kept, "share of nearest neighbours that stay", "#e59866")):
    bars = panel.bar([n + shift for n in range(len(values))], values.values(), 0.38, label=label, color=colour)
    panel.bar_label(bars, fmt="%.2f", fontsize=8)
panel.set_xticks(range(len(models)), models)
panel.set(ylim=(0, 1.15))
panel.legend(frameon=False)
in_words = [f"{name}: cosine {likeness[name]:.2f}, neighbours kept {kept[name]:.2f}" for name in models]
show(figure, f"Two bars for each of five models. {'; '.join(in_words)}.")

# %% [markdown]
# Without words there is nothing left but the length of the text. Without positions the model still knows what a
# sentence is about, somewhat. But the third is the riddle. Each sentence here is a single text, so the *same* segment
# vector is added to every token. It tells the model nothing at all. And yet without it the model falls apart, as much
# as without positions!
#
# The last bars solve it. With the other segment's vector, which is nearly the same, the model works almost as before.
# It is not information that was taken away. It is something that the model has got used to: such a vector has been in
# every sum that it has ever seen, and all later weights count on it. Taking a part out shows whether a model is *used
# to* it, not what the part *says*. Remember that whenever you read that something was ablated, which is the word for
# such experiments.

# %% [markdown]
# And does the whole model know who bit whom?

# %%
pairs = [("the dog bit the man", "the man bit the dog"), ("the dog bit the man", "the man was bitten by the dog"),
         ("flights from paris to london", "flights from london to paris")]
print("whole   no positions")
for one, other in pairs:
    a, b = ((made[0] @ made[1]).item() for made in
            (sentence_vectors(models[name], tokenizer, [one, other]) for name in ("whole", "no positions")))
    print(f" {a:.3f}          {b:.3f}    {one} | {other}")

# %% [markdown]
# Hardly! With positions, the two are no longer *exactly* the same, and that is about all. To this model, *the man bit
# the dog* is nearer to *the dog bit the man* than the true paraphrase is. It was trained to tell what a text is about.
# The order of words is in its vectors, but it does not count for much there. A search for flights from Paris to London
# will also find those back.

# %% [markdown]
# ## Check yourself

# %%
quiz("04_embeddings")

# %% [markdown]
# ## Where this stands
#
# - **The papers**: [BERT](https://arxiv.org/abs/1810.04805), section 3 and figure 2, for the sum of three; [Ba et al.
#   2016](https://arxiv.org/abs/1607.06450) for layer norm. The ratings: [Finkelstein et al.
#   2002](https://doi.org/10.1145/503104.503110) and [Hill et al. 2015](https://arxiv.org/abs/1408.3456).
# - **In real systems** segments have gone: RoBERTa has a single one, for everything. Positions are rarely added any
#   more. Most newer models turn queries and keys by an angle that grows with the position (RoPE): waves again, and
#   again in a ladder. And RMSNorm, a layer norm that does not take the mean off, is common.
# - **The table is large.** 11.7 of this model's 22.7 million numbers are word vectors. Notebook [06](06_pooler.ipynb)
#   counts them all.
# - **Next**: [05_encoder](05_encoder.ipynb), where the vectors go through the layers.

# %%
progress()
