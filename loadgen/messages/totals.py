"""What each worker did in a run, as far as sealed: written for every worker in every second, so its form is plain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, ClassVar, Final

from pydantic import ConfigDict

from loadgen.errors import MessageError
from loadgen.messages.plain import dumps, listed, loads, natural, number, text, whole
from loadgen.verdict.generator import Balance


@dataclass(slots=True)
class WorkerTotals:
    """What one worker process did in one run.

    Attributes:
        worker: its name, unique for the life of the process.
        node: name of its machine.
        sequence: number of its last sealed frame, 0 before the first.
        first_second: the run's second of its first frame.
        last_second: the run's second of its last frame.
        requests: finished requests.
        sent: requests put on the wire.
        in_flight: requests on the wire at its last frame.
        started: shoppers started.
        late: of those, started late.
        dropped: arrivals refused by its in-flight limit.
        missed: arrivals it could not start.
        cpu_sum: sum of its CPU shares over its seconds (1.0 = one core).
        cpu_max: highest of them.
        loop_lag_max_us: longest wait of its event loop, microseconds.
        coloured_seconds: seconds in which its own lateness coloured the latencies it measured.
        coloured_requests: requests that it measured in them.
        rss_max_bytes: highest resident memory.
        clock_error_us: bound of its clock's error, microseconds.
        dealt_to_s, beyond: which arrivals its frames tell of, as in its last :class:`loadgen.messages.Frame`.
        ended: whether that was the last one that it will ever send.
        missed_to_s: if it was lost, up to when the arrivals are counted that nobody can have started.
        balanced: whether all that it should have dealt with and did not is counted.
        state: active while the run goes on; at its end where it stood, see :class:`loadgen.coordinator.seating.Place`.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", allow_inf_nan=False)  # as part of a record

    worker: str
    node: str = ""
    sequence: int = 0
    first_second: int = -1
    last_second: int = -1
    requests: int = 0
    sent: int = 0
    in_flight: int = 0
    started: int = 0
    late: int = 0
    dropped: int = 0
    missed: int = 0
    cpu_sum: float = 0.0
    cpu_max: float = 0.0
    loop_lag_max_us: int = 0
    coloured_seconds: int = 0
    coloured_requests: int = 0
    rss_max_bytes: int = 0
    clock_error_us: int = 0
    dealt_to_s: float | None = None
    beyond: dict[int, int] = field(default_factory=dict)
    ended: bool = False
    missed_to_s: float | None = None
    balanced: bool = False
    state: str = "active"

    @property
    def balance(self) -> Balance:
        """Its requests, as sent and as recorded."""
        return Balance(self.worker, self.sent, self.requests, self.in_flight)

    def encode(self) -> bytes:
        """The bytes: a msgpack list of the fields in their order."""
        return dumps(_values_of(self))

    @classmethod
    def decode(cls, data: bytes) -> WorkerTotals:
        """Read them.

        Raises:
            MessageError: they are malformed.
        """
        try:
            values = listed(loads(data), len(_READERS))
            return cls(*(read(value) for read, value in zip(_READERS, values, strict=True)))
        except MessageError as error:
            raise MessageError("a WorkerTotals is malformed") from error


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise MessageError("expected true or false")
    return value


def _instant(value: Any) -> float | None:
    return None if value is None else number(value)


def _counts(value: Any) -> dict[int, int]:
    if not isinstance(value, dict):
        raise MessageError("expected a table of counts")
    return {natural(stream): whole(count) for stream, count in value.items()}


_READS: Final[Mapping[object, Callable[[Any], Any]]] = {
    "str": text,
    "int": whole,
    "float": number,
    "bool": _truth,
    "float | None": _instant,
    "dict[int, int]": _counts,
}
_READERS: Final = [_READS[part.type] for part in fields(WorkerTotals)]
_values_of: Final = attrgetter(*(part.name for part in fields(WorkerTotals)))
