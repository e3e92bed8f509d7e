"""Everything that travels over Redis: frozen, versioned, checked on arrival.

``packing`` is the form of tallies on the wire: ``rows`` for names, packed columns for numbers, ``samples``; ``plain``
checks single values. ``frame`` is a worker's second and ``sealed`` the cluster's; ``control`` speaks to workers, who
answer in events; ``spec`` is a run as submitted, ``record`` how it stands, ``totals`` what each worker did. Nothing is
trusted: whatever does not fit raises :class:`loadgen.errors.MessageError`.
"""

from loadgen.messages.control import (
    MAX_PIECES,
    ControlMessage,
    Offer,
    Piece,
    Seat,
    StopMode,
    WorkerEvent,
    WorkerEventKind,
    WorkerInfo,
)
from loadgen.messages.frame import Frame, Health
from loadgen.messages.packing import PackedTally, added_up, pack_tally, unpack_tally
from loadgen.messages.record import Loss, RunEvent, RunRecord, RunState, Silence, StopNote
from loadgen.messages.sealed import decode_second, encode_second
from loadgen.messages.spec import RunSpec
from loadgen.messages.totals import WorkerTotals

__all__ = [
    "MAX_PIECES",
    "ControlMessage",
    "Frame",
    "Health",
    "Loss",
    "Offer",
    "PackedTally",
    "Piece",
    "RunEvent",
    "RunRecord",
    "RunSpec",
    "RunState",
    "Seat",
    "Silence",
    "StopMode",
    "StopNote",
    "WorkerEvent",
    "WorkerEventKind",
    "WorkerInfo",
    "WorkerTotals",
    "added_up",
    "decode_second",
    "encode_second",
    "pack_tally",
    "unpack_tally",
]
