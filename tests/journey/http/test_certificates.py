"""Certificates are verified, and whatever is wrong is told in one sentence."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from journey.http.far_ends import (
    TLS_VERSIONS,
    Certificates,
    FarEnd,
    echo,
    exactly,
    far_end,
    hear,
    open_wire,
    say,
    tls_dialer,
    until,
)

from loadgen.errors import JourneyError
from loadgen.journey.http.certificates import context_of
from loadgen.journey.http.dialing import Dialer
from loadgen.journey.http.failures import TlsFailed
from loadgen.journey.http.names import Names
from loadgen.journey.http.settings import ClientSettings, TlsSettings

pytestmark = pytest.mark.usefixtures("nothing_left_open")


@pytest.mark.parametrize(
    ("hosts", "age_days", "sentence"),
    [
        ((), 1, "has expired"),
        ((), -1, "is not valid yet"),
        (("shop.example",), 0, "is for another host"),
    ],
)
def test_a_certificate_that_does_not_hold_is_told_why(
    certificates: Certificates, hosts: tuple[str, ...], age_days: int, sentence: str
) -> None:
    with far_end(echo, certificates.server(*hosts, age_days=age_days)) as server:
        for host in ("localhost", "127.0.0.1"):
            with pytest.raises(TlsFailed) as caught:
                open_wire(tls_dialer(certificates), server, host=host)
            assert str(caught.value) == f"the certificate of {host}:{server.port} {sentence}"
            assert caught.value.reason == "tls"


def test_an_unknown_authority_is_refused(tls_server: FarEnd, tmp_path: Path) -> None:
    with pytest.raises(TlsFailed, match="comes from an unknown authority; give its authority as CA file"):
        open_wire(tls_dialer(Certificates(tmp_path)), tls_server)


def test_the_systems_authorities_are_trusted_by_default(tls_server: FarEnd) -> None:
    with pytest.raises(TlsFailed, match="comes from an unknown authority"):
        open_wire(Dialer(ClientSettings(), Names()), tls_server)


def test_a_self_signed_certificate_is_refused(certificates: Certificates) -> None:
    with (
        far_end(echo, certificates.self_signed()) as server,
        pytest.raises(TlsFailed, match="is self-signed; give its"),
    ):
        open_wire(tls_dialer(certificates), server)


def test_any_certificate_is_accepted_only_when_that_is_said(certificates: Certificates) -> None:
    dial = Dialer(ClientSettings(tls=TlsSettings(verify=False)), Names())
    for context in (certificates.self_signed(), certificates.server("elsewhere.example", age_days=1)):
        with far_end(echo, context) as server:
            wire = open_wire(dial, server)
            say(wire, b"hello")
            assert hear(wire) == b"hello"
            wire.close()


@pytest.mark.parametrize("version", TLS_VERSIONS)
def test_a_client_certificate_is_shown_when_wanted(certificates: Certificates, version: ssl.TLSVersion) -> None:
    context = certificates.trust(exactly(certificates.server(), version))
    with far_end(echo, context) as server:
        wire = open_wire(tls_dialer(certificates, tls={"client_certificate": certificates.client()}), server)
        say(wire, b"hello")
        assert hear(wire) == b"hello"
        wire.close()


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        (TLS_VERSIONS[0], "it may want a client certificate or other ciphers"),
        (TLS_VERSIONS[1], "wants a client certificate"),
    ],
)
def test_a_client_certificate_that_is_missing_is_told(
    certificates: Certificates, version: ssl.TLSVersion, sentence: str
) -> None:
    context = certificates.trust(exactly(certificates.server(), version))
    with far_end(echo, context) as server, pytest.raises(TlsFailed, match=sentence):
        hear_once(tls_dialer(certificates), server)


def test_a_client_certificate_that_is_missing_is_told_even_if_sending_fails_first(certificates: Certificates) -> None:
    context = certificates.trust(exactly(certificates.server(), TLS_VERSIONS[1]))
    with far_end(echo, context) as server:
        wire = open_wire(tls_dialer(certificates), server)
        until(lambda: server.ended)
        with pytest.raises(TlsFailed, match="wants a client certificate"):
            say_thrice(wire)
        wire.close()


def hear_once(dial: Dialer, server: FarEnd) -> None:
    wire = open_wire(dial, server)
    try:
        hear(wire)
    finally:
        wire.close()


def say_thrice(wire: Any) -> None:
    for _ in range(3):
        say(wire, b"hello")


def test_a_key_that_is_encrypted_is_refused_without_asking_at_the_terminal(
    certificates: Certificates, tmp_path: Path
) -> None:
    path = tmp_path / "encrypted.pem"
    path.write_bytes(encrypted_key())
    with pytest.raises(JourneyError, match="the client certificate") as caught:
        tls_dialer(certificates, tls={"client_certificate": certificates.client(), "client_key": str(path)})
    assert "unencrypted" in caught.value.hint


def encrypted_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )


def test_plain_http_is_said_to_be_no_tls(certificates: Certificates) -> None:
    def bad_request(sock: Any) -> None:
        sock.recv(1000)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    with far_end(bad_request) as server, pytest.raises(TlsFailed) as caught:
        open_wire(tls_dialer(certificates), server)

    assert str(caught.value) == f"localhost:{server.port} answered without TLS: does this port speak plain HTTP?"


def test_a_server_that_hangs_up_in_the_handshake_is_said_to(certificates: Certificates) -> None:
    with (
        far_end(lambda sock: sock.recv(1000)) as server,
        pytest.raises(TlsFailed, match=r"closed the connection during the TLS handshake|the connection broke"),
    ):
        open_wire(tls_dialer(certificates), server)


def test_a_server_with_old_versions_only_is_told(certificates: Certificates) -> None:
    context = exactly(certificates.server(), ssl.TLSVersion.TLSv1_2)
    modern = tls_dialer(certificates)
    context_of(modern._settings.tls, "1.1").minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        with (
            far_end(echo, context) as server,
            pytest.raises(TlsFailed, match="speaks none of the TLS versions offered"),
        ):
            open_wire(modern, server)
    finally:
        context_of.cache_clear()
