// What bertviz's views need around them, inside their frame.

// Stands in for require.js: what bertviz asks for is already here.
function requirejs(names, draw) { draw($, d3); }

// Stands in for jQuery, of which bertviz uses these seven methods: 75 KB less in every view.
function $(what) {
  const tag = what.match(/^<(\w+)/);     // $("<option />") makes one
  const nodes = tag ? [document.createElement(tag[1])] : [...document.querySelectorAll(what)];
  const each = act => (...args) => { nodes.forEach(node => act(node, ...args)); return self; };
  const self = {
    nodes,
    append: each((node, child) => node.append(...child.nodes)),
    attr: each((node, name, value) => node.setAttribute(name, value)),
    change: each(node => node.dispatchEvent(new Event("change"))),
    empty: each(node => node.replaceChildren()),
    on: each((node, type, listener) => node.addEventListener(type, listener)),
    text: each((node, text) => { node.textContent = text; }),
    val: each((node, value) => { node.value = value; }),
  };
  return self;
}

// How a head view draws its heads, the colours instead of d3's: {colours, inks (of a number on such a colour), dashes}.
let look = null;
function drawHeads(as) {
  look = as;
  d3 = {...d3, schemeCategory10: look.colours};
}

const every = (what, inside = document) => [...inside.querySelectorAll(what)];
// d3 keeps an element's handlers in __on, and its datum in __data__.
const listens = (node, type) => node.__on && node.__on.some(on => on.type === type);

// bertviz draws its switches as bare rectangles, for the mouse only. Give each one a name, a place in the tab order, and
// the keys Enter and Space. The datum of a head view's is whether it is on.
function openSwitches(heads) {
  const switches = every("svg rect").filter(r => listens(r, "click"));
  switches.forEach((r, i) => {
    const layer = switches.length > heads ? `Layer ${Math.floor(i / heads)}, head` : "Head";
    r.setAttribute("tabindex", 0);
    r.setAttribute("role", "button");
    r.setAttribute("aria-label", `${layer} ${i % heads}`);
    if (typeof r.__data__ === "boolean") r.setAttribute("aria-pressed", r.__data__);
    if (look) number(r, i);
  });
  const squares = switches[0].parentNode;
  if (look && squares.previousSibling) squares.parentNode.prepend(squares);     // the order of Tab is that of the page
}

// A head's number, on its square.
function number(square, head) {
  if (!square.number) {
    square.number = document.createElementNS("http://www.w3.org/2000/svg", "text");
    square.number.textContent = head;
    square.number.setAttribute("aria-hidden", true);     // the square has it as its name
    square.number.setAttribute("x", +square.getAttribute("x") + 10);
    square.number.setAttribute("y", 14);
    square.number.style.cssText = "text-anchor:middle;font-size:11px;pointer-events:none";
    square.parentNode.append(square.number);
  }
  const on = square.__data__;     // else it is pale
  square.number.style.fill = on ? look.inks[head % look.inks.length] : "#000";
  square.number.style.fontWeight = on ? "bold" : "normal";
}

// Lines that cross are told apart by their dashes, too. They are given in widths of a line, which is two pixels wide.
function dash() {
  every(".headAttention").forEach((head, i) => {
    head.setAttribute("stroke-dasharray", look.dashes[i % look.dashes.length].map(widths => 2 * widths).join(" "));
  });
}

// A head view's words are two lists: Tab leads to each, the arrow keys from word to word. A word that is chosen shows its
// lines alone, as one that is pointed at, and its name says the strongest of them.
function openWords() {
  every("#left, #right").forEach(side => {
    const words = every("g", side).filter(g => listens(g, "mouseover"));
    side.setAttribute("role", "listbox");
    side.setAttribute("aria-label", side.id === "left" ? "Words that look" : "Words looked at");
    words.forEach(word => {
      word.setAttribute("role", "option");
      word.setAttribute("aria-selected", word === document.activeElement);
    });
    choose(words, words.find(word => word.tabIndex === 0) || words[0]);
  });
}

function choose(words, chosen) {
  words.forEach(word => word.setAttribute("tabindex", word === chosen ? 0 : -1));
  chosen.setAttribute("aria-label", strongest(chosen.parentNode.parentNode.id, words, chosen));
}

// "it looks at animal 0.52 (head 1), …": the three strongest of a word's lines, of the heads that are on.
function strongest(side, words, word) {
  const [other, verb] = side === "left" ? ["right", "looks at"] : ["left", "is looked at by"];
  const others = every(`#${other} text`);
  const lines = every(`#attention line[${side}-token-index='${words.indexOf(word)}']`)
    .filter(line => line.getAttribute("stroke-opacity") > 0)
    .sort((a, b) => b.__data__ - a.__data__)
    .slice(0, 3);
  const said = lines.map(line => {
    const to = others[line.getAttribute(`${other}-token-index`)].textContent;
    return `${to} ${line.__data__.toFixed(2)} (head ${line.parentNode.parentNode.getAttribute("head-index")})`;
  });
  return `${word.textContent} ${verb} ${said.join(", ")}`;
}

function show(event) {
  const word = event.target;
  if (word.getAttribute("role") !== "option") return;
  const chosen = event.type === "focusin";
  word.setAttribute("aria-selected", chosen);
  if (chosen) word.dispatchEvent(new MouseEvent("mouseover"));
  else word.parentNode.parentNode.dispatchEvent(new MouseEvent("mouseleave"));
}

function press(event) {
  const role = event.target.getAttribute("role");
  if (role === "button" && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();     // Space would scroll
    event.target.dispatchEvent(new MouseEvent(event.shiftKey ? "dblclick" : "click", {bubbles: true}));
  }
  const step = {ArrowUp: -1, ArrowDown: 1}[event.key];
  if (role === "option" && step) {
    event.preventDefault();
    const words = every("[role=option]", event.target.parentNode);
    const next = words[words.indexOf(event.target) + step];
    if (next) {
      choose(words, next);
      next.focus();
    }
  }
}

// bertviz draws the model view 970 pixels wide: it gets as wide as there is room. The head view's drawing says "100%".
function fit(svg) {
  const [width, height] = ["width", "height"].map(name => svg.getAttribute(name));
  if (width.endsWith("%")) return;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.style.cssText = `display:block;width:100%;max-width:${width}px;height:auto`;
}

function start(heads) {
  const open = () => {
    openSwitches(heads);
    if (look) {
      dash();
      openWords();
    }
  };
  every("#vis > svg").forEach(fit);
  open();
  every("select").forEach(s => s.setAttribute("aria-label", s.id === "layer" ? "Layer" : "Attention"));
  document.addEventListener("keydown", press);
  document.addEventListener("focusin", show);
  document.addEventListener("focusout", show);
  document.addEventListener("click", open);
  document.addEventListener("dblclick", open);
  // Another layer is another drawing, with new rectangles.
  new MutationObserver(open).observe(document.querySelector("#vis"), {childList: true});
}
