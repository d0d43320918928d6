# %% [markdown]
# # 6 · The pooler, and BERT put together
#
# **You will write the last part, put all parts together into one BERT, and count its 22,713,216 numbers. And you will
# find a part of it that nobody ever trained.**
#
# Time: about an hour. Builds on: [04_embeddings](04_embeddings.ipynb) and [05_encoder](05_encoder.ipynb).

# %%
import torch
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional as F

from bert_parts import BertConfig, load_pretrained, mean_pooling, movie_reviews, padding_mask
from bert_parts.datasets import passages, yes_no_questions
from bert_parts.learn import check, hint, mine, my_model, progress, quiz, reveal
from bert_parts.visualize import show

torch.manual_seed(0)
bert, tokenizer = load_pretrained("all-MiniLM-L6-v2")     # the real weights

# %% [markdown]
# ## The idea
#
# The encoder gives a vector for each token. But many questions are about a text as a whole. Is this review kind? Does
# this sentence follow from that one? For these one wants **one vector for the whole text**. To make one of many is
# called **pooling**.
#
# BERT's way: the tokenizer puts `[CLS]` before every text, a token without a meaning. It can look at all the others,
# in every layer, so let *it* collect what is to be said about the whole. The **pooler** takes its vector, and sends it
# through one more layer.

# %%
batch = tokenizer(["Good!", "A film to remember."])
tokens = tokenizer.convert_ids_to_tokens(batch["input_ids"][1])
figure, panel = plt.subplots(figsize=(9, 3.6), layout="constrained")
rows = {0: "ids", 1: "embeddings  (B, T, D)", 2: "encoder  (B, T, D)", 3: "pooler  (B, D)"}
for row, name in rows.items():
    panel.text(-1.1, row, name, ha="right", va="center", fontsize=11)
    for place, token in enumerate(tokens if row < 3 else tokens[:1]):
        colour = "#c0392b" if place == 0 and row > 1 else "#1f618d"
        panel.text(place, row, token if row == 0 else " " * 9, ha="center", va="center", fontsize=10, color="black",
                   bbox={"boxstyle": "round,pad=0.4", "facecolor": "white" if row == 0 else colour, "edgecolor": colour})
for place in range(len(tokens)):
    panel.annotate("", (place, 0.75), (place, 0.3), arrowprops={"arrowstyle": "->", "color": "grey"})
    for other in range(len(tokens)):
        panel.plot((other, place), (1.25, 1.75), color="grey", linewidth=0.5)
panel.annotate("", (0, 2.75), (0, 2.3), arrowprops={"arrowstyle": "->", "color": "#c0392b"})
panel.set(xlim=(-3.6, len(tokens) - 0.4), ylim=(-0.5, 3.5))
panel.axis("off")
show(figure, f"The tokens {' '.join(tokens)}, each with an arrow to its embedding. In the encoder every position is linked to every "
     "other. From the first, [CLS], and from it alone, an arrow leads on to the pooler.")

# %% [markdown]
# As a formula, with $h_0$ for what comes out of the encoder at `[CLS]`:
#
# $$\mathrm{pooled} = \tanh(W h_0 + b)$$
#
# ## Build it, step by step
#
# ### 1. One vector for a text

# %%
with torch.no_grad():
    hidden, pooled = bert(**batch)
    by_hand = torch.tanh(bert.pooler.dense(hidden[:, 0]))
print("hidden", tuple(hidden.shape), "→ first tokens", tuple(hidden[:, 0].shape), "→ pooled", tuple(pooled.shape))
print("the same as the model's:", torch.allclose(by_hand, pooled))

# %% [markdown]
# The **tanh** bends any number into the range from −1 to 1. Small ones hardly change, large ones are held back.
#
# What is it for? The first BERT was trained, among other things, to say whether one text follows upon another. It
# answered from the pooled vector, so `[CLS]` and pooler had to learn to sum up. The pooled vector is still the place
# to attach what is said of a text *as a whole*: a label, or a yes or no about a pair of texts. It is not for what is
# said of *single words*, such as "this is a name" or "the answer starts here". That needs the hidden states, one for
# each token.

