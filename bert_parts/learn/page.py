"""What is said to the learner: a small coloured box in a notebook, plain text elsewhere."""

import re
from dataclasses import dataclass
from html import escape

# Tints over whatever ground the theme has, and text in the theme's own colour: readable in light and dark.
TINTS = {"right": "46, 160, 67", "not yet": "218, 130, 24", "not attempted": "110, 118, 129", "note": "47, 129, 247"}
MARKS = {"right": "✓ right", "not yet": "✗ not yet", "not attempted": "○ not attempted", "note": "•"}


def box(kind: str, body: str, role: str = "status") -> str:
    """HTML: a box of one of the four kinds around a body that is HTML already."""
    style = (f"border-left: 4px solid rgb({TINTS[kind]}); background: rgba({TINTS[kind]}, 0.12); "
             "padding: 0.5em 0.9em; margin: 0.3em 0; line-height: 1.5; overflow-x: auto;")
    return f'<div role="{role}" style="{style}">{body}</div>'


def inline(text: str) -> str:
    """Plain text to HTML: `code` becomes code, *words* are emphasised, line breaks stay."""
    return re.sub(r"`([^`]+)`|\*(\w[^*`]*)\*", marked, escape(text)).replace("\n", "<br>")


def marked(match: re.Match) -> str:
    code, words = match.groups()
    return f"<code>{code}</code>" if code else f"<em>{words}</em>"


@dataclass(frozen=True)
class Result:
    """The answer of ``check``.

    Attributes:
        status: "not attempted", "not yet" or "right".
        message: what was found, and what to do next.
        mistake: the short name of the mistake if it is a known one, or the kind of thing that is the matter; else None.
        line: the learner's own line to look at, counted in the cell; None if no line is known.
        further: one step further than the message, which `hint` gives first; "" if there is none.
    """

    status: str
    message: str
    mistake: str | None = None
    line: int | None = None
    further: str = ""

    def __repr__(self):
        named = f" ({self.mistake})" if self.mistake else ""
        return f"{MARKS[self.status]}{named}\n{self.message}"

    def _repr_html_(self):
        named = f" — {escape(self.mistake)}" if self.mistake else ""
        return box(self.status, f"<strong>{MARKS[self.status]}{named}</strong><br>{inline(self.message)}")


@dataclass(frozen=True)
class Note:
    """Something said to the learner, as plain text and, if it needs more than a paragraph, as HTML."""

    text: str
    html: str = ""

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        return self.html or box("note", inline(self.text), role="note")
