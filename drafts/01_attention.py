# %% [markdown]
# # 1 · Attention
#
# **You will write the part that BERT is made of, and run your own code inside a real pretrained BERT: the numbers that
# come out must not change.**
#
# Time: about an hour and a half. Builds on: [00_start_here](00_start_here.ipynb), a little PyTorch.

# %%
import math

import torch
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional as F

from bert_parts import causal_mask, load_pretrained
from bert_parts.learn import check, mine, my_model, quiz, with_parts
from bert_parts.visualize import head_view, heads_grid, heatmap, model_view, record_attention, show

torch.manual_seed(0)
bert, tokenizer = load_pretrained("all-MiniLM-L6-v2")     # the real weights
print(f"{sum(p.numel() for p in bert.parameters()):,} numbers, {len(bert.encoder.layer)} layers")

# %% [markdown]
# ## The idea
#
# What does *it* mean? Ask the sentence. Below is one small piece of the real model, reading a real sentence. Each row is
# a word that looks; the dark squares in its row are the words it looks at. Nobody told the model any grammar. Find the row *it*.

# %%
def look(sentence):
    """The tokens of a sentence, and what every head of every layer looks at: a list of (1, H, T, T)."""
    batch = tokenizer(sentence)
    with torch.no_grad(), record_attention(bert) as maps:
        bert(batch["input_ids"])
    return tokenizer.convert_ids_to_tokens(batch["input_ids"][0]), maps


tokens, maps = look("The animal did not cross the street because it was too tired.")
heatmap(maps[3][0, 1], tokens, title="Layer 3, head 1")

# %% [markdown]
# *it* looks at *animal*. That is attention: **every word asks the others a question, and takes in the answers of those
# that fit.**
#
# Is this head a grammarian, then? Let us change the ending, so that *it* means the street; and try two sentences on which
# only someone who knows about trophies and suitcases can be right.

# %%
def what_it_looks_at(sentence, layer=3, head=1):
    tokens, maps = look(sentence)
    row = maps[layer][0, head, tokens.index("it")]
    words = sorted(zip(row.tolist(), tokens, strict=True), reverse=True)[:3]
    print(f"{sentence:67}", "  ".join(f"{token} {weight:.2f}" for weight, token in words))


what_it_looks_at("The animal did not cross the street because it was too tired.")
what_it_looks_at("The animal did not cross the street because it was too wide.")
what_it_looks_at("The trophy did not fit in the suitcase because it was too big.")
what_it_looks_at("The trophy did not fit in the suitcase because it was too small.")

# %% [markdown]
# With *wide*, the head becomes unsure, and *animal* loses half of its weight. But the trophy gets the most whether it is
# *big* or *small*: this head mostly looks for what the sentence is about. Attention shows where a head looks, not that
# the model has understood. Keep that in mind for every picture in this course.

# %% [markdown]
# ## Build it, step by step
#
# ### 1. Likeness is a dot product
#
# To the model a word is a vector; here, 384 numbers. Two vectors that point the same way have a large **dot product**:
# multiply number by number, and add up. These are the real model's vectors, before any word has looked at another.

# %%
def word_vectors(words):
    ids = [tokenizer.vocab[word] for word in words]
    return bert.embeddings.word_embeddings.weight[ids].detach()     # (T, D)


words = ["film", "movie", "actor", "river", "water", "money", "bank"]
vectors = word_vectors(words)
heatmap(vectors @ vectors.T, words, scale=(0, 1.8), title="Dot products of word vectors")

# %% [markdown]
# *film* and *movie* are close, and so are *river* and *water*. *bank* is torn between *money* and *river*: it has one
# vector for both of its meanings. Something must bend that vector to the sentence it is in.

# %% [markdown]
# ### 2. Softmax makes weights of scores
#
# Let *bank* look at the words around it. Its dot products with them are **scores**, any numbers at all. The **softmax**
# makes weights of them: raise e to each, and divide by the sum. Now they are positive and sum to 1.

