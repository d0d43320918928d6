# %% [markdown]
# # 5 · The encoder
#
# **Attention is a third of a layer. You will write the rest, and stack the layers: after this notebook, everything inside
# BERT's encoder is your own code.**
#
# Time: about an hour and a half, five short exercises. Builds on: [01_attention](01_attention.ipynb). The vectors that come
# in are made in [04_embeddings](04_embeddings.ipynb).

# %%
import copy
import math

import torch
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional as F

import bert_parts
from bert_parts import BertConfig, MultiHeadAttention, load_pretrained, movie_reviews
from bert_parts.learn import check, mine, my_model, quiz, with_parts
from bert_parts.learn.inside import authors
from bert_parts.search import sentence_vectors
from bert_parts.visualize import show

BLUE, RED, ORANGE, GREY = "#1f618d", "#c0392b", "#e59866", "#7f8c8d"
bert, tokenizer = load_pretrained("all-MiniLM-L6-v2")
config = bert.config
print(f"{config.num_hidden_layers} layers, vectors of {config.hidden_size} numbers")

# %% [markdown]
# ## The idea
#
# Here are twelve sentences. In each, *bank* is the fifth word: six times beside water, six times with money in it.

# %%
RIVER = ["We sat on the bank and watched the water.", "Grass covers the far bank of the stream.",
         "Mud covered the whole bank after the flood.", "Fish hide near the bank in the weeds.",
         "The boat reached the bank of the river.", "Ducks nest on the bank in the reeds."]
MONEY = ["She works at the bank as a clerk.", "He robbed the old bank and took the cash.",
         "The loan from the bank must be repaid.", "I asked at the bank about my account.",
         "Shares of the big bank fell again today.", "They trust their local bank with their savings."]


def journey(model, sentence, word="bank"):
    """The vector of a word as it goes in and as it comes out of each layer: (L + 1, D)."""
    ids = tokenizer(sentence)["input_ids"]
    place = ids[0].tolist().index(tokenizer.vocab[word])
    with torch.no_grad():
        x = model.embeddings(ids)
        stages = [x[0, place]]
        for layer in model.encoder.layer:
            x = layer(x)
            stages.append(x[0, place])
    return torch.stack(stages)


banks = torch.stack([journey(bert, sentence) for sentence in RIVER + MONEY])     # (12, L + 1, D)
print(tuple(banks.shape))

# %% [markdown]
# Twelve vectors of 384 numbers, at seven stages. To draw them, we look from the side from which they differ most (their first
# two **principal components**). The drawing does not know which sentence is about what: we add the colours at the end.

# %%
def from_the_side(points):
    """Points (N, D) seen from where they differ most: (N, 2)."""
    centred = points - points.mean(dim=0)
    return centred @ torch.linalg.svd(centred, full_matrices=False)[2][:2].T


def same_kind_nearest(points):
    """How many of the twelve have one of their own kind as their nearest."""
    centred = F.normalize(points - points.mean(dim=0), dim=-1)
    nearest = (centred @ centred.T - 2 * torch.eye(12)).argmax(dim=-1)
    return int(((nearest < 6) == (torch.arange(12) < 6)).sum())


figure, panels = plt.subplots(1, 4, figsize=(10, 2.9), layout="constrained", sharex=True, sharey=True)
titles = {0: "before the first layer", 1: "after layer 0", 3: "after layer 2", 6: "after layer 5"}
for panel, (stage, title) in zip(panels, titles.items(), strict=True):
    points = from_the_side(banks[:, stage])
    panel.scatter(*points[:6].T, color=BLUE, s=45, label="water")
    panel.scatter(*points[6:].T, color=RED, s=45, marker="s", label="money")
    panel.set(title=title, xlim=(-5, 5), ylim=(-5, 5))
panels[1].legend(frameon=False, loc="upper left")
show(figure, "Four panels with twelve points, one for each bank. Before the first layer all lie on one spot. After layer 0 "
     "the six beside water and the six with money lie apart; later layers draw them further apart.")
print("own kind nearest, of 12:", {title: same_kind_nearest(banks[:, stage]) for stage, title in titles.items() if stage})

