"""HTTP/2 over TLS, by the h2 library: one connection to an origin, shared by all that a shopper does there at once.

::

    Client ── SharedConnections ──▶ Stream, one for each exchange
                                      │  waits, with the exchange's own limits
                                      ▼
                         Http2Connection ── Frames (h2) ── TLS wire
                                      ▲
                     the hub calls when the wire can be read or written

There is no greenlet that reads: with 20,000 shoppers that would be as many stacks. The event loop's hub reads what has
come, for all streams, and wakes those who wait for it. So nobody who reads can be in the way of somebody who writes,
and a server's word to an idle connection (a ping, its end) is heard, too.

This package is imported only for shoppers that speak HTTP/2: h2 takes a worker 40 ms and some megabytes.
"""
