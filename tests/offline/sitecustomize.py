"""No network. Python reads this first wherever its folder is on PYTHONPATH: in every kernel that the tests start.

A connection to anywhere but this machine fails as it would with the cable pulled, and is noted in the file that the
environment variable OFFLINE_NOTES names.
"""

import ipaddress
import os
import socket
import sys

HERE = {"", "localhost", "0.0.0.0", "::", socket.gethostname()}


def is_here(host) -> bool:
    """Whether a host is this machine."""
    host = host.decode() if isinstance(host, bytes) else host
    if host is None or host in HERE:
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


def refuse(event: str, arguments: tuple):
    """An audit hook: Python calls it before a socket is used, whichever library asks."""
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None     # None: a socket of this machine's own, by its path
    else:
        return
    if is_here(host):
        return
    notes = os.environ.get("OFFLINE_NOTES")
    if notes:
        with open(notes, "a", encoding="utf-8") as file:
            file.write(f"{event} {arguments[1:] if 'connect' in event else arguments}\n")
    raise ConnectionRefusedError(f"There is no network in the tests, and {host!r} was asked for.")


sys.addaudithook(refuse)
