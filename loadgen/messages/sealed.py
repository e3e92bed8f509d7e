"""A sealed second on the wire: the cluster-wide sum of all frames of one second, or an amendment to it."""

from __future__ import annotations

from typing import Final

from loadgen.errors import MessageError
from loadgen.messages.packing import pack_tally, read_tally, unpack_tally, write_tally
from loadgen.messages.plain import dumps, grown, loads, natural, number, shrunk
from loadgen.stats import SecondRow
from loadgen.stats.columns import MOST

SEALED_VERSION: Final = 3


def encode_second(row: SecondRow) -> bytes:
    """The bytes of a sealed second."""
    whole = dumps(
        [
            SEALED_VERSION,
            row.second,
            row.planned,
            row.users_planned,
            write_tally(pack_tally(row.tally, sort=False)),
            row.workers,
            row.cpu_max,
            row.loop_lag_p99_us,
            row.loop_lag_max_us,
            row.coloured,
            row.coloured_requests,
            row.lengthened_requests,
            row.sealed_after_s,
        ]
    )
    return shrunk(whole)


def decode_second(data: bytes) -> SecondRow:
    """Read a sealed second.

    Raises:
        MessageError: it is malformed or of another version.
    """
    fields = loads(grown(data))
    if not isinstance(fields, list) or len(fields) != 13 or natural(fields[0]) != SEALED_VERSION:
        raise MessageError("not a sealed second of this version")
    _, second, planned, users_planned, tally, workers, cpu_max, *lateness, sealed_after_s = fields
    lag_p99_us, lag_max_us, coloured, coloured_requests, lengthened = lateness
    return SecondRow(
        natural(second),
        natural(planned),
        natural(users_planned),
        unpack_tally(read_tally(tally), MOST),
        natural(workers),
        number(cpu_max),
        natural(lag_p99_us),
        natural(lag_max_us),
        natural(coloured),
        natural(coloured_requests),
        number(lengthened),
        number(sealed_after_s),
    )
