"""A learner's code may loop forever; a check may not."""

import _thread
import signal
import threading
from contextlib import contextmanager

SECONDS = 20     # for one question put to a part, or to read a kept one; right answers take a few hundredths of one


class TimeUp(Exception):
    """The code was still running when its time was up."""


@contextmanager
def in_time():
    """Raise TimeUp in the main thread if the block takes longer than SECONDS. Elsewhere it runs without a bound."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    rung = threading.Event()

    def ring():
        rung.set()
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)     # also wakes time.sleep
        else:
            _thread.interrupt_main()

    timer = threading.Timer(SECONDS, ring)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if rung.is_set():
            raise TimeUp(f"still running after {SECONDS:g} seconds") from None
        raise
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
