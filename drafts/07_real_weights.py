# %% [markdown]
# # 7 · Real weights
#
# **Code and numbers meet. You will load the published weights into the BERT that you have written, prove that it computes what
# everybody else's BERT computes, and put it to work on ten thousand real sentences.**
#
# Time: about an hour and a half, four short exercises. Builds on: all notebooks before it, but it runs whatever you
# have solved: what is not yours yet is the course's.

# %%
import json
import tempfile

import torch
import transformers
from matplotlib import pyplot as plt
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from bert_parts import BertConfig, BertModel, load_pretrained, movie_reviews, save_pretrained
from bert_parts.checkpoint import fill_with_nan, find_checkpoint
from bert_parts.learn import check, mine, my_parts, quiz, with_parts
from bert_parts.learn.inside import authors
from bert_parts.search import nearest, sentence_vectors
from bert_parts.visualize import show

transformers.utils.logging.disable_progress_bar()
torch.manual_seed(0)
BLUE, RED, ORANGE, GREY, GREEN = "#1f618d", "#c0392b", "#e59866", "#7f8c8d", "#1e8449"
folder = find_checkpoint("all-MiniLM-L6-v2")
for file in ("config.json", "vocab.txt", "model.safetensors"):
    print(f"{file:18} {(folder / file).stat().st_size / 1e6:6.2f} MB")

# %% [markdown]
# ## The idea
#
# A trained model is two things: **code**, which you have written, and a file of **numbers**, which took weeks of computing. The file
# knows nothing of the code. It holds names, shapes and numbers, and that is all. Loading is putting each number in its
# place. Here is what lies in the file, drawn to size:

# %%
config = BertConfig.from_json(folder / "config.json")
published = load_file(folder / "model.safetensors")     # a dictionary: name → tensor
shares = {}
for name, tensor in published.items():
    part = ".".join(name.split(".")[:3]) if name.startswith("encoder") else name.split(".")[0]
    part = name.split(".")[1] if part == "embeddings" else part
    shares[part] = shares.get(part, 0) + tensor.numel() / 1e6
sizes = {"words": shares["word_embeddings"], "positions": shares["position_embeddings"],
         **{f"layer {n}": shares[f"encoder.layer.{n}"] for n in range(6)}, "pooler": shares["pooler"]}
figure, panel = plt.subplots(figsize=(9, 1.6), layout="constrained")
left = 0
for number, (name, size) in enumerate(sizes.items()):
    colour = {"words": BLUE, "positions": GREY, "pooler": RED}.get(name, (ORANGE, "#f0c6a0")[number % 2])
    panel.barh(0, size, left=left, color=colour, edgecolor="white")
    if size > 1:
        panel.text(left + size / 2, 0, name, ha="center", va="center", fontsize=9,
                   color="white" if name == "words" else "black")
    left += size
panel.set(xlim=(0, left), yticks=[], xlabel="millions of numbers (the thin grey strip: positions; the red one: the pooler)")
panel.spines[["top", "right", "left"]].set_visible(False)
show(figure, "One bar, the numbers in the file: " + ", ".join(f"{name} {size:.1f} million" for name, size in sizes.items()))

# %% [markdown]
# Half of the model is its dictionary: a vector for each of 30,522 word pieces. The six layers that do the thinking are the other
# half.

# %% [markdown]
# ## Build it, step by step
#
# ### 1. Open the file by hand
#
# The format is called safetensors, and it is so plain that you can read it without any library: eight bytes for the length of a
# table, the table as JSON text, then numbers. (Its forerunner, `pickle`, can hold code that runs when you open it. This
# cannot.)

# %%
with open(folder / "model.safetensors", "rb") as file:
    length = int.from_bytes(file.read(8), "little")
    table = json.loads(file.read(length))
    name = "encoder.layer.0.attention.self.query.weight"
    begin, end = table[name]["data_offsets"]
    file.seek(8 + length + begin)
    numbers = torch.frombuffer(bytearray(file.read(end - begin)), dtype=torch.float32).view(table[name]["shape"])
