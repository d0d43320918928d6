// The models of the page, beside it. ONNX Runtime runs them on one thread: more need headers that GitHub Pages does not send.

import { content } from "./files.js";
import * as ort from "./ort.wasm.bundle.min.mjs";
import { WordPiece } from "./wordpiece.js";

const MOST_TOKENS = 40;     // of a text
const MOST_FOUND = 5;
const WAYS = { attention, fill, nearest };
const made = new Map();

onmessage = async ({ data: { number, way, text } }) => {
  try {
    const answer = await WAYS[way](text, (bytes) => postMessage({ number, bytes }));
    postMessage({ number, answer });
  } catch (error) {
    postMessage({ number, error: error.message });
  }
};

// How each of the tokens looks at each, in all heads of all layers.
async function attention(text, told) {
  const { tokens, isCut, maps } = await read(text, told);
  return { tokens, isCut, maps: maps.data, sizes: maps.dims };
}

// The sentences of reviews that mean nearly the same, each with its cosine.
async function nearest(text, told) {
  const { isCut, vector } = await read(text, told);
  const { sentences, whole, scales } = await once("reviews", () => reviews(told));
  const width = vector.data.length;
  const cosines = scales.map((scale, row) => scale * product(vector.data, whole.subarray(row * width)));
  return { isCut, found: largest(cosines).map((row) => [sentences[row], cosines[row]]) };
}

// The likeliest tokens for the [MASK], each with its probability.
async function fill(text, told) {
  const { session, tokenizer } = await model("filler", told);
  const { ids, isCut } = tokenizer.row(text, MOST_TOKENS);
  const places = [...ids.keys()].filter((place) => tokenizer.tokens[ids[place]] === "[MASK]");
  if (places.length !== 1) throw new Error(`Write [MASK] once, for the missing word: here it stands ${places.length} times.`);
  const { shares } = await session.run({ ids: row(ids), place: new ort.Tensor("int64", [BigInt(places[0])]) });
  return { isCut, found: largest(shares.data).map((id) => [tokenizer.tokens[id], shares.data[id]]) };
}

async function read(text, told) {
  const { session, tokenizer } = await model("sentences", told);
  const { ids, isCut } = tokenizer.row(text, MOST_TOKENS);
  const { vector, maps } = await session.run({ ids: row(ids) });
  return { tokens: ids.map((id) => tokenizer.tokens[id]), isCut, vector, maps };
}

function model(name, told) {
  return once(name, async () => {
    await once("runtime", () => runtime(told));
    const tokenizer = new WordPiece(JSON.parse(new TextDecoder().decode(await content(`${name}.tokenizer`, told))));
    return { tokenizer, session: await ort.InferenceSession.create(new Uint8Array(await content(`${name}.model`, told))) };
  });
}

async function runtime(told) {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = await content("runtime", told);
}

// The sentences; and their vectors: the whole numbers of all of them, then what those of each are to be multiplied with.
async function reviews(told) {
  const sentences = new TextDecoder().decode(await content("reviews.text", told)).trimEnd().split("\n");
  const numbers = await content("reviews.vectors", told);
  const end = numbers.byteLength - 4 * sentences.length;
  return { sentences, whole: new Int8Array(numbers, 0, end), scales: new Float32Array(numbers, end) };
}

// What make() gives, made the first time; what failed is made again the next time.
function once(name, make) {
  if (!made.has(name)) {
    const making = make();
    made.set(name, making);
    making.catch(() => made.delete(name));
  }
  return made.get(name);
}

const row = (ids) => new ort.Tensor("int64", ids.map(BigInt), [1, ids.length]);

const product = (vector, whole) => vector.reduce((sum, number, place) => sum + number * whole[place], 0);

// The places of the largest numbers, the largest first.
function largest(numbers) {
  return [...numbers.keys()].sort((one, other) => numbers[other] - numbers[one]).slice(0, MOST_FOUND);
}
