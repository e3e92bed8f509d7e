"""What a worker process counts, in memory that outlives it.

A recorder does not add up: it writes each event, as one or two machine words, into a file that is mapped into memory.
Once a second the events are folded into a tally. Should the process be killed, by whatever signal, the kernel keeps
the pages; its supervisor reads the same file and folds what is left, so that nothing counted is lost.

===========  ====================================================================
layout       the words of the file, drawn
writing      :class:`Journal`, the worker's side: append, turn over, settle
reading      :func:`remains`, the supervisor's side: what a dead process left
folding      :func:`fold`: events to a :class:`~loadgen.stats.Tally`, vectorised
===========  ====================================================================

Knows no network and no gevent. Times are whole microseconds.
"""

from loadgen.journal.folding import fold
from loadgen.journal.layout import JournalError, Kind
from loadgen.journal.reading import Remains, remains
from loadgen.journal.writing import Journal

__all__ = ["Journal", "JournalError", "Kind", "Remains", "fold", "remains"]