# %% [markdown]
# ## Your turn: the pooler
#
# The whole class. It has one linear layer, from D to D numbers, called `dense`, since that is its name in published
# weights. Keep the config as `self.config`.

# %% tags=["exercise"]
class BertPooler(nn.Module):
    """The first token's vector, [CLS], through a dense layer and tanh (Devlin et al. 2019, section 3.1).

    Shapes:
        hidden (B, T, D) → pooled (B, D)
    """

    def __init__(self, config):
        ...

    def forward(self, hidden):
        ...

# %%
check(BertPooler)

# %%
BertPooler = mine(BertPooler)
# hint(BertPooler)
# reveal(BertPooler)

# %% [markdown]
# ### 2. Has this one learned anything?
#
# Before training, weights are drawn at random from a bell curve, and biases are set to 0. Training moves both. A bias
# that has moved does not come back to exactly 0. Let us look at all 37 linear layers of this model:

# %%
layers = {name: module for name, module in bert.named_modules() if isinstance(module, nn.Linear)}
for name, module in list(layers.items())[-3:]:
    print(f"{name:33} {int((module.bias == 0).sum()):4} of {len(module.bias)} biases are exactly 0")
untouched = [name for name, module in layers.items() if (module.bias == 0).any()]
print(f"Of all {len(layers)} linear layers, those with a bias of exactly 0: {untouched}")

# %%
figure, panel = plt.subplots(figsize=(9, 3), layout="constrained")
steps = torch.linspace(-8, 8, 81)
for name, colour in (("encoder.layer.5.output.dense", "#1f618d"), ("pooler.dense", "#c0392b")):
    weight = layers[name].weight.detach().flatten()
    counts = torch.histogram(weight / weight.std(), steps, density=True).hist
    panel.plot((steps[1:] + steps[:-1]) / 2, counts.where(counts > 0, torch.nan), "o-", markersize=3, color=colour, label=name)
bell = torch.exp(-steps**2 / 2) / (2 * torch.pi) ** 0.5
panel.plot(steps, bell, color="black", linewidth=1, linestyle="--", label="bell curve")
panel.set(yscale="log", ylim=(1e-6, 1), xlabel="weight, in standard deviations", ylabel="how often")
panel.legend(frameon=False)
show(figure, "How often each size of weight occurs, on a logarithmic scale. The pooler's weights lie on the dashed bell curve. Those of a "
     "trained layer leave it and have far more large weights, out to 8 standard deviations.")

# %% [markdown]
# The pooler's biases are 0, all 384 of them, and its weights lie on the bell curve from which they were drawn. **The
# pooler of this checkpoint was never trained.** Its makers wanted sentence vectors, and take the *mean* of the hidden
# states. The pooler is only there because every BERT has one. So a file may hold a part that is of no use, and the
# model runs all the same. Nothing warns you.

# %% [markdown]
# ## Put it together
#
# Now all parts are there. BERT is a short program over them:
#
# 1. **Embeddings**: ids and token types become vectors.
# 2. The **mask**. The tokenizer gives an `attention_mask` of shape (B, T), 1 for a token and 0 for padding. Attention
#   wants it boolean and of shape (B, 1, 1, T), as your `padding_mask` makes it. If there is none, nothing is hidden,
#   and the mask is `None`.
# 3. The **encoder**: vectors and mask go in, hidden states come out.
# 4. The **pooler**: hidden states go in, one vector for each text comes out.

# %%
print(batch["attention_mask"])
print(padding_mask(batch["attention_mask"]).shape, padding_mask(batch["attention_mask"])[0, 0, 0])

# %% [markdown]
# ## Your turn: BERT
#
# `__init__` and the starting weights are written for you. Write `forward`; it gives back two things, the hidden states
# and the pooled vectors. (The course's version also says what is wrong with a mask that cannot be one. Yours need
# not.)

