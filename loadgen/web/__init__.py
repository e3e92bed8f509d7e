"""The live page: a run in a browser, with nothing else installed and nothing asked of any other place.

::

    Redis ── Follower ──▶ Watch ── board, timeline ──▶ events ──▶ browser
              (one a run, whoever watches)             (server-sent)

Everything is read from Redis, as ``loadgen watch`` does, so any process that reaches it can serve the page, and every
number is decided where the reports' numbers are. ``access`` says who may do what, ``plans`` what lies ready,
``board`` what is shown of a run in words, ``timeline`` what is drawn, ``watching`` who looks for whom, ``cluster`` what
there is to look at, ``server`` and ``routes`` speak HTTP, ``static`` is what the browser gets. Layer 6.
"""

from loadgen.web.access import Access
from loadgen.web.server import PageServer

__all__ = ["Access", "PageServer"]
