"""A learner's code may loop forever; a check may not."""

import _thread
import signal
import threading
import time
from contextlib import contextmanager

SECONDS = 20     # for one question put to a part, or to read a kept one; right answers take a few hundredths of one
GRACE = 1        # seconds more, where the code has not listened
may_be_killed = False     # in a child process, which exists for the check only: apart.py


class TimeUp(Exception):
    """The code was still running when its time was up."""


class Interrupted(KeyboardInterrupt):
    """Someone pressed "stop": unlike a KeyboardInterrupt that the code itself raises, this is not the code's doing."""


def still_running() -> str:
    return f"still running after {SECONDS:g} seconds"


@contextmanager
def in_time():
    """Raise TimeUp in the main thread if the block takes longer than SECONDS. Elsewhere it runs without a bound.

    In a child process a block that goes on all the same is killed, with SIGALRM.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    rung, pressed = threading.Event(), threading.Event()

    def ring():
        rung.set()
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)     # also wakes time.sleep
        else:
            _thread.interrupt_main()

    def stop(number, frame):
        pressed.set()
        raise KeyboardInterrupt

    timer = threading.Timer(SECONDS, ring)
    before = signal.signal(signal.SIGINT, stop)
    timer.start()
    try:
        with killed_after(SECONDS + GRACE):
            yield
    except KeyboardInterrupt:
        if rung.is_set():
            raise TimeUp(still_running()) from None
        if pressed.is_set():
            raise Interrupted from None
        raise
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)


@contextmanager
def killed_after(seconds: float):
    """Where that is allowed, the system ends the process if the block takes longer, or one around it longer than that may."""
    if not may_be_killed:
        yield
        return
    began, (left, _) = time.monotonic(), signal.getitimer(signal.ITIMER_REAL)     # left to the block around; 0 if there is none
    signal.setitimer(signal.ITIMER_REAL, min(seconds, left or seconds))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left and max(0.001, left - (time.monotonic() - began)))
