"""The wanted load as a function of time, and which arrivals follow from it.

Pure mathematics, layer 1: no clock and no I/O. A new kind of shape is one file here, one line in :data:`KINDS`
and one row in the table of ``tests/shapes/test_every_kind.py``.
"""

from __future__ import annotations

from typing import Annotated

from loadgen.shapes.arrivals import Arrival, Arrivals, Spacing
from loadgen.shapes.constant import Constant
from loadgen.shapes.csv_points import points_from_csv
from loadgen.shapes.curve import Curve
from loadgen.shapes.fields import Duration, Level, PositiveDuration, SignedLevel
from loadgen.shapes.mix import Mix
from loadgen.shapes.ramp import Ramp
from loadgen.shapes.schedule import Schedule
from loadgen.shapes.sequence import Sequence
from loadgen.shapes.shape import Shape
from loadgen.shapes.shares import EMPTY, FULL, Share, owned_of_first, split
from loadgen.shapes.spike import Spike
from loadgen.shapes.step import Step
from loadgen.shapes.wave import Wave
from loadgen.shapes.written import WrittenForm

KINDS: dict[str, type[Shape]] = {
    Constant.kind: Constant,
    Ramp.kind: Ramp,
    Step.kind: Step,
    Spike.kind: Spike,
    Wave.kind: Wave,
    Curve.kind: Curve,
}
"""Every kind by the word people write for it."""

ShapeField = Annotated[Shape, WrittenForm(KINDS)]
"""A pydantic field that reads one written shape or a list of them, and writes the canonical form back."""

__all__ = [
    "EMPTY",
    "FULL",
    "KINDS",
    "Arrival",
    "Arrivals",
    "Constant",
    "Curve",
    "Duration",
    "Level",
    "Mix",
    "PositiveDuration",
    "Ramp",
    "Schedule",
    "Sequence",
    "Shape",
    "ShapeField",
    "Share",
    "SignedLevel",
    "Spacing",
    "Spike",
    "Step",
    "Wave",
    "owned_of_first",
    "points_from_csv",
    "split",
]
