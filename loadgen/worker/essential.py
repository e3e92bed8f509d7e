"""Greenlets that the process cannot do without.

gevent prints the traceback of a greenlet that dies and goes on. A worker whose lease keeper, load or reporting has died
must not: it would carry a share that nobody serves. So it ends, and its supervisor puts a fresh one in its place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event

log = logging.getLogger("loadgen.worker")

broken = Event()
"""Set when an essential greenlet has died of an error."""


def spawn(work: Callable[..., Any], *args: Any) -> Any:
    """Run work in a greenlet; if it raises, :data:`broken` is set."""
    greenlet = gevent.spawn(work, *args)
    greenlet.link_exception(_on_death)
    return greenlet


def _on_death(greenlet: Any) -> None:
    log.error("an essential part of this worker has died: %r", greenlet.exception)
    broken.set()