print(f"{len(table) - 1} tensors; for example:")     # one entry of the table, __metadata__, is no tensor
print(" ", name, table[name])
print("the same numbers as the library reads:", torch.equal(numbers, published[name]))

# %% [markdown]
# ### 2. A name is an address
#
# `encoder.layer.0.attention.self.query.weight` reads like a path, and is one. In your model it is the attribute `encoder`, of that the
# attribute `layer`, entry 0, and so on. That is why names mattered in every notebook: a part called `attend` instead of `self` would
# compute as well, and stay empty.

# %%
fresh = BertModel(config)
for name in ("encoder.layer.0.attention.self.query.weight", "encoder.layer.0.output.LayerNorm.bias"):
    print(f"{name:45} model {tuple(fresh.get_parameter(name).shape)}   file {tuple(published[name].shape)}")

# %% [markdown]
# ### 3. Old names
#
# BERT was first published for TensorFlow, in 2018, and names have drifted since. Three rules cover what you will meet:
#
# | in the file | in the model | why |
# |---|---|---|
# | `bert.encoder.…` beside `cls.predictions.…` | `encoder.…`, and no `cls.…` | a model saved with its heads; BERT itself is what is under `bert.` |
# | `….LayerNorm.gamma`, `….LayerNorm.beta` | `….LayerNorm.weight`, `….LayerNorm.bias` | TensorFlow's names |
# | `embeddings.position_ids` | nothing | it counts 0, 1, 2, …: not a weight |
#
# ## Your turn: rename
#
# The first rule is for files that have the prefix somewhere. A file without it is the model already, and all of it is kept: should
# something be left over, the next exercise will report it.

# %% tags=["exercise"]
def rename_published(published):
    """Three rules turn the names of published files into ours.

    1. A file that keeps the model under ``bert.`` also holds heads (``cls.``): the model is what is under ``bert.``.
    2. TensorFlow's names of LayerNorm's parameters, gamma and beta, are weight and bias.
    3. ``position_ids`` counts 0, 1, 2, … and is no weight.
    """
    ...

# %%
check(rename_published)

# %%
from bert_parts.learn import hint, reveal  # noqa: E402, F401

rename_published = mine(rename_published)     # yours if it has passed, the course's until then
# hint(rename_published)
# reveal(rename_published)

# %% [markdown]
# ### 4. What a silent loader does
#
# torch can load with `strict=False`: names that match are loaded, the others are passed over. Published code uses it often, since
# it makes errors go away. Let us see what else goes away. Here is our file under the old names, loaded without
# renaming:

# %%
old = {name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
       for name, tensor in published.items()}
careless = BertModel(config).eval()
careless.load_state_dict(old, strict=False)     # no error, no warning
right, tokenizer = load_pretrained("all-MiniLM-L6-v2")
sentences = ["The movie was boring.", "I nearly fell asleep in the cinema.", "The soup was delicious."]
for name, model in (("right", right), ("careless", careless)):
    movie, cinema, soup = sentence_vectors(model, tokenizer, sentences)
    print(f"{name:9} movie and cinema {movie @ cinema:5.2f}   movie and soup {movie @ soup:5.2f}")

# %% [markdown]
# No error, no warning, numbers between 0 and 1, and even the order of the two is right. Who would look twice? Yet 26 tensors were never
# loaded. A loader must be **strict**: every tensor of the file has a place, every place is filled, and each shape agrees.
#
# ## Your turn: what does not fit
#
# Compare two dictionaries of tensors, and name all that is missing, unexpected or misshapen. Each name belongs under one
# heading only; each list is sorted.

# %% tags=["exercise"]
def misfits(places, weights):
    """The names of the tensors that do not fit, sorted, under "missing", "unexpected" and "misshapen".

    Args:
        places: the model's own tensors by name, as its state_dict() gives them.
        weights: the tensors to be loaded. Missing is what only the model has, unexpected what only the weights have,
            misshapen what both have in different shapes.
    """
    ...