# %% tags=["exercise"]
class BertModel(nn.Module):
    """Embeddings, encoder, pooler (Devlin et al. 2019, section 3).

    Shapes:
        input_ids (B, T) int64, attention_mask (B, T) of 0 and 1 (None: no padding), token_type_ids (B, T) int64
        (None: all zeros) → hidden (B, T, D), pooled (B, D)
    """

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config)
        self.apply(self.initialize)

    def initialize(self, module):
        """Small normal weights, zero biases (appendix A.2 trains from there)."""
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.config.initializer_range)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])

    def forward(self, input_ids, attention_mask=None, token_type_ids=None):
        """Raises what the embeddings raise, and TypeError or ValueError for a wrong attention_mask."""
        ...

# %%
check(BertModel)

# %%
BertModel = mine(BertModel)
# hint(BertModel)
# reveal(BertModel)

# %% [markdown]
# ## Drop it in

# %%
own, _ = my_model()
batch = tokenizer(["The dog bit the man.", "Good!"], ["He bit back.", "Not good at all, if you ask me."])
with torch.no_grad():
    (ours, our_pooled), (yours, your_pooled) = bert(**batch), own(**batch)
real = batch["attention_mask"].bool()
assert (ours - yours)[real].abs().max() < 1e-5 and (our_pooled - your_pooled).abs().max() < 1e-5
for part in (own, own.pooler):
    author = "the course" if type(part).__module__.startswith("bert_parts") else "you"
    print(f"{type(part).__name__:10} was written by {author}")
print("The same hidden states and the same pooled vectors, to within 0.00001.")

# %% [markdown]
# ## How large is it?
#
# "A model of 22.7 million parameters": that is how many numbers it has learned. You know every part now, so you can
# count them, without the model, from the sizes in its config alone.
#
# - A **table** of n rows learns n · D numbers.
# - A **linear map** from m to n numbers learns m · n weights and n biases, together (m + 1) · n.
# - A **LayerNorm** learns a weight and a bias for each column: 2 · D.
#
# Try it on one layer's first map:

# %%
query = bert.encoder.layer[0].attention.self.query
print(f"(384 + 1) · 384 = {(384 + 1) * 384:,}; the model has {sum(p.numel() for p in query.parameters()):,}")

# %% [markdown]
# ## Your turn: count the parameters
#
# Give back a dictionary with five counts, named as in the description. The four sizes you need beside those of the
# tables are `config.hidden_size`, `config.intermediate_size`, `config.num_hidden_layers`, and no, not the number of
# heads. In a layer, a LayerNorm follows attention and another follows the feed-forward. W^O is the map after
# attention: D to D.

# %% tags=["exercise"]
def count_parameters(config):
    """How many numbers a BertModel of these sizes learns, part by part; together they are the whole model.

    Returns:
        "words": the table of words.
        "positions and segments": the other two tables, and the LayerNorm of the embeddings.
        "attention": in all layers, query, key, value, W^O and the LayerNorm after them.
        "feed-forward": in all layers, both its linear maps and the LayerNorm after them.
        "pooler": its linear map.
    """
    ...

# %%
check(count_parameters)

# %%
count_parameters = mine(count_parameters)
# hint(count_parameters)
# reveal(count_parameters)

# %%
models = {"this model": bert.config, "BERT-base": BertConfig()}     # BERT-base is what BertConfig gives unless told otherwise
counts = {name: count_parameters(config) for name, config in models.items()}
for part in counts["this model"]:
    print(f"{part:23}", "   ".join(f"{count[part]:11,} {count[part] / sum(count.values()):4.0%}" for count in counts.values()))
print(f"{'together':23}", "        ".join(f"{sum(count.values()):11,}" for count in counts.values()))
assert sum(counts["this model"].values()) == sum(p.numel() for p in bert.parameters()) == 22_713_216

# %%
figure, panel = plt.subplots(figsize=(9, 2.8), layout="constrained")
colours = {"words": "#1f618d", "positions and segments": "#7f8c8d", "attention": "#e59866", "feed-forward": "#c0392b",
           "pooler": "#17202a"}
