"""The sentences, where they come from, and how each is measured."""

from bert_parts.clinic.claims import reading
from bert_parts.clinic.claims.judging import Claim

SBERT = "https://arxiv.org/abs/1908.10084"
FILLER = "in the mask filler (6 layers, width 256)"
MINILM = "in all-MiniLM-L6-v2"

CLAIMS = {claim.name: claim for claim in (
    Claim("attention", "Attention shows why.",
          "attention is “frequently uncorrelated with gradient-based measures of feature importance” (mostly BiLSTMs, 8 tasks)",
          ("Jain & Wallace 2019, abstract", "https://arxiv.org/abs/1902.10186"),
          f"Kendall's τ of attention with the effect of hiding a word, {FILLER}", "τ of nearness alone with that effect",
          "τ", 0.1, "sentence", reading.attention_tells),
    Claim("pooler", "The pooler's vector is a vector for the sentence.",
          "Spearman's ρ × 100, mean of 7 STS tasks: [CLS] 29.19, mean of BERT's vectors 54.81, mean of GloVe 61.32 "
          "([CLS] itself, before any pooler)",
          ("Reimers & Gurevych 2019, table 1", SBERT),
          f"a sentence's neighbour found among 200 by the pooler's vector, {MINILM}, whose pooler was never trained",
          "found by the mean of the words' vectors in the table",
          "%", 0.05, "sentence", reading.pooled_vector),
    Claim("cls", "[CLS] holds the meaning of a sentence.",
          "as above: [CLS] 29.19, mean of GloVe 61.32",
          ("Reimers & Gurevych 2019, table 1", SBERT),
          f"a sentence's neighbour found among 200 by [CLS], {FILLER}", "found by the mean of the words' vectors in the table",
          "%", 0.05, "sentence", reading.cls_vector),
    Claim("negation", "BERT understands negation.",
          "the completion that is true is the likelier one in 100 % of “A robin is a …”, and in 0 % of “A robin is not a …” "
          "(BERT-base and -large)",
          ("Ettinger 2020, table 12 (NEG-136-SIMP)", "https://aclanthology.org/2020.tacl-1.3/"),
          f"other kinds that are likelier than *bird* in “A robin is not a [MASK].”, {FILLER}", "the same with random weights",
          "%", 0.1, "thing", reading.negation, quick=True),
    Claim("stop_words", "Stop words are ignored.",
          "“filtering out traditional stopwords prior to the neural model reduces its effectiveness” (passage re-ranking)",
          ("Hofstätter et al. 2020, abstract", "https://doi.org/10.1145/3340531.3412079"),
          f"loss at hidden content words with all stop words hidden too, {FILLER}", "loss with the stop words shown",
          "nats", 0.1, "sentence", reading.stop_words, nothing=True),
    Claim("separator", "Much of the attention goes to [SEP].",
          "“over half of BERT's attention in layers 6–10 focuses on [SEP]” (base, texts of 128 tokens)",
          ("Clark et al. 2019, section 3.2", "https://arxiv.org/abs/1906.04341"),
          f"a word's attention that falls on [SEP], {MINILM}", "an even share of it",
          "%", 0.05, "sentence", reading.separator),
    Claim("layers", "Lower layers are syntax, upper layers semantics.",
          "the regions come in the order part of speech, parsing, named entities, semantic roles, coreference (base and large)",
          ("Tenney et al. 2019, abstract", "https://arxiv.org/abs/1905.05950"),
          f"layer at which a probe for sentiment gains, on average, {FILLER}", "layer at which one for a noun's role gains",
          "layers", 1.0, "split", reading.layers),
    Claim("morphemes", "Sub-words are morphemes.",
          "unigram pieces “align more closely with morphology” than BPE's (no figure for WordPiece)",
          ("Bostrom & Durrett 2020, abstract", "https://aclanthology.org/2020.findings-emnlp.414"),
          "words with an ending or beginning of a list that are cut at that seam, by BERT's vocabulary", "cut there by lot",
          "%", 0.5, "word", reading.morphemes),
    Claim("distance", "Position embeddings encode distance.",
          "asked with pictures of the cosines, position by position (no single figure that we could check)",
          ("Wang & Chen 2020", "https://arxiv.org/abs/2010.04903"),
          f"of two positions the nearer is the more alike, {MINILM}, first 256", "the same for random vectors",
          "%", 0.25, "position", reading.distance, quick=True),
    Claim("segments", "Segment embeddings matter.",
          "other segment ids at the time of reading: “for classification tasks and monolingual BERT models no large differences "
          "are observed”",
          ("A Tale on BERT and Segment Embeddings (LREC 2022), abstract",
           "https://pure.itu.dk/en/publications/frustratingly-easy-performance-improvements-for-low-resource-setu"),
          f"a sentence's neighbour found among 200 with all tokens in segment 0, as in training, {MINILM}", "with all in segment 1",
          "%", 0.05, "sentence", reading.segments),
    Claim("cone", "Training squeezes all vectors into a narrow cone.",
          "vectors of words are “not isotropic in any layer” of BERT",
          ("Ethayarajh 2019, abstract", "https://arxiv.org/abs/1909.00512"),
          f"cosine of two words of different sentences, {FILLER}, last layer", "the same with random weights",
          "cosine", 0.2, "pair", reading.one_direction),
)}
