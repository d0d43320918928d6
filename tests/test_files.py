"""Files are whole, or not there; who may read them says the user; a folder belongs to one process at a time."""

import errno
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from bert_parts.files import LOCK, alone_in, finish_saving, quoted, remove_leftovers, shortened, whole_file, whole_files
from tests.faults import file_size


def by_text(path):
    path.write_text("x" * 5000, encoding="utf-8")


def by_safetensors(path):
    save_file({"a": torch.zeros(1250)}, path)


UNIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask, and no SIGKILL")
WRITERS = pytest.mark.parametrize("write", [by_text, by_safetensors])


@UNIX
@WRITERS
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664), (0o027, 0o640)])
def test_the_umask_says_who_may_read_a_file(tmp_path, write, umask, mode):
    usual = os.umask(umask)
    try:
        with whole_file(tmp_path / "a") as path:
            write(path)
        with whole_files(tmp_path / "several", ["b"]) as folder:
            write(folder / "b")
    finally:
        os.umask(usual)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "several/b")] == [mode, mode]
    assert sorted(os.listdir(tmp_path)) == ["a", "several"] and os.listdir(tmp_path / "several") == ["b"]


@WRITERS
def test_a_full_disk_leaves_what_was_there(tmp_path, write):
    (tmp_path / "a").write_text("before")
    with file_size(1000), pytest.raises(OSError) as error, whole_file(tmp_path / "a") as path:
        write(path)
    assert (error.value.errno, error.value.filename) == (errno.EFBIG, str(tmp_path / "a"))
    assert (tmp_path / "a").read_text() == "before" and os.listdir(tmp_path) == ["a"]


def test_an_error_of_the_file_system_names_the_file(tmp_path):
    with pytest.raises(FileNotFoundError) as error, whole_file(tmp_path / "none" / "a"):
        pass
    assert error.value.filename == str(tmp_path / "none" / "a")
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(OSError) as error, whole_file(tmp_path / "folder") as path:
        by_text(path)
    assert error.value.filename == str(tmp_path / "folder") and os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError])
def test_what_fails_half_way_is_not_there(tmp_path, kind):
    with pytest.raises(kind), whole_file(tmp_path / "a") as path:
        by_text(path)
        raise kind
    assert os.listdir(tmp_path) == []


KILLED = """
import os, sys, signal
from bert_parts.files import alone_in, whole_file
with alone_in(sys.argv[1]), whole_file(sys.argv[1] + "/a") as path:
    path.write_text("half")
    (path.parent / ".tmpabc").write_text("of a library's own")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@UNIX
def test_what_a_killed_process_leaves_is_known_and_cleared(tmp_path):
    (tmp_path / "a").write_text("before")
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)]).returncode == -9
    assert len(os.listdir(tmp_path)) == 3     # with what is half-written, and the lock
    with alone_in(tmp_path):     # which holds nobody up any more
        remove_leftovers(tmp_path / "a")
    assert os.listdir(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "before"


def test_all_leftovers_of_a_file_are_cleared_and_nothing_else(tmp_path):
    for number in range(3):
        (tmp_path / f"a.{number}.part").mkdir()
        (tmp_path / f"a.{number}.part" / "half").touch()
        (tmp_path / f"a{number}.part").touch()
    (tmp_path / "b.part").mkdir()
    for name in ("a", "a.txt", "b.part/kept"):
        (tmp_path / name).touch()
    remove_leftovers(str(tmp_path / "a"))
    assert sorted(os.listdir(tmp_path)) == ["a", "a.txt", "b.part"] and os.listdir(tmp_path / "b.part") == ["kept"]


def test_a_path_may_be_text(tmp_path):
    with whole_file(str(tmp_path / "a")) as path:
        path.write_text("new")
    with whole_files(str(tmp_path / "several"), ["b"]) as folder:
        (folder / "b").write_text("new")
    finish_saving(str(tmp_path / "several"))
    with alone_in(str(tmp_path / "several")):
        assert sorted(os.listdir(tmp_path / "several")) == ["b", LOCK]
    assert (tmp_path / "a").read_text() == (tmp_path / "several" / "b").read_text() == "new"


ASKED = """
import sys
from bert_parts.files import alone_in
try:
    with alone_in(sys.argv[1]):
        print("free")
except ValueError as error:
    print(error)
"""


def test_a_folder_belongs_to_one_process_at_a_time(tmp_path):
    def asked() -> str:
        return subprocess.run([sys.executable, "-c", ASKED, str(tmp_path / "b")], capture_output=True, text=True).stdout.strip()

    with alone_in(tmp_path / "b"):
        assert asked() == (f"{tmp_path / 'b'} is being written by another run: wait until that has ended, or give another folder.")
        assert os.listdir(tmp_path / "b") == [LOCK]
    assert asked() == "free"
    assert os.listdir(tmp_path / "b") == []


@WRITERS
def test_a_full_disk_leaves_all_files_that_belong_together(tmp_path, write):
    for name in "ab":
        (tmp_path / name).write_text(name)
    with file_size(1000), pytest.raises(OSError) as error, whole_files(tmp_path, "ab") as folder:
        (folder / "a").write_text("new")
        write(folder / "b")
    assert (error.value.errno, error.value.filename) == (errno.EFBIG, str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == ["a", "b"] and (tmp_path / "a").read_text() == "a"


def test_what_a_message_quotes_has_a_bound():
    assert quoted("ab") == "'ab'" and quoted(12) == "12"
    assert len(quoted({"a": ["b" * 1000]})) == 60 and quoted("a" * 70, 20) == f"'{'a' * 18}…"
    assert shortened("a" * 60) == "a" * 60 and shortened("a" * 61) == "a" * 59 + "…"
