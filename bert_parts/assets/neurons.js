// The neuron view by mouse and by keyboard, around bertviz's drawing and with what frame.js has. A word that looks stays chosen
// until another is, so that one can point at the numbers beside it; of its query one number, a neuron, may be chosen, too.

const shown = window.bertviz_params.attention.all;
const chosen = {word: 0, neuron: null};
const words = group => every(`#${group} #leftText g`);
const digits = value => value.toFixed(2).replace("-", "−");
const signed = value => (value < 0 ? "" : "+") + digits(value);

function startNeurons(word) {
  chosen.word = word;
  document.querySelector("#att_head").addEventListener("change", tell);
  document.querySelector("#expand").addEventListener("click", expand);
  document.addEventListener("mouseover", point);
  document.addEventListener("keydown", pressed);
  document.addEventListener("focusin", event => take(words("expanded").indexOf(event.target)));
  document.addEventListener("click", tell);
  new MutationObserver(drawn).observe(document.querySelector("#vis"), {childList: true});     // another head is another drawing
  drawn();
  expand();
}

// What a new drawing lacks: room, names for the words, and the words' way to stay chosen.
function drawn() {
  const svg = document.querySelector("#vis > svg");
  const height = parseFloat(svg.getAttribute("height")) - 50;     // bertviz leaves 58 pixels free below
  svg.setAttribute("viewBox", `0 0 1010 ${height}`);
  svg.removeAttribute("height");
  svg.style.cssText = "display:block;width:100%;min-width:640px;max-width:1010px";
  every("#leftText").forEach(side => {
    side.setAttribute("role", "listbox");
    side.setAttribute("aria-label", "Words that look");
    every("g", side).forEach(word => {
      word.setAttribute("role", "option");
      d3.select(word).on("mouseleave", null);
    });
  });
  take(chosen.word);
}

// bertviz hides its switch between the lines and the numbers in the chosen word's sign, for the mouse only.
function expand() {
  const group = isExpanded() ? "expanded" : "collapsed";
  every("rect", words(group)[chosen.word]).find(r => listens(r, "click")).dispatchEvent(new MouseEvent("click", {bubbles: true}));
}

function isExpanded() {
  return document.querySelector("#expanded").getAttribute("visibility") === "visible";
}

function take(word) {
  if (word < 0) return;
  chosen.word = word;
  ["collapsed", "expanded"].forEach(group => words(group).forEach((each, i) => {
    each.setAttribute("tabindex", i === word ? 0 : -1);
    each.setAttribute("aria-selected", i === word);
    if (i === word) each.dispatchEvent(new MouseEvent("mouseover"));     // it does not bubble, so only bertviz hears it
  }));
  tell();
}

function point(event) {
  const group = event.target.closest("#leftText g");
  if (group) take(every("g", group.parentNode).indexOf(group));
  if (event.target.matches("#expanded .element")) {
    chosen.neuron = every(".element", event.target.parentNode).indexOf(event.target);
    tell();
  }
}

function pressed(event) {
  if (event.target.getAttribute("role") !== "option") return;
  const [row, column] = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key] || [0, 0];
  if (!row && !column) return;
  event.preventDefault();     // or the frame would scroll
  const last = shown.queries[0][0][0].length - 1;
  if (column) chosen.neuron = chosen.neuron === null ? 0 : Math.min(last, Math.max(0, chosen.neuron + column));
  const next = words(isExpanded() ? "expanded" : "collapsed")[chosen.word + row];
  if (next) {
    take(chosen.word + row);
    next.focus();
  }
}

// Says in words what is chosen, and marks it.
function tell() {
  const head = +document.querySelector("#att_head").value;
  const [query, weights] = [shown.queries, shown.attn].map(all => all[0][head][chosen.word]);
  const keys = shown.keys[0][head];
  const parts = keys.map(key => key.map((each, i) => each * query[i] / Math.sqrt(query.length)));     // (words, neurons)
  const names = shown.right_text, name = names[chosen.word];
  const best = (values, size = x => x) => values.map((_, i) => i).sort((a, b) => size(values[b]) - size(values[a])).slice(0, 3);
  const looks = best(weights);
  const told = looks.map(i => `${names[i]} ${digits(weights[i])}`).join(", ");
  words("expanded").concat(words("collapsed")).filter(word => word.tabIndex === 0)
    .forEach(word => word.setAttribute("aria-label", `${name} looks at ${told}`));
  const [line, neuron, root] = [document.querySelector("#told"), chosen.neuron, `q · k / √${query.length}`];
  if (neuron === null) {
    const at = looks[0], sum = parts[at].reduce((a, b) => a + b);
    const largest = best(parts[at], Math.abs).map(i => `neuron ${i} ${signed(parts[at][i])}`).join(", ");
    line.textContent = `“${name}” looks most at “${names[at]}”, with ${digits(weights[at])} of its weight. ${root} is `
      + `${digits(sum)} there. Its largest parts: ${largest}.`;
  } else {
    const mine = parts.map(part => part[neuron]);
    const largest = best(mine, Math.abs).map(i => `“${names[i]}” ${signed(mine[i])} (in its key ${digits(keys[i][neuron])})`).join(", ");
    line.textContent = `Neuron ${neuron} is ${digits(query[neuron])} in the query of “${name}”. Its largest parts in ${root}: ${largest}.`;
  }
  mark(neuron);
  document.querySelector("#expand").setAttribute("aria-pressed", isExpanded());
}

// A frame around a neuron in queries, keys and products.
function mark(neuron) {
  every(".mark").forEach(each => each.remove());
  if (neuron === null) return;
  ["queries", "keys", "product"].forEach(id => {
    const matrix = document.querySelector(`#expanded #${id}`);
    const [first, last] = [0, matrix.querySelectorAll(".vector").length - 1]
      .map(row => matrix.querySelectorAll(".vector")[row].querySelectorAll(".element")[neuron]);
    const frame = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const [x, y, width, bottom] = ["x", "y", "width"].map(name => +first.getAttribute(name))
      .concat(+last.getAttribute("y") + +last.getAttribute("height"));
    Object.entries({x: x - 1, y: y - 2, width: width + 2, height: bottom - y + 4, class: "mark"})
      .forEach(([name, value]) => frame.setAttribute(name, value));
    matrix.append(frame);
  });
}
