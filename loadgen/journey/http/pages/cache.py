"""What one shopper's browser keeps of the assets it has seen: no bodies, only whether they must be asked for again.

::

    fresh, and the request is alike (Vary) ─▶ used, nothing is sent
    stale, no-cache, or another request    ─▶ asked: If-None-Match, If-Modified-Since ─▶ 304: kept on, as new
                                                                                    └─▶ else: what came is kept
    a POST, PUT, PATCH or DELETE of the same address ─▶ forgotten

One answer is kept for each address, as browsers do. Instants are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from loadgen.journey.http.pages.freshness import age_s, lifetime_s, may_be_kept
from loadgen.journey.http.pages.stylesheet import Sheet

MAX_ENTRIES: Final = 500
"""Answers that one shopper keeps: more than a visit to any shop meets; the oldest make room."""

_NOTED: Final = frozenset(
    {b"age", b"cache-control", b"date", b"etag", b"expires", b"last-modified", b"pragma", b"vary"}
)
"""Headers that tell how an answer may be kept."""

_OF_MAKING: Final = frozenset({"age", "date"})
"""Headers that belong to one answer, and not to the next that confirms it."""


class Entry:
    """An answer that was kept.

    Attributes:
        status: of the answer.
        fields: its headers that matter to the next request, by name in lower case.
        fresh_until_s: until when it may be used without asking.
        asked_with: what the request said in the headers that Vary names; None if no other request is alike.
        sheet: what a stylesheet makes the browser load.
    """

    __slots__ = ("asked_with", "fields", "fresh_until_s", "sheet", "status")

    def __init__(
        self,
        status: int,
        fields: Mapping[str, str],
        fresh_until_s: float,
        asked_with: Mapping[str, str] | None,
        sheet: Sheet | None,
    ) -> None:
        self.status = status
        self.fields = fields
        self.fresh_until_s = fresh_until_s
        self.asked_with = asked_with
        self.sheet = sheet

    def answers(self, said: Mapping[str, str]) -> bool:
        """Whether it is the answer to a request that says this, too.

        Args:
            said: the request's headers by name in lower case.
        """
        return self.asked_with is not None and all(
            said.get(name, "") == value for name, value in self.asked_with.items()
        )

    def is_fresh(self, said: Mapping[str, str], now_s: float) -> bool:
        """Whether it may be used for such a request without asking."""
        return now_s < self.fresh_until_s and self.answers(said)

    def conditions(self, said: Mapping[str, str]) -> dict[str, str]:
        """What a request adds, to be spared a body that is known already.

        Args:
            said: the request's headers by name in lower case.
        """
        found = {}
        if "etag" in self.fields:
            found["If-None-Match"] = self.fields["etag"]
        if "last-modified" in self.fields and self.answers(said):  # a date tells nothing of another variant
            found["If-Modified-Since"] = self.fields["last-modified"]
        return found


class Cache:
    """All that one shopper keeps."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, url: str) -> Entry | None:
        """What is kept of an address, fresh or not."""
        return self._entries.get(url)

    def forget(self, url: str) -> None:
        """The address was written to: what is kept of it may be wrong."""
        self._entries.pop(url, None)

    def keep(
        self,
        url: str,
        status: int,
        headers: Iterable[tuple[bytes, bytes]],
        said: Mapping[str, str],
        asked_s: float,
        answered_s: float,
        sheet: Sheet | None = None,
    ) -> None:
        """An answer has come; keep it if it may be kept.

        Args:
            url: absolute, without fragment.
            status: of the answer; with 304 the one that is kept goes on as if it were new.
            headers: of the answer, raw.
            said: what the request said, without its conditions, by name in lower case.
            asked_s: when it was sent.
            answered_s: when the answer came.
            sheet: what was read in a stylesheet.
        """
        fields = _noted(headers)
        if status == 304:
            known = self._entries.get(url)
            if known is None:
                return
            status, sheet = known.status, known.sheet
            fields = {**known.fields, **fields}
        if not may_be_kept(status, fields):
            if status < 500:
                self.forget(url)
            return
        entry = Entry(
            status,
            _shared(tuple((name, value) for name, value in fields.items() if name not in _OF_MAKING)),
            answered_s - age_s(fields, asked_s, answered_s) + lifetime_s(status, fields, answered_s),
            _varied(fields.get("vary", ""), said),
            sheet,
        )
        if len(self._entries) >= MAX_ENTRIES and url not in self._entries:
            del self._entries[next(iter(self._entries))]
        self._entries[url] = entry


def _noted(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name = raw_name.lower()
        if name in _NOTED:
            known, value = name.decode("ascii"), raw_value.decode("latin-1").strip(" \t")
            found[known] = f"{found[known]}, {value}" if known in found else value
    return found


def _varied(vary: str, said: Mapping[str, str]) -> Mapping[str, str] | None:
    names = {name.strip().lower() for name in vary.split(",")} - {""}
    return None if "*" in names else _shared(tuple((name, said.get(name, "")) for name in sorted(names)))


@lru_cache(maxsize=4096)
def _shared(pairs: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """One object for all shoppers who keep the same: there are thousands of them."""
    return dict(pairs)
