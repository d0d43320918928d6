// Text → the ids that a BERT reads, as bert_parts/tokenizer.py makes them. What counts as an accent, a mark and so on, and the
// vocabulary, come from there, in a file that tools/page_models.py writes.

export class WordPiece {
  constructor({ tokens, special, characters, lowercase, longestWord }) {
    this.tokens = tokens;
    this.id = new Map(tokens.map((token, id) => [token, id]));
    this.special = new Set(Object.values(special));
    ({ unknown: this.unknown, first: this.first, last: this.last } = special);
    this.longestWord = longestWord;
    this.longestToken = Math.max(...tokens.map((token) => token.length));
    this.lowercase = lowercase;
    this.is = Object.fromEntries(Object.entries(characters).map(([name, pattern]) => [name, new RegExp(pattern, "gu")]));
  }

  // [CLS], the ids of the text, [SEP]: at most so many, and whether any had to go for that.
  row(text, most) {
    const ids = this.ids(text);
    const kept = ids.slice(0, most - 2);
    return { ids: [this.id.get(this.first), ...kept, this.id.get(this.last)], isCut: kept.length < ids.length };
  }

  ids(text) {
    return this.words(text).flatMap((word) => this.pieces(word)).map((piece) => this.id.get(piece));
  }

  words(text) {
    const parts = text.replace(/\p{Cs}/gu, "").split(this.is.special);     // thanks to its brackets, what it finds is kept
    return parts.flatMap((part) => (this.special.has(part) ? [part] : this.split(this.normalize(part))));
  }

  normalize(text) {
    return text
      .replace(this.is.control, "")
      .replace(this.is.space, " ")
      .replace(this.is.chinese, " $1 ")
      .replace(this.is.decomposable, (run) => run.normalize("NFD"))
      .replace(this.is.accent, "")
      .replace(this.is.oddCapital, (letter) => this.lowercase[letter])
      .toLowerCase();
  }

  split(text) {
    return text.replace(this.is.punctuation, " $1 ").split(" ").filter(Boolean);
  }

  // The longest piece that the vocabulary has, and so on with the rest.
  pieces(word) {
    const letters = [...word];
    if (letters.length > this.longestWord) return [this.unknown];
    const pieces = [];
    for (let start = 0, end; start < letters.length; start = end) {
      const piece = () => (start ? "##" : "") + letters.slice(start, end).join("");
      end = Math.min(letters.length, start + this.longestToken);
      while (end > start && !this.id.has(piece())) end--;
      if (end === start) return [this.unknown];
      pieces.push(piece());
    }
    return pieces;
  }
}
