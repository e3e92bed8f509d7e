"""A worker process that a test moves by hand."""

from __future__ import annotations

RUN = "demo-1"
KEY = b"key"


class Served:
    """In the place of Serving: remembers what it was told."""

    def __init__(self, *_):
        self.told = []

    def assign(self, seat):
        self.told.append(("assign", seat.epoch))

    def stop(self, mode):
        self.told.append(("stop", mode.value))

    def leave(self):
        self.told.append(("leave",))


def hear(worker, message):
    """Obey a word, and look at the seats that it names."""
    worker._obey(message)
    for run in list(worker._to_look_at):
        worker._look_at_seat(run)
        worker._to_look_at.discard(run)


def events_of(run):
    """What the worker has told of a run: kind, text and hint of each event."""
    return [(event.kind, event.text, event.hint) for event in run.events("0-0")[1]]
