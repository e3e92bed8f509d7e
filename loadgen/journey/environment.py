"""What a journey finds around it: Locust's environment, with the plan's context on it.

An author reaches the plan through ``self.environment``: ``host`` is the target, ``think_scale`` the factor on think
times, ``context`` the rest. Locust's statistics object exists, but nothing feeds it: counting is the recorder's work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import locust
from locust.env import Environment
from locust.event import Events
from locust.user.users import User

from loadgen.journey.dialect import Dialect
from loadgen.journey.patience import Temper
from loadgen.journey.sources import Source
from loadgen.journey.target import aim


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What a plan gives to its journeys.

    Attributes:
        seed: seeds every shopper's choices.
        data: the plan's sources of data, by name; each is a sequence of its rows.
        headers: sent with every request.
        think_scale: factor on think times; 0 switches them off.
        insecure_tls: whether any certificate of the target is good enough.
        http: version of HTTP that shoppers speak, for our own clients; None leaves it to their class.
        trace: whether each request carries a ``traceparent``.
        devices: weights of what shoppers hold in their hands.
        patience: how long shoppers wait for a step, by device; ``""`` is any other. Without it, for ever.
        dialect: how the target is spoken to; None leaves it to the shopper's class.
        limits: how far counters of what is limited in the shop may come: ``sold:ARTICLE``, ``used:COUPON``.
    """

    seed: int = 0
    data: Mapping[str, Source] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    think_scale: float = 1.0
    insecure_tls: bool = False
    http: str | None = None
    trace: bool = False
    devices: Mapping[str, float] = field(default_factory=dict)
    patience: Mapping[str, Temper] = field(default_factory=dict)
    dialect: type[Dialect] | None = None
    limits: Mapping[str, int] = field(default_factory=dict)


NO_PLAN: Final = PlanContext()
"""For users in an environment that is Locust's own."""


class JourneyEnvironment(Environment):
    """Locust's environment with a plan's context.

    Args:
        context: what the plan gives to its journeys.
        events: Locust's global events by default, so that listeners of journey files are heard.
        may_reach: whether the worker's operator allows a host and port.
        options: as Locust's ``Environment``.
    """

    def __init__(
        self,
        context: PlanContext | None = None,
        *,
        events: Events | None = None,
        may_reach: Callable[[str, int], bool] = lambda _host, _port: True,
        **options: Any,
    ) -> None:
        super().__init__(events=events or locust.events, **options)
        self.context = context or PlanContext()
        self.may_reach = may_reach

    @property
    def think_scale(self) -> float:
        """Factor on think times."""
        return self.context.think_scale

    def new_user(self, user_class: type[User]) -> User:
        """A fresh user of that class, aimed at the target.

        Raises:
            JourneyError: there is no host, or its ``__init__`` raised.
        """
        context = self.context
        return aim(user_class, self, self.host, context.headers, context.insecure_tls, context.trace)
