"""What came of loading a page: its answer, and what became of each of its assets."""

from __future__ import annotations

from typing import NamedTuple

from loadgen.journey.http.headers import Headers
from loadgen.journey.http.pages.links import Kind
from loadgen.journey.http.response import Response


class Asset(NamedTuple):
    """One asset of a page.

    Attributes:
        url: absolute, without fragment.
        kind: style, script, image, font, icon or other.
        status: of the answer; 304 when the shop confirmed what was kept, 0 when nothing came.
        from_cache: whether it was kept and fresh, so that nothing was sent.
        time_s: from the send to the end of the answer; 0 from the cache.
    """

    url: str
    kind: Kind
    status: int
    from_cache: bool
    time_s: float

    @property
    def ok(self) -> bool:
        """Whether it is there."""
        return 0 < self.status < 400


class Page:
    """A page with all that belongs to it.

    Args:
        response: the answer that brought the HTML.
        assets: in the order in which they came.
        skipped: assets that were not asked for: of other sites, of hosts that are not allowed, beyond the limits.
        time_s: from the send of the page's own request to the end of its last asset.
    """

    __slots__ = ("assets", "response", "skipped", "time_s")

    def __init__(self, response: Response, assets: list[Asset], skipped: int, time_s: float) -> None:
        self.response = response
        self.assets = assets
        self.skipped = skipped
        self.time_s = time_s

    @property
    def failed(self) -> int:
        """Assets that did not come. Each is a failed request; the page is none for that."""
        return sum(not asset.ok for asset in self.assets)

    @property
    def status_code(self) -> int:
        """Of the page itself; 0 when nothing came."""
        return self.response.status_code

    @property
    def ok(self) -> bool:
        """Whether the page's own status is below 400."""
        return self.response.ok

    @property
    def url(self) -> str:
        """The address that answered in the end."""
        return self.response.url

    @property
    def headers(self) -> Headers | None:
        """Of the page itself; None when nothing came."""
        return self.response.headers

    @property
    def text(self) -> str | None:
        """The HTML; None when nothing came."""
        return self.response.text

    def __repr__(self) -> str:
        return f"<Page {self.status_code} {self.url}: {len(self.assets)} assets in {self.time_s:.3f} s>"
