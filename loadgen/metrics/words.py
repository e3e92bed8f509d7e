"""The closed sets behind labels whose words come from elsewhere in the system.

A counter must be there at 0 before its first event, or the increase that made it appear is lost to ``rate()``; so
every word has to be known beforehand. Those who write the words live beside or above this package and cannot be
imported here. A test compares each set with its origin.
"""

from __future__ import annotations

from typing import Final

OTHER_REASON: Final = "other"
"""Where a reason is counted that is not in its list: a worker of another version may have sent it."""

ABANDON_REASONS: Final = ("error", "slow", "will")
"""Why a shopper gave up in a step, from ``loadgen.journey.recorder``."""

WORKER_STATES: Final = ("idle", "busy", "leaving")
"""How a worker of the cluster stands, from ``loadgen.coordinator.leader``."""

PLACES: Final = ("invited", "ready", "seated", "leaving", "refused", "done", "lost")
"""Where a worker stands in a run, from ``loadgen.coordinator.seating``."""

BUSINESS_COUNTS: Final = ("visits", "product_views", "carts", "checkouts", "orders", "revenue_cents")
"""What shops live by, there at 0 for every journey; what else journeys count appears with its first. All of
``loadgen.stats.tally.BY_DEVICE``, in the order of the funnel."""
