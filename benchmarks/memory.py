"""How much memory a process takes: what it holds between two runs, and by how much more it grows while it runs.

Each contender is looked at in a process of its own, which loads nothing of the others.
"""

import sys
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.cases import plan
from benchmarks.texts import Setting
from bert_parts.devices import give_memory_back

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def growth(case: str, setting: Setting, name: str) -> tuple[float, float]:
    """Megabytes held when a contender of a case is ready and has run once, and added at the peak of its next run."""
    contender = plan(case, setting)[1][name]()
    contender.before()
    contender.run()     # what is loaded when it is first needed, and what an optimizer remembers, is held from then on
    contender.before()
    forget_peak()
    held = resident_peak()
    contender.run()
    return held, resident_peak() - held


def forget_peak():
    """The peak so far is that of loading. On Linux, give freed memory back, and let the peak begin with what is held now."""
    give_memory_back()
    with suppress(OSError):
        RESET.write_text("5", encoding="ascii")


def resident_peak() -> float:
    """The most memory that this process has held, in megabytes (10⁶ bytes).

    On Linux that is VmHWM. ru_maxrss is never forgotten there, and begins with that of the process which started this one.
    """
    if STATUS.exists():
        fields = dict(line.split(":", 1) for line in STATUS.read_text(encoding="utf-8").splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024 / 1e6
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
