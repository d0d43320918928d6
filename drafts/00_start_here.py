# %% [markdown]
# # 0 · Start here
#
# **In this course you build BERT, part by part, in plain PyTorch. When you are done, the published weights run in the code
# that you wrote. This page shows what you will have then.**
#
# Time: 20 minutes. Needs: a little Python. Everything runs on this machine: no graphics card, no account, no network.
#
# A notebook is made of cells. Click into one and press **Shift + Enter** to run it and go on to the next. To run them all,
# choose *Run → Run All Cells* in the menu.

# %%
from textwrap import shorten

import torch

from bert_parts import load_pretrained, movie_reviews
from bert_parts.learn import check, mine, progress, quiz
from bert_parts.search import nearest, sentence_vectors
from bert_parts.visualize import head_view, heads_grid, heatmap, record_attention

bert, tokenizer = load_pretrained("all-MiniLM-L6-v2")
print(f"A real BERT: {len(bert.encoder.layer)} layers, {sum(p.numel() for p in bert.parameters()) / 1e6:.1f} million numbers.")

# %% [markdown]
# ## It reads
#
# BERT turns each word of a text into a vector, a list of 384 numbers, and lets the words look at one another to find out what
# they mean here. Below, each row is a word that looks; dark squares are the words it looks at. Look at the row *its*: whose
# actors are they?

# %%
batch = tokenizer("The film is slow, but its actors are wonderful.")
tokens = tokenizer.convert_ids_to_tokens(batch["input_ids"][0])
with torch.no_grad(), record_attention(bert) as maps:
    hidden, pooled = bert(batch["input_ids"])
heatmap(maps[3][0, 1], tokens, title="One of the 72 attention heads of this BERT: layer 3, head 1")

# %% [markdown]
# There are 12 such heads in each of the 6 layers, and each has found something of its own to look for. Some look at the word before
# (a stripe beside the diagonal), and many rest on `[CLS]`, the mark in front of every text (the left edge).

# %%
heads_grid(maps, tokens)

# %% [markdown]
# The same, to explore. Choose a layer at the top, click the coloured squares to switch its heads off and on, and point at a
# word to see only its lines. (This view needs a running notebook. On GitHub, the pictures above stand for it.)

# %% tags=["nbval-ignore-output"]
head_view(maps, tokens, layer=3, heads=[1])

# %% [markdown]
# ## It knows what is alike
#
# The mean of the words' vectors is a vector for the whole sentence. Sentences that mean alike point the same way, so we can
# search by meaning. Let BERT read two thousand sentences from real film reviews. That takes some seconds.

# %%
reviews = [review.text for review in movie_reviews()[::5]]     # every fifth
vectors = sentence_vectors(bert, tokenizer, reviews)
print(f"{len(vectors):,} sentences, each a point in {vectors.size(1)} dimensions")

# %%
def search(sentence):
    """Print the review sentences nearest in meaning."""
    question = sentence_vectors(bert, tokenizer, [sentence])[0]
    print(f"“{sentence}”")
    for place, cosine in nearest(question, vectors, k=4):
        print(f"   {cosine:.2f}  {shorten(reviews[place], 100)}")


search("my kids loved it")
search("I nearly fell asleep in the cinema")
search("what beautiful photography")

# %% [markdown]
# Not one of them says *cinema* or *photography* back to you word for word: they mean it. Now you. Type a sentence and press
# Enter.

# %% tags=["nbval-ignore-output"]
from ipywidgets import Output, Text, VBox

box = Text(value="a story that children will love", description="Sentence", continuous_update=False)
found = Output()


def answer(change):
    found.clear_output()
    with found:
        search(change["new"])


box.observe(answer, names="value")
answer({"new": box.value})
VBox([box, found])

# %% [markdown]
# ## How an exercise works
#
# In each notebook there are parts that you write yourself. An exercise has a name, a description, and a **check** that looks at
# what you wrote. Let us do one together, and do it wrong first.
#
# The sentence vectors above were means of word vectors. Here is the task: given the vectors of the tokens, shape (B, T, D) for B
# sentences of T tokens, give one mean vector for each sentence, (B, D). A first try:

