"""Aim a user at the plan's target, and let go of it: host, default headers, connections.

A shopper has connections of its own, as a visitor has. They are closed when it leaves: with thousands of shoppers a
minute, waiting for the garbage collector would run out of file descriptors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession, FastHttpUser
from locust.env import Environment
from locust.exception import StopTest, StopUser
from locust.user.users import User

from loadgen.errors import JourneyError
from loadgen.journey.sources import give_back
from loadgen.journey.tracing import has_traceparent


def aim(
    user_class: type[User],
    environment: Environment,
    host: str | None,
    headers: Mapping[str, str],
    insecure_tls: bool = False,
    trace: bool = False,
) -> User:
    """Make a user that sends to the target.

    Args:
        user_class: what the journey file defines.
        environment: what the user lives in.
        host: the target's base URL; None leaves the class its own, as Locust does.
        headers: default headers; those that a request gives itself win.
        insecure_tls: whether to accept any certificate; otherwise the class decides, as in Locust.
        trace: whether Locust's clients send a ``traceparent`` with each request; our own asks the environment.

    Raises:
        JourneyError: there is no host, or the user's ``__init__`` raised.
    """
    wanted = host.rstrip("/") if host else user_class.host
    if user_class.host != wanted:  # to set an attribute of a class makes Python forget how to find the others
        user_class.host = wanted
    if insecure_tls and issubclass(user_class, FastHttpUser) and not user_class.insecure:
        user_class.insecure = True
    try:
        user = user_class(environment)
    except StopTest as error:
        raise JourneyError(
            f"{user_class.__name__} has no host to send to",
            hint="give the plan a target.base_url, the class a host, or the command --host",
        ) from error
    except JourneyError:
        raise
    except Exception as error:
        raise JourneyError(f"{user_class.__name__} cannot be made: {type(error).__name__}: {error}") from error
    client: Any = getattr(user, "client", None)
    if isinstance(client, FastHttpSession):
        client.client.default_headers.update(headers)
        traces = trace and not has_traceparent(client.client.default_headers)
        client.loadgen_traces = traces  # type: ignore[attr-defined]  # found there by loadgen.journey.wire
    elif isinstance(client, HttpSession):
        client.headers.update(headers)
        client.loadgen_traces = trace and not has_traceparent(client.headers)  # type: ignore[attr-defined]
        client.verify = client.verify and not insecure_tls
    return user


class _Left:
    """What a user that has left has in the place of its TaskSet, which would hold on to it."""

    def wait(self) -> None:
        raise StopUser


_LEFT: Final[Any] = _Left()


def let_go(user: User) -> None:
    """Close a user's connections, unless its class shares them among users (``client_pool``, ``pool_manager``).

    The rows that were its own are free again.
    """
    give_back(user)
    vars(user).pop("_shop", None)  # a dialect holds on to its shopper
    user._taskset_instance = _LEFT  # noqa: SLF001 - Locust never lets go of it
    client: Any = getattr(user, "client", None)
    if getattr(client, "belongs_to_shopper", False):
        client.let_go()
    elif isinstance(client, FastHttpSession) and getattr(user, "client_pool", None) is None:
        client.client.close()
    elif isinstance(client, HttpSession) and getattr(user, "pool_manager", None) is None:
        _close_pools(client)


def _close_pools(client: HttpSession) -> None:
    """Close a requests session for good: its own ``close()`` leaves that to the end of every response's life."""
    adapters: list[Any] = list(client.adapters.values())
    for adapter in adapters:
        for manager in (adapter.poolmanager, *adapter.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - urllib3's container does not iterate
                manager.pools[key].close()
    client.close()
