"""Carrying out a fault: it begins, and what ends it is given back."""

from __future__ import annotations

import contextlib
import shutil
import signal
from collections.abc import Callable

import psutil
from chaos.schedule import Fault
from chaos.stage import Place, Stage, pause

from loadgen.messages import ControlMessage, StopMode

End = Callable[[], None]

DELAY_S = 0.02
"""Of each word, each way."""


class NotYetError(Exception):
    """It cannot be done now; try again."""


def nothing() -> None:
    """A fault that is over at once."""


def strike(stage: Stage, fault: Fault, run: str) -> End | None:
    """Begin a fault.

    Args:
        stage: what it strikes.
        fault: which.
        run: the run's id.

    Returns:
        What ends it; None when there was nothing to strike.

    Raises:
        BusError: it needs Redis, which does not answer; try again.
    """
    where = fault.kind.partition("-")[0]
    if where == "worker":
        return _worker(stage.nodes[fault.node], fault)
    if where in {"node", "supervisor", "machine"}:
        return _node(stage, stage.nodes[fault.node], fault)
    if where in {"leader", "standby"}:
        place = stage.coordinator(leads=where == "leader")
        return _coordinator(place, fault) if place else None
    if where == "redis":
        return _redis(stage, fault)
    mode = StopMode.NOW if fault.kind == "stopped-now" else StopMode.GRACEFUL
    stage.cluster.say(ControlMessage(kind="stop", run=run, mode=mode, reason="the campaign"))
    return nothing


def _worker(node: Place, fault: Fault) -> End | None:
    workers = node.workers()
    if not workers:
        return None
    pid = workers[fault.pick % len(workers)].pid
    if fault.kind.startswith("worker-paused"):
        pause(pid, on=True)
        return lambda: pause(pid, on=False)
    number = {
        "worker-killed": signal.SIGKILL,
        "worker-crashed": signal.SIGSEGV,
        "worker-leaves": signal.SIGTERM,
    }[fault.kind]
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).send_signal(number)
    return nothing


def _node(stage: Stage, node: Place, fault: Fault) -> End | None:
    if fault.kind == "node-joins":
        node.start()
        return nothing
    if not node.lives:
        return None
    match fault.kind:
        case "supervisor-killed":
            node.kill()
            return node.start
        case "supervisor-paused":
            node.send(signal.SIGSTOP)
            return node.wake
        case "node-crashed":
            node.kill_all()
            return node.start
        case "node-leaves":
            node.stop()
        case "machine-lost":
            node.net.hold()  # a lost machine says no word of farewell
            node.kill_all()
            shutil.rmtree(stage.spool(node.name))
            node.net.shut()
        case "node-reset":
            node.net.cut()
        case "node-cut-off" | "node-cut-off-long":
            node.net.hold()
            return node.net.heal
        case "node-refused":
            node.net.shut()
            return node.net.open
        case "node-delayed":
            node.net.delay(DELAY_S)
            return node.net.heal
    return nothing


def _coordinator(place: Place, fault: Fault) -> End:
    match fault.kind:
        case "leader-killed" | "standby-killed":
            place.kill()
            return place.start
        case "leader-leaves":
            place.stop()
            return lambda: _after(place)
        case "leader-paused" | "leader-paused-long":
            place.send(signal.SIGSTOP)
            return place.wake
        case "leader-cut-off":
            place.net.hold()
            return place.net.heal
        case _:
            place.net.cut()
            return nothing


def _after(place: Place) -> None:
    """Start a coordinator in the place of one that was asked to end."""
    if place.lives:  # it may stand still
        raise NotYetError(place.name)
    place.start()


def _redis(stage: Stage, fault: Fault) -> End:
    if fault.kind.startswith("redis-restarted"):
        stage.redis.kill()
        return lambda: _again(stage)
    pid = stage.redis.pid
    pause(pid, on=True)
    return lambda: pause(pid, on=False)


def _again(stage: Stage) -> None:
    stage.redis.start(wait=False)
