"""A learner's code is run in a child process, which can be ended whatever the code does."""

import builtins
import faulthandler
import functools
import gc
import inspect
import json
import os
import selectors
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import torch

from bert_parts.learn import bounded

ROOM = 4 << 30     # bytes that the code may take beyond what the notebook has
PATIENCE = 120     # seconds for all questions together; for one there is bounded.SECONDS
MOST_DIMENSIONS = 64     # of a tensor
SHOWN = 10_000     # bytes, of what the code prints
to_load: list[Callable] = []     # what a child had to load, and the next is to find loaded


def apart(steps: Callable[[], Iterator]) -> tuple[list, str | None]:
    """What the steps yield, one after another, found in a child process: each must be what JSON can say.

    What they print is shown. Without ``os.fork``, or where a child cannot do what the notebook can (macOS, an accelerator in
    use), they are taken here.

    Returns:
        The answers, and None or, if there were to be more, how the child ended before that, as a whole sentence.
    """
    if bounded.may_be_killed or not can_fork():
        return here(steps)
    while to_load:
        to_load.pop()()
    caches = empty_caches()
    lines, shown, how = run_child(lambda: said_by(steps, caches))
    if shown:
        print(shown, end="")
    if ["cannot", None] in lines:
        return here(steps)
    found = {kind: [value for said, value in lines if said == kind] for kind in ("found", "stumbled", "loaded")}
    to_load.extend(caches[name] for name in found["loaded"])
    return found["found"], (found["stumbled"] or [how])[0]


def here(steps: Callable[[], Iterator]) -> tuple[list, str | None]:
    """The same in this process."""
    answers = []
    try:
        for answer in steps():
            answers.append(answer)
    except Exception as error:
        return answers, stumbled(error)
    return answers, None


def can_fork() -> bool:
    return hasattr(os, "fork") and sys.platform != "darwin" and not torch.cuda.is_initialized()


def empty_caches() -> dict[str, Callable]:
    """The course's functions that load something once and have not done so yet."""
    course = [module for name, module in list(sys.modules.items()) if name.startswith("bert_parts")]
    loaded = [value for module in course for value in vars(module).values()]
    cached = {f"{value.__module__}.{value.__name__}": value for value in loaded if isinstance(value, functools._lru_cache_wrapper)}
    return {name: each for name, each in cached.items() if not (each.cache_info().currsize or inspect.signature(each).parameters)}


def stumbled(error: BaseException) -> str:
    """What to say of an error that is not the learner's."""
    what = "".join(traceback.format_exception_only(error)).strip()
    return f"The check itself stumbled over your part, which is the course's fault: {what[:1000]}"


# ── in the child ─────────────────────────────────────────────────────────────────────────────────────────────────────


def said_by(steps: Callable[[], Iterator], caches: dict[str, Callable]) -> Iterator[tuple[str, Any]]:
    """What they find; which of the caches they filled; or that they cannot be taken in a child, or stumbled."""
    try:
        torch.ones(1, requires_grad=True).sum().backward()
    except RuntimeError:     # there are threads of another device
        yield "cannot", None
        return
    try:
        for answer in steps():
            yield "found", answer
    except BaseException as error:
        yield "stumbled", stumbled(error)
    yield from (("loaded", name) for name, each in caches.items() if each.cache_info().currsize)
    yield "said all", None


