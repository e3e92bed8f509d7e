"""What shoppers hold against the shop, among all that is counted: names of counters and of samples.

=================  ==================================================================================
``violation:RULE`` how often a shopper saw the shop break a rule (:mod:`loadgen.commerce.violations`)
``sold:ARTICLE``   pieces in confirmed orders, of articles whose stock the plan tells
``used:COUPON``    confirmed orders with it, of coupons whose limit the plan tells
=================  ==================================================================================

Samples with the same name and the reason :data:`EVIDENCE` say who saw it, and when.
"""

from __future__ import annotations

from typing import Final

VIOLATION: Final = "violation:"
SOLD: Final = "sold:"
USED: Final = "used:"

EVIDENCE: Final = "evidence"
"""In the place of the reason why a request failed: none did."""
