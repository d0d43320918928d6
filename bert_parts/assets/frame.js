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

// bertviz draws its switches as bare rectangles, for the mouse only. Give each one a name, a place in the tab order, and
// the keys Enter and Space. d3 keeps an element's handlers in __on and its datum (here: switched on or off) in __data__.
function openToKeyboard(heads) {
  const rectangles = [...document.querySelectorAll("svg rect")];
  const switches = rectangles.filter(r => r.__on && r.__on.some(on => on.type === "click"));
  switches.forEach((r, i) => {
    const layer = switches.length > heads ? `Layer ${Math.floor(i / heads)}, head` : "Head";
    r.setAttribute("tabindex", 0);
    r.setAttribute("role", "button");
    r.setAttribute("aria-label", `${layer} ${i % heads}`);
    if (typeof r.__data__ === "boolean") r.setAttribute("aria-pressed", r.__data__);
  });
}

function press(event) {
  const isSwitch = event.target.getAttribute("role") === "button";
  if (!isSwitch || (event.key !== "Enter" && event.key !== " ")) return;
  event.preventDefault();     // Space would scroll
  event.target.dispatchEvent(new MouseEvent(event.shiftKey ? "dblclick" : "click", {bubbles: true}));
}

// bertviz draws the model view 970 pixels wide: it gets as wide as there is room. The head view's drawing says "100%".
function fit(svg) {
  const [width, height] = ["width", "height"].map(name => svg.getAttribute(name));
  if (width.endsWith("%")) return;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.style.cssText = `display:block;width:100%;max-width:${width}px;height:auto`;
}

function start(heads) {
  const open = () => openToKeyboard(heads);
  document.querySelectorAll("#vis > svg").forEach(fit);
  open();
  document.querySelectorAll("select").forEach(s => s.setAttribute("aria-label", s.id === "layer" ? "Layer" : "Attention"));
  document.addEventListener("keydown", press);
  document.addEventListener("click", open);
  document.addEventListener("dblclick", open);
  // Another layer is another drawing, with new rectangles.
  new MutationObserver(open).observe(document.querySelector("#vis"), {childList: true});
}