# %%
sentence = ["the", "bank", "of", "the", "river"]
x = word_vectors(sentence)
scores = x @ x.T                             # (T, T): everyone with everyone
weights = scores.softmax(dim=-1)             # along each row
for word, score, weight in zip(sentence, scores[1], weights[1], strict=True):
    print(f"bank → {word:6} score {score:5.2f}   weight {weight:.2f}")

# %% [markdown]
# ### 3. The new vector is a weighted mean
#
# *bank* takes in a little of each word's vector, as much as the weights say. There is nothing trained in this step. And
# yet:

# %%
def cosine(a, b):
    return F.cosine_similarity(a, b, dim=-1).item()


river, money = word_vectors(["river", "money"])
print(f"{'':32} towards river   towards money")
print(f"{'bank, by itself':32} {cosine(x[1], river):13.2f} {cosine(x[1], money):15.2f}")
for sentence in (["the", "bank", "of", "the", "river"], ["the", "bank", "lent", "money"]):
    x = word_vectors(sentence)
    mixed = (x @ x.T).softmax(dim=-1) @ x     # (T, T) @ (T, D) → (T, D)
    print(f"bank, in {' '.join(sentence):23} {cosine(mixed[1], river):13.2f} {cosine(mixed[1], money):15.2f}")

# %% [markdown]
# One *bank* has become two. The neighbours did it.

# %% [markdown]
# ### 4. Queries, keys and values
#
# A word that asks is not looking for its own likeness: *it* looks for a noun. So the model makes three vectors of each
# word, each with a matrix of its own, learned from text:
#
# - the **query**: what I am looking for;
# - the **key**: what I am, for others to find;
# - the **value**: what I tell those who find me.
#
# Scores are dot products of queries with keys, and it is the values that are averaged. Here is what a trained pair of
# matrices can do. Both heads are in the real model:

# %%
tokens, maps = look("The film is slow, but its actors are wonderful.")
heatmap(torch.stack([maps[0][0, 2], maps[1][0, 8]]), tokens,
        title=["Layer 0, head 2: the word before", "Layer 1, head 8: the word after"])

# %% [markdown]
# ### 5. Why √d
#
# A dot product of two random vectors of d numbers adds up d products, so its spread grows as √d. The softmax
# turns large scores into all or nothing: one weight near 1, the rest near 0. Then there is nothing left to learn, for
# the gradient through such a softmax is nearly 0. Watch it happen:

# %%
sizes = [2**n for n in range(1, 11)]


def sharpness_and_gradient(d, scale):
    """Mean largest weight over 8 keys, and mean size of the softmax's gradient, over 2,000 random queries."""
    scores = (torch.randn(2000, 1, d) @ torch.randn(2000, d, 8))[:, 0] * scale     # (2000, 8)
    weights = scores.softmax(dim=-1)
    gradient = weights * (1 - weights)     # ∂weight/∂score, on the diagonal
    return weights.max(dim=-1).values.mean().item(), gradient.mean().item()


plain = [sharpness_and_gradient(d, 1) for d in sizes]
scaled = [sharpness_and_gradient(d, 1 / math.sqrt(d)) for d in sizes]

# %%
figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for panel, index, title in zip(panels, (0, 1), ("The largest of 8 weights", "Gradient of the softmax"), strict=True):
    panel.plot(sizes, [pair[index] for pair in plain], "o-", color="#c0392b", label="q · k")
    panel.plot(sizes, [pair[index] for pair in scaled], "s-", color="#1f618d", label="q · k / √d")
    panel.set(xscale="log", xlabel="d, the size of the vectors", title=title, ylim=(0, None))
    panel.legend(frameon=False)
show(figure, "Two curves over d from 2 to 1024. Without the division by √d the largest of 8 weights climbs towards 1 and the "
     "gradient falls towards 0; with it both stay level.")

# %% [markdown]
# Divided by √d, vectors of any size behave alike. All together, this is the formula that the paper calls **scaled
# dot-product attention** ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), equation 1):
#
# $$\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V$$

