"""Keeps what a record is judged by out of its reach: a fence, and no wall. Who claims a record shows the code, and it is read."""

import os
import re
import sys
from pathlib import Path

from bert_parts.datasets import DIGESTS, Address
from bert_parts.files import quoted

ROOT = Path(__file__).resolve().parents[1]
MOST = 64 * 1024     # characters of a record
RUN = 8              # words in a row that no record shares with a held-out text
REFUSED = dict.fromkeys(("socket.connect", "socket.getaddrinfo"), "spoke to the network") | dict.fromkeys(
    ("subprocess.Popen", "os.system", "os.posix_spawn", "os.spawn", "os.exec", "os.fork", "os.forkpty", "_winapi.CreateProcess"),
    "started another process")     # whose time is not counted as long as it runs


class Refused(Exception):
    """A run that does not count, and why."""


def check_source(source: str, held_out: list[Address]):
    """Raises Refused if a record is no short text, or holds words of the addresses that it is asked about."""
    if len(source) > MOST:
        raise Refused(f"The record has {len(source):,} characters, where {MOST:,} or fewer are expected: what is learned "
                      f"is learned in the run.")
    runs = {run for address in held_out for run in _runs(" ".join(address.sentences))}
    shared = next((run for run in _runs(source) if run in runs), None)
    if shared:
        raise Refused(f"The record holds words of a held-out address, {quoted(shared)}: take them out.")


def _runs(text: str) -> list[str]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [" ".join(words[start : start + RUN]) for start in range(len(words) - RUN + 1)]


def close(root: Path):
    """From now on this process reads nothing of the project's folder, no file of the course's data wherever it lies, starts no
    process, and does not speak to the network. What is tried all the same raises Refused. There is no way back.
    """
    folder, *allowed = (os.path.realpath(each) + os.sep for each in (root, sys.prefix, Path.cwd()))     # these may lie in that one
    data = {Path(name).name for name in DIGESTS}

    def hook(event: str, arguments: tuple):
        if event in REFUSED:
            raise Refused(f"The run {REFUSED[event]} ({event}): all that it needs must be in the text and the record.")
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if Path(path).name in data or path.startswith(folder) and not path.startswith(tuple(allowed)):
                raise Refused(f"The run opened {quoted(Path(path).name)}, a file of the project: only the text that it is "
                              f"given may be learned from.")

    sys.addaudithook(hook)
