// Which lessons were read to their end: remembered in this browser alone, and shown as a ✓ beside them.
const KEY = "bert_parts.read";
const LESSON = /notebooks\/(\w+)(\.html)?$/;

function lessonsRead() {
    try {
        return new Set(JSON.parse(localStorage.getItem(KEY)) || []);
    } catch {     // the browser keeps nothing, or something else was there
        return new Set();
    }
}

function showMarks() {
    const read = lessonsRead();
    for (const link of document.querySelectorAll(".bd-sidebar-primary a.internal")) {
        const here = link.getAttribute("href") === "#" ? DOCUMENTATION_OPTIONS.pagename : link.pathname;
        link.classList.toggle("read", read.has(LESSON.exec(here)?.[1]));
    }
}

function remember(lesson) {
    try {
        localStorage.setItem(KEY, JSON.stringify([...lessonsRead().add(lesson)]));
    } catch {
        return;
    }
    showMarks();
}

showMarks();
const lesson = LESSON.exec(DOCUMENTATION_OPTIONS.pagename)?.[1];
const end = document.querySelector(".prev-next-footer");
if (lesson && end) {
    new IntersectionObserver(entries => entries.some(entry => entry.isIntersecting) && remember(lesson)).observe(end);
}
