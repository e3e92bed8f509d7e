"""The operating system's socket, without what ``socket.socket`` puts around it.

In a module of its own, which is never compiled: what a compiled class inherits from must be known to the compiler.
"""

from __future__ import annotations

import _socket


class Socket(_socket.socket):
    """4 of 24 µs from open to close are saved."""

    __slots__ = ("__weakref__",)  # for TLS