# %% [markdown]
# Before the first layer there is one *bank*: twelve times the same word in the same place is twelve times the same
# vector. **One layer is enough**: every *bank* now has one of its own kind as its nearest neighbour. The later layers
# draw the two meanings further apart.
#
# A **layer** takes vectors of shape (B, T, D) and gives vectors of the same shape, each a little more at home in its
# sentence. Since the shape stays, layers can be stacked. That stack is the **encoder**. And this is one layer:
#
# ```
#     ┌──────────── residual ────────────┐                    ┌─────────────── residual ───────────────┐
#     │                                  ▼                    │                                        ▼
# x ──┴─► attention ─► dense ─► dropout ─► + ─► LayerNorm ──a─┴─► dense ─► GELU ─► dense ─► dropout ─► + ─► LayerNorm ─► y
#         └ W_Q W_K W_V  └ W_O                                    └ W₁             └ W₂
# ```
#
# Two halves of the same form: **do something, add what came in, normalise**. In the first half the words look at each
# other; in the second, the **feed-forward**, each thinks for itself:
#
# $$a = \mathrm{LayerNorm}(x + \mathrm{MultiHead}(x)\,W_O) \qquad y = \mathrm{LayerNorm}(a + \mathrm{GELU}(a\,W_1)\,W_2)$$
#
# (Each matrix comes with a bias, and in training dropout falls on what is added.) You know the attention. The rest
# comes now, piece by piece.

# %% [markdown]
# ## Build it, step by step
#
# ### 1. The feed-forward: each word by itself
#
# The feed-forward makes each vector four times as wide, lets a curve bend each number, and makes it narrow again. No
# word sees another here. Shuffle the words, and the results are shuffled likewise:

# %%
layer = bert.encoder.layer[4]
x = torch.randn(1, 9, config.hidden_size, generator=torch.Generator().manual_seed(0))     # nine words' vectors
order = torch.randperm(9, generator=torch.Generator().manual_seed(1))
with torch.no_grad():
    wide = layer.intermediate(x)
    shuffled = layer.intermediate(x[:, order])
print("in", tuple(x.shape), "  wide", tuple(wide.shape))
print("shuffled words, shuffled results:", torch.allclose(wide[:, order], shuffled, atol=1e-5))

# %% [markdown]
# What are the 1,536 wide numbers for? Let us ask them. The model reads 900 sentences from film reviews, and six of these numbers
# are written down for every word. To catch a number on its way, we use a **hook**: a function that torch calls each time a
# module has run.

# %%
LISTENED = {0: [829, 544], 3: [146, 1066], 4: [769], 5: [1374]}     # layer: which of its 1,536 numbers
loud, words = {}, []


def listen(layer):
    def hook(module, arguments, output):     # output (B, T, 1536)
        for place in LISTENED[layer]:
            loud.setdefault((layer, place), []).extend(output[real][:, place].tolist())
    return hook


texts = sorted((review.text for review in movie_reviews()[::5]), key=len)[200:1100]
hooks = [bert.encoder.layer[layer].intermediate.register_forward_hook(listen(layer)) for layer in LISTENED]
for start in range(0, len(texts), 60):
    batch = tokenizer(texts[start : start + 60])
    real = batch["attention_mask"].bool()     # (B, T), True where a word stands
    with torch.no_grad():
        bert(batch["input_ids"], batch["attention_mask"])
    words += tokenizer.convert_ids_to_tokens(batch["input_ids"][real])
for hook in hooks:
    hook.remove()
print(f"{len(words):,} words read")

# %% [markdown]
# Which words make such a number large, on average? (Of words that came at least three times, the top seven.)

# %%
for (layer, place), numbers in loud.items():
    of_word = {}
    for word, number in zip(words, numbers, strict=True):
        of_word.setdefault(word, []).append(number)
    means = {word: sum(values) / len(values) for word, values in of_word.items() if len(values) >= 3}
    top = sorted(means, key=means.get, reverse=True)[:7]
    print(f"layer {layer}, number {place:4}:  {'  '.join(top)}")

# %% [markdown]
# One has found *no* in many forms, one what may or might be, one women, one feeling, one time, one fun. Nobody told them to. To be
# fair, we looked for tidy ones: most of the 9,216 are harder to name. But this is what a wide layer is: many small
# detectors, each of which goes off at something in a word's vector, and is near 0 otherwise.

