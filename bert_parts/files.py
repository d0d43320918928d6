"""Files are whole and right, or they are not there."""

import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from safetensors import SafetensorError

PART = ".part"     # the end of the name of what is not finished yet
SAVED, SAVING, GONE = ".saved", ".saving-", ".gone"     # how `whole_files` names its folders, and what is to be removed
LOCK = "in-use.lock"     # in a folder that belongs to one process for a while


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Write under a temporary name beside the file, then move it into place, so that no half-written file is seen.

    It is written in a folder of its own, name.….part, so that whatever a process that is killed leaves behind is known by
    name, its writer's temporary files too; `remove_leftovers` takes it away. Who may read the file says the user's umask.

    Raises:
        OSError: it could not be written, for example because the disk is full; what was there before is there still.
    """
    path = Path(path)
    folder = None
    try:
        with _errors_of(path):
            folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f"{path.name}.", suffix=PART))
            temporary = folder / path.name
            mode = _mode_of_new(temporary)
            yield temporary
            _give_mode(temporary, mode)
            with open(temporary, "r+b") as file:
                os.fsync(file)     # the content is on the disk before the name is
            os.replace(temporary, path)
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _mode_of_new(path: Path) -> int:
    """Make an empty file. Gives the mode that the user's umask gives it."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return path.stat().st_mode


def _give_mode(path: Path, mode: int):
    """A library, such as safetensors, may have put a file of its own there, for nobody else to read."""
    if path.stat().st_mode != mode:
        os.chmod(path, mode)


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """What the system says against writing in the block becomes an OSError that names this path, also what safetensors says."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    except SafetensorError as error:
        found = re.search(r"I/O error: (.*) \(os error (\d+)\)", str(error))
        if not found:
            raise
        raise OSError(int(found[2]), found[1], str(path)) from error


def remove_leftovers(path: str | Path):
    """Take away what processes that were killed while they wrote this file have left. Nobody may be writing it now."""
    path = Path(path)
    for each in list(path.parent.iterdir()):
        if each.name.startswith(path.name) and each.name.endswith(PART):
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
            else:
                each.unlink(missing_ok=True)


@contextmanager
def whole_files(folder: str | Path, names: Iterable[str]):
    """Replace some files of a folder together: whoever is stopped at any moment leaves all the old ones, or all the new ones.

    What is written to the temporary folder that this gives is renamed at the end to ``.saved``: from that moment on the new
    files count. Then they are moved into place, which `finish_saving` does too if it was not done. Who may read them says the
    user's umask.

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
        with _errors_of(folder):
            mode = _mode_of_new(temporary / GONE)
            (temporary / GONE).unlink()
            yield temporary
            for path in temporary.iterdir():
                _give_mode(path, mode)
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


@contextmanager
def alone_in(folder: str | Path) -> Iterator[None]:
    """For the time of the block the folder, which is made if need be, belongs to this process.

    When the process ends, however it does, the folder is free again.

    Raises:
        ValueError: another process has it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise ValueError(f"{folder} is being written by another run: wait until that has ended, or give another folder.") from error
    try:
        yield
    finally:
        with suppress(OSError):     # Windows removes no open file; there it stays, and is as good as none
            os.unlink(folder / LOCK)
        lock.release()


def check_digest(path: str | Path, expected: str):
    """Raises ValueError if the file's SHA-256 is not the expected one."""
    given = file_digest(path)
    if given != expected:
        raise ValueError(
            f"{path} has SHA-256 {given[:12]}…, where {expected[:12]}… is expected: the file is damaged or not the "
            f"published one, so fetch it again."
        )


def file_digest(path: str | Path) -> str:
    """The SHA-256 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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


def quoted(value: object, most: int = 60) -> str:
    """A value as a message quotes it: as Python writes it, and never more than so many characters of that."""
    return shortened(repr(value), most)


def shortened(value: object, most: int = 60) -> str:
    """The text of a value; what is beyond so many characters becomes an ellipsis."""
    text = str(value)
    return text if len(text) <= most else text[: most - 1] + "…"