# %% tags=["demonstration"]
def mean_pooling(hidden, attention_mask):
    """The mean of the tokens' vectors, padding left out (Reimers & Gurevych 2019, section 3).

    Shapes:
        hidden (B, T, D), attention_mask (B, T) of 0 and 1 → (B, D)
    """
    return hidden.mean(dim=1)


check(mean_pooling)

# %% [markdown]
# The check has not just compared numbers. It has recognised the mistake. Sentences in a batch have different lengths, so the
# short ones are filled up with `[PAD]`, and the first try averaged that in. Does it matter? Watch one word and its
# neighbour:

# %%
sentences = ["Good!", "A film that asks much of its audience and gives back more to those who stay until the very end."]
batch = tokenizer(sentences)
with torch.no_grad():
    hidden, _ = bert(batch["input_ids"], batch["attention_mask"])
alone = sentence_vectors(bert, tokenizer, ["Good!"])[0]
careless = mean_pooling(hidden, batch["attention_mask"])[0]
print(f"tokens: {batch['attention_mask'][0].sum()} real, {(batch['attention_mask'][0] == 0).sum()} padding")
print(f"'Good!' beside a long sentence, against 'Good!' alone: cosine {careless @ alone / careless.norm():.2f}")

# %% [markdown]
# One sentence, two meanings, depending on its neighbour. So: multiply padding by 0, and divide by the number of real
# tokens.

# %% tags=["demonstration"]
def mean_pooling(hidden, attention_mask):
    """The mean of the tokens' vectors, padding left out (Reimers & Gurevych 2019, section 3).

    Shapes:
        hidden (B, T, D), attention_mask (B, T) of 0 and 1 → (B, D)
    """
    real = attention_mask[..., None].to(hidden.dtype)     # (B, T, 1)
    return (hidden * real).sum(dim=1) / real.sum(dim=1)


check(mean_pooling)

# %% [markdown]
# Right; and more than that. The check has put our function into the real model, and found the same sentence vectors. And it was
# **kept**: it lies in the folder `my_parts/`, and later notebooks use it in place of the course's. That is how, piece by
# piece, the model becomes yours.

# %%
mean_pooling = mine(mean_pooling)
careful = mean_pooling(hidden, batch["attention_mask"])[0]
print(f"'Good!' beside a long sentence, against 'Good!' alone: cosine {careful @ alone / careful.norm():.2f}")

# %% [markdown]
# Four things help you on the way:
#
# | | |
# |---|---|
# | `check(part)` | looks at your part, and says what is wrong or that it is right. It never stops the notebook. |
# | `hint(part)` | gives a hint, and a stronger one each time, up to three |
# | `reveal(part)` | shows the course's own version: the very code that runs in `bert_parts/` |
# | `progress()` | draws the map of what you have solved |
#
# You can skip any exercise. Until your part passes, the course's takes its place, and each notebook runs to its end.

# %%
progress()

# %% [markdown]
# ## The map
#
# | | notebook | you build | paper |
# |---|---|---|---|
# | 0 | start here | the mean of a sentence | |
# | 1 | [attention](01_attention.ipynb) | scaled dot-product attention, masks, several heads | [Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), 3.2 |
# | 2 | [transformer](02_transformer.ipynb) | positions, the decoder, decoding: English numbers into French | the same, 3.1 and 3.5 |
# | 3 | [tokenizer](03_tokenizer.ipynb) | a vocabulary learned from text; words into pieces, pieces into ids | [Wu et al. 2016](https://arxiv.org/abs/1609.08144), 4.1 |
# | 4 | [embeddings](04_embeddings.ipynb) | word, position and segment vectors | [Devlin et al. 2019](https://arxiv.org/abs/1810.04805), 3 |
# | 5 | [encoder](05_encoder.ipynb) | feed-forward, residuals, layers | Vaswani et al. 2017, 3.1 and 3.3 |
#
# More notebooks follow: the pooler, the whole model with its real weights, pretraining, and what BERT can be asked.

# %% [markdown]
# ## Check yourself

# %%
quiz("00_start_here")

# %% [markdown]
# **Next**: [01_attention](01_attention.ipynb), where you write the part that drew the first picture on this page.