# %% [markdown]
# ### 2. GELU: the bend in between
#
# Two dense layers in a row, with nothing in between, would amount to one: a matrix times a matrix is a matrix. The bend
# makes the difference. BERT's is **GELU**: let x through by the share Φ(x), which is how much of a normal distribution lies
# below x:
#
# $$\mathrm{GELU}(x) = x \cdot \Phi(x) = x \cdot \tfrac{1}{2}\left(1 + \mathrm{erf}\!\left(x / \sqrt{2}\right)\right)$$
#
# There is an approximation with tanh, made when erf was slow. Some models were trained with it. Torch has both.

# %%
x = torch.linspace(-4, 4, 400)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
left.plot(x, x.relu(), color=ORANGE, linestyle="--", label="ReLU")
left.plot(x, F.gelu(x), color=BLUE, label="GELU")
left.plot(x, (1 + torch.erf(x / math.sqrt(2))) / 2, color=GREY, linestyle=":", label="Φ(x), the share let through")
left.set(ylim=(-0.4, 2), xlabel="x", title="GELU is a soft ReLU")
left.legend(frameon=False)
right.plot(x, F.gelu(x, approximate="tanh") - F.gelu(x), color=RED)
right.set(xlabel="x", title="tanh form − exact form", yticks=[-4e-4, -2e-4, 0, 2e-4, 4e-4])
show(figure, "Left: ReLU is 0 below 0 and x above; GELU follows it, but dips a little below 0 on the left of 0 and has no "
     "corner. Right: the approximation with tanh differs from the exact GELU by less than 0.0005 everywhere.")

# %% [markdown]
# ## Your turn: the wide layer
#
# `dense` is the W₁ of the formula, with its bias. It is called so since the published weights are: a part's names must match
# theirs, which is why `__init__` is written for you here and below.

