"""What Windows lacks, taken away from this machine: `pytest -p tests.as_windows tests/test_learn.py`, and whichever files else.

Not all of it is: paths stay as they are here, and a file that is open can be replaced. What the standard library itself needs to
run on this system stays, too.
"""

import os
import signal
import sys

import psutil  # noqa: F401     (which needs on this system what is taken away)

GONE = {
    os: ("fork", "forkpty", "killpg", "waitid", "setsid", "mkfifo", "geteuid", "sched_getaffinity", "statvfs"),
    signal: ("SIGALRM", "SIGPROF", "SIGXFSZ", "setitimer", "getitimer", "ITIMER_REAL", "ITIMER_PROF", "pthread_kill"),
}
MODULES = ("resource", "pty", "tty", "grp")


def take_away():
    for module, names in GONE.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    sys.modules.update(dict.fromkeys(MODULES))


def pytest_addoption():
    """The first that pytest asks of a plugin: the others, which look what there is, come later."""
    take_away()
