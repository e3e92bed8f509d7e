"""What the shoppers of one run have created in the shop, until ``loadgen clean`` has undone it.

A hash, by kind and number: writing the same thing twice, as after an answer that was lost, does no harm; whoever comes
second with a number is told who came first. There is room for :data:`KEPT`; what comes after that is only counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from loadgen.bus import keys
from loadgen.bus.connection import Bus, speaking_to
from loadgen.messages.created import Created

KEPT: Final = 500_000
"""Things of one run that are kept, some 130 MB: more orders than most sales days have."""


class CreatedBus:
    """One run's list. Every method raises :class:`loadgen.errors.BusError` when Redis does not do it."""

    def __init__(self, bus: Bus, run: str, kept: int = KEPT) -> None:
        self._bus, self._kept = bus, kept
        self._redis: Any = bus.client  # redis-py's types mix sync and async answers
        self._key, self._lost = keys.run_key(run, "created"), keys.run_key(run, "created-lost")

    def add(self, things: Sequence[Created]) -> list[tuple[Created, Created]]:
        """Keep these; workers that add at once may go a little beyond the room there is.

        Returns:
            Those whose number somebody else's thing has already, each with that.

        Raises:
            MessageError: what is on the list is malformed.
        """
        with speaking_to(self._bus.url):
            room = max(0, self._kept - int(self._redis.hlen(self._key)))
            known = self._redis_knows(things[:room])
        self.lose(len(things[room:]))
        return [(thing, first) for thing, first in known if not thing.is_told_again(first)]

    def _redis_knows(self, things: Sequence[Created]) -> list[tuple[Created, Created]]:
        """Write down what is new; returns the others, each with what is on the list."""
        if not things:
            return []
        pipeline = self._redis.pipeline(transaction=False)
        for thing in things:
            pipeline.hsetnx(self._key, _field(thing), thing.encode())
        pipeline.expire(self._key, keys.KEPT_WITHOUT_END_S)
        known = [thing for thing, is_new in zip(things, pipeline.execute(), strict=False) if not is_new]
        if not known:
            return []
        first = self._redis.hmget(self._key, [_field(thing) for thing in known])
        return [(thing, Created.decode(data)) for thing, data in zip(known, first, strict=True) if data]

    def lose(self, count: int) -> None:
        """Count things that are not kept."""
        if count:
            with speaking_to(self._bus.url):
                self._redis.incrby(self._lost, count)
                self._redis.expire(self._lost, keys.KEPT_WITHOUT_END_S)

    def all(self) -> list[Created]:
        """Everything that is kept and not undone.

        Raises:
            MessageError: something is malformed.
        """
        with speaking_to(self._bus.url):
            return [Created.decode(data) for _, data in self._redis.hscan_iter(self._key, count=1000)]

    def lost(self) -> int:
        """How many things were created and are not kept."""
        with speaking_to(self._bus.url):
            return int(self._redis.get(self._lost) or 0)

    def strike(self, thing: Created) -> None:
        """It is undone."""
        with speaking_to(self._bus.url):
            self._redis.hdel(self._key, _field(thing))


def _field(thing: Created) -> str:
    return f"{thing.kind} {thing.number}"