# %% tags=["exercise"]
class BertIntermediate(nn.Module):
    """The wide layer of the feed-forward: GELU(x W₁ + b₁) (Hendrycks & Gimpel 2016; the exact form, with erf).

    Shapes:
        x (B, T, D) → (B, T, intermediate_size)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.dense = nn.Linear(config.hidden_size, config.intermediate_size)

    def forward(self, x):
        ...

# %%
check(BertIntermediate)

# %%
from bert_parts.learn import hint, reveal  # noqa: E402, F401

BertIntermediate = mine(BertIntermediate)     # yours if it has passed, the course's until then
# hint(BertIntermediate)
# reveal(BertIntermediate)

# %% [markdown]
# ### 3. The residual: add what came in
#
# Neither half of a layer replaces a vector. It computes a change, and adds it to what came in: x + f(x). What came in
# is called the **residual**, and the way around f a **shortcut**.
#
# Shortcuts made deep networks trainable ([He et al. 2015](https://arxiv.org/abs/1512.03385)). To see why, we
# stack 24 small random feed-forwards, and measure how much of the gradient is left when it comes back down to each:

# %%
def norm(x):
    return F.layer_norm(x, x.shape[-1:])


STACKS = {
    "f(x)": lambda x, f: f(x),
    "norm(f(x))": lambda x, f: norm(f(x)),
    "x + f(x)": lambda x, f: x + f(x),
    "norm(x + f(x))": lambda x, f: norm(x + f(x)),
    "x + f(norm(x))": lambda x, f: x + f(norm(x)),
}


def deep(step, depth=24, width=64):
    """The size of the vectors after each of the random blocks, and of the gradient in its weights."""
    torch.manual_seed(0)
    blocks = [nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)) for _ in range(depth)]
    x, target = torch.randn(32, width), torch.randn(32, width)
    sizes = []
    for block in blocks:
        x = step(x, block)
        sizes.append(x.norm(dim=-1).mean().item())
    (norm(x) * target).mean().backward()
    return sizes, [block[0].weight.grad.norm().item() for block in blocks]

# %%
LOOKS = {"f(x)": (RED, "o", 4), "norm(f(x))": (ORANGE, "^", 5), "x + f(x)": (GREY, "o", 9),
         "norm(x + f(x))": (BLUE, "s", 4), "x + f(norm(x))": (RED, "v", 5)}


def draw(panel, values, name, label=None):
    colour, marker, size = LOOKS[name]
    panel.plot(range(24), values, color=colour, marker=marker, markersize=size, label=label or name)


measured = {name: deep(step) for name, step in STACKS.items()}     # (sizes, gradients) of each
figure, panel = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
for name in ("f(x)", "norm(f(x))", "x + f(x)", "norm(x + f(x))"):
    draw(panel, measured[name][1], name)
panel.set(yscale="log", xlabel="block (0 is the first)", title="What is left of the gradient, 24 random blocks deep")
panel.legend(frameon=False, loc="lower right")
show(figure, "Gradient size by depth on a logarithmic scale. Without residual and norm it falls by more than ten orders of "
     "magnitude from the last block to the first; with a residual, a norm, or both, it stays level.")
assert measured["f(x)"][1][0] < 1e-10 * measured["f(x)"][1][-1]

# %% [markdown]
# Without shortcut and norm, the first blocks get less than a ten-billionth of the last one's gradient: they could not learn. Either of
# the two keeps the gradient alive (with the shortcut alone, or with both, the lines lie on one another). Do we need both? A norm keeps the *size* of what flows, but it cannot keep *what came in*. Wait for
# "Break it", below: without its residuals, a trained BERT forgets which word is which.

# %% [markdown]
# ### 4. LayerNorm: back to a common size
#
# Sums grow: 24 layers' changes, added up, would make ever larger vectors. **LayerNorm**, which you met in
# [04_embeddings](04_embeddings.ipynb), brings each vector back to a common size. It looks at one word's vector at a time, so
# neither the other words nor the padding have a part in it.
#
# **Where does the norm stand?** BERT normalises the sum, as the first Transformer did: *post-norm*, norm(x + f(x)). Nearly
# all models since about 2019 normalise what goes into f instead: *pre-norm*, x + f(norm(x)). Here are both, in random stacks:

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for name, label in (("norm(x + f(x))", "post-norm"), ("x + f(norm(x))", "pre-norm")):
    sizes, gradients = measured[name]
    draw(left, sizes, name, label)
    draw(right, gradients, name, label)
left.set(title="Size of the vectors", xlabel="block", ylim=(0, 13))
right.set(title="Size of the gradient", xlabel="block", ylim=(0, 0.075))
left.legend(frameon=False, loc="lower right")
show(figure, "Two panels over 24 blocks. Size of the vectors: level under post-norm, growing under pre-norm. Size of the "
     "gradient: level under post-norm, falling towards the last blocks under pre-norm.")

# %% [markdown]
# Under post-norm, vectors have the same size everywhere, and the last blocks get as much gradient as the first. Under pre-norm the
# shortcut is never touched: vectors grow as changes add up, and the gradient in the last blocks is smaller. That makes the
# first steps of training gentler, and is why pre-norm models can do without the careful **warm-up** (a small learning rate at first)
# that BERT needs ([Xiong et al. 2020](https://arxiv.org/abs/2002.04745)). The weights that we load were trained
# post-norm. They work in no other order.

# %% [markdown]
# ## Your turn: add and norm
#
# Both halves end alike: a dense layer back to width D (W_O after the attention, W₂ after the wide layer), dropout, the sum,
# the norm. So one class serves both.

# %% tags=["exercise"]
class AddAndNorm(nn.Module):
    """Project, drop out, add to what came in, normalise: the end of both halves of a layer.

    After attention its ``dense`` is the paper's W^O; after the feed-forward's wide layer it is W₂
    (Vaswani et al. 2017, sections 3.1, 3.2.2 and 3.3; post-norm, as BERT has it).

    Shapes:
        x (B, T, in_size), residual (B, T, D) → (B, T, D)
    """

    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        ...

# %%
check(AddAndNorm)

# %%
AddAndNorm = mine(AddAndNorm)
# hint(AddAndNorm)
# reveal(AddAndNorm)

# %% [markdown]
# ## Your turn: the first half of a layer
#
# `self.self` is the attention; the published weights call it so, since in it a text looks at itself. It is your own
# `MultiHeadAttention` if you have written it. Mind the order of its arguments: `(x, context=None, mask=None)`.

# %%
MultiHeadAttention = mine(MultiHeadAttention)

# %% tags=["exercise"]
class BertAttention(nn.Module):
    """The first half of a layer: every token looks at every token, then add and norm.

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, T, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        ...

