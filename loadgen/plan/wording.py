"""What a person must write in a plan although a machine need not: units, and conditions as text.

In the canonical form that travels, every level is a plain float. A person's ``200`` could mean 200 per second or
200 shoppers, so the written form must say which, and it must fit the stream's model::

    open      200/s, 6000/min          a bare 0 is fine
    closed    200                      whole shoppers
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from loadgen.plan.checks import Finding, items
from loadgen.plan.levels import levels_in
from loadgen.plan.problems import Place

_EXAMPLES = {"thresholds": "p(95) < 800ms", "guards": "unavailable for 5s: stop"}


def wording(plan: Mapping[str, Any]) -> Iterator[Finding]:
    """What a person must write differently."""
    for index, stream in enumerate(items(plan, "load")):
        if isinstance(stream, Mapping) and stream.get("model", "open") in ("open", "closed"):
            check = _closed_level if stream.get("model") == "closed" else _open_level
            for place, level in levels_in(stream.get("shape"), ("load", index, "shape")):
                yield from check(place, level)
    for section, example in _EXAMPLES.items():
        for index, text in enumerate(items(plan, section)):
            if not isinstance(text, str):
                # Unquoted, "unavailable for 5s: stop" is a mapping to YAML.
                mapping = isinstance(text, Mapping)
                got = "got a mapping" if mapping else f"got {text!r}"
                yield Finding((section, index), got, f"text such as '{example}'", "put it in quotes" if mapping else "")


def _open_level(place: Place, level: Any) -> Iterator[Finding]:
    if isinstance(level, int | float) and not isinstance(level, bool) and level != 0:
        yield Finding(
            place,
            f"got {level!r}",
            "a rate with its unit such as 200/s, as the stream is open",
            f"write {level!r}/s, or 'model: closed' for shoppers at once",
        )


def _closed_level(place: Place, level: Any) -> Iterator[Finding]:
    fraction = isinstance(level, float) and not level.is_integer()
    if isinstance(level, str) or fraction:
        yield Finding(
            place,
            f"got {level!r}",
            "a whole number of shoppers such as 200, as the stream is closed",
            "'model: open' takes rates" if isinstance(level, str) else "",
        )
