"""The cluster that a campaign strikes: Redis on a disk, coordinators, machines, each behind a network of its own.

::

    machine a, b, c, (d) ──cuttable──┐
    coordinator 0, 1     ──cuttable──┴──▶ Redis (AOF)          machines ──▶ nginx, the independent count

A machine is a supervisor with its worker processes. As each has an address of its own for Redis, it has a spool of its
own too, as machines have: nothing of it is found by another. What survives a run serves the next one;
:meth:`Stage.mend` puts the rest back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
from chaos.schedule import GUEST, LEASE_S, NODES
from chaos.target import Target
from cluster.cutting import Cutting
from cluster.harness import KEY, wait_until
from cluster.servers import DURABLE, Server

from loadgen.bus import ClusterBus, connect
from loadgen.children import loadgen_command, start_child
from loadgen.errors import BusError
from loadgen.worker.spool import JOURNAL, cluster_folder

MEND_S = 45.0
"""How long a cluster may take to be whole again after a run, on a crowded machine."""

STALE_S = 120.0
"""Nothing of a process that ended so long ago lies in a spool: sealed frames are kept for half a minute."""

QUICK_S = 0.25
"""How long whoever directs waits for a Redis that may stand still: other faults are due."""

AGAIN_S = 1.0
"""So long after its start a process that has ended is started again, as whoever operates machines would have it."""

COORDINATORS = ("coordinator-0", "coordinator-1")


class Place:
    """Where one process with a network of its own runs, and its children.

    Args:
        name: its name.
        folder: for its log.
        redis_port: where Redis is.
        command: what runs there, a loadgen command.
    """

    def __init__(self, name: str, folder: Path, redis_port: int, command: tuple[str, ...]) -> None:
        self.name, self._command = name, command
        self._log = folder / f"{name}.log"
        self.net = Cutting(redis_port)
        self.net.__enter__()
        self.url = f"redis://127.0.0.1:{self.net.port}/0"
        self.child: subprocess.Popen[bytes] | None = None
        self.started_at_s = 0.0
        self._is_wanted = False

    @property
    def lives(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def start(self) -> None:
        """Start its process, if it does not run."""
        self._is_wanted = True
        if not self.lives:
            self.started_at_s = time.time()
            with self._log.open("ab") as log:
                env = {"LOADGEN_REDIS": self.url, "LOADGEN_KEY": KEY}
                self.child = start_child(loadgen_command(*self._command), env=env, stdout=log, stderr=log)

    def keep_up(self) -> None:
        """Start its process again if it ended by itself, as it does where it cannot reach Redis at its start."""
        if self._is_wanted and time.time() - self.started_at_s > AGAIN_S:
            self.start()

    def workers(self) -> list[psutil.Process]:
        """Its worker processes, oldest first."""
        if not self.lives:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.child.pid).children()
            return sorted(children, key=lambda child: (child.create_time(), child.pid))
        return []

    def send(self, number: signal.Signals) -> None:
        """Send its process a signal."""
        if self.lives:
            self.child.send_signal(number)

    def kill(self) -> None:
        """Kill its process, and nothing else."""
        self._is_wanted = False
        if self.lives:
            self.child.kill()
            self.child.wait()

    def kill_all(self) -> None:
        """Kill its process and its children, none of which sees another one go."""
        self.send(signal.SIGSTOP)
        for worker in self.workers():
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
        self.kill()

    def wake(self) -> None:
        """End every pause."""
        for worker in self.workers():
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.send_signal(signal.SIGCONT)
        self.send(signal.SIGCONT)

    def stop(self) -> None:
        """End its process in order."""
        self._is_wanted = False
        self.send(signal.SIGTERM)

    def close(self) -> list[str]:
        """Wait for its process, and take its network away; what is left of it."""
        left = []
        if self.child is not None:
            try:
                self.child.wait(40)
            except subprocess.TimeoutExpired:
                left.append(f"process {self.child.pid}, {self.name}")
                self.kill_all()
        try:
            wait_until(lambda: not self.net.links, "connections are closed", 3)
        except AssertionError:
            left.append(f"{len(self.net.links)} connections of {self.name}")
        self.net.__exit__(None, None, None)
        return left


class Stage:
    """See the module.

    Args:
        folder: for logs and Redis's files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.redis = Server(folder / "redis", *DURABLE, "auto-aof-rewrite-min-size 16mb").start()
        self.target = Target(folder / "nginx")
        self.bus = connect(self.redis.url)
        self.quick_bus = connect(self.redis.url, timeout_s=QUICK_S, again=False)
        self.cluster = ClusterBus(self.quick_bus)
        lease = ("--lease", f"{LEASE_S:g}")
        port = self.redis.port
        self.coordinators = {name: Place(name, folder, port, ("coordinator", *lease)) for name in COORDINATORS}
        self.nodes = {
            name: Place(name, folder, port, ("worker", "--node", name, "--processes", str(count), *lease))
            for name, count in {**NODES, GUEST: 1}.items()
        }
        self._pids: set[int] = set()
        self._leader = 0

    # -- what is there

    def led_by(self) -> int:
        """Process id of the leading coordinator; 0 when none leads.

        Raises:
            BusError: Redis does not answer.
        """
        name = self.cluster.leader()
        self._leader = int(name.split("-")[-2]) if name else 0
        return self._leader

    def coordinator(self, *, leads: bool) -> Place | None:
        """The leader, or the standby; as last known where Redis does not answer."""
        with contextlib.suppress(BusError):
            self.led_by()
        for place in self.coordinators.values():
            if place.lives and (place.child.pid == self._leader) == leads:
                return place
        return None

    def spool(self, node: str) -> Path:
        """Where a machine's processes keep what must outlive them."""
        return cluster_folder(self.nodes[node].url)

    # -- between runs

    def mend(self) -> None:
        """Put everything back: networks whole, everybody there and idle, nobody else."""
        if self.redis.refusal():
            self.redis.kill()
            self.redis.start()
        for place in [*self.coordinators.values(), *self.nodes.values()]:
            place.net.heal()
            place.net.shut()  # also those that a fault has shut
            place.net.open()
            place.wake()
        self.nodes[GUEST].stop()
        for place in [*self.coordinators.values(), *(self.nodes[name] for name in NODES)]:
            place.start()
        try:
            wait_until(self._is_whole, "the cluster is whole again", MEND_S)
        except AssertionError as error:
            raise AssertionError(f"the cluster is not whole again: {self._state()}") from error
        self._pids |= {worker.pid for node in self.nodes.values() for worker in node.workers()}

    def _is_whole(self) -> bool:
        for place in self.nodes.values():
            if place.name in NODES:
                place.start()  # one that left may still have been on its way out
        try:
            return not self.nodes[GUEST].lives and self.led_by() > 0 and self._is_idle()
        except BusError:
            return False

    def _is_idle(self) -> bool:
        members = self.cluster.members().values()
        by_node = {node: {m.info.pid for m in members if m.info.node == node and not m.info.run} for node in NODES}
        if len(members) != sum(NODES.values()) or not all(place.lives for place in self.coordinators.values()):
            return False
        return all(by_node[node] == {w.pid for w in self.nodes[node].workers()} for node in NODES)

    def _state(self) -> str:
        return ", ".join(f"{name} {'runs' if place.lives else 'is gone'}" for name, place in self.nodes.items())

    def leftovers(self) -> list[str]:
        """What nobody should have left: processes without a supervisor, and old files in spools."""
        mine = {worker.pid for node in self.nodes.values() for worker in node.workers()}
        found = [f"process {pid}" for pid in self._pids - mine if _is_worker(pid)]
        self._pids &= mine
        for node in NODES:
            for folder in self.spool(node).iterdir():
                journal = folder / JOURNAL
                if journal.exists() and time.time() - journal.stat().st_mtime > STALE_S:
                    found.append(f"file {journal}")
        return found

    # -- the end

    def close(self) -> list[str]:
        """Stop everything; what was left behind."""
        for place in [*self.nodes.values(), *self.coordinators.values()]:
            place.net.heal()
            place.wake()
            place.stop()
        spools = [self.spool(node) for node in self.nodes]
        left = [what for place in [*self.nodes.values(), *self.coordinators.values()] for what in place.close()]
        left += self.leftovers_of(spools)
        self.quick_bus.close()
        self.bus.close()
        self.target.stop()
        self.redis.stop()
        return left

    def leftovers_of(self, spools: list[Path]) -> list[str]:
        """After the end: files in spools, and worker processes that still run."""
        files = [str(path) for spool in spools if spool.exists() for path in spool.rglob("*")]
        for spool in spools:
            shutil.rmtree(spool, ignore_errors=True)
        return [f"process {pid}" for pid in self._pids if _is_worker(pid)] + [f"file {path}" for path in files]

    def logs(self) -> str:
        """The end of what everybody said."""
        return "\n".join(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in sorted(self.folder.glob("*.log")))


def _is_worker(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and "loadgen.worker" in process.cmdline()
    return False


def pause(pid: int, *, on: bool) -> None:
    """Let a process stand still, or go on."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP if on else signal.SIGCONT)
