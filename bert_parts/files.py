"""Files are whole and right, or they are not there."""

import hashlib
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: str | Path):
    """Write under a temporary name beside the file, then move it into place, so that no half-written file is seen."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    os.close(handle)
    os.chmod(temporary, 0o644)     # mkstemp's files are private
    try:
        yield Path(temporary)
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def check_digest(path: str | Path, expected: str):
    """Raises ValueError if the file's SHA-256 is not the expected one."""
    with open(path, "rb") as file:
        given = hashlib.file_digest(file, "sha256").hexdigest()
    if given != expected:
        raise ValueError(
            f"{path} has SHA-256 {given[:12]}…, where {expected[:12]}… is expected: the file is damaged or not the "
            f"published one, so fetch it again."
        )


def read_json(path: str | Path) -> dict:
    """The JSON object in a file of settings.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or holds something else.
    """
    try:
        given = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not readable as JSON ({error}): fetch or write it again.") from error
    if not isinstance(given, dict):
        raise ValueError(f"{path} holds a {type(given).__name__}, where a JSON object with settings is expected: fetch it again.")
    return given
