"""What a shopper has created in the shop, so that ``loadgen clean`` can undo it."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from loadgen.messages.json_form import JsonForm

MAX_WORD_CHARS = 200
MAX_PATH_CHARS = 2000
"""An address longer than this is none that a shop gives to people."""


class Created(JsonForm):
    """One thing in the shop.

    Attributes:
        kind: what it is; ``order`` is what dialects can undo.
        number: what the shop calls it; with the kind it tells it from all others.
        path: where in the shop it is to be found.
        worker: whose shopper was told of it; empty where nobody said.
        serial: tells it from everything else that this worker's shoppers created.
        journey: of that shopper.
        arrival: of that shopper.
    """

    model_config = ConfigDict(frozen=True)

    kind: Annotated[str, Field(min_length=1, max_length=MAX_WORD_CHARS)]
    number: Annotated[str, Field(min_length=1, max_length=MAX_WORD_CHARS)]
    path: Annotated[str, Field(max_length=MAX_PATH_CHARS)] = ""
    worker: Annotated[str, Field(max_length=MAX_WORD_CHARS)] = ""
    serial: Annotated[int, Field(ge=0)] = 0
    journey: Annotated[str, Field(max_length=MAX_WORD_CHARS)] = ""
    arrival: Annotated[str, Field(max_length=MAX_WORD_CHARS)] = ""

    def __str__(self) -> str:
        """As people would call it."""
        return f"{self.kind} {self.number}"

    def is_told_again(self, other: Created) -> bool:
        """Whether it is the same news, rather than the same number given to somebody else."""
        return (self.worker, self.serial) == (other.worker, other.serial)
