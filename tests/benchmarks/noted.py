"""Whether all generators did the same work, by what the server noted.

nginx notes every exchange of each tenth connection. A connection of a generator must hold its case's exchanges in their
order, again and again, from its first request on; the last journey may be cut off by the generator's end.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from benchmarks.cases import Case


class Exchange(NamedTuple):
    """One line."""

    method: str
    path: str
    status: int
    request_bytes: int
    answer_bytes: int


class Noted(NamedTuple):
    """What was noted of a generator.

    Attributes:
        exchanges: how many.
        request_bytes: of one request on average.
        answer_bytes: of one answer on average.
    """

    exchanges: int
    request_bytes: float
    answer_bytes: float


def check(file: Path, ports: dict[int, str], case: Case) -> dict[str, Noted]:
    """Hold what was noted against the case.

    Args:
        file: nginx's.
        ports: the generators' names.
        case: what they should have done.

    Returns:
        Sizes, by generator.

    Raises:
        AssertionError: one of them did something else, or nothing was noted of it.
    """
    connections = _connections(file)
    found: dict[str, list[Exchange]] = {name: [] for name in ports.values()}
    for (port, number), exchanges in connections.items():
        name = ports.get(port)
        if name is None:
            continue
        found[name] += exchanges
        if name == "wrk":
            _check_each(exchanges, case)
        else:
            _check_order(name, number, exchanges, case)
    for name, exchanges in found.items():
        if not exchanges:
            raise AssertionError(f"{name}: nothing was noted")
    return {name: _sizes(exchanges) for name, exchanges in found.items()}


def _connections(file: Path) -> dict[tuple[int, int], list[Exchange]]:
    found: dict[tuple[int, int], list[Exchange]] = defaultdict(list)
    for line in file.read_text().splitlines():
        connection, port, method, path, status, sent, answered = line.split()
        exchange = Exchange(method, path, int(status), int(sent), int(answered))
        found[int(port), int(connection)].append(exchange)
    return found


def _check_order(name: str, connection: int, exchanges: list[Exchange], case: Case) -> None:
    if case.leaves and len(exchanges) > len(case.exchanges):
        raise AssertionError(f"{name}: {len(exchanges)} requests over one connection of a newcomer")
    for number, (exchange, wanted) in enumerate(zip(exchanges, cycle(case.exchanges), strict=False)):
        if exchange[:3] != wanted:
            raise AssertionError(f"{name}, connection {connection}, request {number}: {exchange}, not {wanted}")


def _check_each(exchanges: list[Exchange], case: Case) -> None:
    """wrk takes its requests in turn over all connections, so only the whole has the case's order."""
    for exchange in exchanges:
        if exchange[:3] not in case.exchanges:
            raise AssertionError(f"wrk: {exchange} is none of this case")


def _sizes(exchanges: list[Exchange]) -> Noted:
    count = len(exchanges)
    return Noted(
        count,
        sum(exchange.request_bytes for exchange in exchanges) / count,
        sum(exchange.answer_bytes for exchange in exchanges) / count,
    )
