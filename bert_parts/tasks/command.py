"""How a command ends: whatever went wrong is said in one sentence, and in the exit status."""

import argparse
import os
import sys
from collections.abc import Callable


def add_device(parser: argparse.ArgumentParser):
    """The option that says where a model runs; see `chosen_device`."""
    parser.add_argument("--device", help="where the model runs: cpu, cuda, cuda:1, mps … (default: the best there is)")


def in_one_sentence(work: Callable[[], None], stopped: str = "Stopped.") -> int:
    """Do a command's work. Gives its exit status: 0; 1 after an error; 130 after Ctrl-C, as shells expect it.

    Letters that the terminal, or the file that it is redirected to, has no place for are written as \\u0142 and the like.

    Args:
        stopped: what to say after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        work()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        return 130
    except BrokenPipeError:     # whoever reads what is printed, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        print(f"{about}{error.strerror}." if error.strerror else error, file=sys.stderr)
        return 1
    except (ValueError, TypeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
