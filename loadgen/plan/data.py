"""Sources of data: where the rows come from that journeys draw, who may draw which, and what happens when none is left.

::

    shared   any shopper may draw any row: search terms, articles
    unique   a row is never used by two shoppers at once, in the whole cluster: customer accounts, coupons

Rows are numbered from 0. Redis hands out numbers where the cluster must agree, never the rows themselves.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from loadgen.plan.names import DataPath, Label

MAX_ROWS: Final = 1_000_000_000
"""Of a generator; more customers than any shop has."""

MAX_SEED: Final = 2**63 - 1
"""Seeds travel as signed 64-bit numbers."""

DEFAULT_ROWS: Final = 10_000
"""Of a generator that says nothing: enough that hardly two shoppers at once draw the same."""


def _check_locale(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}_[A-Z]{2}", text):
        raise ValueError(f"expected a locale such as fr_FR; got '{text}'")
    return text


def _check_digest(text: str) -> str:
    if not re.fullmatch(r"([0-9a-f]{64})?", text):
        raise ValueError("expected a SHA-256 of 64 hexadecimal digits, as sha256sum prints it")
    return text


Locale = Annotated[str, Field(max_length=10), AfterValidator(_check_locale)]
Digest = Annotated[str, Field(max_length=64), AfterValidator(_check_digest)]


class DataFormat(StrEnum):
    """How a data file is written."""

    CSV = "csv"
    JSONL = "jsonl"


class Generator(StrEnum):
    """What can be invented."""

    CUSTOMERS = "customers"
    ADDRESSES = "addresses"
    TERMS = "terms"
    ARTICLES = "articles"


class Access(StrEnum):
    """Who may draw a row."""

    SHARED = "shared"
    UNIQUE = "unique"


class Order(StrEnum):
    """Which row comes next."""

    UNIFORM = "uniform"
    ZIPF = "zipf"
    SEQUENTIAL = "sequential"


class Exhausted(StrEnum):
    """What happens when every row was handed out."""

    RECYCLE = "recycle"
    STOP = "stop"
    FAIL = "fail"


class DataSource(BaseModel):
    """Data that journeys draw from: customers, search terms, products."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Label = Field(description="The name by which journeys ask for it.", examples=["customers"])
    file: DataPath | None = Field(
        default=None,
        description="The file, relative to the plan. May hold ${env:NAME}.",
        examples=["../data/customers.csv"],
    )
    format: DataFormat | None = Field(
        default=None, description="csv (first line is the header) or jsonl; by default told by the file's ending."
    )
    installed: bool = Field(
        default=False,
        strict=True,
        description="The file is not shipped: workers have it in a folder given by --data DIR, and compare its digest.",
    )
    generate: Generator | None = Field(
        default=None,
        description="Instead of a file, invented rows: customers, addresses, terms or articles.",
        examples=["customers"],
    )
    rows: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=MAX_ROWS,
        description=f"How many rows to invent. Default: {DEFAULT_ROWS}.",
    )
    locale: Locale | None = Field(
        default=None, description="Whose names and addresses are invented. Default: en_US.", examples=["fr_FR"]
    )
    seed: int | None = Field(
        default=None, strict=True, ge=0, le=MAX_SEED, description="Of the invented rows. Default: the plan's seed."
    )
    access: Access = Field(
        default=Access.SHARED,
        description="shared: any shopper may draw any row. unique: no row is used by two shoppers at once.",
    )
    order: Order | None = Field(
        default=None,
        description="uniform, zipf (shared only; the first rows are the popular ones) or sequential. "
        "Default: uniform for shared data, sequential for unique.",
    )
    exponent: float | None = Field(
        default=None, strict=True, gt=0, le=10, allow_inf_nan=False, description="Of the zipf order. Default: 1."
    )
    exhausted: Exhausted = Field(
        default=Exhausted.RECYCLE,
        description="When every row was handed out: recycle (begin again), stop (end the run) or fail (the journey "
        "that asks fails). The latter two need unique data or a sequential order.",
    )
    sha256: Digest = Field(
        default="", description="SHA-256 (hex) that the file must have. Filled in when a run is submitted."
    )

    @model_validator(mode="after")
    def _keys_fit_together(self) -> Self:
        if (self.file is None) == (self.generate is None):
            raise ValueError("expected either a file or a generator; got " + ("both" if self.file else "neither"))
        if self.file is not None and self.format is None and self.read_as is None:
            expected = "expected a file that ends in .csv or .jsonl, or a format"
            raise ValueError(f"{expected}; got '{self.file}'")
        wrong = self._of_the_other_kind() or self._of_another_order()
        if wrong:
            raise ValueError(wrong)
        return self

    def _of_the_other_kind(self) -> str:
        if self.file is not None:
            given = [key for key in ("rows", "locale", "seed") if getattr(self, key) is not None]
            return f"{given[0]} belongs to a generator; {self.name} is a file" if given else ""
        given = [key for key in ("format", "installed", "sha256") if getattr(self, key)]
        return f"{given[0]} belongs to a file; {self.name} is generated" if given else ""

    def _of_another_order(self) -> str:
        if self.exponent is not None and self.order is not Order.ZIPF:
            return "exponent belongs to the order zipf"
        if self.access is Access.UNIQUE:
            repeats = self.order is Order.ZIPF
            return "zipf draws popular rows again and again; unique data cannot be drawn so" if repeats else ""
        if self.exhausted is not Exhausted.RECYCLE and self.order is not Order.SEQUENTIAL:
            return f"shared data drawn at random has no end; exhausted: {self.exhausted} needs order: sequential"
        return ""

    @property
    def read_as(self) -> DataFormat | None:
        """The format as given, or as the file's ending tells it."""
        if self.format is not None or self.file is None:
            return self.format
        ending = self.file.rpartition(".")[2].lower()
        return {"csv": DataFormat.CSV, "jsonl": DataFormat.JSONL, "ndjson": DataFormat.JSONL}.get(ending)

    @property
    def drawn(self) -> Order:
        """The order as given, or as the access tells it."""
        return self.order or (Order.SEQUENTIAL if self.access is Access.UNIQUE else Order.UNIFORM)

    @property
    def rows_made(self) -> int:
        """How many rows a generator makes."""
        return self.rows or DEFAULT_ROWS

    @property
    def is_dealt(self) -> bool:
        """Whether the cluster must agree on who gets which row."""
        return self.access is Access.UNIQUE or self.drawn is Order.SEQUENTIAL
