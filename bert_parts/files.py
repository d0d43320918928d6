"""Files are whole and right, or they are not there."""

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

SAVED, SAVING, GONE = ".saved", ".saving-", ".gone"     # how `whole_files` names its folders, and what is to be removed


@contextmanager
def whole_file(path: str | Path):
    """Write under a temporary name beside the file, then move it into place, so that no half-written file is seen."""
    path = Path(path)
    temporary = path.with_name(f"{path.name}{secrets.token_hex(4)}.part")
    temporary.touch(exist_ok=False)
    mode = temporary.stat().st_mode     # as the user's umask has it
    try:
        yield temporary
        temporary.chmod(mode)     # safetensors makes its files private
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_files(folder: str | Path, names: Iterable[str]):
    """Replace some files of a folder together: whoever is stopped at any moment leaves all the old ones, or all the new ones.

    What is written to the temporary folder that this gives is renamed at the end to ``.saved``: from that moment on the new
    files count. Then they are moved into place, which `finish_saving` does too if it was not done.

    Args:
        folder: made if it is not there; its other files are left alone.
        names: the files that belong together. Those that are not written anew are removed.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    finish_saving(folder)
    for leftover in folder.glob(f"{SAVING}*"):     # of a process that was killed
        away = leftover.with_name(f"{SAVING}{secrets.token_hex(4)}.part")
        with suppress(OSError):
            leftover.rename(away)     # so that it is gone at once for its owner, should there be one
            shutil.rmtree(away)
    temporary = Path(tempfile.mkdtemp(dir=folder, prefix=SAVING, suffix=".part"))
    try:
        yield temporary
        for name in names:
            if not (temporary / name).exists() and (folder / name).exists():
                (temporary / f"{name}{GONE}").touch()
        temporary.rename(folder / SAVED)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    finish_saving(folder)


def finish_saving(folder: str | Path):
    """Move the files that `whole_files` has saved into place, if it was stopped before it did.

    Raises:
        OSError: the folder cannot be written.
    """
    saved = Path(folder) / SAVED
    if not saved.is_dir():
        return
    try:
        for path in saved.iterdir():
            with suppress(FileNotFoundError):     # another process finishes it too
                if path.suffix == GONE:
                    (saved.parent / path.stem).unlink(missing_ok=True)
                    path.unlink()
                else:
                    os.replace(path, saved.parent / path.name)
        with suppress(FileNotFoundError):
            saved.rmdir()
    except OSError as error:
        raise OSError(
            f"{folder} was not saved to its end, and what lies in {saved} cannot be moved into place ({error}): make the folder "
            f"writable, and load it again."
        ) from error


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
