"""The form of messages in JSON: known keys, finite numbers, and texts for people that are cut rather than refused."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from loadgen.errors import MessageError

M = TypeVar("M", bound="JsonForm")

Label = Annotated[str, Field(max_length=200)]
"""A name, given by loadgen itself or checked where a person gave it."""

Bound = Annotated[int, Field(ge=0, le=2**32)]
"""An end of a share of the load, in units of 2**-32."""


def prose(most: int) -> BeforeValidator:
    """Text for people: cut to so many characters, and without the half characters that no encoding can carry."""

    def cut(value: Any) -> Any:
        return value[:most].encode("utf-8", "replace").decode() if isinstance(value, str) else value

    return BeforeValidator(cut)


class JsonForm(BaseModel):
    """A JSON message that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    def encode(self) -> bytes:
        """The message's bytes."""
        return self.model_dump_json().encode()

    @classmethod
    def decode(cls: type[M], data: bytes | str) -> M:
        """Read a message.

        Raises:
            MessageError: it is malformed.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            problems = "1 problem" if error.error_count() == 1 else f"{error.error_count()} problems"
            raise MessageError(f"a {cls.__name__} is malformed: {problems}") from error
