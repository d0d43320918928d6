"""Rows of text from a file of one's own, CSV, TSV or JSONL. What is wrong with one is said with the file's name and the line."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bert_parts.files import quoted, shortened

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}     # what may stand between the fields of a line
SEPARATOR = re.compile(r'"?sep=([^\w "\r\n])"?\r?\n', re.IGNORECASE)


class Row(dict):
    """The columns that were asked for, by name; `line` is where the row begins in its file, counted from 1."""

    line: int


def read_rows(path: str | Path, columns: Sequence[str], may_be_empty: Sequence[str] = ()) -> list[Row]:
    """Read a .csv or .tsv file, whose first line names its columns, or a .jsonl file, with a JSON object on each line.

    Between the fields of a .csv file stand commas, semicolons or tabs, whichever its first line has; before it may stand a
    line such as "sep=;". Other columns are left out, and so are empty lines. Nothing is stripped off a text.

    Args:
        columns: all that are wanted.
        may_be_empty: those of them in which a text may be empty.

    Returns:
        For each row the text in each of the columns. In JSONL a whole number is read as its digits.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: its name ends in none of .csv, .tsv and .jsonl; or a row is not as described: not UTF-8, not CSV or JSON,
            a column missing or empty, no rows at all. The message names the file and the line.
    """
    path, rows = Path(path), []
    for line, fields in read_fields(path):
        row = Row({name: field_of(fields, name, f"{path.name}, line {line}", name in may_be_empty) for name in columns})
        row.line = line
        rows.append(row)
    return rows


def read_fields(path: Path) -> Iterator[tuple[int, dict]]:
    """The line on which each row begins, and all its fields as they are written, by column. Raises as read_rows."""
    readers = {".csv": _csv_rows, ".tsv": _tsv_rows, ".jsonl": _json_rows}
    if path.suffix.lower() not in readers:
        raise ValueError(f"{path.name} ends in none of {', '.join(readers)}: save it as one of them.")
    line = None
    for line, fields in readers[path.suffix.lower()](path.name, decoded(path)):
        yield line, fields
    if line is None:
        raise ValueError(f"{path.name}, line 1: the file holds no rows, and at least one is needed.")


def decoded(path: Path) -> str:
    """The file's text; a byte order mark, as some spreadsheets write it, is left out."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder, where a file is expected: give one of the files in it.")
    content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path.name}, line {line}: this is not UTF-8: save the file as UTF-8.") from error


def _csv_rows(name: str, text: str) -> Iterator[tuple[int, dict]]:
    """The line on which each row begins, and its fields by column."""
    told = SEPARATOR.match(text)     # as some spreadsheets write it
    text = text[told.end() :] if told else text
    yield from _separated(name, text, told[1] if told else _separator_of(text), 2 if told else 1)


def _tsv_rows(name: str, text: str) -> Iterator[tuple[int, dict]]:
    yield from _separated(name, text, "\t", 1)


def _separator_of(text: str) -> str:
    """What stands between the names of the columns; a comma if there is only one."""
    def columns(separator: str) -> int:
        try:
            return len(next(filter(None, csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)), ()))
        except csv.Error:     # quotes that make no sense with this one
            return 0

    return max(NAMES, key=columns)


def _separated(name: str, text: str, separator: str, first: int) -> Iterator[tuple[int, dict]]:
    """The rows of a table. Columns without a name are left out, and lines without a text are no rows.

    Args:
        first: the number of the text's first line.
    """
    header = None
    for line, fields in _fields_of(name, text, separator, first):
        if not any(field.strip() for field in fields):
            continue
        if header is None:
            header = [column.strip() for column in fields]
            twice = next((column for column in header if column and header.count(column) > 1), None)
            if twice is not None:
                raise ValueError(f"{name}, line {line}: two columns are called {quoted(twice)}: give each a name of its own.")
            continue
        _check_count(f"{name}, line {line}", header, fields, separator)
        yield line, {column: field for column, field in zip(header, fields, strict=False) if column}


def _fields_of(name: str, text: str, separator: str, first: int) -> list[tuple[int, list[str]]]:
    """The line on which each row begins, and its fields. A field may be as long as it likes."""
    line = first
    bound = csv.field_size_limit(2**31 - 1)     # a setting of the whole process: it is put back
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = []
        for fields in reader:
            rows.append((line, fields))
            line = first + reader.line_num
        return rows
    except csv.Error as error:
        raise ValueError(f"{name}, line {line}: this is not CSV ({error}): check its double quotes.") from error
    finally:
        csv.field_size_limit(bound)


def _check_count(where: str, header: list[str], fields: list[str], separator: str):
    """A row has a field for each named column, and nothing beyond the last one of the header. Raises ValueError."""
    named = max((place for place, column in enumerate(header, 1) if column), default=0)
    beyond = [field for field in fields[len(header) :] if field.strip()]
    if len(fields) < named:
        raise ValueError(f"{where}: {len(fields)} of the {named} fields that the first line names: fill in what is missing, and "
                         f'put a text that holds line breaks in double quotes (").')
    if beyond:
        raise ValueError(f"{where}: {len(fields)} fields, where the first line has {len(header)}: put a text that holds "
                         f'{NAMES.get(separator, repr(separator))} in double quotes (").')


def _json_rows(name: str, text: str) -> Iterator[tuple[int, dict]]:
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
        found = ", ".join(map(quoted, list(fields)[:5])) or "none"
        raise ValueError(f"{where}: there is no column {quoted(column)} (found: {found}): name the columns as they are expected.")
    value = fields[column]
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError(f"{where}: {quoted(column)} holds {shortened(json.dumps(value))}, where a text is expected: put it "
                         "in quotes.")
    if not value.strip() and not may_be_empty:
        raise ValueError(f"{where}: {quoted(column)} is empty: fill it in, or leave the row out.")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError(f"{where}: {quoted(column)} holds half a character (a lone surrogate): write the whole character.")
    return value
