// BERT in the page: forms whose texts a worker reads, and what comes of it as pictures and tables.

import { forget, missing } from "./files.js";

const shown = { attention: showAttention, fill: showFound, nearest: showFound };
const waiting = new Map();
let worker;

for (const form of document.querySelectorAll(".try form")) {
  form.addEventListener("submit", (event) => (event.preventDefault(), ask(form)));
  name(form);
  form.closest(".try").hidden = false;
}
document.querySelectorAll(".try-missing").forEach((missed) => (missed.hidden = true));
forget();

// ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

async function name(form) {
  const bytes = await missing(form.dataset.way);
  const does = form.dataset.does;
  form.querySelector("button").textContent = bytes ? `Fetch ${megabytes(bytes)} and ${does}` : does[0].toUpperCase() + does.slice(1);
  form.querySelector(".try-needs").textContent = needs(bytes);
}

function needs(bytes) {
  if (!bytes) return "What this needs is kept in your browser: it works without a network.";
  const then = globalThis.caches ? "It is kept in your browser: from then on this works without a network." : "It is not kept.";
  return `The button fetches what this needs, ${megabytes(bytes)}, from where the page came from. ${then}`;
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

async function ask(form) {
  const { way } = form.dataset;
  const [button, status] = [form.querySelector("button"), form.querySelector("[role=status]")];
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  keepPage().catch(() => null);     // where a browser keeps nothing, it works as long as the page is open
  const needed = await missing(way);
  let come = 0;
  status.textContent = needed ? `Fetching ${megabytes(needed)} …` : "Computing …";
  try {
    const start = performance.now();
    const answer = await answered(way, form.elements.text.value, (bytes) => {
      come += bytes;
      form.querySelector("progress").hidden = come >= needed;
      form.querySelector("progress").value = come / Math.max(come, needed);
      if (needed && come >= needed) status.textContent = "Fetched. Making it ready …";
    });
    const computed = needed ? "Fetched, and computed here." : `Computed here in ${Math.round(performance.now() - start)} ms.`;
    shown[way](form, answer);
    status.textContent = computed + (answer.isCut ? " Of so long a text only the beginning is read." : "");
  } catch (error) {
    status.textContent = error.message;
  }
  button.ariaDisabled = "false";
  form.querySelector("progress").hidden = true;
  document.querySelectorAll(".try form").forEach(name);
}

// The worker's answer; told(bytes) says how many more have been fetched for it.
function answered(way, text, told) {
  worker ??= hire();
  const number = waiting.size;
  worker.postMessage({ number, way, text });
  return new Promise((resolve, reject) => waiting.set(number, { resolve, reject, told }));
}

function hire() {
  const hired = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  hired.onmessage = ({ data: { number, answer, error, bytes } }) => {
    const { resolve, reject, told } = waiting.get(number);
    if (bytes) told(bytes);
    else if (error) reject(new Error(error));
    else resolve(answer);
  };
  hired.onerror = () => {
    worker = undefined;     // another is tried the next time
    waiting.forEach(({ reject }) => reject(new Error("The model does not run in this browser.")));
  };
  return hired;
}

// From now on the pages that the reader opens open without a network, too: this one first.
async function keepPage() {
  if (!navigator.serviceWorker || navigator.serviceWorker.controller) return;
  const root = new URL("../../", import.meta.url);
  await navigator.serviceWorker.register(new URL("offline.js", root));
  const cache = await caches.open("bert_parts pages");
  const parts = performance.getEntriesByType("resource").map((entry) => entry.name);
  const scripts = ["worker.js", "wordpiece.js", "ort.wasm.bundle.min.mjs"].map((name) => new URL(name, import.meta.url).href);
  const here = [location.href, ...parts, ...scripts].filter((url) => url.startsWith(root.href) && !url.endsWith(".gz"));
  await Promise.allSettled(here.map((url) => cache.add(url)));
}

// ── attention ───────────────────────────────────────────────────────────────────────────────────────────────────────

function showAttention(form, { tokens, maps, sizes: [layers, heads, count] }) {
  const size = count ** 2;
  const numbers = (many) => [...Array(many).keys()];
  const all = numbers(layers * heads).map((place) => ({
    name: `Layer ${Math.floor(place / heads)}, head ${place % heads}`,
    weights: maps.subarray(place * size, (place + 1) * size),
  }));
  const grid = form.querySelector(".try-heads");
  const chosen = grid.querySelector(":checked")?.value ?? grid.dataset.head;
  const choices = all.map((head, place) => choice(head, tokens, place, place === Number(chosen)));
  const top = made("div", { ariaHidden: "true" }, ...numbers(heads + 1).map((head) => made("span", {}, head ? head - 1 : "")));
  const rows = numbers(layers).map((layer) => made(
    "div", {}, made("span", { ariaHidden: "true" }, layer), ...choices.slice(layer * heads, (layer + 1) * heads),
  ));
  grid.style.setProperty("--heads", heads);
  grid.replaceChildren(grid.querySelector("legend"), top, ...rows);
  grid.onchange = ({ target }) => showHead(form, all[target.value], tokens);
  form.querySelector(".try-picture").hidden = false;
  draw = () => grid.querySelectorAll("canvas").forEach((canvas, place) => paint(canvas, all[place].weights, count));
  draw();
  showHead(form, all[chosen], tokens);
}

// A head's small heatmap, to be chosen.
function choice({ name, weights }, tokens, value, checked) {
  const ariaLabel = `${name}: ${strongest(weights, tokens)[0]}`;
  const input = made("input", { type: "radio", name: "head", value, checked, ariaLabel });
  return made("label", { title: ariaLabel }, input, made("canvas", { width: tokens.length, height: tokens.length }));
}

let draw = () => {};
new MutationObserver(() => draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });

