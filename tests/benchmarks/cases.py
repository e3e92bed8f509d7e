"""The five cases of the HTTP client, and what each is held against.

=============  ==========================================================  =================
case           a shopper                                                   connections
=============  ==========================================================  =================
page           gets a page of 1 KB, again and again                        kept
page over TLS  the same                                                    kept
visit          ten exchanges: cookies, form, redirect, JSON, packed pages  kept
newcomer       gets a page of 1 KB three times, and is gone                new for each one
catalogue      gets a packed page of 100 KB and looks at it                kept
=============  ==========================================================  =================

The same work for all: the same exchanges, which the server checks; 32 at once; the answers of the visit and the
catalogue are looked at, those of the other cases are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks import site

USERS = 32

SATURATING = 7000
"""Newcomers per second: more than a core can serve, so that there is always one at the door; not many more, as whoever
finds no room costs CPU, too."""


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        title: for readers.
        user: name of the class in ``shoppers.py`` and ``fast_http_users.py``, and of k6's script, in small letters.
        exchanges: what a shopper exchanges with the server in one journey.
        wrk: what wrk is given beside the address.
        page: what wrk asks for where no script names it.
        goal_fast: at least so many times what ``FastHttpUser`` sends.
        goal_k6: at least so many times what k6 sends.
        tls: whether it is over TLS.
        leaves: whether a shopper is gone after its journey.
    """

    title: str
    user: str
    exchanges: tuple[tuple[str, str, int], ...]
    wrk: tuple[str, ...]
    page: str
    goal_fast: float
    goal_k6: float
    tls: bool = False
    leaves: bool = False

    @property
    def script(self) -> str:
        """k6's."""
        return f"{self.user.lower()}.js"

    def plan(self, url: str) -> dict[str, Any]:
        """loadgen's: a crew of shoppers who begin again, or newcomers who are always more than there is room for."""
        if self.leaves:
            load = {"shape": {"constant": {"at": f"{SATURATING}/s", "for": "1h"}}, "max_shoppers": USERS}
        else:
            load = {"model": "closed", "shape": {"constant": {"at": USERS, "for": "1h"}}}
        return {
            "name": self.user.lower(),
            "target": {"base_url": url, "insecure_tls": self.tls},
            "journeys": [{"file": "shoppers.py", "user": self.user}],
            "load": [load],
            "graceful_stop": "5s",
        }


CASES = (
    Case("GET 1 KB, keep-alive, 32 shoppers", "Page", site.PAGE, (), "/page.html", 3.5, 1.5),
    Case("the same over TLS", "Page", site.PAGE, (), "/page.html", 3.0, 1.3, tls=True),
    Case(
        "a journey of ten requests: cookies, a form POST with redirect, JSON, gzip",
        "Visit",
        site.VISIT,
        ("-s", "visit.lua"),
        "/",
        3.0,
        1.3,
    ),
    Case(
        "new shopper and new connection for each journey of three requests",
        "Newcomer",
        site.NEWCOMER,
        ("-s", "newcomer.lua"),
        "/page.html",
        2.5,
        1.3,
        leaves=True,
    ),
    Case("GET 100 KB gzip", "Catalogue", site.CATALOGUE, ("-s", "packed.lua"), "/catalogue.html", 1.5, 1.0),
)
