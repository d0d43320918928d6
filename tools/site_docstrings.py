"""Docstrings as the site's API pages take them: what they write plainly becomes reStructuredText, and napoleon reads the rest."""

import re
import textwrap

SECTION = re.compile(r"(Shapes|Returns|Raises):$")
ITEM = re.compile(r"- ")
NAMED = re.compile(r"\w+: ")
NAMES = re.compile(r"^ +\w+(, \w+)+:")     # which Sphinx would take for a type and a name
CODE = re.compile(r"(``.*?``|`[^`]*`)")


def as_rst(lines: list[str]) -> list[str]:
    """A docstring's lines, without its indentation.

    Shapes, Returns, and Raises without the name of an error become fields; an indented block becomes code; a list gets the
    empty line before it; a * is a *. What is said of several arguments at once keeps their names together.
    """
    result, place = [], 0
    while place < len(lines):
        line = lines[place]
        block = indented(lines, place + 1)
        if SECTION.match(line) and block and not (line == "Raises:" and NAMED.match(block[0].strip())):
            result += field(line[:-1], textwrap.dedent("\n".join(block)).splitlines())
            place += 1 + len(block)
        elif line.startswith("    ") and result and not result[-1]:
            code = indented(lines, place)
            result += ["::", "", *code, ""]
            place += len(code)
        elif line.endswith(":") and block and block[0]:     # a section that napoleon knows
            result += [line, *(plain(NAMES.sub(lambda found: found[0].replace(", ", ","), each)) for each in block)]
            place += 1 + len(block)
        else:
            if ITEM.match(line) and result and result[-1] and not re.match(r"- |  ", result[-1]):
                result.append("")
            result.append(plain(line))
            place += 1
    return result


def indented(lines: list[str], start: int) -> list[str]:
    """The lines from there on that stand further in, up to the next that does not."""
    end = start
    while end < len(lines) and (lines[end].startswith(" ") or not lines[end].strip()):
        end += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


def field(name: str, lines: list[str]) -> list[str]:
    """A field whose lines stay apart where each says something of its own: one that is indented goes on, and so does prose."""
    entries = []
    for line in lines:
        goes_on = line.startswith(" ") or (name != "Shapes" and not line.startswith('"'))
        if entries and goes_on:
            entries[-1] += " " + line.strip()
        else:
            entries.append(line.strip())
    label = "returns" if name == "Returns" else name
    return [f":{label}:", *(f"    | {plain(entry)}" for entry in entries), ""]


def plain(line: str) -> str:
    """No emphasis outside code."""
    return "".join(part if part.startswith("`") else part.replace("*", r"\*").replace("|", r"\|") for part in CODE.split(line))