# %%
check(misfits)

# %%
misfits = mine(misfits)
# hint(misfits)
# reveal(misfits)

# %%
for kind, names in misfits(fresh.state_dict(), old).items():
    print(f"{len(names):3} {kind:10} {', '.join(names[:2])}{', …' if len(names) > 2 else ''}")

# %% [markdown]
# ### 5. NaN first
#
# One more safety costs a line: before loading, fill every parameter with **NaN**, "not a number". NaN spreads through every sum. A
# parameter that was not loaded then cannot hide: everything that comes out is NaN.

# %%
careless = BertModel(config).eval()
fill_with_nan(careless)
careless.load_state_dict(old, strict=False)
print(sentence_vectors(careless, tokenizer, sentences)[:, :4])

# %% [markdown]
# ## Drop it in: your BERT
#
# Now the real thing. A BERT is built of your parts; where one is not solved yet, the course's stands in. It is filled with NaN, the
# names are compared, and the weights are loaded strictly.

# %%
own = with_parts(BertModel(config), my_parts())
fill_with_nan(own)
weights = rename_published(published)
print("  ".join(f"{len(names)} {kind}" for kind, names in misfits(own.state_dict(), weights).items()))
own.load_state_dict(weights, strict=True)
own.eval()
written = authors(own)
for part, (number, author) in written.items():
    print(f"{part:20} × {number:2}   written by {author}")
yours = sum(author == "you" for _, author in written.values())
print(f"\n{yours} of the {len(written)} parts are yours.")

# %% [markdown]
# Does it compute what BERT computes? The judge is `transformers`, the library that most of the world uses. Same file, other
# people's code; 96 real sentences, short and long, with padding.

# %%
oracle = transformers.BertModel.from_pretrained(folder, local_files_only=True).eval()
reviews = movie_reviews()
batch = tokenizer([review.text for review in reviews[::111]])
with torch.no_grad():
    hidden, pooled = own(**batch)
    expected = oracle(**batch)
real = batch["attention_mask"].bool()
worst = max((hidden - expected.last_hidden_state)[real].abs().max(), (pooled - expected.pooler_output).abs().max())
assert worst < 1e-5
print(f"{len(real)} sentences, {int(real.sum()):,} words, {hidden[real].numel():,} numbers compared: none is off by 0.00001.")

# %% [markdown]
# **It is BERT.** (The last digits may differ: two programs that add the same numbers in another order round differently.)
#
# And it can leave. Saved, your model is read by anybody's `transformers`:

# %%
with tempfile.TemporaryDirectory() as elsewhere:
    save_pretrained(own, tokenizer, elsewhere)
    theirs = transformers.BertModel.from_pretrained(elsewhere, local_files_only=True).eval()
with torch.no_grad():
    again = theirs(**batch).last_hidden_state
print("read back by transformers, the same:", torch.allclose(again[real], hidden[real], atol=1e-5))

# %% [markdown]
# ## When it does not agree
#
# One day it will not: a part is subtly wrong, all shapes fit, and the answers are off by a little, everywhere. Then do not stare at
# the answers. Find **the first part whose output differs**: what comes before it is right, what comes after only passes it on.
#
# To look inside, use a **hook**, a function that torch calls each time a module has run. It gets the module, what went in,
# and what came out:

# %%
def report(module, arguments, output):
    print(f"{type(module).__name__} ran: {tuple(arguments[0].shape)} went in, {tuple(output.shape)} came out")


handle = own.pooler.register_forward_hook(report)
with torch.no_grad():
    own(**batch)
    handle.remove()     # without this it would report for ever
    own(**batch)

# %% [markdown]
# ## Your turn: catch the outputs
#
# Hang a hook on each named module (`model.get_submodule(name)` finds it), run the model with `model(**batch)`, and take the
# hooks off, whatever happens: in Python, what stands in a `finally` runs even after an error. Mind the loop: each hook must
# know its *own* name.

