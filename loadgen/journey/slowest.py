"""The slowest requests that one worker process has seen since the last take.

A request that is not among them costs one comparison with :attr:`Slowest.above_us`; of a thousand requests some thirty
are, as the bar rises. Not thread-safe; greenlets do not switch inside a call.
"""

from __future__ import annotations

from bisect import insort

from loadgen.latency.layout import MAX_US
from loadgen.stats import SlowSample
from loadgen.stats.slowest import SLOWEST_REPORTED


class Slowest:
    """Keeps the slowest requests.

    Attributes:
        above_us: a request that took longer is one of them, microseconds.
    """

    __slots__ = ("_kept", "above_us")

    def __init__(self) -> None:
        self.above_us = -1
        self._kept: list[tuple[int, tuple[str, ...]]] = []

    def note(self, service_us: int, *words: str) -> None:
        """Keep a request that took longer than :attr:`above_us`.

        Args:
            service_us: from the send to the end of the response.
            words: its journey, step, name, method, outcome and trace id.
        """
        insort(self._kept, (service_us, words))
        if len(self._kept) > SLOWEST_REPORTED:
            del self._kept[0]
        if len(self._kept) == SLOWEST_REPORTED:
            self.above_us = self._kept[0][0]

    def take(self, second: int, worker: str) -> list[SlowSample]:
        """Those since the last take, the slowest first.

        Args:
            second: the run's second that ends here.
            worker: the worker's name.
        """
        kept, self._kept, self.above_us = self._kept, [], -1
        return [SlowSample(min(int(us), MAX_US), second, worker, *words) for us, words in reversed(kept)]