def be_a_child(said: Callable[[], Iterator], answer_to: int, print_to: int):
    """Write down what is said, in lines of JSON. The process ends here, without a word from what it inherited."""
    try:
        os.setpgid(0, 0)
        gc.freeze()     # what is the parent's stays untouched, and so shared
        faulthandler.disable()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(print_to, 1)
        os.dup2(print_to, 2)
        sys.stdin = os.fdopen(0, closefd=False)
        sys.stdout = sys.stderr = os.fdopen(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
        builtins.input = no_input
        torch.tensor, torch.as_tensor = map(not_without_end, (torch.tensor, torch.as_tensor))
        os.fork = no_fork     # a part that forks would do so again with every edit that is tried, and each of its children too
        display_as_text()
        os.environ["TORCHDYNAMO_DISABLE"] = "1"     # what is compiled from now on runs as written, too
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        bounded.may_be_killed = True
        bound_memory()
        torch.set_num_threads(1)     # those of the parent's pool are not here
        for each in said():
            line = json.dumps(each).encode() + b"\n"
            sys.stdout.flush()
            while line:
                line = line[os.write(answer_to, line):]
    finally:
        os._exit(0)


def not_without_end(make: Callable) -> Callable:
    """A function that makes a tensor of lists, with an error where torch would bring Python down: for a list that holds itself."""
    def made(data, *arguments, **named):
        check_depth(data)
        return make(data, *arguments, **named)

    return made


def check_depth(data: Any, depth: int = 0):
    if depth > MOST_DIMENSIONS:
        raise ValueError("too many dimensions: does a list hold itself?")
    for each in data if isinstance(data, (list, tuple)) else ():
        check_depth(each, depth + 1)


def no_fork():
    raise OSError("a part needs no process of its own: leave out os.fork")


def no_input(*_):
    raise EOFError("a part is given its arguments, and asks for nothing")


def display_as_text():
    """A child has no way to the notebook but what it prints."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell:
        shell.display_pub.publish = lambda data, *_, **__: print(data.get("text/plain", ""))


def bound_memory():
    import resource  # not on every system

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.path.exists("/proc/self/statm"):
        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        if most == resource.RLIM_INFINITY or now + ROOM < most:
            resource.setrlimit(resource.RLIMIT_AS, (now + ROOM, most))


# ── in the parent ────────────────────────────────────────────────────────────────────────────────────────────────────


def run_child(said: Callable[[], Iterator]) -> tuple[list, str, str | None]:
    """The child's lines, what it printed, and how it ended if it did not come to the end of what it had to say."""
    answer_from, answer_to = os.pipe()
    print_from, print_to = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)     # of a fork beside threads: the child uses none of theirs
        child = os.fork()
    if child == 0:
        be_a_child(said, answer_to, print_to)
    os.close(answer_to)
    os.close(print_to)
    try:
        answers, shown, in_time = listen(answer_from, print_from)
    finally:
        status = end(child)
        os.close(answer_from)
        os.close(print_from)
    lines = [json.loads(line) for line in answers.split(b"\n")[:-1]]     # after the last newline there is nothing, or half a line
    if lines and lines[-1] == ["said all", None]:
        return lines, shown, None
    return lines, shown, how_it_ended(status) if in_time else stopped(f"still at work after {PATIENCE:g} seconds")


def listen(answer_from: int, print_from: int) -> tuple[bytes, str, bool]:
    """All that the child says, the first of what it prints, and whether it said all before time was up."""
    answers, printed, count, until = b"", b"", 0, time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as pipes:
        pipes.register(print_from, selectors.EVENT_READ)
        pipes.register(answer_from, selectors.EVENT_READ)
        while time.monotonic() < until and answer_from in (key.fd for key in pipes.get_map().values()):
            for key, _ in pipes.select(max(0, until - time.monotonic())):
                piece = os.read(key.fd, 1 << 16)
                if not piece:
                    pipes.unregister(key.fd)
                elif key.fd == answer_from:
                    answers += piece
                else:
                    count += len(piece)
                    printed += piece[: max(0, SHOWN - len(printed))]
        in_time = time.monotonic() < until
    text = printed.decode(errors="ignore")
    more = f"\n… and {count - SHOWN:,} bytes more\n" if count > SHOWN else "" if text.endswith("\n") or not text else "\n"
    return answers, text + more, in_time


def end(child: int) -> int | None:
    """The status with which the child has ended; None if it had to be killed. It is given a moment, having closed its pipe."""
    until = time.monotonic() + 1
    look = os.WEXITED | os.WNOHANG | os.WNOWAIT     # its number stays its own until it is waited for
    while not (ended := os.waitid(os.P_PID, child, look)) and time.monotonic() < until:
        time.sleep(0.001)
    for kill in (os.killpg, os.kill):     # it, and whatever it started
        with suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return status if ended else None


def how_it_ended(status: int | None) -> str:
    """Of a child that left something unsaid."""
    code = os.waitstatus_to_exitcode(status) if status is not None else None
    if code is None:
        return "Your code closed what it was not given: leave files alone that it did not open."
    if code in (-signal.SIGALRM, -signal.SIGPROF):
        return stopped(bounded.still_running(busy=code == -signal.SIGPROF))
    if code == -signal.SIGKILL:
        return "The process in which your code was tried was killed, as the system does when memory runs out. The notebook goes on."
    if code < 0:
        return (f"Your code brought Python itself down ({signal.Signals(-code).name}). It was tried in a process of its own, so "
                "the notebook goes on.")
    return f"Your code ended its process, with code {code}, instead of giving back an answer: leave out what exits."


def stopped(what: str) -> str:
    return f"Your code was {what}, so it was stopped: does a loop never end?"
