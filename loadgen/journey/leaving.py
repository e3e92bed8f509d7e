"""What ends a journey though nothing is wrong: exceptions of ours, and those of Locust's that mean the same.

In a module of their own, which is never compiled: what a compiled class inherits from must be known to the compiler.
"""

from __future__ import annotations

from typing import Final

from gevent import GreenletExit
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser

from loadgen.journey.recorder import AbandonReason

CONTROL: Final = (StopUser, StopTest, RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet)
"""What a task or a listener of Locust's may raise without anything being wrong."""


class ShopperGone(GreenletExit):  # type: ignore[misc]  # gevent has no types
    """Raised in a shopper that must send no further request.

    A ``GreenletExit``, so that an author's ``except Exception`` around a request does not keep the shopper alive.
    """


class GaveUp(RescheduleTask):
    """Ends a journey by the shopper's own decision: a return from wherever it is, not an error.

    Args:
        reason: why.
    """

    def __init__(self, reason: AbandonReason) -> None:
        super().__init__(reason)
        self.reason: AbandonReason = reason
