"""Print one line that says why this Python cannot run the course; nothing if it can.

It is itself run by whatever Python there is, so it keeps to what every Python understands.
"""
import sys


def problem(version, has_venv):
    """What is wrong with a Python of that version, or an empty string."""
    if version < (3, 11):
        return ("The course needs Python 3.11 or newer, and this is Python %d.%d: name another one, "  # noqa: UP031
                "as in `make lab PYTHON=python3.12`" % tuple(version[:2]))
    if not has_venv:
        return ("This Python has no venv module: install it (on Debian and Ubuntu `sudo apt install python3-venv`), "
                "or name another Python, as in `make lab PYTHON=python3.12`")
    return ""


def has_venv():
    """Debian has Pythons in which venv is there, and what it needs is not."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    sys.stdout.write(problem(sys.version_info, has_venv()))
