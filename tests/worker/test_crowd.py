"""Simulated workers hear, prepare, carry and leave as real ones do, also where Redis fails for a moment."""

from __future__ import annotations

import threading
import time

import pytest

from loadgen.bus import Announcement, ClusterBus, RunBus
from loadgen.bus.crowd import CrowdBus, CrowdRun
from loadgen.errors import BusError
from loadgen.messages import ControlMessage, Offer, Piece, RunSpec, Seat, WorkerEventKind
from loadgen.plan.model import Plan
from loadgen.shapes.shares import PLACES
from loadgen.worker.simulated.crowd import Crowd
from loadgen.worker.simulated.figures import JOURNEYS
from loadgen.worker.simulated.settings import CrowdSettings

RUN = "demo-1"
PATIENCE_S = 10.0
ALL = Piece(from_s=0.0, high=PLACES)


class Stage:
    """A crowd whose turns a test takes, and what a coordinator writes."""

    def __init__(self, bus, workers: int) -> None:
        self.cluster, self.run = ClusterBus(bus), RunBus(bus, RUN)
        self.fence = self.cluster.lead("me", 60).fence
        plan = Plan.model_validate(
            {
                "name": "demo",
                "target": {"base_url": "http://127.0.0.1:1"},
                "journeys": [{"file": "simulated.py", "user": journey} for journey in JOURNEYS],
                "load": [{"shape": {"constant": {"at": "10/s", "for": "10m"}}}],
            }
        )
        spec = RunSpec(
            run=RUN, plan=plan.model_dump_json(), submitted_at=1.0, files={}, digest="0" * 64, code="installed"
        )
        self.cluster.submit(spec, b"")
        self.run.claim(self.fence)
        self.crowd = Crowd(bus, CrowdSettings(redis_url="", name="crowd", workers=workers, labels={}, series=2))
        self.stand_ins = list(self.crowd._here.values())
        self.names = [each.name for each in self.stand_ins]
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self.crowd.run, args=(self.stop, lambda _: None))

    def begin(self) -> None:
        self._thread.start()
        self.until(lambda: self.crowd.sums.listed == len(self.names))

    def end(self) -> None:
        self.stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=PATIENCE_S)
        assert not self._thread.is_alive()

    def until(self, condition) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline_s, "did not happen"
            time.sleep(0.002)

    def invite(self) -> None:
        self.run.write_seats(self.fence, dict.fromkeys(self.names, Seat()))
        self.cluster.say(ControlMessage(kind="invite", run=RUN))

    def ready(self) -> set[str]:
        _, events = self.run.events("0-0")
        return {event.worker for event in events if event.kind is WorkerEventKind.READY}

    def announce(self, epoch: int, by_s: float, awaited: list[str], **seats: Seat) -> None:
        self.run.announce(self.fence, Announcement(epoch, by_s, awaited, seats))
        self.cluster.say(ControlMessage(kind="epoch", run=RUN))


@pytest.fixture
def stage(bus):
    """``stage(workers)``."""
    stages = []

    def start(workers: int = 2) -> Stage:
        stages.append(Stage(bus, workers))
        return stages[-1]

    yield start
    for each in stages:
        each.end()


def once(monkeypatch, owner, name: str, fails=lambda *_: True) -> list[str]:
    """A method fails the first time that it is called with something; gives what was lost."""
    method, lost = getattr(owner, name), []

    def failing(self, *args, **more):
        if not lost and fails(*args):
            lost.append(name)
            raise BusError("gone for a moment")
        return method(self, *args, **more)

    monkeypatch.setattr(owner, name, failing)
    return lost


@pytest.mark.parametrize(
    ("owner", "name", "fails"),
    [
        (CrowdRun, "seats_of", lambda *_: True),
        (CrowdRun, "spec", lambda *_: True),
        (CrowdBus, "beat_all", lambda infos, _: any(info.run for info in infos)),
        (CrowdRun, "tell_all", lambda *_: True),
    ],
    ids=["seats", "plan", "beat", "word"],
)
def test_all_say_that_they_are_ready_whatever_fails_once_meanwhile(stage, monkeypatch, owner, name, fails):
    lost = once(monkeypatch, owner, name, fails)
    crowd = stage()
    crowd.begin()
    crowd.invite()
    crowd.until(lambda: crowd.ready() == set(crowd.names))

    assert lost


def test_a_crowd_that_cannot_say_that_it_leaves_ends_all_the_same(stage, monkeypatch):
    lost = once(monkeypatch, CrowdBus, "leave_all")
    crowd = stage()
    crowd.begin()
    shown = []
    crowd.crowd._show = shown.append
    crowd.end()

    assert lost
    assert shown, "what it did is told"


def test_one_that_does_not_know_that_its_share_was_given_back_learns_it_though_the_next_epoch_has_come(
    stage, monkeypatch
):
    crowd = stage()
    leaver, other = crowd.names
    asked = []
    hear_all = CrowdRun.hear_all
    monkeypatch.setattr(
        CrowdRun, "hear_all", lambda self, heard, now_s: asked.append(heard) or hear_all(self, heard, now_s)
    )
    crowd.begin()
    crowd.invite()
    crowd.until(lambda: crowd.ready() == set(crowd.names))
    clock = crowd.crowd._clock
    start_s = clock.now() - 2.0
    half = PLACES // 2
    left, right = Piece(from_s=0.0, high=half), Piece(from_s=0.0, low=half, high=PLACES)
    crowd.announce(
        1,
        0.0,
        [],
        **{
            leaver: Seat(epoch=1, start_s=start_s, pieces=(left,)),
            other: Seat(epoch=1, start_s=start_s, pieces=(right,)),
        },
    )
    crowd.until(lambda: all(each.serves for each in crowd.stand_ins))
    at_s = clock.now() - start_s + 1.0
    offer = Offer(from_s=at_s, by_s=at_s - 0.01)
    crowd.announce(
        2,
        start_s + 1e6,
        [leaver, "somebody else"],
        **{leaver: Seat(epoch=2, start_s=start_s, pieces=(left,), offer=offer)},
    )
    crowd.until(lambda: asked)
    crowd.run.hear(2, "somebody else", clock.now())
    crowd.announce(3, start_s + 1e6, [other])
    crowd.run.write_seats(crowd.fence, {leaver: Seat(epoch=2, start_s=start_s, pieces=(left, Piece(from_s=at_s)))})
    crowd.cluster.say(ControlMessage(kind="epoch", run=RUN))
    crowd.until(lambda: crowd.stand_ins[0].closed)

    before = len(asked)
    time.sleep(0.5)
    assert len(asked) == before, "there is nothing left to ask"
