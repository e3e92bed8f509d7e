"""Opening Redis or Valkey, and saying clearly what is wrong with it.

URLs::

    redis://[user:password@]host[:6379][/db]        one server (valkey:// means the same)
    rediss://…                                      the same over TLS (?ssl_ca_certs=FILE, ?ssl_cert_reqs=none)
    redis+sentinel://[user:password@]host1[:26379],host2/MASTER[/db][?sentinel_username=U&sentinel_password=P]
    redis+cluster://[user:password@]host1[:6379],host2
    unix:///path/to/socket

User and password before the hosts are those of the data servers; Sentinels with a password of their own are given it in
the query.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.exceptions import RedisClusterException
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError

from loadgen.bus.outage import Outage
from loadgen.bus.scripts import Scripts
from loadgen.errors import BusError, UsageError

T = TypeVar("T")

OLDEST: Final = (6, 2)
"""Oldest server that has all we use: stream trimming by id, LMOVE, script effects with TIME."""

ANSWER_S: Final = 4.5
"""How long the first answer may take, whatever redis-py tries meanwhile: a person is answered within five seconds."""

CONNECT_TIMEOUT_S: Final = 3.0
"""Long enough for any network."""

SOCKET_TIMEOUT_S: Final = 4.0
"""How long one command may take; blocking reads ask for less than this."""

log = logging.getLogger("loadgen.bus")


@dataclass(frozen=True)
class Bus:
    """An open connection pool with its scripts.

    Attributes:
        client: the redis-py client; bytes in, bytes out.
        scripts: the Lua scripts bound to it.
        url: where it leads, without password, for people.
        outage: what all who speak over it say while it does not answer.
    """

    client: redis.Redis
    scripts: Scripts
    url: str
    outage: Outage = field(default_factory=lambda: Outage(log))

    def close(self) -> None:
        """Close all connections."""
        self.client.close()


def connect(url: str, *, timeout_s: float = SOCKET_TIMEOUT_S, again: bool = True) -> Bus:
    """Open Redis and check that it is one we can work with.

    Args:
        url: see the module's table.
        timeout_s: how long one command may take.
        again: whether a command whose answer does not come is sent once more on a new connection. It may have been
            done the first time: not for those whose answer tells the first time from the second.

    Raises:
        UsageError: the URL makes no sense.
        BusError: unreachable, refused, too old, or no Redis at all; within five seconds.
    """
    shown = _without_secrets(url)

    def ask() -> tuple[redis.Redis, dict[str, Any]]:
        with speaking_to(shown):
            client = _open(url, shown, timeout_s, again)
            return client, _info(client)

    client, info = _within(ANSWER_S, ask, shown)
    _check_version(info, shown)
    return Bus(client, Scripts(client), shown)


def _within(seconds: float, ask: Callable[[], T], shown: str) -> T:
    """The answer to a question, if it comes in time; redis-py has timeouts for its steps, but none for all of them."""
    answers: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((ask(), None))
        except Exception as error:  # noqa: BLE001 -- raised where it was asked for
            answers.put((None, error))

    threading.Thread(target=run, name="loadgen-connect", daemon=True).start()
    try:
        answer, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise BusError(f"Redis at {shown} does not answer in time", hint=_HINT_UNREACHABLE) from None
    if error is not None:
        raise error
    return cast("T", answer)


@contextmanager
def speaking_to(shown: str) -> Iterator[None]:
    """Turn the errors of redis-py into :class:`BusError` with a hint.

    Args:
        shown: the URL without password, for the message.
    """
    token = _speaking.set(True)
    try:
        yield
    except (redis.exceptions.RedisError, RedisClusterException) as error:
        raise _translated(error, shown) from error
    except OSError as error:
        raise BusError(f"cannot speak to Redis at {shown}: {error}", hint=_HINT_UNREACHABLE) from error
    finally:
        _speaking.reset(token)


_speaking: ContextVar[bool] = ContextVar("loadgen_speaking_to_redis", default=False)


def is_speaking() -> bool:
    """Whether the present thread or greenlet is speaking to Redis: a worker lets such connections pass.

    Sentinel and Cluster name servers that no URL names, so a list of addresses would not do.
    """
    return _speaking.get()


_HINT_UNREACHABLE = "is the server running, and are host and port right? try: redis-cli -u URL ping"


def _translated(error: Exception, shown: str) -> BusError:
    known: list[tuple[type[Exception], str, str]] = [
        (
            redis.exceptions.AuthenticationError,
            f"Redis at {shown} refuses the user or password",
            "put them into the URL: redis://USER:PASSWORD@host:port",
        ),
        (
            redis.exceptions.NoPermissionError,
            f"the user at {shown} may not do what loadgen needs ({error})",
            "ACL SETUSER must give it ~{loadgen}* ~{run:* +@all -@dangerous +info",
        ),
        (redis.exceptions.BusyLoadingError, f"Redis at {shown} is still loading its data", "wait until it is up"),
        (redis.exceptions.ReadOnlyError, f"Redis at {shown} is a read-only replica", "name the primary, or Sentinel"),
        (redis.exceptions.OutOfMemoryError, f"Redis at {shown} is out of memory", "raise maxmemory"),
        (
            MasterNotFoundError,
            f"no Sentinel at {shown} can be reached and knows a master of that name",
            "see: redis-cli -h SENTINEL -p 26379 sentinel masters",
        ),
        (redis.exceptions.TimeoutError, f"Redis at {shown} does not answer in time", _HINT_UNREACHABLE),
        (redis.exceptions.InvalidResponse, f"what answers at {shown} is no Redis ({error})", _HINT_UNREACHABLE),
        (
            RedisClusterException,
            f"cannot reach a Redis Cluster at {shown} ({error})",
            "redis+cluster:// is for servers with cluster-enabled yes; all others are redis://",
        ),
    ]
    if isinstance(error, MasterNotFoundError) and "AuthenticationError" in str(error):
        hint = "put theirs behind the URL: redis+sentinel://…/MASTER?sentinel_password=PASSWORD"
        return BusError(f"the Sentinels at {shown} refuse the user or password", hint=hint)
    for kind, message, hint in known:
        if isinstance(error, kind):
            return BusError(message, hint=hint)
    text = _OF_PIPELINE.sub("", str(error))
    for code, message, hint in _REFUSALS:
        if text.startswith(code):
            return BusError(f"Redis at {shown} {message}", hint=hint)
    if isinstance(error, redis.exceptions.ConnectionError):
        return BusError(f"cannot reach Redis at {shown} ({error})", hint=_why_unreachable(error))
    return BusError(f"Redis at {shown} answered with an error: {text[:300]}", hint="see the server's log")


def _why_unreachable(error: Exception) -> str:
    if "SSL" in str(error) or "certificate" in str(error):
        return _HINT_TLS
    hung_up = isinstance(error.__context__, ConnectionResetError | BrokenPipeError) or "closed by server" in str(error)
    return _HINT_HUNG_UP if hung_up else _HINT_UNREACHABLE


_OF_PIPELINE: Final = re.compile(r"^Command # \d+ \(.*?\) of pipeline caused error: ", re.DOTALL)
"""What redis-py puts before an error of a pipeline: the command, with all its bytes."""

_REFUSALS: Final = (
    ("MISCONF", "takes nothing, as it cannot write to its disk", "see the server's log; is its disk full?"),
    ("BUSY", "is busy with somebody's script", "redis-cli SCRIPT KILL ends it"),
    ("NOREPLICAS", "takes nothing without its replicas (min-replicas-to-write)", "are they up?"),
    ("MASTERDOWN", "is a replica that has lost its primary", "name the primary, or Sentinel"),
    ("UNBLOCKED", "has just become a replica", "name the primary, or Sentinel"),
    ("max number of clients", "has no room for another connection", "raise maxclients"),
)
"""Refusals that redis-py has no class for: how they begin, and what to say instead."""

_HINT_HUNG_UP = (
    "was it stopped just now? without a password it hangs up on other machines (protected mode): give it one with "
    "requirepass; on a port for TLS say rediss://"
)

_HINT_TLS = "does this port speak TLS, and who signed its certificate? name them with ?ssl_ca_certs=FILE"


def _info(client: Any) -> dict[str, Any]:
    if isinstance(client, redis.RedisCluster):
        info: dict[str, Any] = client.info("server", target_nodes=redis.RedisCluster.RANDOM)
        return info
    return cast("dict[str, Any]", client.info("server"))


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


def _open(url: str, shown: str, timeout_s: float, again: bool) -> redis.Redis:
    try:
        return _client(url, timeout_s, again)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"not a Redis URL: {shown}",
            hint="use e.g. redis://localhost:6379/0 or rediss://user:password@host:6380; "
            "in a password, / is written %2F and @ is written %40",
        ) from error


def _client(url: str, timeout_s: float, again: bool) -> redis.Redis:
    parts = urlsplit(url)
    options: dict[str, Any] = {
        "protocol": 2,  # answers have one form on every server and redis-py we support
        "socket_connect_timeout": min(CONNECT_TIMEOUT_S, timeout_s),
        "socket_timeout": timeout_s,
        "socket_keepalive": True,
        "health_check_interval": 15,
        "retry": Retry(NoBackoff(), 1 if again else 0),
    }
    match parts.scheme:
        case "redis" | "rediss" | "valkey" | "valkeys":
            if not re.fullmatch(r"/?\d*", parts.path):
                raise ValueError(f"not the number of a database: {parts.path}")
            return _by_url(re.sub("^valkey", "redis", url), options)
        case "unix":
            del options["socket_keepalive"]
            return _by_url(url, options)
        case "redis+sentinel":
            return _by_sentinel(parts, options)
        case "redis+cluster":
            nodes = [cast("Any", ClusterNode)(host, port) for host, port in _hosts(parts, 6379)]  # untyped by redis-py
            cluster = redis.RedisCluster(startup_nodes=nodes, **_login(parts), **options)
            return cast("redis.Redis", cluster)  # the same commands, another class
        case _:
            raise ValueError(f"unknown scheme {parts.scheme!r}")


def _by_url(url: str, options: dict[str, Any]) -> redis.Redis:
    client = redis.Redis.from_url(url, **options)
    pool = client.connection_pool
    try:
        pool.connection_class(**pool.connection_kwargs)  # not opened: only to see whether it takes the URL's options
    except redis.exceptions.RedisError as error:
        raise ValueError(str(error)) from error
    return client


def _by_sentinel(parts: SplitResult, options: dict[str, Any]) -> redis.Redis:
    name, _, database = parts.path.strip("/").partition("/")
    if not name:
        raise ValueError("a Sentinel URL names its master: redis+sentinel://host:26379/MASTER")
    own = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)):
        if key not in {"sentinel_username", "sentinel_password"}:
            raise ValueError(f"a Sentinel URL has no option {key}")
        own[key.removeprefix("sentinel_")] = value
    sentinel: Any = cast("Any", redis.Sentinel)(  # redis-py leaves it untyped
        _hosts(parts, 26379), sentinel_kwargs=options | own
    )
    master: redis.Redis = sentinel.master_for(name, db=int(database or 0), **_login(parts), **options)
    return master


def _login(parts: SplitResult) -> dict[str, Any]:
    login = {"username": parts.username, "password": parts.password}
    return {key: unquote(value) for key, value in login.items() if value}


def _hosts(parts: SplitResult, default_port: int) -> list[tuple[str, int]]:
    hosts = []
    for address in parts.netloc.rpartition("@")[2].split(","):
        found = re.fullmatch(r"(\[[^\[\]]+\]|[^:\[\]]+)(?::(\d+))?", address)
        if found is None:
            raise ValueError(f"not a host: {address!r}")
        hosts.append((found[1].strip("[]"), int(found[2] or default_port)))
    return hosts


def _without_secrets(url: str) -> str:
    scheme, separator, rest = url.rpartition("://")
    login, at, place = rest.rpartition("@")
    user = login.partition(":")[0] if ":" in login else ""
    place = re.sub(r"(?i)(password=)[^&]*", r"\1***", place)
    shown = f"{scheme}{separator}{user}:***@{place}" if at else f"{scheme}{separator}{place}"
    return "".join(char if char.isprintable() else "�" for char in shown)