# %% tags=["exercise"]
def module_outputs(model, names, batch):
    """What comes out of the named modules while the model reads the batch: name → output, without gradients.

    Afterwards the model is as it was: no hook is left behind, even if the model raises an error.

    Args:
        names: as in model.named_modules(), for example "encoder.layer.0".
        batch: what the tokenizer gives: input_ids, token_type_ids and attention_mask.
    """
    ...

# %%
check(module_outputs)

# %%
module_outputs = mine(module_outputs)
# hint(module_outputs)
# reveal(module_outputs)

# %% [markdown]
# ## Your turn: find the first that differs
#
# Use `module_outputs` on both models. Three traps wait: padding, whose vectors nobody reads; the pooler, whose output (B, D) has no
# padding in it; and NaN, which is neither larger nor smaller than anything.

# %% tags=["exercise"]
def first_difference(model, reference, batch):
    """The first part of a BertModel whose output is off by more than 0.0001 anywhere; None if none is.

    In the order in which they run: "embeddings", "encoder.layer.0", "encoder.layer.1", …, "pooler". NaN is off, too.
    What is computed for padding does not count, since nobody reads it.
    """
    ...

# %%
check(first_difference)

# %%
first_difference = mine(first_difference)
# hint(first_difference)
# reveal(first_difference)

# %% [markdown]
# Let us break two copies of your model, each by one small thing. In the first, layer 3 gets the other GELU. In the second,
# a single matrix of layer 1 is turned on its side. It is square, so all names and shapes fit: the strictest loader finds
# nothing.

# %%
other_gelu, turned = with_parts(own, {}), with_parts(own, {})     # copies, which share their weights with yours
intermediate = other_gelu.encoder.layer[3].intermediate
intermediate.forward = lambda x: F.gelu(intermediate.dense(x), approximate="tanh")
query = turned.encoder.layer[1].attention.self.query
query.weight = nn.Parameter(query.weight.detach().T.clone())
print("turned:", {kind: len(names) for kind, names in misfits(turned.state_dict(), weights).items()})
for name, model in (("your model", own), ("other GELU in layer 3", other_gelu), ("matrix turned in layer 1", turned)):
    print(f"{name:25} first differs from transformers at: {first_difference(model, oracle, batch)}")

# %%
parts = ["embeddings", *(f"encoder.layer.{n}" for n in range(6)), "pooler"]
expected = module_outputs(oracle, parts, batch)
figure, panel = plt.subplots(figsize=(8, 3.4), layout="constrained")
looks = (("your model", own, BLUE, "s"), ("other GELU in layer 3", other_gelu, ORANGE, "^"),
         ("matrix turned in layer 1", turned, RED, "o"))
for name, model, colour, marker in looks:
    given = module_outputs(model, parts, batch)
    rows = [real if given[part].dim() == 3 else slice(None) for part in parts]
    off = [(given[part][row] - expected[part][row]).abs().max().clamp(min=1e-8) for part, row in zip(parts, rows, strict=True)]
    panel.plot(off, color=colour, marker=marker, label=name)
panel.axhline(1e-4, color=GREY, linestyle=":", label="counted as a difference")
panel.set(yscale="log", xticks=range(8), xticklabels=["embed", *range(6), "pooler"], xlabel="part",
          title="Largest difference to transformers")
panel.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
show(figure, "Largest difference to transformers, part by part, on a logarithmic scale. Your model stays below 0.00001 "
     "everywhere. The copy with the other GELU rises above 0.0001 at layer 3, the one with a turned matrix leaps at layer 1.")

# %% [markdown]
# The picture is the method: level, level, and then a step. The step is where to look.

# %% [markdown]
# ## Look: ten thousand sentences
#
# Enough proof. Let it read: all 10,605 sentences of film reviews, each turned into one point in a space of 384 dimensions. On two free
# processor cores this takes about a minute.

# %%
texts = [review.text for review in reviews]
vectors = sentence_vectors(own, tokenizer, texts)
print(f"{len(vectors):,} sentences, each a point in {vectors.size(1)} dimensions")

