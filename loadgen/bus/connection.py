"""Opening Redis or Valkey, and saying clearly what is wrong with it.

URLs::

    redis://[user:password@]host[:6379][/db]        one server (valkey:// means the same)
    rediss://…                                      the same over TLS (?ssl_ca_certs=FILE, ?ssl_cert_reqs=none)
    redis+sentinel://[user:password@]host1[:26379],host2/MASTER[/db]
    redis+cluster://[user:password@]host1[:6379],host2
    unix:///path/to/socket
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from loadgen.bus.scripts import Scripts
from loadgen.errors import BusError, UsageError

OLDEST: Final = (6, 2)
"""Oldest server that has all we use: stream trimming by id, LMOVE, script effects with TIME."""

CONNECT_TIMEOUT_S: Final = 3.0
"""Long enough for any network, short enough to answer a person within five seconds."""

SOCKET_TIMEOUT_S: Final = 4.0
"""How long one command may take; blocking reads ask for less than this."""


@dataclass(frozen=True)
class Bus:
    """An open connection pool with its scripts.

    Attributes:
        client: the redis-py client; bytes in, bytes out.
        scripts: the Lua scripts bound to it.
        url: where it leads, without password, for people.
    """

    client: redis.Redis
    scripts: Scripts
    url: str

    def close(self) -> None:
        """Close all connections."""
        self.client.close()


def connect(url: str) -> Bus:
    """Open Redis and check that it is one we can work with.

    Args:
        url: see the module's table.

    Raises:
        UsageError: the URL makes no sense.
        BusError: unreachable, refused, too old, or no Redis at all; within five seconds.
    """
    shown = _without_password(url)
    try:
        client = _open(url)
    except (ValueError, redis.exceptions.RedisError) as error:
        if isinstance(error, redis.exceptions.ConnectionError):
            raise _translated(error, shown) from error
        raise UsageError(
            f"not a Redis URL: {shown}", hint="use e.g. redis://localhost:6379/0 or rediss://user:password@host:6380"
        ) from error
    with speaking_to(shown):
        _check_version(client.info("server"), shown)
    return Bus(client, Scripts(client), shown)


@contextmanager
def speaking_to(shown: str) -> Iterator[None]:
    """Turn the errors of redis-py into :class:`BusError` with a hint.

    Args:
        shown: the URL without password, for the message.
    """
    try:
        yield
    except redis.exceptions.RedisError as error:
        raise _translated(error, shown) from error
    except OSError as error:
        raise BusError(f"cannot speak to Redis at {shown}: {error}", hint=_HINT_UNREACHABLE) from error


_HINT_UNREACHABLE = "is the server running, and are host and port right? try: redis-cli -u URL ping"


def _translated(error: redis.exceptions.RedisError, shown: str) -> BusError:
    known: list[tuple[type[Exception], str, str]] = [
        (
            redis.exceptions.AuthenticationError,
            f"Redis at {shown} refuses the user or password",
            "put them into the URL: redis://USER:PASSWORD@host:port",
        ),
        (
            redis.exceptions.NoPermissionError,
            f"the user at {shown} may not do what loadgen needs ({error})",
            "allow it ~{loadgen}* ~{run:* and +@all -@dangerous +info",
        ),
        (redis.exceptions.BusyLoadingError, f"Redis at {shown} is still loading its data", "wait until it is up"),
        (redis.exceptions.ReadOnlyError, f"Redis at {shown} is a read-only replica", "name the primary, or Sentinel"),
        (redis.exceptions.OutOfMemoryError, f"Redis at {shown} is out of memory", "raise maxmemory"),
        (redis.exceptions.TimeoutError, f"Redis at {shown} does not answer in time", _HINT_UNREACHABLE),
        (redis.exceptions.ConnectionError, f"cannot reach Redis at {shown} ({error})", _HINT_UNREACHABLE),
    ]
    for kind, message, hint in known:
        if isinstance(error, kind):
            return BusError(message, hint=hint)
    return BusError(f"Redis at {shown} answered with an error: {error}", hint="see the server's log")


def _check_version(info: dict[str, Any], shown: str) -> None:
    text = str(info.get("valkey_version") or info.get("redis_version") or "")
    numbers = tuple(int(part) for part in re.findall(r"\d+", text)[:2])
    if not numbers:
        raise BusError(f"the server at {shown} does not say which version it is", hint="loadgen needs Redis or Valkey")
    if numbers < OLDEST:
        raise BusError(
            f"Redis at {shown} is version {text}, loadgen needs {OLDEST[0]}.{OLDEST[1]} or newer",
            hint="upgrade Redis, use Valkey, or let loadgen run start its own server",
        )


def _open(url: str) -> redis.Redis:
    parts = urlsplit(url)
    options: dict[str, Any] = {
        "protocol": 2,  # answers have one form on every server and redis-py we support
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": 15,
        "retry": Retry(NoBackoff(), 1),
    }
    match parts.scheme:
        case "redis" | "rediss" | "unix":
            return redis.Redis.from_url(url, **options)
        case "valkey" | "valkeys":
            return redis.Redis.from_url(
                urlunsplit(parts._replace(scheme=parts.scheme.replace("valkey", "redis"))), **options
            )
        case "redis+sentinel":
            return _by_sentinel(parts, options)
        case "redis+cluster":
            host, port = _hosts(parts, 6379)[0]
            cluster = redis.RedisCluster(host=host, port=port, **_login(parts), **options)
            return cast("redis.Redis", cluster)  # the same commands, another class
        case _:
            raise ValueError(f"unknown scheme {parts.scheme!r}")


def _by_sentinel(parts: SplitResult, options: dict[str, Any]) -> redis.Redis:
    name, _, database = parts.path.strip("/").partition("/")
    if not name:
        raise ValueError("a Sentinel URL names its master: redis+sentinel://host:26379/MASTER")
    sentinel: Any = cast("Any", redis.Sentinel)(  # redis-py leaves it untyped
        _hosts(parts, 26379), socket_connect_timeout=CONNECT_TIMEOUT_S, socket_timeout=SOCKET_TIMEOUT_S
    )
    master: redis.Redis = sentinel.master_for(name, db=int(database or 0), **_login(parts), **options)
    return master


def _login(parts: SplitResult) -> dict[str, Any]:
    login = {"username": parts.username, "password": parts.password}
    return {key: unquote(value) for key, value in login.items() if value}


def _hosts(parts: SplitResult, default_port: int) -> list[tuple[str, int]]:
    hosts = []
    for address in parts.netloc.rpartition("@")[2].split(","):
        host, _, port = address.rpartition(":") if ":" in address else (address, "", "")
        hosts.append((host, int(port or default_port)))
    return hosts


def _without_password(url: str) -> str:
    return re.sub(r"(?<=://)([^/@]*?)(:[^/@]*)?@", lambda found: f"{found[1]}:***@" if found[2] else found[0], url)