# %%
check(BertAttention)

# %%
BertAttention = mine(BertAttention)
# hint(BertAttention)
# reveal(BertAttention)

# %% [markdown]
# ## Your turn: the layer
#
# You have all of it: `self.attention` is the first half; `self.intermediate` and `self.output` make the second. What is
# the residual of the second half?

# %% tags=["exercise"]
class BertLayer(nn.Module):
    """One layer: attention, then a feed-forward on each token by itself (Vaswani et al. 2017, section 3.1).

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, T, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        ...

# %%
check(BertLayer)

# %%
BertLayer = mine(BertLayer)
# hint(BertLayer)
# reveal(BertLayer)

# %% [markdown]
# ### 5. Where the weights sit
#
# Attention gives BERT its fame; but where are the numbers?

# %%
layer = BertLayer(config)


def count(*modules):
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


shares = {"W_Q, W_K, W_V": count(layer.attention.self), "W_O": count(layer.attention.output.dense),
          "W₁": count(layer.intermediate), "W₂": count(layer.output.dense),
          "LayerNorms": count(layer.attention.output.LayerNorm, layer.output.LayerNorm)}
figure, panel = plt.subplots(figsize=(9, 1.7), layout="constrained")
left = 0
for (name, size), colour in zip(shares.items(), (BLUE, "#7fb3d5", RED, ORANGE, GREY), strict=True):
    panel.barh(0, size / 1e6, left=left / 1e6, color=colour, edgecolor="white", label=f"{name} {size / count(layer):.1%}")
    left += size
panel.set(xlim=(0, left / 1e6), yticks=[], xlabel="weights and biases in one layer, in millions")
panel.spines[["top", "right", "left"]].set_visible(False)
panel.legend(frameon=False, ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1), handlelength=1)
show(figure, "One bar, the numbers of a layer by part: "
     + ", ".join(f"{name} {size / count(layer):.1%}" for name, size in shares.items()))
print(f"{count(layer):,} numbers in a layer, {count(bert):,} in the model")

# %% [markdown]
# **Two thirds of a layer is the feed-forward.** Much of the work is there, too: every weight of a matrix is used once for each word.
# Only one thing in a layer is not weights times words: the scores and the weighted means, which cost more the longer the text
# is, 2 · T · D products for each word. So what is the feed-forward's share of all products?

# %%
D, wide = config.hidden_size, config.intermediate_size
for T in (16, 128, 512):
    attention = 4 * D * D + 2 * T * D     # W_Q, W_K, W_V, W_O; then scores and means
    print(f"text of {T:3} tokens: {2 * D * wide / (2 * D * wide + attention):.0%}")

# %% [markdown]
# ### 6. The stack, and two ways to get it wrong
#
# The encoder is a list of layers, run one after the other. The list must be an `nn.ModuleList`: what lies in a plain Python
# list is not found by torch, and would neither be trained nor loaded. And each layer needs weights of its own. Published code gets
# this wrong in two ways that look right:

# %%
one = BertLayer(config)
shared = nn.ModuleList([one] * 6)
copies = nn.ModuleList(copy.deepcopy(one) for _ in range(6))


def start(layers, number):
    return layers[number].intermediate.dense.weight[0, :3].tolist()


for name, layers in (("[layer] * 6", shared), ("deepcopy(layer)", copies)):
    print(f"{name:16} {count(layers):>10,} numbers   layers 0 and 5 start as",
          [round(value, 3) for value in start(layers, 0)], [round(value, 3) for value in start(layers, 5)])
print(f"{'as it should be':16} {6 * count(one):>10,}")

# %% [markdown]
# `[layer] * 6` is **six names for one layer**: it has a sixth of the numbers, and every step of training pulls all six
# the same way. (ALBERT does this on purpose, to be small: [Lan et al. 2019](https://arxiv.org/abs/1909.11942).) It fails in silence
# even with weights from a file: all six end up with the weights of the last.
#
# `deepcopy` gives six layers, but one random draw: all start with the very same heads. torch's own `nn.TransformerEncoder` is built so,
# and its documentation advises to draw the weights anew afterwards.

# %% [markdown]
# ## Your turn: the encoder
#
# This time `__init__` is yours, too: `config.num_hidden_layers` layers in `self.layer`, each with weights of its own.

# %% tags=["exercise"]
class BertEncoder(nn.Module):
    """A stack of layers, each with weights of its own.

    Shapes:
        x (B, T, D), mask broadcastable to (B, H, T, T) → (B, T, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = ...

    def forward(self, x, mask=None):
        ...

# %%
check(BertEncoder)

# %%
BertEncoder = mine(BertEncoder)
# hint(BertEncoder)
# reveal(BertEncoder)

# %% [markdown]
# ## Drop it in
#
# The published weights, in a BERT made of the parts that you have passed, and of the course's where you have not:

# %%
own, _ = my_model()
batch = tokenizer(["The bank of the river was covered in mud.", "Good!"])
with torch.no_grad():
    ours, _ = bert(batch["input_ids"], batch["attention_mask"])
    yours, _ = own(batch["input_ids"], batch["attention_mask"])
assert (ours - yours)[batch["attention_mask"].bool()].abs().max() < 1e-5
print("The same hidden states, to within 0.00001.\n")
for part, (number, author) in authors(own).items():
    print(f"{part:20} × {number:2}   written by {author}")

# %% [markdown]
# ## Look
#
# Your layers, one by one, on the twelve banks. Each line is one *bank* on its way through the model, a mark for each
# layer. What all twelve have in common at a stage is taken off, so that only the differences show. All start in the
# middle, at the same vector.

# %%
banks = torch.stack([journey(own, sentence) for sentence in RIVER + MONEY])
differences = banks - banks.mean(dim=0)                                      # (12, L + 1, D)
paths = from_the_side(differences.flatten(0, 1)).unflatten(0, (12, -1))      # (12, L + 1, 2)
paths = paths * torch.where(paths[:6, -1].mean(dim=0) < 0, -1, 1)            # which way is up is chance: choose
tips = torch.stack([path[path.norm(dim=-1).argmax()] for path in paths])     # the farthest point of each
figure, panel = plt.subplots(figsize=(9, 5.4), layout="constrained")
height = {True: -math.inf, False: -math.inf}     # of the last label on either side, so that none covers another
for number in tips[:, 1].argsort().tolist():
    water, sentence, path, tip = number < 6, (RIVER + MONEY)[number], paths[number], tips[number].tolist()
    panel.plot(*path.T, color=BLUE if water else RED, marker="o" if water else "s", markersize=5, alpha=0.75)
    height[water] = max(tip[1], height[water] + 0.2)
    panel.text(tip[0] + (0.15 if water else -0.15), height[water], sentence, fontsize=7.5, va="center",
               color=BLUE if water else RED, ha="left" if water else "right")
panel.set(xticks=[], yticks=[])
panel.margins(x=0.3)
panel.spines[:].set_visible(False)
show(figure, "Twelve paths from one common point in the middle, one for each sentence with bank. The six beside water lead "
     "to one side, the six with money to the other. In the last layer nearly all turn back towards the middle.")
home = paths.norm(dim=-1)     # how far from the middle: (12, L + 1)
print(f"{int((home[:, -1] < home[:, -2]).sum())} of 12 end nearer to the middle than they were one layer before")

# %% [markdown]
# ## Break it
#
# Which of these pieces matter? We take them out of the trained model, one at a time, in all layers. `super()` is the part
# above, with yours inside if it has passed.

# %%
class NoResidual(AddAndNorm):
    def forward(self, x, residual):
        return super().forward(x, torch.zeros_like(residual))


class Relu(BertIntermediate):
    def forward(self, x):
        return self.dense(x).relu()


class TanhGelu(BertIntermediate):
    def forward(self, x):
        return F.gelu(self.dense(x), approximate="tanh")


class NoFeedForward(BertLayer):
    def forward(self, x, mask=None):
        return self.attention(x, mask)


class Backwards(BertEncoder):
    def forward(self, x, mask=None):
        for layer in reversed(self.layer):
            x = layer(x, mask)
        return x

# %%
broken = {
    "GELU in its tanh form": with_parts(own, {"BertIntermediate": TanhGelu}),
    "layer 2 left out": with_parts(own, {}),
    "ReLU for GELU": with_parts(own, {"BertIntermediate": Relu}),
    "layers in reverse": with_parts(own, {"BertEncoder": Backwards}),
    "no feed-forward": with_parts(own, {"BertLayer": NoFeedForward}),
    "no residuals": with_parts(own, {"AddAndNorm": NoResidual}),
}
del broken["layer 2 left out"].encoder.layer[2]
reviews = [review.text for review in movie_reviews()[::75] if len(review.text) < 110]
whole = sentence_vectors(own, tokenizer, reviews)
itself = 2 * torch.eye(len(reviews))
likeness = {}
for name, model in broken.items():
    vectors = sentence_vectors(model, tokenizer, reviews)
    same = ((vectors @ vectors.T - itself).argmax(dim=-1) == (whole @ whole.T - itself).argmax(dim=-1)).float().mean()
    likeness[name] = (vectors * whole).sum(dim=-1).mean().item()
    print(f"{name:22} cosine to the whole model's vectors {likeness[name]:5.2f}   same nearest neighbour {same:4.0%}")

# %%
figure, panel = plt.subplots(figsize=(7.5, 2.8), layout="constrained")
names = list(likeness)[::-1]
bars = panel.barh(names, [likeness[name] for name in names], color=BLUE)
panel.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
panel.set(xlim=(0, 1.1), xlabel=f"cosine of sentence vectors to the whole model's, mean of {len(reviews)} reviews")
panel.spines[["top", "right"]].set_visible(False)
show(figure, "Bars, how like the whole model's the sentence vectors still are: "
     + ", ".join(f"{name} {value:.2f}" for name, value in likeness.items()))

# %% [markdown]
# A whole layer can go missing, and the vectors still point much the same way: each layer adds a small change, and the
# residuals carry the rest past it. But take the residuals away, and nothing is left. What becomes of the words then?

# %%
def likeness_of_words(model, sentence):
    """The mean cosine between two words of the sentence, as they go in and after each layer."""
    ids = tokenizer(sentence)["input_ids"]
    with torch.no_grad():
        stages = [model.embeddings(ids)]
        for layer in model.encoder.layer:
            stages.append(layer(stages[-1]))
    x = F.normalize(torch.stack(stages)[:, 0], dim=-1)     # (L + 1, T, D)
    T = x.size(1)
    return ((x @ x.mT).sum(dim=(1, 2)) - T) / (T * T - T)


sentence = "The film is slow, but its actors are wonderful."
figure, panel = plt.subplots(figsize=(6.5, 3), layout="constrained")
for name, model, colour, marker in (("no residuals", broken["no residuals"], RED, "o"), ("whole", own, BLUE, "s")):
    panel.plot(likeness_of_words(model, sentence), color=colour, marker=marker, label=name)
panel.set(xticks=range(7), xticklabels=["in", *range(6)], xlabel="after layer", ylim=(0, 1.05),
          title="How alike the words of one sentence are (cosine)")
panel.legend(frameon=False, loc="center right")
show(figure, "Mean cosine between the words of a sentence by layer. In the whole model it rises slowly and stays below "
     "0.4; without residuals it reaches 1 after four layers: all words have become the same vector.")

# %% [markdown]
# Attention takes means, and means of means make all things equal. Without residuals, after four layers all the words of the
# sentence are **the same vector**. LayerNorm keeps that vector at a good size; but there is only one. It is the residual
# that remembers who is who.

# %% [markdown]
# ## Check yourself

# %%
quiz("05_encoder")

# %% [markdown]
# ## Where this stands
#
# - **The papers**: [Attention Is All You Need](https://arxiv.org/abs/1706.03762), sections 3.1 (the layer), 3.3 (feed-forward)
#   and 5.4 (dropout); [GELU](https://arxiv.org/abs/1606.08415). That words collapse without shortcuts is shown in
#   [Dong et al. 2021](https://arxiv.org/abs/2103.03404); that feed-forwards hold detectors, in
#   [Geva et al. 2021](https://arxiv.org/abs/2012.14913).
# - **In real systems** the order is now mostly pre-norm, LayerNorm is often RMSNorm (no mean taken off, no bias), GELU has
#   got a gate (GeGLU, SwiGLU), and dropout is often left out. The two halves and the residuals have stayed.
# - **Next**: [06_pooler](06_pooler.ipynb), where one vector is made for the whole text, and the parts become a model.

# %%
from bert_parts.learn import progress  # noqa: E402

progress()
