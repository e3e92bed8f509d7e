"""Redis servers of their own, for tests that hurt them: single ones, a primary with a replica and Sentinels, a cluster.

Each is a real process on a free port that can be killed and started again on the same port with what it left on disk.
"""

from __future__ import annotations

import itertools
import socket
import subprocess
import time
from pathlib import Path

import redis
from cluster.harness import wait_until

from loadgen.bus.embedded import server_program
from loadgen.children import start_child, stop_child

DURABLE = ("appendonly yes", "appendfsync always")
"""Whatever was answered survives, even a loss of power."""

LOAD_SLOWLY = ("key-load-delay 2000", "loading-process-events-interval-bytes 1024")
"""Each key takes 2 ms to load, and -LOADING is answered meanwhile."""

_USUAL = ['save ""', "enable-debug-command yes", "enable-protected-configs yes", "repl-diskless-sync-delay 0"]

_taken: set[int] = set()


def free_port() -> int:
    """A port that is free now, and whose cluster bus (10,000 above) is possible; never the same twice."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port < 55_000 and port not in _taken:
            _taken.add(port)
            return port


class Server:
    """One server process.

    Args:
        folder: for its files; made if need be.
        configuration: lines beyond the usual ones.
        sentinel: whether it is a Sentinel.
    """

    def __init__(self, folder: Path, *configuration: str, sentinel: bool = False) -> None:
        self.folder, self.sentinel = folder, sentinel
        self.port = free_port()
        self.password = ""
        self._configuration = configuration
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(exist_ok=True)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *more: str, wait: bool = True) -> Server:
        """Start it, with some more lines; waits until it answers unless told otherwise."""
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"dir {self.folder}",
            *([] if self.sentinel else _USUAL),
            *self._configuration,
            *more,
        ]
        path = self.folder / "server.conf"
        if not (self.sentinel and path.exists()):  # a Sentinel keeps its state in its configuration
            path.write_text("\n".join(lines) + "\n")
        with (self.folder / "server.log").open("ab") as log:
            mode = ["--sentinel"] if self.sentinel else []
            self._process = start_child([server_program(), str(path), *mode], stdout=log, stderr=log)
        if wait:
            wait_until(self.answers, f"the server at {self.port} answers", 10)
        return self

    def answers(self) -> bool:
        """Whether it serves commands."""
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "server.log").read_text()[-2000:]
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.AuthenticationError:
            return True
        except redis.RedisError:
            return False

    def client(self, **options) -> redis.Redis:
        """A client of its own, that tries nothing twice."""
        retry = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
        given = {"password": self.password or None, "protocol": 2, "socket_timeout": 5, "retry": retry} | options
        return redis.Redis(port=self.port, **given)

    def say(self, *command):
        """Run one command on a connection of its own."""
        with self.client() as client:
            return client.execute_command(*command)

    def is_primary(self) -> bool:
        """Whether it is no replica (any more); who is promoted closes its connections."""
        try:
            return self.say("ROLE")[0] == b"master"
        except redis.RedisError:
            return False

    def refusal(self) -> str:
        """Why it does not serve commands, in its own words; empty when it does."""
        try:
            self.say("PING")
        except redis.RedisError as error:
            return str(error)
        return ""

    def kill(self) -> None:
        """Kill it as a lost machine dies: at once, without a word."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop it at the end of a test."""
        if self._process is not None:
            stop_child(self._process)


class Servers:
    """All servers of one test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all: list[Server] = []

    def make(self, *configuration: str, sentinel: bool = False) -> Server:
        """A server that is not started yet."""
        server = Server(self._folder / f"server-{len(self._all)}", *configuration, sentinel=sentinel)
        self._all.append(server)
        return server

    def watched(self, net_port: int, *configuration: str) -> tuple[Server, Server]:
        """A replica and a Sentinel of the primary that is reached at a port: ``shop`` is the Sentinel's name for it."""
        replica = self.make(f"replicaof 127.0.0.1 {net_port}").start()
        wait_until(lambda: replica.say("INFO")["master_link_status"] == "up", "the replica follows", 10)
        watch = (
            f"sentinel monitor shop 127.0.0.1 {net_port} 1",
            "sentinel down-after-milliseconds shop 1000",
            "sentinel failover-timeout shop 3000",
        )
        sentinel = self.make(*watch, *configuration, sentinel=True).start()
        return replica, sentinel

    def cluster(self, nodes: int) -> list[Server]:
        """A Redis Cluster of some primaries, each with its part of the slots."""
        servers = [self.make("cluster-enabled yes", "cluster-node-timeout 2000").start() for _ in range(nodes)]
        bounds = [16384 * number // nodes for number in range(nodes + 1)]
        for server, (low, high) in zip(servers, itertools.pairwise(bounds), strict=True):
            server.say("CLUSTER", "ADDSLOTSRANGE", low, high - 1)
            server.say("CLUSTER", "MEET", "127.0.0.1", servers[0].port)

        def whole() -> bool:
            told = [server.say("CLUSTER INFO") for server in servers]
            return all((state["cluster_state"], state["cluster_known_nodes"]) == ("ok", str(nodes)) for state in told)

        wait_until(whole, "the Redis Cluster is whole", 20)
        return servers

    def stop(self) -> None:
        """Stop all of them."""
        for server in self._all:
            server.stop()

    def logs(self) -> str:
        """What they said, for a failing test."""
        logs = (server.folder / "server.log" for server in self._all)
        return "\n".join(f"--- {log}\n{log.read_text()[-1500:]}" for log in logs if log.exists())


def down_for(server: Server, seconds: float) -> None:
    """Kill a server and start it again after some time, on the same port, with what it had on disk."""
    server.kill()
    time.sleep(seconds)  # an outage has a length: there is nothing to wait for
    server.start()