for row, (name, count) in enumerate(counts.items()):
    left = 0
    for part, colour in colours.items():
        share = count[part] / sum(count.values())
        panel.barh(row, share, left=left, color=colour, edgecolor="white", label=part if row == 0 else None)
        if share > 0.05:
            text = f"{share:.0%}\n{count[part] / 1e6:.1f} M"
            panel.text(left + share / 2, row, text, ha="center", va="center", fontsize=9,
                       color="black" if part == "attention" else "white")
        left += share
panel.set_yticks(range(len(counts)), [f"{name}\n{sum(count.values()) / 1e6:.1f} M" for name, count in counts.items()])
panel.set(xlim=(0, 1), xticks=[], ylim=(1.5, -0.5))
panel.spines[:].set_visible(False)
panel.legend(frameon=False, ncols=5, loc="upper center", bbox_to_anchor=(0.5, 0), fontsize=9)
in_words = [f"{name}: " + ", ".join(f"{part} {n / sum(count.values()):.0%}" for part, n in count.items())
            for name, count in counts.items()]
show(figure, f"Two bars, each cut up into the parts of a model. {'; '.join(in_words)}.")

# %% [markdown]
# More than half of this model is its table of words! In BERT-base, which has the same words, it is a fifth. And
# attention, of which everyone speaks, is the smaller part of a layer: the feed-forward is twice as large.
#
# Size is not work, though. From the table of words, one row is looked up for each token, and that costs next to
# nothing. A matrix of a layer is multiplied with every token's vector. What a model takes in memory and what it takes
# in time are two different things.

# %% [markdown]
# ## Look: `[CLS]`, pooler or mean?
#
# We have three ways to make one vector of a text: `[CLS]` as it comes out of the encoder, the pooler's vector, and the
# mean over all tokens (`mean_pooling`, which you know from [notebook 00](00_start_here.ipynb)). Which is best at
# telling what is alike? Let us ask real texts, in two ways:
#
# - **Search.** 300 questions that people typed into a search engine, and 300 Wikipedia passages, one of which answers
#   each. For each question we take the passage whose vector has the largest cosine. How often is it the right one? By
#   chance: 1 in 300.
# - **Opinion.** 600 review sentences, praise or blame by people's ratings. Is the sentence nearest to a sentence of
#   the same opinion? By chance: about half of the time.

# %%
all_passages, questions, titles = passages(), [], set()
for question in yes_no_questions()[::12]:
    title = all_passages[question.passage].title
    if title not in titles and len(titles) < 300:     # one question an article, so that only one passage is right
        titles.add(title)
        questions.append(question)
asked = [question.text for question in questions]
answers = [all_passages[question.passage].text for question in questions]
reviews = [review for review in movie_reviews() if abs(review.rating) >= 1][::14][:600]
praise = torch.tensor([review.rating > 0 for review in reviews])
print(f"{len(asked)} questions, such as: {asked[7]}?")
print(f"{len(reviews)} reviews, {praise.float().mean():.0%} of them praise")

# %%
@torch.inference_mode()
def pooled_in_three_ways(texts):
    """For each way of pooling the vectors (N, D) of N texts, of which at most 64 tokens are read."""
    by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))     # so that there is little padding
    vectors = {way: torch.empty(len(texts), bert.config.hidden_size) for way in ("[CLS]", "pooler", "mean")}
    for places in torch.tensor(by_length).split(50):
        batch = tokenizer([texts[place] for place in places], max_length=64)
        hidden, pooled = bert(**batch)
        vectors["[CLS]"][places], vectors["pooler"][places] = hidden[:, 0], pooled
        vectors["mean"][places] = mean_pooling(hidden, batch["attention_mask"])
    return vectors


question_vectors, answer_vectors, review_vectors = (
    pooled_in_three_ways(texts) for texts in (asked, answers, [review.text for review in reviews]))

# %%
def found(questions, answers):
    """The share of questions whose own answer is the nearest."""
    cosines = F.normalize(questions, dim=-1) @ F.normalize(answers, dim=-1).T     # (N, N)
    return (cosines.argmax(dim=1) == torch.arange(len(questions))).float().mean().item()


