"""What will go wrong in a run: faults drawn by a seed, the same ones for the same seed. Pure.

::

    seed, number of the run ──▶ 2 to 5 faults, each with an instant, a length, and where it strikes

A fault that lasts (a pause, a black hole, a server that is down) is drawn shorter or longer than the lease. Machines
that are gone are not struck again, and one always stays, so that a run never ends for want of workers.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from typing import Final

LEASE_S: Final = 1.0
"""Lease of coordinators and workers: the shortest that can be asked for, so that much happens in a short run."""

LOAD_S: Final = 9.0
"""How long the load of a run lasts."""

FIRST_S, LAST_S = 1.2, 7.2
"""Faults begin between these instants of the load."""

GAP_S: Final = 0.25
"""The least between two of them."""

NODES: Final = {"a": 2, "b": 1, "c": 1}
"""Machines, and how many worker processes each has."""

GUEST: Final = "d"
"""A machine of one process that may join in mid-run."""

SHORT_S = (0.2, 0.6)
"""Less than the lease, even from a beat on."""

LONG_S = (1.6, 3.0)
"""More than the lease."""


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    Attributes:
        name: its name.
        text: what happens, for the table.
        where: what it strikes: worker, node, leader, standby, redis, run.
        weight: how often it is drawn, compared with others.
        length_s: how long it lasts, from and to.
        away: whether its machine is gone for the rest of the run.
    """

    name: str
    text: str
    where: str
    weight: float = 1.0
    length_s: tuple[float, float] = (0.0, 0.0)
    away: bool = False


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("worker-killed", "kill -9 of a worker process", "worker", 2.0),
        Kind("worker-crashed", "a worker process ends by SIGSEGV, as by a C extension", "worker"),
        Kind("worker-leaves", "SIGTERM to a worker process", "worker"),
        Kind("worker-paused", "SIGSTOP of a worker process, shorter than the lease", "worker", 1.0, SHORT_S),
        Kind("worker-paused-long", "SIGSTOP of a worker process, longer than the lease", "worker", 1.5, LONG_S),
        Kind("supervisor-killed", "kill -9 of a supervisor; another one starts", "node", 1.0, (0.4, 1.0)),
        Kind("supervisor-paused", "SIGSTOP of a supervisor", "node", 1.0, (0.5, 2.5)),
        Kind("node-crashed", "kill -9 of a supervisor and its workers; another one starts", "node", 1.5, (0.3, 1.0)),
        Kind("node-leaves", "SIGTERM to a supervisor", "node", 1.0, away=True),
        Kind("node-joins", "a machine joins", "guest", 1.5),
        Kind("machine-lost", "a machine is lost with all that it held", "node", 1.5, away=True),
        Kind("node-reset", "connections of a machine are reset", "node"),
        Kind("node-cut-off", "a machine is cut off by a black hole, shorter than the lease", "node", 1.0, SHORT_S),
        Kind("node-cut-off-long", "a machine is cut off by a black hole, longer than the lease", "node", 1.5, LONG_S),
        Kind("node-refused", "a machine's connections are refused, longer than the lease", "node", 1.0, LONG_S),
        Kind("node-delayed", "every word between a machine and Redis takes 40 ms longer", "node", 1.0, (1.0, 2.5)),
        Kind("leader-killed", "kill -9 of the leading coordinator; another standby starts", "leader", 2.5, (0.5, 1.5)),
        Kind("leader-leaves", "SIGTERM to the leading coordinator", "leader", 1.0, (0.5, 1.5)),
        Kind("leader-paused", "SIGSTOP of the leading coordinator, shorter than the lease", "leader", 1.0, SHORT_S),
        Kind("leader-paused-long", "SIGSTOP of the leading coordinator, longer than the lease", "leader", 1.5, LONG_S),
        Kind("leader-cut-off", "the leader is cut off by a black hole, longer than the lease", "leader", 1.5, LONG_S),
        Kind("leader-reset", "connections of the leader are reset", "leader"),
        Kind("standby-killed", "kill -9 of the standby; another one starts", "standby", 0.7, (0.5, 1.5)),
        Kind("redis-restarted", "kill -9 of Redis, back from its AOF within the lease", "redis", 1.5, (0.1, 0.4)),
        Kind("redis-restarted-long", "kill -9 of Redis, back after more than the lease", "redis", 1.0, (1.6, 2.6)),
        Kind("redis-paused", "SIGSTOP of Redis, shorter than the lease", "redis", 1.0, SHORT_S),
        Kind("redis-paused-long", "SIGSTOP of Redis, longer than the lease", "redis", 0.7, (1.6, 2.6)),
        Kind("stopped", "loadgen stop", "run", 1.2),
        Kind("stopped-now", "loadgen stop --now", "run", 0.8),
    )
}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: name of its kind.
        at_s: when, seconds since the run's start.
        length_s: how long it lasts.
        node: the machine that it strikes, where it strikes one.
        pick: which worker process of the machine.
    """

    kind: str
    at_s: float
    length_s: float = 0.0
    node: str = ""
    pick: int = 0

    def __str__(self) -> str:
        where = f" {self.node}" if self.node else ""
        lasts = f" for {self.length_s:.2f} s" if self.length_s else ""
        return f"{self.at_s:.2f} s {self.kind}{where}{lasts}"


def draw(seed: int, number: int) -> list[Fault]:
    """The faults of one run, in the order in which they begin.

    Args:
        seed: of the campaign.
        number: of the run, from 0.
    """
    dice = random.Random(f"{seed}/{number}")
    faults: list[Fault] = []
    there, guest, stopped = sorted(NODES), False, False
    for at_s in _instants(dice, dice.randint(2, 5)):
        if stopped:
            break
        kinds = [
            kind
            for kind in KINDS.values()
            if not (kind.away and len(there) == 1)
            and not (kind.where == "guest" and guest)
            and not (kind.where == "run" and not faults)
        ]
        kind = dice.choices(kinds, [kind.weight for kind in kinds])[0]
        length_s = round(dice.uniform(*kind.length_s), 3)
        node, pick = dice.choice(there), dice.randrange(100)
        match kind.where:
            case "guest":
                node, guest = GUEST, True
            case "node" if kind.away:
                there.remove(node)
            case "run":
                stopped = True
        named = node if kind.where in {"node", "worker", "guest"} else ""
        faults.append(Fault(kind.name, at_s, length_s, named, pick if kind.where == "worker" else 0))
    return faults


def _instants(dice: random.Random, count: int) -> list[float]:
    while True:
        instants = sorted(round(dice.uniform(FIRST_S, LAST_S), 2) for _ in range(count))
        if all(later - sooner >= GAP_S for sooner, later in itertools.pairwise(instants)):
            return instants
