"""What ramp, step and spike share: a starting level that may be left out.

Inside a sequence a missing ``from`` is the end level of the shape before; at the start it is 0.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field

from loadgen.shapes.fields import Level
from loadgen.shapes.segments import PiecewiseShape


class ContinuingShape(PiecewiseShape):
    """Base of the kinds that go on from where the previous shape ended."""

    from_: Level | None = Field(
        default=None, alias="from", description="starting level; default: where the shape before ended"
    )

    @property
    def start_level(self) -> float:
        """The level it starts from; 0 as long as nothing else is known."""
        return self.from_ or 0.0

    def starting_at(self, level: float) -> Self:
        """This shape, with a missing ``from`` filled in.

        Raises:
            ValueError: the shape cannot start there.
        """
        if self.from_ is not None:
            return self
        written = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(written | {"from_": level})
