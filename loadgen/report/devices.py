"""A run by device, where its plan names devices: who came, what they bought and where they were lost.

These are parts of the same counts as the steps and business figures, told apart by what shoppers hold in their hands;
times are not kept apart by device. What a worker counted beyond its cap on keys is under the device ``__other__``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from loadgen.report.business import figures_of
from loadgen.report.visitors import DeviceFigures, DeviceStep, StepFigures
from loadgen.stats import Tally
from loadgen.stats.tally import COMPLETED, ENTERED


def devices(total: Tally, steps: Sequence[StepFigures], order: Sequence[str]) -> tuple[DeviceFigures, ...]:
    """Each journey on each device.

    Args:
        total: the whole run.
        steps: of all journeys, in the order in which shoppers come to them.
        order: the plan's devices; empty where it names none.
    """
    if not order:
        return ()
    parts: defaultdict[tuple[str, str], defaultdict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for (journey, device, step, what), number in total.devices.items():
        parts[journey, device][step][what] = number
    journeys = list(dict.fromkeys([*(step.journey for step in steps), *sorted(journey for journey, _ in parts)]))
    return tuple(
        DeviceFigures(
            journey=journey,
            device=device,
            business=figures_of(parts[journey, device].get("", {})),
            steps=tuple(
                _step(step.step, parts[journey, device][step.step])
                for step in steps
                if step.journey == journey and step.step and step.step in parts[journey, device]
            ),
        )
        for journey in journeys
        for device in _in_order({device for of, device in parts if of == journey}, order)
    )


def counted(total: Tally, order: Sequence[str]) -> dict[str, Mapping[str, int]]:
    """Business counters by device, over all journeys; empty where the plan names no devices."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (_, device, step, name), amount in total.devices.items():
        if not step:
            counts[device][name] += amount
    return {device: counts[device] for device in _in_order(set(counts), order)} if order else {}


def _step(name: str, counts: Mapping[str, int]) -> DeviceStep:
    return DeviceStep(
        step=name,
        entered=counts.get(ENTERED, 0),
        completed=counts.get(COMPLETED, 0),
        abandoned={what: number for what, number in sorted(counts.items()) if what not in (ENTERED, COMPLETED)},
    )


def _in_order(found: set[str], order: Sequence[str]) -> list[str]:
    return [*(device for device in order if device in found), *sorted(found.difference(order))]
