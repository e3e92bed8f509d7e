from __future__ import annotations

import pytest

from loadgen.web.access import Access, is_loopback, new_token

HERE = Access("127.0.0.1", "the-token")
ANYWHERE = Access("0.0.0.0", "the-token")


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("shop.example", False),
    ],
)
def test_only_loopback_is_reached_from_this_machine_alone(address, here):
    assert is_loopback(address) is here


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic the-token", "Bearer the-tokem", "Bearer größe"])
def test_anything_but_the_token_is_not_the_token(header):
    assert not HERE.has_token(header)


def test_the_scheme_is_read_in_any_case():
    assert HERE.has_token("bearer the-token")


def test_a_report_key_opens_one_report_and_dies_with_the_token():
    key = HERE.report_key("run-1")

    assert HERE.opens_report("run-1", key)
    assert not HERE.opens_report("run-2", key)
    assert not Access("127.0.0.1", "another").opens_report("run-1", key)
    assert not HERE.opens_report("run-1", "größe")


@pytest.mark.parametrize("host", ["", "[", "[::1", "a b", "evil.example"])
def test_a_host_that_is_not_this_machine_is_not_known_on_loopback(host):
    assert not HERE.knows_host(host)


def test_away_from_loopback_names_are_the_networks_affair():
    assert ANYWHERE.knows_host("loadgen.shop.example:9647")
    assert not ANYWHERE.knows_host("")


def test_an_origin_is_the_servers_own_or_none():
    assert HERE.knows_origin("", "localhost:1")
    assert HERE.knows_origin("http://localhost:1", "localhost:1")
    assert not HERE.knows_origin("http://localhost:2", "localhost:1")
    assert not HERE.knows_origin("null", "localhost:1")


def test_tokens_differ():
    assert new_token() != new_token()
    assert len(new_token()) >= 32