# %% [markdown]
# ### 6. Masks: what may be looked at
#
# Texts in a batch have unequal lengths, so the short ones are filled up with `[PAD]`. Padding means nothing, and yet it
# has keys and values like any word. If words may look at it, a sentence's meaning depends on how long its neighbour in the
# batch is:

# %%
batch = tokenizer(["Good!", "A film that asks much of its audience and gives back more to those who stay."])
alone = tokenizer("Good!")
with torch.no_grad():
    by_itself, _ = bert(alone["input_ids"])
    hidden, _ = bert(batch["input_ids"], batch["attention_mask"])
    careless, _ = bert(batch["input_ids"])     # no mask: everyone looks at the padding too
print("marks:", batch["attention_mask"][0].tolist())
print(f"'good' in the batch, with the mask:    cosine {cosine(hidden[0, 1], by_itself[0, 1]):.3f} to itself alone")
print(f"'good' in the batch, without the mask: cosine {cosine(careless[0, 1], by_itself[0, 1]):.3f}")

# %% [markdown]
# A **mask** says who may look at what. In this course it is always boolean, and **True means: may be looked at**. Where it is
# False, the score is set to −∞ before the softmax. Since e to the power of −∞ is 0, the weight is exactly 0, and the rest
# still sums to 1.
#
# The other mask you will meet is the **causal** one, for models that write text word by word (notebook 02): a word may look
# back, never ahead. BERT itself does not use it. Its words look both ways, and that is the B in its name.

# %%
seven = ["a", "word", "may", "look", "back", "never", "ahead"]
scores = (word_vectors(seven) @ word_vectors(seven).T).masked_fill(~causal_mask(7), -math.inf)
heatmap(scores.softmax(dim=-1), seven, title="Weights under a causal mask")

# %% [markdown]
# ## Your turn: attention in four lines
#
# Write it in the cell below, in place of the `...`. `B` is the number of texts, `H` of heads (parallel attentions; simply a
# second batch dimension for now), `T` of queries, `S` of keys. Run the cell, then the check. A check never
# stops the notebook. It tells you what it has found, and you can try as often as you like.

# %% tags=["exercise"]
def attention_weights(query, key, mask=None):
    """How much each query looks at each key: softmax(query · keyᵀ / √d) (Vaswani et al. 2017, equation 1).

    Shapes:
        query (B, H, T, d), key (B, H, S, d) → weights (B, H, T, S); over S they sum to 1
        mask: boolean, broadcastable to (B, H, T, S), True = may be attended to; None = everything may
    """
    ...

# %%
check(attention_weights)

# %% [markdown]
# Stuck? `hint(attention_weights)` gives up to three hints, one each time, and `reveal(attention_weights)` shows the
# course's version. Take away a `#`, and run:

# %%
from bert_parts.learn import hint, reveal

# hint(attention_weights)
# reveal(attention_weights)

# %% [markdown]
# From here on the notebook uses **your** function if it has passed, and the course's until then:

# %%
attention_weights = mine(attention_weights)

# %% [markdown]
# ## Your turn: the padding mask
#
# The tokenizer marks real tokens with 1 and padding with 0, one row for each text: shape (B, S). Attention wants a boolean mask
# that broadcasts to (B, H, T, S). Nothing needs to be copied for every head and every query: a dimension of size 1
# stretches.

# %% tags=["exercise"]
def padding_mask(attention_mask):
    """The tokenizer's marks, 1 for a token and 0 for padding, as a mask that every head and query can share.

    Shapes:
        attention_mask (B, S) of 0 and 1, int64 or bool → mask (B, 1, 1, S) boolean, True = may be attended to
    """
    ...

# %%
check(padding_mask)

# %%
padding_mask = mine(padding_mask)
# hint(padding_mask)
# reveal(padding_mask)

# %% [markdown]
# ## Several heads
#
# One softmax finds one kind of thing at a time. But a word wants to know several: who did it, to what, and which word
# comes next. So the width is cut into slices, and each slice attends for itself. These are **heads**. Of the 384
# columns, head 0 gets the first 32, head 1 the next 32, and so on to head 11. The matrices are as large as before;
# heads cost nothing.
#
# Here are four heads of one layer, on the same sentence:

