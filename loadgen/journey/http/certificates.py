"""Whom a shopper trusts, who it is, and what is wrong when a TLS handshake fails: in one sentence.

Contexts are made once per settings and process, as reading the system's authorities takes tens of milliseconds.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import Final, Literal

from loadgen.errors import JourneyError
from loadgen.journey.http.failures import TlsFailed
from loadgen.journey.http.settings import TlsSettings
from loadgen.journey.http.wires import Origin

_TRUST: Final = "; give its authority as CA file, or accept any certificate if this is a test system"

_FAULTS: Final = {
    2: f"comes from an unknown authority{_TRUST}",
    9: "is not valid yet",
    10: "has expired",
    18: f"is self-signed{_TRUST}",
    19: f"comes from an unknown authority{_TRUST}",
    20: f"comes from an unknown authority{_TRUST}",
    21: f"comes from an unknown authority{_TRUST}",
    23: "was revoked",
    62: "is for another host",
    63: "is for another host",
    64: "is for another host",
}
"""By OpenSSL's code, ``X509_V_ERR_*`` (openssl-verification-options(1))."""

_NO_TLS: Final = "answered without TLS: does this port speak plain HTTP?"

_REASONS: Final = {
    "HTTP_REQUEST": _NO_TLS,
    "PACKET_LENGTH_TOO_LONG": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "UNKNOWN_PROTOCOL": _NO_TLS,
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "SSLV3_ALERT_BAD_CERTIFICATE": "refuses the client's certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "refuses the client's certificate: it has expired",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "refuses the client's certificate",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "refuses the handshake: it may want a client certificate or other ciphers",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "refuses the client's certificate",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "wants a client certificate",
    "TLSV1_ALERT_PROTOCOL_VERSION": "speaks none of the TLS versions offered",
    "TLSV1_ALERT_UNKNOWN_CA": "refuses the client's certificate: it does not know its authority",
    "TLSV1_UNRECOGNIZED_NAME": "does not know this name",
    "UNSUPPORTED_PROTOCOL": "speaks only TLS versions that are out of use",
}
"""By OpenSSL's name of the error; alerts have been sent by the server."""


@lru_cache(maxsize=256)
def context_of(settings: TlsSettings, http: Literal["1.1", "2"]) -> ssl.SSLContext:
    """The TLS context for shoppers with these settings; the same one each time.

    Raises:
        JourneyError: a certificate's file cannot be read.
    """
    # OpenSSL looks for authorities even if none is asked for: through the system's whole directory of them, 0.45 ms for
    # each connection. So who does not verify has none; the public function would give the system's.
    create = ssl.create_default_context if settings.verify else ssl._create_unverified_context  # noqa: SLF001
    try:
        context = create(cafile=settings.ca_file or None)
    except OSError as error:
        raise JourneyError(
            f"the CA file {settings.ca_file} cannot be used: {error.strerror or error}",
            hint="it must be a readable file of certificates in PEM form",
        ) from error
    if settings.client_certificate:
        try:
            context.load_cert_chain(settings.client_certificate, settings.client_key or None, _no_password)
        except OSError as error:
            raise JourneyError(
                f"the client certificate {settings.client_certificate} cannot be used: {error.strerror or error}",
                hint="it and its key must be readable, unencrypted files in PEM form that belong together",
            ) from error
    if http == "2":
        context.options |= ssl.OP_NO_RENEGOTIATION  # RFC 9113, 9.2.1
    context.set_alpn_protocols(["h2", "http/1.1"] if http == "2" else ["http/1.1"])
    return context


def explained(error: ssl.SSLError, origin: Origin) -> TlsFailed:
    """What went wrong, for people; to be raised from the library's error."""
    where = f"{origin.host}:{origin.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        fault = _FAULTS.get(error.verify_code) or f"is not accepted: {error.verify_message}"
        return TlsFailed(f"the certificate of {where} {fault}")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return TlsFailed(f"{where} closed the connection during the TLS handshake")
    reason = error.reason or error.strerror or str(error)
    return TlsFailed(f"{where} {_REASONS[reason]}" if reason in _REASONS else f"TLS with {where} failed: {reason}")


def _no_password() -> str:
    """Without this, OpenSSL would ask for the password of an encrypted key at the terminal, and wait."""
    return ""
