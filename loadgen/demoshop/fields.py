"""What a visitor filled in: the fields of a form, a JSON object or a query string, read with suspicion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from loadgen.demoshop.refusals import Refusal

MAX_FIELDS = 50
MAX_DIGITS = 9
"""Longer numbers are nobody's quantity, and Python reads very long ones slowly."""


class Fields:
    """Named values; every reader checks what it reads and refuses with 400 what makes no sense."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    @classmethod
    def from_urlencoded(cls, raw: bytes) -> Fields:
        """Read a form's body or a query string; of a repeated name the last value counts."""
        try:
            text = raw.decode("utf-8")
            return cls(dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)))
        except ValueError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed", "The form cannot be read.") from error

    @classmethod
    def from_json(cls, raw: bytes) -> Fields:
        """Read a JSON object; an empty body is an empty object."""
        try:
            values = json.loads(raw) if raw else {}
        except (ValueError, RecursionError) as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed", "The body is not JSON.") from error
        if not isinstance(values, dict):
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed", "The body is not a JSON object.")
        return cls(values)

    def text(self, name: str, *, limit: int = 200, default: str | None = None) -> str:
        """Read one line of text, stripped.

        Args:
            name: of the field.
            limit: longest text in characters.
            default: what a missing or empty field means; None: it may not be missing.
        """
        value = self._values.get(name, "")
        if not isinstance(value, str) or len(value) > limit:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{name}_invalid", f"The field {name} is not a short text.")
        stripped = value.strip()
        if stripped:
            return stripped
        if default is None:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{name}_missing", f"The field {name} is missing.")
        return default

    def integer(self, name: str, *, low: int, high: int, default: int | None = None) -> int:
        """Read a whole number from ``low`` to ``high``, written as a number or as digits."""
        value = self._values.get(name, "" if default is None else default)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            problem = f"The field {name} is not a number from {low} to {high}."
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{name}_invalid", problem)
        return value
