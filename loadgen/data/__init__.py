"""Data that journeys draw from: rows of files and of generators, by number, without holding them in memory.

::

    customers.csv ─▶ index (where each row begins) ─▶ FileRows ──┐
    generate: customers ─▶ GeneratedRows ────────────────────────┴─▶ rows[number]

Which number a shopper gets is decided elsewhere: by its dice where a source is shared (:mod:`loadgen.data.order`), by
leases in Redis where rows must not be used by two shoppers at once. Layer 3.
"""

from loadgen.data.files import FileRows
from loadgen.data.generated import GeneratedRows
from loadgen.data.opening import open_rows
from loadgen.data.order import Zipf, shuffled

__all__ = ["FileRows", "GeneratedRows", "Zipf", "open_rows", "shuffled"]