# %%
tokens, maps = look("The film is slow, but its actors are wonderful.")
heatmap(maps[2][0, [4, 6, 9, 10]], tokens, title=[f"Layer 2, head {head}" for head in (4, 6, 9, 10)])

# %% [markdown]
# Head 9 gazes at `[CLS]`, the token put in front of every text. Many heads do so when they find nothing that concerns
# them: the weights must sum to 1, so they have to go *somewhere*.

# %% [markdown]
# ## Your turn: split the heads
#
# Make (B, H, T, d) of (B, T, D), where d = D / H. There is a famous trap here, with the right shape and the wrong
# contents.

# %% tags=["exercise"]
def split_heads(x, num_heads):
    """(B, T, D) → (B, H, T, d): head h gets columns h·d to (h + 1)·d."""
    ...

# %%
check(split_heads)

# %%
split_heads = mine(split_heads)
# hint(split_heads)
# reveal(split_heads)

# %% [markdown]
# ## Your turn: multi-head attention
#
# Now put it together. `__init__` is written for you, since its names must match those of the published weights. In
# `forward`, x asks and the **context** answers; if there is no context, x looks at itself.
#
# 1. Project: `self.query` of x, `self.key` and `self.value` of the context.
# 2. Split each into heads.
# 3. Weights, with dropout on them, times the values.
# 4. Put the heads side by side again: (B, T, D).

