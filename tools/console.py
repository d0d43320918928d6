"""What a command of ours prints, whatever letters there are where it goes."""

import sys


def print_anything():
    """Letters that have no place there, such as → in a file that is cp1252, as Windows makes them, are written as \\u2192."""
    sys.stdout.reconfigure(errors="backslashreplace")
