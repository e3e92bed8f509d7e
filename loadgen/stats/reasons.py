"""Why a request failed: a closed list, so that it can be a label.

==================  =========================================================================================
reason              meaning
==================  =========================================================================================
dns                 the name did not resolve
connect             no connection: refused, unreachable, no free port
tls                 the handshake or a certificate failed
timeout_connect     no connection in time
timeout_tls         no handshake in time
timeout_first_byte  connected and asked, but no answer in time
timeout_idle        the answer began and then went silent
timeout_total       the whole exchange took too long
timeout             a client that does not say in which phase it waited
abandoned           the shopper had no more patience and stopped waiting; how long it would have taken is not known
reset               the connection broke, or was closed before the answer was complete
protocol            the answer was not HTTP, not decodable, or redirected without end
status_4xx          answered with 400 to 499
status_5xx          answered with 500 to 599
status              answered with another status that counts as a failure
assertion           answered, but the journey said that the answer is wrong
too_large           answered with more than the client takes
other               anything else; the error sample says what
==================  =========================================================================================
"""

from __future__ import annotations

from typing import Final

TIMEOUTS: Final = (
    "timeout_connect",
    "timeout_tls",
    "timeout_first_byte",
    "timeout_idle",
    "timeout_total",
    "timeout",
)
"""Reasons that mean: not in time."""

REASONS: Final = (
    "dns",
    "connect",
    "tls",
    *TIMEOUTS,
    "abandoned",
    "reset",
    "protocol",
    "status_4xx",
    "status_5xx",
    "status",
    "assertion",
    "too_large",
    "other",
)
"""The closed list."""