# %%
def search(sentence, k=4):
    """Print the review sentences nearest in meaning."""
    question = sentence_vectors(own, tokenizer, [sentence])[0]
    print(f"“{sentence}”")
    for place, cosine in nearest(question, vectors, k):
        print(f"   {cosine:.2f}  {texts[place][:100]}")


search("I wanted my money back")
search("take your children to see this")
search("so scary I slept with the lights on")
search("the ending ruined everything")

# %% [markdown]
# A search engine that goes by meaning, on a model whose every line you can read. Type something, and press Enter:

# %% tags=["nbval-ignore-output"]
from ipywidgets import Output, Text, VBox  # noqa: E402

box = Text(value="it made me laugh until I cried", description="Sentence", continuous_update=False)
found = Output()


def reply(change):
    found.clear_output()
    with found:
        search(change["new"])


box.observe(reply, names="value")
reply({"new": box.value})
VBox([box, found])

# %% [markdown]
# ### What lies near what
#
# Nobody has told the model what reviews are about. Let **k-means** sort the points into twelve heaps (each point goes to the nearest
# of twelve centres, and each centre moves to the middle of its heap, until nothing moves). We ask each heap for the words that
# set it apart from the rest, and show the six heaps that have the clearest word.

# %% tags=["nbval-ignore-output"]
import numpy as np  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer  # noqa: E402

heaps = KMeans(12, n_init=4, random_state=0).fit(vectors.numpy())
counter = CountVectorizer(stop_words="english", min_df=15, binary=True)
holds = counter.fit_transform(texts)                      # which sentence holds which word
words, overall = counter.get_feature_names_out(), np.asarray(holds.mean(axis=0))[0]
typical, clear = {}, {}
for heap in range(12):
    more = np.asarray(holds[heaps.labels_ == heap].mean(axis=0))[0] - overall
    more[np.isin(words, ["film", "films", "movie", "movies"])] = 0
    typical[heap], clear[heap] = words[np.argsort(-more)[:4]], more.max()
chosen = sorted(clear, key=clear.get, reverse=True)[:6]
for heap in chosen:
    nearness = np.where(heaps.labels_ == heap, vectors.numpy() @ heaps.cluster_centers_[heap], -1)
    print(f"{' · '.join(typical[heap])}   ({(heaps.labels_ == heap).sum()} sentences)")
    print("\n".join(f"    {texts[place][:100]}" for place in np.argsort(-nearness)[:2]))

# %% tags=["nbval-ignore-output"]
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis  # noqa: E402

inside = np.isin(heaps.labels_, chosen)
points = LinearDiscriminantAnalysis(n_components=2).fit_transform(vectors.numpy()[inside], heaps.labels_[inside])
figure, panel = plt.subplots(figsize=(8.5, 5), layout="constrained")
for heap, colour, marker in zip(chosen, (BLUE, RED, ORANGE, GREY, GREEN, "#6c3483"), "os^Dvp", strict=True):
    these = points[heaps.labels_[inside] == heap]
    panel.scatter(*these.T, s=6, color=colour, marker=marker, alpha=0.4, linewidths=0)
    panel.text(*these.mean(axis=0), "\n".join(typical[heap][:2]), color=colour, ha="center", va="center", weight="bold",
               bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 2})
panel.set(xticks=[], yticks=[])
panel.spines[:].set_visible(False)
show(figure, "Points for the sentences of six heaps, seen from the side from which the heaps lie farthest apart: "
     + "; ".join(" and ".join(typical[heap][:2]) for heap in chosen) + ". Each heap is a cloud that touches its neighbours.")

# %% [markdown]
# Every point is a sentence. The page shows the space from the side from which these heaps lie farthest apart; in 384 dimensions there is
# far more room.
#
# The human ratings were never shown to the model either. Are they in its space? We fit a straight line (**ridge
# regression**: one weight for each of the 384 numbers) on every other sentence, and let it guess the rest:

# %%
from sklearn.linear_model import Ridge  # noqa: E402

