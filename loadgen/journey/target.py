"""Aim a user at the plan's target: its host, and the headers that every request carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment
from locust.exception import StopTest
from locust.user.users import User

from loadgen.errors import JourneyError


def aim(user_class: type[User], environment: Environment, host: str | None, headers: Mapping[str, str]) -> User:
    """Make a user that sends to the target.

    Args:
        user_class: what the journey file defines.
        environment: what the user lives in.
        host: the target's base URL; None leaves the class its own, as Locust does.
        headers: default headers; those that a request gives itself win.

    Raises:
        JourneyError: there is no host, or the user's ``__init__`` raised.
    """
    if host:
        user_class.host = host.rstrip("/")
    try:
        user = user_class(environment)
    except StopTest as error:
        raise JourneyError(
            f"{user_class.__name__} has no host to send to",
            hint="give the plan a target.base_url, or the class a host",
        ) from error
    except Exception as error:
        raise JourneyError(f"{user_class.__name__} cannot be made: {type(error).__name__}: {error}") from error
    if headers:
        apply_headers(user, headers)
    return user


def apply_headers(user: User, headers: Mapping[str, str]) -> None:
    """Give every request of a user's HTTP client these headers; users of other protocols are left alone."""
    client: Any = getattr(user, "client", None)
    if isinstance(client, FastHttpSession):
        client.client.default_headers.update(headers)
    elif isinstance(client, HttpSession):
        client.headers.update(headers)