def same_opinion(vectors):
    """The share of reviews whose nearest other review is of the same opinion."""
    cosines = F.normalize(vectors, dim=-1) @ F.normalize(vectors, dim=-1).T
    nearest = cosines.fill_diagonal_(-2).argmax(dim=1)
    return (praise[nearest] == praise).float().mean().item()


search = {way: found(question_vectors[way], answer_vectors[way]) for way in question_vectors}
opinion = {way: same_opinion(vectors) for way, vectors in review_vectors.items()}
for way in search:
    print(f"{way:7} finds the right passage {search[way]:4.0%}   nearest review of the same opinion {opinion[way]:4.0%}")

# %% [markdown]
# PROSE_A

# %%
figure, panel = plt.subplots(figsize=(9, 2.8), layout="constrained")
for way, colour in (("mean", "#1f618d"), ("[CLS]", "#c0392b"), ("pooler", "#e59866")):
    directions = F.normalize(review_vectors[way], dim=-1)
    cosines = (directions @ directions.T)[torch.ones(600, 600).triu(1).bool()]
    panel.hist(cosines.numpy(), bins=100, range=(-0.3, 1), histtype="step", linewidth=1.6, color=colour, label=way)
    print(f"{way:6} mean cosine of two different reviews {cosines.mean():.2f}")
panel.set(xlabel="cosine of two different reviews", ylabel="pairs", yticks=[])
panel.legend(frameon=False, loc="upper left")
show(figure, "Three histograms of the cosines of two different reviews. Those of the mean lie around 0.2. Those of [CLS] and of the pooler "
     "lie around 0.7, close together, hardly any below 0.5.")

# %% [markdown]
# PROSE_B

# %% [markdown]
# ## Break it
#
# If the pooler has learned nothing, then nothing is lost when we throw its weights away and draw new ones. Let us do
# that five times. To compare, we do the same to a part of the same size that *was* trained: the W^O of the last layer.

# %%
def redrawn(layer, seed):
    """Weights like those that the layer has, of the same spread, but new; biases 0."""
    new = nn.Linear(layer.in_features, layer.out_features)
    with torch.no_grad():
        new.weight.normal_(std=layer.weight.std().item(), generator=torch.Generator().manual_seed(seed))
        new.bias.zero_()
    return new


def with_new_pooler(vectors, seed):
    return redrawn(bert.pooler.dense, seed)(vectors["[CLS]"].clone()).tanh().detach()


print(f"the pooler of the file: finds {search['pooler']:.0%}")
for seed in range(5):
    share = found(with_new_pooler(question_vectors, seed), with_new_pooler(answer_vectors, seed))
    print(f"new pooler, seed {seed}:     finds {share:.0%}")

# %%
output = bert.encoder.layer[5].attention.output
trained, output.dense = output.dense, redrawn(output.dense, seed=0)
share = found(pooled_in_three_ways(asked)["mean"], pooled_in_three_ways(answers)["mean"])
output.dense = trained     # put back
print(f"the mean, with the last layer's W^O as it was: finds {search['mean']:.0%}")
print(f"the mean, with the last layer's W^O new:       finds {share:.0%}")

# %% [markdown]
# PROSE_C

# %% [markdown]
# ## Check yourself

# %%
quiz("06_pooler")

# %% [markdown]
# ## Where this stands
#
# - **The papers**: [BERT](https://arxiv.org/abs/1810.04805), section 3, for `[CLS]` and the sizes of BERT-base;
#   [Reimers & Gurevych 2019](https://arxiv.org/abs/1908.10084), who compare `[CLS]`, mean and largest value as
#   sentence vectors.
# - **In real systems** most sentence vectors are means, and some are `[CLS]`; what counts is which of them the
#   training asked for. Many newer models have no pooler at all. When you take a checkpoint with a new head or a
#   pooler, find out whether that part was trained.
# - **Next**: [07_real_weights](07_real_weights.ipynb), where the published weights are loaded into a BERT of your own
#   parts.

# %%
progress()
