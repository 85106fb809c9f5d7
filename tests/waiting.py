"""Waiting for other processes, without a word on how long they should take."""

import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import psutil


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def listens(url: str) -> bool:
    """Whether a server has open sockets: from after it says where, to the end of its threads."""
    there = urlsplit(url)
    try:
        socket.create_connection((there.hostname, there.port), timeout=5).close()
    except ConnectionError:
        return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that must happen; fail if it does not within far more than it needs."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
