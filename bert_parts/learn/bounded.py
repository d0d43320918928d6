"""A learner's code may loop forever; a check may not."""

import _thread
import signal
import threading
import time
from contextlib import contextmanager, suppress

SECONDS = 20     # for one question put to a part, or to read a kept one
BUSY = 2.5       # of them, at work on one question; right answers take a few hundredths of one
GRACE = 1        # seconds more, where the code has not listened
may_be_killed = False     # in a child process, which exists for the check only: apart.py


class TimeUp(Exception):
    """The code was still running when its time was up."""


class Interrupted(KeyboardInterrupt):
    """Someone pressed "stop": unlike a KeyboardInterrupt that the code itself raises, this is not the code's doing."""


def still_running(busy: bool = False) -> str:
    return f"still running after {BUSY:g} seconds of work" if busy else f"still running after {SECONDS:g} seconds"


@contextmanager
def in_time(busy: float | None = None):
    """Raise TimeUp in the main thread if the block takes longer than SECONDS, or if it works longer than that.

    Elsewhere it runs without a bound. In a child process a block that goes on all the same is killed, with SIGALRM or SIGPROF.

    Args:
        busy: for how many seconds the processor may be at work on the block, however many others it has to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over, rung, pressed = threading.Event(), threading.Event(), threading.Event()
    began, until = time.process_time(), time.monotonic() + SECONDS

    def left() -> float:
        return min(until - time.monotonic(), (busy or SECONDS) - (time.process_time() - began))

    def ring():
        while left() > 0:
            if over.wait(max(0.01, left())):
                return
        rung.set()
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)     # also wakes time.sleep
        else:
            _thread.interrupt_main()

    def stop(number, frame):
        pressed.set()
        raise KeyboardInterrupt

    timer = threading.Thread(target=ring, daemon=True)
    before = signal.signal(signal.SIGINT, stop)
    timer.start()
    try:
        with killed_after(SECONDS + GRACE), killed_after((busy or SECONDS) + GRACE, busy=True):
            yield
    except KeyboardInterrupt:
        if rung.is_set():
            raise TimeUp(still_running(busy is not None and time.monotonic() < until)) from None
        if pressed.is_set():
            raise Interrupted from None
        raise
    finally:
        with suppress(KeyboardInterrupt):     # of a timer that rang just as the block came to its end
            over.set()
            timer.join()
        signal.signal(signal.SIGINT, before)


@contextmanager
def killed_after(seconds: float, busy: bool = False):
    """Where that is allowed, the system ends the process if the block takes longer, or one around it longer than that may.

    Args:
        busy: count the seconds for which the processor is at work, however many others it has to do.
    """
    if not may_be_killed:
        yield
        return
    timer, clock = (signal.ITIMER_PROF, time.process_time) if busy else (signal.ITIMER_REAL, time.monotonic)
    began, (left, _) = clock(), signal.getitimer(timer)     # left to the block around; 0 if there is none
    signal.setitimer(timer, min(seconds, left or seconds))
    try:
        yield
    finally:
        signal.setitimer(timer, left and max(0.001, left - (clock() - began)))
