"""What a shop has only so much of, as its owner knows: held against all orders of a run."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from loadgen.plan.names import MAX_NAME_CHARS

MAX_LIMITED = 30
"""Articles, or coupons: each is a counter of every worker, of which there are a hundred."""

MOST = 10**9
"""No shop has more of anything."""

Key = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS, pattern=r"^[^/?#\s]+$")]
Limit = Annotated[int, Field(strict=True, ge=0, le=MOST)]


class Commerce(BaseModel):
    """Limits that no number of buyers may overcome."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stock: dict[Key, Limit] = Field(
        default={},
        max_length=MAX_LIMITED,
        description="How many pieces there are at the start, by the key that the dialect puts into a cart.",
        examples=[{"lamp": 50}],
    )
    coupons: dict[Key, Limit] = Field(
        default={},
        max_length=MAX_LIMITED,
        description="In how many orders a coupon may count, by its code.",
        examples=[{"WINTER10": 100}],
    )