ratings = torch.tensor([review.rating for review in reviews])
line = Ridge(alpha=1.0).fit(vectors[::2], ratings[::2])
guessed, human = torch.tensor(line.predict(vectors[1::2])), ratings[1::2]
correlation = torch.corrcoef(torch.stack([guessed.float(), human]))[0, 1].item()
figure, panel = plt.subplots(figsize=(5.6, 3.8), layout="constrained")
shades = panel.hexbin(human, guessed, gridsize=26, cmap="Blues", mincnt=1)
figure.colorbar(shades, label="sentences")
panel.set(xlabel="what people said (−4 … 4)", ylabel="what the line guesses", title=f"Correlation {correlation:.2f}")
show(figure, "Guessed against human rating of 5,302 sentences that the line has not seen: a slanting cloud, "
     f"correlation {correlation:.2f}.")
assert 0.6 < correlation < 0.75

# %% [markdown]
# Praise and blame are directions in the space, though nobody put them there. (How far one gets when the model itself may learn
# from ratings is another story.)

# %% [markdown]
# ## Break it
#
# How much does one turned matrix, one of the 103 tensors, spoil? And what if all of layer 1's LayerNorms had gamma and beta exchanged,
# as a careless renaming would do? Both load without a word of protest.

# %%
exchanged = with_parts(own, {})
for norm in (exchanged.encoder.layer[1].attention.output.LayerNorm, exchanged.encoder.layer[1].output.LayerNorm):
    norm.weight, norm.bias = nn.Parameter(norm.bias.detach().clone()), nn.Parameter(norm.weight.detach().clone())
sample = list(range(0, len(texts), 60))
itself = 2 * torch.eye(len(sample))
neighbours = (vectors[sample] @ vectors[sample].T - itself).argmax(dim=-1)
for name, model in (("one matrix turned", turned), ("gamma and beta exchanged", exchanged)):
    spoilt = sentence_vectors(model, tokenizer, [texts[place] for place in sample])
    same = ((spoilt @ spoilt.T - itself).argmax(dim=-1) == neighbours).float().mean()
    print(f"{name:25} fits: {not any(misfits(model.state_dict(), weights).values())}   "
          f"cosine to the right vectors {(spoilt * vectors[sample]).sum(dim=-1).mean():.2f}   same neighbour {same:.0%}")

# %% [markdown]
# That is why loading is checked twice: names and shapes first, then the outputs against a model that is known to be right.

# %% [markdown]
# ## BERT-base
#
# Your code fits every BERT of this family, the original one too: twelve layers, twelve heads, 768 numbers a word. It is about 440 MB and
# must be fetched. If this machine has a network, set `ONLINE` to `True`.

# %%
ONLINE = False
if ONLINE:
    try:
        base, _ = load_pretrained("bert-base-uncased")
        base = with_parts(base, my_parts())
        print(f"{sum(p.numel() for p in base.parameters()):,} numbers in your BERT-base")
    except FileNotFoundError as error:
        print(error)
else:
    print("Not fetched. The course needs no network.")

# %% [markdown]
# ## Check yourself

# %%
quiz("07_real_weights")

# %% [markdown]
# ## Where this stands
#
# - **The papers**: [BERT](https://arxiv.org/abs/1810.04805); the weights are those of MiniLM
#   ([Wang et al. 2020](https://arxiv.org/abs/2002.10957)), taught afterwards to put sentences of like meaning side by side, as in
#   [Sentence-BERT](https://arxiv.org/abs/1908.10084). The reviews and their ratings are from Hutto & Gilbert 2014; see `data/README.md`.
# - **In real systems** files are cut into pieces of some gigabytes, weights come in 16 bits or fewer, and are mapped into memory
#   instead of being read. A search over millions of vectors uses an index that looks at few of them. The strict comparison of
#   names, and parity with a reference, stay.
# - **You own a BERT now.** Take a look at the map of what you have built. Whatever is not solved yet is waiting, and this
#   notebook, run again, will say so.

# %%
from bert_parts.learn import progress  # noqa: E402

progress()
