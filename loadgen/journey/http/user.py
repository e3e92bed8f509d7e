"""``FastHttpUser``: takes the place of Locust's class of that name. Only the import changes.

The class attributes are Locust's, with more beside them; what Locust's class has and this one has not is refused when
the class is used, with a sentence that says what to do instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Final, Literal

from locust.env import Environment
from locust.exception import StopTest
from locust.user.users import RestMixin, User

from loadgen.errors import JourneyError
from loadgen.journey.environment import NO_PLAN, PlanContext
from loadgen.journey.http.client import Client
from loadgen.journey.http.composing import basic_auth
from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.patient import PatientClient
from loadgen.journey.http.reporting import Reporter
from loadgen.journey.http.response import Response
from loadgen.journey.http.settings import ClientSettings, PageSettings, TlsSettings
from loadgen.journey.http.urls import credentials
from loadgen.journey.tracing import has_traceparent

_VERSIONS: Final[tuple[Literal["1.1", "2"], ...]] = ("1.1", "2")


class FastHttpUser(User, RestMixin[Response]):
    """A user with this package's HTTP client as ``self.client``.

    Attributes:
        host: base URL of the target.
        connection_timeout: to open a connection, seconds.
        network_timeout: between two bytes, and until the first byte of an answer, seconds.
        max_redirects: followed in a row.
        max_retries: must stay 0: a request is sent once more only where a kept connection had been closed.
        insecure: accept any certificate, as Locust's class does by default.
        default_headers: sent with each request unless it has its own.
        concurrency: requests at once to one host, for users with greenlets of their own.
        proxy_host: of an HTTP proxy.
        proxy_port: of it.
        tls_timeout: for the TLS handshake, seconds.
        first_byte_timeout: until the first byte of an answer, seconds; None takes ``network_timeout``.
        total_timeout: for one exchange, seconds; None does not limit it.
        ca_file: PEM file of authorities to trust instead of the system's.
        client_certificate: PEM file with the user's own certificate, and its key if ``client_key`` is empty.
        client_key: PEM file with its key.
        source_addresses: local addresses to send from, in rotation.
        dns_ttl: how long a host's addresses are kept, seconds.
        viewport: width and height of the window that pages are looked at with, CSS pixels.
        pixel_ratio: device pixels of one CSS pixel.
        images_in_view: pictures of a page that are in view; lazy ones behind them are not loaded.
        asset_hosts: hosts beside a page's own site whose assets are loaded, ``cdn.example`` or ``*.cdn.example``.
        http: ``"1.1"``, or ``"2"`` where the server agrees, over TLS; a plan's ``target.http`` takes its place.
    """

    abstract = True

    connection_timeout: float = 60.0
    network_timeout: float = 60.0
    max_redirects: int = 30
    max_retries: int = 0
    insecure: bool = True
    default_headers: Mapping[str, str] | None = None
    concurrency: int = 10
    proxy_host: str | None = None
    proxy_port: int | None = None
    client_pool: Any = None
    ssl_context_factory: Any = None

    tls_timeout: float = 10.0
    first_byte_timeout: float | None = None
    total_timeout: float | None = None
    ca_file: str = ""
    client_certificate: str = ""
    client_key: str = ""
    source_addresses: tuple[str, ...] = ()
    dns_ttl: float = 60.0
    http: str = "1.1"

    viewport: tuple[int, int] = (1366, 768)
    pixel_ratio: float = 1.0
    images_in_view: int = 6
    asset_hosts: tuple[str, ...] = ()

    client: Client
    _settings: ClassVar[dict[type[FastHttpUser], tuple[str | None, PlanContext, ClientSettings, Dialer]]] = {}

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        if self.host is None:
            raise StopTest("a user needs a host: in its class, in the plan, or by -H")
        plan = getattr(environment, "context", NO_PLAN)
        settings, dialer = self._settled(plan)
        reporter = Reporter(self, environment.events.request)
        if plan.patience:
            self.client = PatientClient(self.host, settings, dialer, reporter, plan)
        else:
            self.client = Client(self.host, settings, dialer, reporter)

    @classmethod
    def _settled(cls, plan: PlanContext) -> tuple[ClientSettings, Dialer]:
        """The class's settings and the plan's as one value; made once, as shoppers come by the thousand."""
        known = cls._settings.get(cls)
        if known is not None and known[0] == cls.host and known[1] is plan:
            return known[2:]
        if cls.client_pool is not None or cls.ssl_context_factory is not None or cls.max_retries:
            raise JourneyError(
                f"{cls.__name__} sets client_pool, ssl_context_factory or max_retries, which this client has not",
                hint="use concurrency, ca_file, client_certificate or insecure; or import FastHttpUser from locust",
            )
        login = credentials(cls.host or "")
        own = {"Authorization": basic_auth(*login)} if login else {}
        headers = {**own, **(cls.default_headers or {}), **plan.headers}
        first_byte_s = cls.network_timeout if cls.first_byte_timeout is None else cls.first_byte_timeout
        settings = ClientSettings(
            connect_timeout_s=cls.connection_timeout,
            tls_timeout_s=cls.tls_timeout,
            first_byte_timeout_s=first_byte_s,
            idle_timeout_s=cls.network_timeout,
            total_timeout_s=cls.total_timeout,
            max_redirects=cls.max_redirects,
            concurrency=cls.concurrency,
            tls=TlsSettings(
                not (cls.insecure or plan.insecure_tls), cls.ca_file, cls.client_certificate, cls.client_key
            ),
            proxy=f"http://{cls.proxy_host}:{cls.proxy_port or 8080}" if cls.proxy_host else "",
            source_addresses=tuple(cls.source_addresses),
            dns_ttl_s=cls.dns_ttl,
            http=cls._version(plan),
            default_headers=tuple(headers.items()),
            trace=plan.trace and not has_traceparent(headers),
            pages=PageSettings(cls.viewport, cls.pixel_ratio, cls.images_in_view, tuple(cls.asset_hosts)),
        )
        dialer = _dialer(settings)
        cls._settings[cls] = cls.host, plan, settings, dialer
        return settings, dialer

    @classmethod
    def _version(cls, plan: PlanContext) -> Literal["1.1", "2"]:
        wanted = plan.http or cls.http
        for known in _VERSIONS:
            if wanted == known:
                return known
        raise JourneyError(
            f"{cls.__name__} sets http to {wanted!r}, which is no version of HTTP that shoppers speak",
            hint='write http = "1.1" or http = "2", as text',
        )


@lru_cache(maxsize=256)
def _dialer(settings: ClientSettings) -> Dialer:
    return Dialer(settings)
