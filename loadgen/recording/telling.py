"""What a person is told about a recording: what was found in it, what was left out, and what to look at next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from loadgen.recording.script import Script
from loadgen.recording.sorting import Sorted
from loadgen.recording.writing import thinks

MOST_NAMED: Final = 6
"""Things of one kind that are named; how many more there are is said."""


def tell(recording: Sorted, script: Script, *, total: int) -> Iterator[str]:
    """The lines for the terminal.

    Args:
        recording: as sorted.
        script: as written.
        total: exchanges in the file.
    """
    names = [one.step.name for one in script.steps]
    shown = [name for name, _ in groupby(names)]
    yield f"{len(names)} steps: {', '.join(shown)}"
    written, assets = len(recording.kept), recording.assets
    yield f"{total} requests recorded: {written} written, {assets} assets of pages, {_aside(recording)}"
    found = Counter(script.references.correlated)
    if found:
        yield f"from earlier answers: {_counted(found)}"
    if recording.others:
        yield f"other hosts, left out: {_counted(recording.others)}"
    if recording.failed:
        failed = _listed(f"{method} {path} ({status})" for method, path, status in recording.failed)
        yield f"refused by the shop, left out: {failed}"
    yield from ("", "Look at next:")
    yield from (f"- {_plain(line, 200)}" for line in _next(recording, script))


def _next(recording: Sorted, script: Script) -> Iterator[str]:
    variables = script.values.from_environment.values()
    empty = sum(1 for one in recording.kept if not one.text and one.status == 200 and (one.is_page or one.is_json))
    if empty:
        yield f"{empty} answer{'s' if empty > 1 else ''} came without content: save the recording with content"
    if variables:
        yield f"set {_listed(variables)} in the environment, or draw from data (docs/data.md)"
    yield from dict.fromkeys(script.references.doubts)
    if script.values.search_words:
        count = len(script.values.search_words)
        yield f"SEARCH_WORDS has {count} word{'s' if count > 1 else ''}: add what your visitors search for"
    if any(one.step.name in ("delivery", "checkout") for one in script.steps):
        yield "names and addresses are those that were typed"
    if not thinks(script):
        yield "the recording has no pauses: think is a guess"
    if recording.others and any(one.step.name == "payment" for one in script.steps):
        yield "if one of the other hosts is needed, name it with --keep-hosts; payment providers must not get load"


def _aside(recording: Sorted) -> str:
    left = sum(recording.others.values())
    parts = [f"{count} {reason}" for reason, count in recording.aside.most_common()]
    return ", ".join([*([f"{left} of other hosts"] if left else []), *parts]) or "none left out"


def _counted(counts: Counter[str]) -> str:
    return _listed(f"{_plain(name)} ×{count}" if count > 1 else _plain(name) for name, count in counts.most_common())


def _listed(things: Iterable[str]) -> str:
    all_of_them = [_plain(thing) for thing in things]
    more = len(all_of_them) - MOST_NAMED
    return ", ".join(all_of_them[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _plain(text: str, most: int = 80) -> str:
    """Text of a recording, fit for a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text[:most])
