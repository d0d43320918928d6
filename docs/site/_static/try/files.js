// The files of the models: which are needed for what, fetched when they are asked for, and kept in this browser.

const KEPT = "bert_parts models";

// {"needed": {"attention": ["runtime", …], …}, "files": {"runtime": {"name": "runtime-0123abcd.wasm.gz", "bytes": 3678426}, …}}
// A promise, since a worker that waited for it here would miss what it is asked meanwhile.
const list = fetch(address("files.json")).then((response) => response.json());

function address(name) {
  return new URL(name, import.meta.url).href;
}

const place = async (name) => address((await list).files[name].name);

// Where there is no such storage, as on a page that did not come by https, files are fetched each time.
function storage() {
  return globalThis.caches ? caches.open(KEPT).catch(() => null) : Promise.resolve(null);
}

// How many bytes are still to be fetched for something. What is kept is not read for that.
export async function missing(way) {
  const { needed, files } = await list;
  const there = await Promise.all(needed[way].map(kept));
  return needed[way].reduce((sum, name, place) => sum + (there[place] ? 0 : files[name].bytes), 0);
}

// What a file holds, unpacked; told(bytes) says how many more have come of it, packed.
export async function content(name, told) {
  const there = await kept(name);
  const unharmed = there && (await unpacked(there).catch(() => null));     // what was damaged where it is kept is fetched again
  return unharmed ?? unpacked(new Response(await fetched(name, told)));
}

const kept = async (name) => (await storage())?.match(await place(name));

const unpacked = (response) => new Response(response.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

async function fetched(name, told) {
  const url = await place(name);
  const whole = await arrived(url, told).catch(() => null);
  const isWhole = whole?.size === (await list).files[name].bytes;
  if (!isWhole) throw new Error("The model could not be fetched: is there a network? Try again.");
  await (await storage())?.put(url, new Response(whole)).catch(() => null);     // no room: it is fetched again the next time
  return whole;
}

async function arrived(url, told) {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) return null;
  const pieces = [];
  for await (const piece of piecesOf(response.body)) {
    pieces.push(piece);
    told(piece.length);
  }
  return new Blob(pieces);
}

// A stream can be gone through by itself everywhere but in Safari.
async function* piecesOf(stream) {
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

// Let go of what an earlier version of the site has left.
export async function forget() {
  const cache = await storage();
  const current = new Set(Object.values((await list).files).map(({ name }) => address(name)));
  for (const { url } of (await cache?.keys()) ?? []) if (!current.has(url)) await cache.delete(url);
}
