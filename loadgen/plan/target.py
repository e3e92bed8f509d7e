"""The shop that a plan aims at: its address and the headers that every request carries.

A worker sends only to hosts that its operator allowed; that is checked on the worker. Here the
address is only made sure to be one. Addresses and header values may hold ``${env:NAME}`` (see
:mod:`loadgen.plan.secrets`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from loadgen.errors import PlanError
from loadgen.plan.names import DialectPath
from loadgen.plan.secrets import check_references, has_references

MAX_HEADERS = 50
"""Servers refuse more than about a hundred headers; a plan's are a part of them."""

MAX_TEXT_CHARS = 8192
"""Common servers refuse longer header lines and addresses."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""A header's name by RFC 9110, 5.6.2."""


def check_url(text: str) -> str:
    """The address without its trailing slash.

    Raises:
        ValueError: not an absolute http or https address, or one with a query, fragment or password.
    """
    expected = "expected an address such as https://shop.example"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if "@" in text.partition("://")[2].partition("/")[0]:
        # The sentence must not repeat the password.
        raise ValueError("expected an address without user and password; they belong in a header, as ${env:NAME}")
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not _is_plain(text):
        hint = " (add https://)" if "://" not in text else ""
        raise ValueError(f"{expected}; got '{text}'{hint}")
    if "?" in text or "#" in text:
        raise ValueError(f"{expected} without a query or fragment; got '{text}'")
    return text.rstrip("/")


def _is_plain(text: str) -> bool:
    return text.isprintable() and " " not in text and "\\" not in text


def _check_base_url(text: str) -> str:
    return text if has_references(check_references(text)) else check_url(text)


def _check_header_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"expected a header's name such as User-Agent; got '{name}'")
    return name


def _check_header_value(value: str) -> str:
    if any(character in value for character in "\r\n\0"):
        raise ValueError("a header's value is one line of text")
    return check_references(value)


def _as_text(version: Any) -> Any:
    """Without quotes, a version is a number to YAML."""
    return str(version) if isinstance(version, int | float) and not isinstance(version, bool) else version


HeaderName = Annotated[str, Field(max_length=100), AfterValidator(_check_header_name)]
HeaderValue = Annotated[str, Field(max_length=MAX_TEXT_CHARS), AfterValidator(_check_header_value)]


HttpVersion = Annotated[Literal["1.1", "2"], BeforeValidator(_as_text), WithJsonSchema({"enum": ["1.1", "2", 1.1, 2]})]


class Target(BaseModel):
    """The shop under test."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: Annotated[str, Field(max_length=MAX_TEXT_CHARS), AfterValidator(_check_base_url)] = Field(
        description="Absolute http or https address that journeys' paths are appended to, without a query.",
        examples=["https://shop.example"],
        json_schema_extra={"pattern": r"^(https?://|.*\$\{env:)"},
    )
    dialect: DialectPath | None = Field(
        default=None,
        description="How the shop is spoken to: a Python file with a Dialect, or file.py:ClassName.",
        examples=["../dialects/demo.py"],
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        default={},
        max_length=MAX_HEADERS,
        description="Headers that every request carries. Values may hold ${env:NAME}.",
        examples=[{"X-Load-Test": "${env:LOAD_TEST_TOKEN}"}],
    )
    mark: HeaderName | None = Field(
        default=None,
        description="A header that marks every request as synthetic: its value is the run's id.",
        examples=["X-Loadgen-Run"],
    )
    insecure_tls: bool = Field(
        default=False,
        strict=True,
        description="Accept any TLS certificate, as staging shops with a self-signed one need.",
    )
    http: HttpVersion | None = Field(
        default=None,
        description="HTTP version to speak: 1.1, or 2 where the server agrees, over TLS. Default: as the journey says.",
        examples=["2"],
    )
    trace: bool = Field(
        default=False,
        strict=True,
        description="Send a W3C traceparent with every request; the report has the trace ids of the slowest.",
    )

    def headers_in(self, run: str) -> dict[str, str]:
        """What every request of a run carries."""
        return dict(self.headers) if self.mark is None else {**self.headers, self.mark: run}

    def with_values(self, base_url: str, headers: Mapping[str, str]) -> Self:
        """This target with all references put in; what came from the environment is checked as the plan was.

        Raises:
            PlanError: the address is none, or a header's value breaks its line.
        """
        try:
            address = check_url(base_url)
        except ValueError:
            # The address may itself be a secret, so the sentence must not repeat it.
            raise PlanError(
                f"target.base_url ({self.base_url}) does not give an http or https address",
                hint="check the environment variables that it refers to",
            ) from None
        broken = sorted(name for name, value in headers.items() if re.search(r"[\r\n\0]", value))
        if broken:
            raise PlanError(
                f"the value of target.headers.{broken[0]} is more than one line",
                hint="check the environment variables that it refers to for a trailing line end",
            )
        return self.model_copy(update={"base_url": address, "headers": dict(headers)})
