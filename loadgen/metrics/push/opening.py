"""Receivers from what was asked for; their libraries are imported here, and only when they are needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from loadgen.errors import UsageError
from loadgen.metrics.push.endpoint import Endpoint, endpoint, read_headers
from loadgen.metrics.push.receiver import Receiver

HEADERS_VARIABLE: Final = "LOADGEN_REMOTE_WRITE_HEADERS"
"""Carries headers for remote write: a command line can be read by everyone on the machine."""

BY_ENVIRONMENT: Final = "env"
"""Written for a URL of OTLP: the one that OpenTelemetry's variables name."""

_OTLP_URL: Final = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"
_OTLP_BASE: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
_OTLP_DEFAULT: Final = "http://localhost:4318"
_OTLP_PATH: Final = "/v1/metrics"
_OTLP_HISTOGRAM: Final = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"


def remote_write_endpoint(text: str, environ: Mapping[str, str]) -> Endpoint:
    """Where remote write goes.

    Raises:
        ValueError: the URL is none.
        UsageError: the variable with headers cannot be read.
    """
    try:
        headers = read_headers(environ.get(HEADERS_VARIABLE, ""))
    except ValueError as error:
        raise UsageError(f"{HEADERS_VARIABLE} cannot be read: {error}") from None
    return endpoint(text, "/api/v1/write", headers)


def otlp_endpoint(text: str, environ: Mapping[str, str]) -> Endpoint:
    """Where OTLP goes.

    Raises:
        ValueError: the URL is none.
    """
    if text != BY_ENVIRONMENT:
        return endpoint(text, _OTLP_PATH)
    base = environ.get(_OTLP_BASE) or _OTLP_DEFAULT
    return endpoint(environ.get(_OTLP_URL) or base.rstrip("/") + _OTLP_PATH)


def receivers(remote_write: str | None, otlp: str | None, environ: Mapping[str, str]) -> list[Receiver]:
    """Everybody that metrics are to be sent to.

    Args:
        remote_write: URL of a receiver of Prometheus' remote write; None for none.
        otlp: URL of a receiver of OTLP, or :data:`BY_ENVIRONMENT`; None for none.
        environ: variables of the environment.

    Raises:
        ValueError: a URL is none.
        UsageError: a library is not installed, or a variable cannot be read.
    """
    found: list[Receiver] = []
    if remote_write is not None:
        at = remote_write_endpoint(remote_write, environ)
        try:
            from loadgen.metrics.push.remote_write import RemoteWrite
        except ModuleNotFoundError as error:
            raise _missing("--remote-write", "remote-write", error) from error
        found.append(RemoteWrite(at))
    if otlp is not None:
        at = otlp_endpoint(otlp, environ)
        try:
            from loadgen.metrics.push.otlp import Otlp
        except ModuleNotFoundError as error:
            raise _missing("--otlp", "otlp", error) from error
        exponential = environ.get(_OTLP_HISTOGRAM, "").strip().lower() == "base2_exponential_bucket_histogram"
        found.append(Otlp(at, exponential=exponential))
    return found


def _missing(option: str, extra: str, error: ModuleNotFoundError) -> UsageError:
    library = (error.name or "its library").partition(".")[0]
    return UsageError(f"{option} needs {library}, which is not installed", hint=f"pip install 'loadgen[{extra}]'")
