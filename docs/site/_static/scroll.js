// A formula or an answer that is wider than the page scrolls by itself, and so by the keyboard as well.
new ResizeObserver(() => {
    for (const each of document.querySelectorAll("mjx-container[display], .output [role=note], .output [role=status]")) {
        if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
        else each.removeAttribute("tabindex");
    }
}).observe(document.body);
