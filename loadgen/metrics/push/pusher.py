"""Send metrics in good time, without anybody waiting for it.

Each receiver has a thread of its own, so one that hangs delays no other, no second that is sealed, and no run. When is
sent what::

    a run comes, begins, drains, ends     at once
    otherwise                             every few seconds, and no more than half of the time
    after a failure                       1, 2, 4, … 60 s later where the receiver was away or overloaded (5xx, 429),
                                          with what is newest then; in due course where it refused
    the coordinator ends                  once more, then that all has ended; for at most END_S

All that failed is counted; the first of several failures in a row is said.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from threading import Event, Thread
from typing import Final

from loadgen.metrics.push.outgoing import Outgoing, goes_on
from loadgen.metrics.push.receiver import Receiver, SendError
from loadgen.metrics.snapshot import ClusterSnapshot

log = logging.getLogger("loadgen.metrics")

EVERY_S: Final = 5.0
"""How often figures are sent, unless it is said otherwise: as often as the configurations of Prometheus scrape."""

END_S: Final = 4.0
"""What the end of a coordinator may take longer for its last figures."""

PAUSE_MOST_S: Final = 60.0


class Pusher:
    """Sends to one receiver until it is closed.

    Args:
        receiver: it.
        every_s: how often, seconds.
        monotonic: this process's clock, seconds.
        wall: the Unix time, seconds.

    Attributes:
        sent: how often everything was taken.
        failed: how often it was not.
        reason: why it was not, the last time; empty if it never happened.
    """

    def __init__(
        self,
        receiver: Receiver,
        every_s: float = EVERY_S,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.receiver = receiver
        self.sent, self.failed, self.reason = 0, 0, ""
        self._every_s, self._monotonic, self._wall = every_s, monotonic, wall
        self._outgoing = Outgoing(every_s)
        self._in_a_row, self._pause_s, self._at_ms = 0, every_s, 0
        self._wake, self._closing = Event(), Event()
        self._thread = Thread(target=self._work, name=f"loadgen-{receiver.kind}", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def take(self, snapshot: ClusterSnapshot) -> None:
        """Take what the coordinator shows; never waits for a receiver."""
        if self._outgoing.take(snapshot):
            self._wake.set()

    def close(self) -> None:
        """Send the last figures and end; to be followed by :meth:`join`."""
        self._closing.set()
        self._wake.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the end; a receiver that does not answer is left behind."""
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            self.failed, self.reason = self.failed + 1, "did not answer in time"

    @property
    def complaint(self) -> str:
        """One line about what did not arrive; empty if all did."""
        if not self.failed:
            return ""
        tried = self.failed + self.sent
        return (
            f"{self.receiver.shown} did not take all metrics: {self.failed} of {tried} times it failed, "
            f"the last time because it {self.reason}"
        )

    def _work(self) -> None:
        due_s = self._monotonic()
        while not self._closing.is_set():
            woken = self._wake.wait(max(0.0, due_s - self._monotonic()))
            self._wake.clear()
            if self._closing.is_set():
                break
            if woken and self._in_a_row:
                continue  # whoever is in trouble is left its pause
            began_s = self._monotonic()
            self.push()
            ended_s = self._monotonic()
            due_s = max(began_s + self._pause_s, 2 * ended_s - began_s)
        self.end()

    def push(self) -> bool:
        """Send what is newest, now.

        Returns:
            Whether it arrived, or there was nothing to say.
        """
        now_s = self._monotonic()
        page = self._outgoing.page(now_s)
        arrived = self._send(page, now_s, self._next_ms())
        if arrived and page is not None:
            self._outgoing.taken(page, now_s)
        return arrived

    def end(self) -> None:
        """Send what is newest, and that all series end: one interval later, or at once if another one takes over."""
        now_s = self._monotonic()
        page = self._outgoing.page(now_s)
        if self.push():
            soon = page is None or goes_on(page)
            self._send(None, now_s, self._at_ms + (1 if soon else round(self._every_s * 1000)))

    def _next_ms(self) -> int:
        """The present; later than before even when the clock was set back."""
        self._at_ms = max(self._at_ms + 1, round(self._wall() * 1000))
        return self._at_ms

    def _send(self, page: ClusterSnapshot | None, now_s: float, at_ms: int) -> bool:
        try:
            self.sent += self.receiver.send(page, now_s, at_ms)
        except SendError as error:
            self._failed(error)
            return False
        except Exception:
            log.exception("metrics for %s cannot be written", self.receiver.shown)
            self._failed(SendError("cannot be written to", again=False))
            return False
        if self._in_a_row:
            log.info("%s takes metrics again, after %d failures", self.receiver.shown, self._in_a_row)
        self._in_a_row, self._pause_s = 0, self._every_s
        return True

    def _failed(self, error: SendError) -> None:
        if not self._in_a_row:
            log.warning("%s does not take metrics: it %s", self.receiver.shown, error.reason)
        self.failed, self.reason = self.failed + 1, error.reason
        self._in_a_row += 1
        again_s = min(2.0 ** (self._in_a_row - 1), PAUSE_MOST_S)
        self._pause_s = again_s if error.again else self._every_s


class Pushing:
    """Everybody that metrics are sent to.

    Args:
        receivers: they.
        every_s: how often, seconds.
    """

    def __init__(self, receivers: Iterable[Receiver], every_s: float = EVERY_S) -> None:
        self._pushers = [Pusher(receiver, every_s) for receiver in receivers]

    def start(self) -> None:
        """Begin to send."""
        for pusher in self._pushers:
            pusher.start()

    def take(self, snapshot: ClusterSnapshot) -> None:
        """Take what the coordinator shows; never waits for a receiver."""
        for pusher in self._pushers:
            pusher.take(snapshot)

    def counts(self) -> Mapping[str, tuple[int, int]]:
        """How often figures were sent and how often that failed, by kind of receiver."""
        return {pusher.receiver.kind: (pusher.sent, pusher.failed) for pusher in self._pushers}

    def close(self) -> list[str]:
        """Send the last figures and end, within :data:`END_S`.

        Returns:
            What did not arrive, a line for each receiver.
        """
        until_s = time.monotonic() + END_S
        for pusher in self._pushers:
            pusher.close()
        for pusher in self._pushers:
            pusher.join(max(0.0, until_s - time.monotonic()))
        return [pusher.complaint for pusher in self._pushers if pusher.complaint]
