"""How a shopper's HTTP client behaves: one frozen value per user class and target.

Times are in seconds, sizes in bytes. Each timeout is a phase of its own and a failure reason of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Whom to trust, and who to be.

    Attributes:
        verify: check certificates and host names. Off only by an explicit setting, for test systems.
        ca_file: PEM file of authorities to trust instead of the system's; empty takes the system's.
        client_certificate: PEM file with the shopper's own certificate; empty sends none.
        client_key: PEM file with its key; empty when it is in the same file.
    """

    verify: bool = True
    ca_file: str = ""
    client_certificate: str = ""
    client_key: str = ""


@dataclass(frozen=True, slots=True)
class PageSettings:
    """How ``page()`` looks at pages, and whose assets it loads.

    Attributes:
        viewport_px: width and height of the window in CSS pixels; they choose pictures, and media queries ask for them.
        pixel_ratio: device pixels of one CSS pixel.
        images_in_view: so many pictures of a page are in view; those behind them are not loaded if they are lazy.
        asset_hosts: hosts beside the page's own site whose assets are loaded: ``cdn.example``, ``*.cdn.example``.

    Raises:
        ValueError: nothing could be seen with it.
    """

    viewport_px: tuple[int, int] = (1366, 768)
    pixel_ratio: float = 1.0
    images_in_view: int = 6
    asset_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.viewport_px) != 2 or min(*self.viewport_px, self.pixel_ratio) <= 0:
            raise ValueError("a viewport has a width and a height, and it and its pixel ratio are above 0")


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """All that a client needs to know beside its requests.

    Attributes:
        connect_timeout_s: to open a TCP connection (all addresses of the host together), and a tunnel.
        tls_timeout_s: for the TLS handshake.
        first_byte_timeout_s: from the last byte sent to the first byte of the answer.
        idle_timeout_s: between two bytes of the answer, and of the request's body.
        total_timeout_s: for one exchange, from its first to its last byte; None does not limit it.
        max_header_bytes: of one answer's status line and headers, and of its trailers.
        max_body_bytes: of one answer's body as it travels.
        max_content_bytes: of one answer's body unpacked: a small gzip can hold gigabytes.
        max_redirects: followed in a row.
        concurrency: connections of one shopper to one host.
        keep_alive_s: a connection idle for longer is not used again.
        tls: certificates.
        http: ``1.1``, or ``2`` where the server agrees (TLS only).
        proxy: ``http://[user:password@]host:port``; empty connects directly.
        source_addresses: local addresses to send from, in rotation; empty leaves it to the system.
        dns_ttl_s: how long a host's addresses are kept; 0 asks for each connection.
        default_headers: sent with each request unless it has its own.
        pages: how pages are looked at.
        trace: each request carries a ``traceparent`` unless it has its own.
    """

    connect_timeout_s: float = 10.0
    tls_timeout_s: float = 10.0
    first_byte_timeout_s: float = 60.0
    idle_timeout_s: float = 60.0
    total_timeout_s: float | None = None
    max_header_bytes: int = 64 * 1024
    max_body_bytes: int = 256 * 1024 * 1024
    max_content_bytes: int = 512 * 1024 * 1024
    max_redirects: int = 30
    concurrency: int = 10
    keep_alive_s: float = 300.0
    tls: TlsSettings = field(default_factory=TlsSettings)
    http: Literal["1.1", "2"] = "1.1"
    proxy: str = ""
    source_addresses: tuple[str, ...] = ()
    dns_ttl_s: float = 60.0
    default_headers: tuple[tuple[str, str], ...] = ()
    pages: PageSettings = field(default_factory=PageSettings)
    trace: bool = False