function paint(canvas, weights, count) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(count, count);
  const [red, green, blue] = getComputedStyle(canvas).color.match(/\d+/g);
  weights.forEach((weight, place) => picture.data.set([red, green, blue, 255 * weight], 4 * place));
  context.putImageData(picture, 0, 0);
}

// A head as a table, whose squares have their numbers.
function showHead(form, { name, weights }, tokens) {
  const caption = `${name}. Strongest: ${strongest(weights, tokens).join("; ")}.`;
  const top = made("tr", {}, made("td"), ...tokens.map((token) => made("th", { scope: "col" }, made("span", {}, token))));
  const rows = tokens.map((token, row) => {
    const shares = [...weights.subarray(row * tokens.length, (row + 1) * tokens.length)];
    const squares = shares.map((share) => made("td", { style: `--share: ${100 * share}%` }, percent(share)));
    return made("tr", {}, made("th", { scope: "row" }, token), ...squares);
  });
  form.querySelector("table").replaceChildren(made("caption", {}, caption), made("thead", {}, top), made("tbody", {}, ...rows));
}

const percent = (share) => String(Math.round(100 * share));

function strongest(weights, tokens) {
  const places = [...weights.keys()].sort((one, other) => weights[other] - weights[one]).slice(0, 3);
  const named = (place) => `${tokens[Math.floor(place / tokens.length)]} → ${tokens[place % tokens.length]}`;
  return places.map((place) => `${named(place)} ${percent(weights[place])} %`);
}

// ── what was found ──────────────────────────────────────────────────────────────────────────────────────────────────

function showFound(form, { found }) {
  const isFill = form.dataset.way === "fill";
  const rows = found.map(([words, number]) => made(
    "tr", {}, made("th", { scope: "row" }, words),
    made("td", { style: `--share: ${100 * number}%` }, isFill ? `${(100 * number).toFixed(1)} %` : number.toFixed(2)),
  ));
  form.querySelector("tbody").replaceChildren(...rows);
  form.querySelector("table").hidden = false;
}

function made(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}
