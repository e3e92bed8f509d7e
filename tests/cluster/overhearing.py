"""What one process says to a Redis server: its commands, and what its scripts do there."""

from __future__ import annotations

import contextlib
import threading

import psutil
import redis
from cluster.harness import wait_until
from cluster.servers import Server


class Overhearing:
    """Hears every command that is given to a server until the end of the block.

    Args:
        server: the server.
        pid: the process that is meant.
    """

    def __init__(self, server: Server, pid: int) -> None:
        self._server, self._pid = server, pid
        self._ports: set[str] = set()
        self._said: list[tuple[str, str]] = []

    def __enter__(self) -> Overhearing:
        self._client = self._server.client(socket_timeout=None)
        self._monitor = self._client.monitor().__enter__()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.look()
        self._server.say("ECHO", "the end")
        wait_until(lambda: any(said == "ECHO" for _, said in self._said), "all is heard", 5)
        self._server.say("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes", "ID", self._id())
        self._thread.join(5)
        self._client.close()

    def _id(self) -> str:
        return next(one["id"] for one in self._server.client().client_list() if one["cmd"] == "monitor")

    def look(self) -> None:
        """Remember which connections are the process's own: it may have opened some."""
        self._ports |= {str(one.laddr.port) for one in psutil.Process(self._pid).net_connections("tcp")}

    def _listen(self) -> None:
        caller = ""
        with contextlib.suppress(redis.ConnectionError, OSError, ValueError):  # closed at the end
            for line in self._monitor.listen():
                if line["client_type"] != "lua":  # what a script does follows the command that called it
                    caller = line["client_port"]
                self._said.append((caller, line["command"].split()[0].upper()))

    @property
    def commands(self) -> list[str]:
        """What the process said, its scripts' doings included."""
        return [said for caller, said in self._said if caller in self._ports]

    @property
    def writing(self) -> list[str]:
        """Those of them that change something."""
        flags = {name: self._server.say("COMMAND", "INFO", name) for name in set(self.commands)}
        return [name for name in self.commands if "write" in str(flags[name])]
