"""What the coordinator has sealed and recorded, for the master: followed without a step of its own in anything."""

from __future__ import annotations

from loadgen.bus import RunBus
from loadgen.errors import BusError, StaleError
from loadgen.journey.figures import News
from loadgen.messages import RunRecord, RunState
from loadgen.stats import ErrorSample


class Sealed:
    """Follows a run.

    Args:
        bus: the run's part of the bus.

    Attributes:
        record: how the run stands; None before any coordinator has seen it.
        users: shoppers in the latest sealed second.
        errors: samples of what journeys raised, since they were last taken.
    """

    def __init__(self, bus: RunBus) -> None:
        self._bus, self._position = bus, "0-0"
        self._news: list[News] = []
        self.record: RunRecord | None = None
        self.users = 0
        self.errors: list[ErrorSample] = []

    @property
    def started_at_s(self) -> float | None:
        """When the load starts, cluster time; None before it is known."""
        return self.record.started_at if self.record else None

    @property
    def state(self) -> RunState:
        """Where the run stands."""
        return self.record.state if self.record else RunState.QUEUED

    def look(self) -> None:
        """Take in what is new; nothing is while Redis does not answer."""
        try:
            record = self._bus.record()  # first: one that says finished is followed by no further second
            self._read()
        except StaleError:
            self._position = "0-0"  # a fail-over forgot what was read: what comes again counts twice here
            return
        except BusError:
            return
        self.record = record or self.record

    def _read(self) -> None:
        started_at_s = int(self.started_at_s or 0)
        position, rows = self._bus.sealed(self._position)
        while rows:
            for row in rows:
                self._news.append(News(started_at_s + row.second, row.tally))
                self.users = row.tally.shoppers.total()
                self.errors += [sample for sample in row.tally.samples if sample.reason == "error"]
            self._position = position
            position, rows = self._bus.sealed(position)

    def news(self) -> list[News]:
        """What was sealed since this was last asked."""
        news, self._news = self._news, []
        return news