# %% tags=["exercise"]
class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each in its own slice of the width (Vaswani et al. 2017, section 3.2.2).

    The paper's last matrix, W^O, is not here: published checkpoints keep it in the block that follows.

    Shapes:
        x (B, T, D), context (B, S, D) or None for x itself, mask as in attention_weights → (B, T, D)
    """

    def __init__(self, hidden_size, num_heads, dropout):
        super().__init__()
        self.hidden_size = hidden_size
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, context=None, mask=None):
        """Let every position of x collect what it looks for from the context."""
        ...

# %%
check(MultiHeadAttention)

# %%
MultiHeadAttention = mine(MultiHeadAttention)
# hint(MultiHeadAttention)
# reveal(MultiHeadAttention)

# %% [markdown]
# ## Drop it in
#
# `my_model()` loads the published weights into a BERT in which every part that you have passed is yours. If your attention
# is right, nothing changes: not one of the 384 numbers of any word, after six layers of it.

# %%
own, _ = my_model()
batch = tokenizer(["The animal did not cross the street because it was too tired.", "Good!"])
with torch.no_grad():
    ours, _ = bert(batch["input_ids"], batch["attention_mask"])
    yours, _ = own(batch["input_ids"], batch["attention_mask"])
real = batch["attention_mask"].bool()
difference = (ours - yours)[real].abs().max()
assert difference < 1e-5
print("The same hidden states, to within 0.00001.")

# %%
attention = own.encoder.layer[0].attention.self
author = "the course" if attention.__class__.__module__.startswith("bert_parts") else "you"
print(f"The attention of all {len(own.encoder.layer)} layers was written by {author}.")

# %% [markdown]
# ## Look
#
# All 72 heads at once, as seen through the model above. Find the ones that look at the word before or after (stripes beside
# the diagonal), and those that rest on `[CLS]` (the left edge).

# %%
batch = tokenizer("The film is slow, but its actors are wonderful.")
tokens = tokenizer.convert_ids_to_tokens(batch["input_ids"][0])
with torch.no_grad(), record_attention(own) as maps:
    own(batch["input_ids"])
heads_grid(maps, tokens)

# %% [markdown]
# And now by hand. In the first view choose a layer, click the coloured squares to switch heads, and point at a word.
# The second shows every head; click one to enlarge it. (These views need a running notebook. On GitHub, the picture above
# stands for them.)

# %% tags=["nbval-ignore-output"]
head_view(maps, tokens, layer=3, heads=[1])

# %% tags=["nbval-ignore-output"]
model_view(maps, tokens)

# %% [markdown]
# ## Break it
#
# What does each piece do for the whole? We take one away from all six layers, and look at what becomes of sentence
# vectors. Two reviews that mean the same should be closer than two that do not.

# %%
def broken(scaled=True, one_head=False, looking=True):
    """A MultiHeadAttention with something taken away."""

    class MultiHeadAttention(type(bert.encoder.layer[0].attention.self)):
        def forward(self, x, context=None, mask=None):
            heads = 1 if one_head else self.num_heads
            query, key, value = (part(x).unflatten(-1, (heads, -1)).transpose(1, 2)
                                 for part in (self.query, self.key, self.value))
            scores = query @ key.mT / (math.sqrt(query.size(-1)) if scaled else 1)
            if mask is not None:
                scores = scores.masked_fill(~mask, -math.inf)
            weights = scores.softmax(dim=-1) if looking else torch.eye(x.size(1)).expand_as(scores)
            return (weights @ value).transpose(1, 2).flatten(-2)

    return with_parts(bert, {"MultiHeadAttention": MultiHeadAttention})

# %%
def sentence_vectors(model, sentences):
    batch = tokenizer(sentences)
    with torch.no_grad():
        hidden, _ = model(batch["input_ids"], batch["attention_mask"])
    real = batch["attention_mask"][..., None]
    return F.normalize((hidden * real).sum(dim=1) / real.sum(dim=1), dim=-1)


SENTENCES = ["The movie was boring.", "I nearly fell asleep in the cinema.", "The soup was delicious."]
models = {"whole": bert, "without √d": broken(scaled=False), "one head": broken(one_head=True),
          "nobody looks": broken(looking=False)}
cosines = {}
for name, model in models.items():
    movie, cinema, soup = sentence_vectors(model, SENTENCES)
    cosines[name] = (float(movie @ cinema), float(movie @ soup))
    print(f"{name:13} same meaning {cosines[name][0]:.2f}   other meaning {cosines[name][1]:.2f}")

# %%
figure, panel = plt.subplots(figsize=(7, 3), layout="constrained")
for offset, index, label, colour in ((-0.2, 0, "same meaning", "#1f618d"), (0.2, 1, "other meaning", "#e59866")):
    bars = panel.bar([n + offset for n in range(len(cosines))], [pair[index] for pair in cosines.values()], 0.38,
                     label=label, color=colour)
    panel.bar_label(bars, fmt="%.2f", fontsize=8)
panel.set_xticks(range(len(cosines)), cosines)
panel.set(ylabel="cosine of two sentences", ylim=(0, 1))
panel.legend(frameon=False)
show(figure, "Bars: the cosine of two reviews of the same meaning, and of two of different meaning, in the whole model and with "
     "√d, the heads, or the looking taken away: " + "; ".join(f"{n} {a:.2f} and {b:.2f}" for n, (a, b) in cosines.items()) + ".")

# %% [markdown]
# The weights are the same in all four. Only what is done with them differs.

# %% [markdown]
# ## Check yourself

# %%
quiz("01_attention")

# %% [markdown]
# ## Where this stands
#
# - **The paper**: [Attention Is All You Need](https://arxiv.org/abs/1706.03762), sections 3.2.1 (scaled dot product), 3.2.2
#   (heads) and 3.2.3 (where masks come in). The $W^O$ that the paper puts at the end of multi-head attention comes in
#   notebook 05, in the block where published checkpoints keep it.
# - **In real systems** the matrix of weights is never written down. Fused kernels such as FlashAttention go through the keys
#   in blocks and keep running sums: the same numbers with far less memory. `bert_parts.MultiHeadAttention` uses torch's
#   `scaled_dot_product_attention`, and yours agrees with it.
# - **Next**: [02_transformer](02_transformer.ipynb), where attention becomes a machine that translates.

# %%
from bert_parts.learn import progress

progress()
