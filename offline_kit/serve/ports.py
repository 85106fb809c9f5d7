"""Sockets that listen on this machine only."""

import socket
import sys

from offline_kit.errors import CourseError


def listen(port: int = 0, preferred: int = 0) -> socket.socket:
    """Listen on a port of 127.0.0.1; without one, on the preferred port if it is free.

    Raises
    ------
    CourseError
        The port is taken.
    """
    try:
        return _bind(port or preferred)
    except (OSError, OverflowError) as error:
        if port:
            raise CourseError(
                f"Port {port} cannot be used ({error}); name another one with "
                "`python -m offline_kit serve --port N`, or none to let the system choose."
            ) from error
        return _bind(0)


def port_of_listener(listener: socket.socket) -> int:
    """Return the port of a socket that listens."""
    return listener.getsockname()[1]


def _bind(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        if sys.platform != "win32":  # there it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener
