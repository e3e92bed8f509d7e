"""What must fit together in a plan: names that are known, distinct, or belong to the other model.

The checks read the plan's written form (mappings and lists as they came) and pass over whatever has another
form, so they run beside the checks of single fields and every problem is reported at once. They yield
findings; whoever knows the file adds line and column. They hold for every plan, also for one that came over the wire;
:mod:`loadgen.plan.wording` adds what holds only for what a person writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadgen.plan.grammar import read_comparison, read_guard
from loadgen.plan.nearest import did_you_mean
from loadgen.plan.problems import Place, written
from loadgen.plan.tokens import ConditionError


@dataclass(frozen=True)
class Finding:
    """A problem without its file; the texts are those of :class:`loadgen.plan.problems.Problem`.

    Attributes:
        place: where in the plan.
        at_key: it is about the key of that place, not about its value.
        column: where in the value's text, from 1.
        meant: the key that was probably meant by an unknown one.
    """

    place: Place
    message: str
    expected: str = ""
    suggestion: str = ""
    at_key: bool = False
    column: int = 1
    meant: str = ""
    details: str = ""

    @property
    def sentence(self) -> str:
        """What is wrong, without where."""
        return f"expected {self.expected}; {self.message}" if self.expected else self.message

    def __str__(self) -> str:
        return f"{written(self.place)}: {self.sentence}"


class InconsistentPlan(ValueError):  # noqa: N818 - a validator's refusal, collected by pydantic
    """The parts of a plan do not fit together."""


def stream_names(streams: Iterable[tuple[str, str]]) -> list[str]:
    """The name of each stream: its own, else its model, else ``load-N`` where that is taken.

    Args:
        streams: name (or nothing) and model of each stream, in order.
    """
    pairs = list(streams)
    taken = {name for name, _ in pairs if name}
    names = []
    for number, (name, model) in enumerate(pairs, start=1):
        chosen = name or (model if model not in taken else f"load-{number}")
        while not name and chosen in taken:
            chosen += "-"
        taken.add(chosen)
        names.append(chosen)
    return names


def consistency(plan: Mapping[str, Any]) -> Iterator[Finding]:
    """What does not fit together in a plan, written by a person or come over the wire."""
    users = [item.get("user") for item in _mappings(plan, "journeys")]
    yield from _repeated(plan, "journeys", "user", "the journey '{}' is given twice")
    yield from _repeated(plan, "load", "name", "the name '{}' is taken by another stream")
    yield from _repeated(plan, "data", "name", "the name '{}' is taken by other data")
    for index, stream in enumerate(items(plan, "load")):
        if isinstance(stream, Mapping):
            yield from _unknown_users(index, stream, [user for user in users if isinstance(user, str)])
            yield from _belongs_to_open(index, stream)
    yield from _unknown_devices(plan)
    yield from _wanted_and_excluded(plan)
    yield from _traced_twice(plan.get("target"))
    yield from _marked_twice(plan.get("target"))
    for section in ("thresholds", "guards"):
        yield from _unknown_journeys(plan, section, [user for user in users if isinstance(user, str)])


def _repeated(plan: Mapping[str, Any], section: str, key: str, message: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, item in enumerate(items(plan, section)):
        value = item.get(key) if isinstance(item, Mapping) else None
        if isinstance(value, str) and value:
            if value in seen:
                yield Finding((section, index, key), message.format(value))
            seen.add(value)


def _unknown_users(index: int, stream: Mapping[str, Any], users: Sequence[str]) -> Iterator[Finding]:
    mix = stream.get("journeys")
    for user in mix if isinstance(mix, Mapping) else ():
        if user not in users:
            place = ("load", index, "journeys", user)
            yield Finding(place, f"the plan has no journey '{user}'", "", did_you_mean(str(user), users), at_key=True)


def _belongs_to_open(index: int, stream: Mapping[str, Any]) -> Iterator[Finding]:
    if stream.get("model") != "closed":
        return
    for key, default in (("arrivals", "uniform"), ("max_shoppers", None), ("session", 1)):
        if stream.get(key, default) != default:
            message = f"{key} belongs to the open model; this stream is closed"
            yield Finding(("load", index, key), message, "", "remove it", at_key=True)


def _unknown_devices(plan: Mapping[str, Any]) -> Iterator[Finding]:
    devices = plan.get("devices")
    known = [str(device) for device in devices] if isinstance(devices, Mapping) else []
    yield from _repeated(plan, "patience", "device", "the device '{}' has patience already")
    if len([item for item in _mappings(plan, "patience") if not item.get("device")]) > 1:
        message = "only one patience can be that of all other devices"
        yield Finding(("patience", len(items(plan, "patience")) - 1), message, "", "give the others a device")
    for index, item in enumerate(items(plan, "patience")):
        device = item.get("device") if isinstance(item, Mapping) else None
        if isinstance(device, str) and device and device not in known:
            place = ("patience", index, "device")
            yield Finding(place, f"the plan has no device '{device}'", "", did_you_mean(device, known) or "see devices")


def _wanted_and_excluded(plan: Mapping[str, Any]) -> Iterator[Finding]:
    wanted = items(plan, "tags")
    for index, tag in enumerate(items(plan, "exclude_tags")):
        if isinstance(tag, str) and tag in wanted:
            yield Finding(("exclude_tags", index), f"the tag '{tag}' is both wanted and excluded")


def _traced_twice(target: Any) -> Iterator[Finding]:
    if not isinstance(target, Mapping) or target.get("trace") is not True:
        return
    headers = target.get("headers")
    for name in headers if isinstance(headers, Mapping) else ():
        if isinstance(name, str) and name.lower() == "traceparent":
            message = "target.trace gives every request a traceparent of its own"
            yield Finding(("target", "headers", name), message, "", "remove the header", at_key=True)


def _marked_twice(target: Any) -> Iterator[Finding]:
    if not isinstance(target, Mapping) or not isinstance(target.get("mark"), str):
        return
    headers, mark = target.get("headers"), target["mark"].lower()
    for name in headers if isinstance(headers, Mapping) else ():
        if isinstance(name, str) and name.lower() == mark:
            message = "target.mark gives this header a value of its own, the run's id"
            yield Finding(("target", "headers", name), message, "", "remove the header", at_key=True)


def _unknown_journeys(plan: Mapping[str, Any], section: str, users: Sequence[str]) -> Iterator[Finding]:
    for index, text in enumerate(items(plan, section)):
        journey = _selected_journey(text, section) if isinstance(text, str) else None
        if journey is not None and journey not in users:
            place = (section, index)
            yield Finding(place, f"the plan has no journey '{journey}'", "", did_you_mean(journey, users))


def _selected_journey(text: str, section: str) -> str | None:
    try:
        comparison = read_guard(text)[0] if section == "guards" else read_comparison(text)
    except ConditionError:
        return None  # the field's own check says what is wrong with it
    return dict(comparison.selector).get("journey")


def items(plan: Mapping[str, Any], section: str) -> Sequence[Any]:
    """The list of that name, or an empty one where the plan has something else there."""
    value = plan.get(section)
    return value if isinstance(value, list | tuple) else ()


def _mappings(plan: Mapping[str, Any], section: str) -> list[Mapping[str, Any]]:
    return [item for item in items(plan, section) if isinstance(item, Mapping)]
