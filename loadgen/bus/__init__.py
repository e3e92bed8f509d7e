"""The cluster's one meeting place: Redis or Valkey. The home of ``redis``.

``connection`` opens it and turns its errors into ours; ``outage`` says when it is away; ``embedded`` starts a server
of our own; ``keys`` names what lies in it; ``scripts`` wraps the Lua files; ``cluster`` is what all processes share
(time, leader, workers, queue), ``run`` what belongs to one run (seats, frames, sealed seconds, record), in values of
``papers``; its ``frames`` may be spread over several servers; ``crowd`` speaks for thousands of simulated workers, and
``load`` asks the server what it uses. ``following`` reads a run as it goes on, from anywhere.
Synchronous: under gevent the sockets yield by themselves, in the coordinator a call is a call.
"""

from loadgen.bus.cluster import ClusterBus, Leadership
from loadgen.bus.connection import Bus, connect, is_speaking
from loadgen.bus.embedded import EmbeddedServer
from loadgen.bus.papers import Agreement, Announcement, Batch, Papers, Refused, Sealing
from loadgen.bus.run import RunBus

__all__ = [
    "Agreement",
    "Announcement",
    "Batch",
    "Bus",
    "ClusterBus",
    "EmbeddedServer",
    "Leadership",
    "Papers",
    "Refused",
    "RunBus",
    "Sealing",
    "connect",
    "is_speaking",
]
