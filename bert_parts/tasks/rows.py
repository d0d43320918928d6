"""Rows of text from a file of one's own, CSV or JSONL. What is wrong with one is said with the file's name and the line."""

import codecs
import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path


class Row(dict):
    """The columns that were asked for, by name; `line` is where the row begins in its file, counted from 1."""

    line: int


def read_rows(path: str | Path, columns: Sequence[str], may_be_empty: Sequence[str] = ()) -> list[Row]:
    """Read a .csv file, whose first line names its columns, or a .jsonl file, with a JSON object on each line.

    Other columns are left out, and so are empty lines. Nothing is stripped off a text.

    Args:
        columns: all that are wanted.
        may_be_empty: those of them in which a text may be empty.

    Returns:
        For each row the text in each of the columns. In JSONL a whole number is read as its digits.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: its name ends in neither .csv nor .jsonl; or a row is not as described: not UTF-8, not CSV or JSON, a
            column missing or empty, no rows at all. The message names the file and the line.
    """
    path, rows = Path(path), []
    for line, fields in read_fields(path):
        row = Row({name: field_of(fields, name, f"{path.name}, line {line}", name in may_be_empty) for name in columns})
        row.line = line
        rows.append(row)
    return rows


def read_fields(path: Path) -> Iterator[tuple[int, dict]]:
    """The line on which each row begins, and all its fields as they are written, by column. Raises as read_rows."""
    readers = {".csv": csv_rows, ".jsonl": json_rows}
    if path.suffix.lower() not in readers:
        raise ValueError(f"{path.name} ends in neither .csv nor .jsonl: save it as one of the two.")
    line = None
    for line, fields in readers[path.suffix.lower()](path.name, decoded(path)):
        yield line, fields
    if line is None:
        raise ValueError(f"{path.name}, line 1: the file holds no rows, and at least one is needed.")


def decoded(path: Path) -> str:
    """The file's text; a byte order mark, as some spreadsheets write it, is left out."""
    content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path.name}, line {line}: this is not UTF-8: save the file as UTF-8.") from error


def csv_rows(name: str, text: str) -> Iterator[tuple[int, dict]]:
    """The line on which each row begins, and its fields by column."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header, line = None, 1
    try:
        for fields in reader:
            if fields and header is None:
                header = fields
                twice = next((column for column in header if header.count(column) > 1), None)
                if twice is not None:
                    raise ValueError(f"{name}, line {line}: two columns are called {twice!r}: give each a name of its own.")
            elif fields and len(fields) != len(header):
                raise ValueError(f"{name}, line {line}: {len(fields)} fields, where the first line has {len(header)}: put "
                                 f'a text that holds commas or line breaks in double quotes (").')
            elif fields:
                yield line, dict(zip(header, fields, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{name}, line {line}: this is not CSV ({error}): check its double quotes.") from error


def json_rows(name: str, text: str) -> Iterator[tuple[int, dict]]:
    """The number of each line, and the object on it."""
    for line, entry in enumerate(text.split("\n"), 1):
        if entry.strip():
            try:
                fields = json.loads(entry)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{name}, line {line}: this is not JSON ({error}): one object is expected on each "
                                 f"line.") from error
            if not isinstance(fields, dict):
                raise ValueError(f'{name}, line {line}: an object is expected, such as {{"text": "…"}}.')
            yield line, fields


def field_of(fields: dict, column: str, where: str, may_be_empty: bool) -> str:
    """The text of one field. Raises ValueError, which begins with `where`, if it is not there or is no text."""
    if column not in fields:
        found = ", ".join(repr(name) for name in list(fields)[:5]) or "none"
        raise ValueError(f"{where}: there is no column {column!r} (found: {found}): name the columns as they are expected.")
    value = fields[column]
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError(f"{where}: {column!r} holds {json.dumps(value)[:40]}, where a text is expected: put it in quotes.")
    if not value.strip() and not may_be_empty:
        raise ValueError(f"{where}: {column!r} is empty: fill it in, or leave the row out.")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError(f"{where}: {column!r} holds half a character (a lone surrogate): write the whole character.")
    return value
