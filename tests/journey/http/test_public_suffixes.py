"""Registries' domains and shops' sites, by the list that ships with the package."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.journey.http.public_suffixes import is_public_suffix, site_of

ENCODED = "公司.cn".encode("idna").decode()


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("shop.example", "shop.example"),
        ("www.shop.example", "shop.example"),
        ("a.b.shop.co.uk", "shop.co.uk"),
        ("www.shop.co.uk.", "shop.co.uk"),
        ("a.shop.github.io", "shop.github.io"),
        ("github.io", "github.io"),
        ("www.city.kobe.jp", "city.kobe.jp"),
        (f"www.shop.{ENCODED}", f"shop.{ENCODED}"),
        ("www.xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_site_is_what_its_owner_registered(host, site):
    assert site_of(host) == site


@pytest.mark.parametrize("domain", ["com", "co.uk", "github.io", "kobe.jp", ENCODED, "unheard-of", "localhost"])
def test_a_registrys_domain_is_known(domain):
    assert is_public_suffix(domain)


@pytest.mark.parametrize("domain", ["shop.com", "city.kobe.jp", f"shop.{ENCODED}", "shop.unheard-of", ""])
def test_a_shops_domain_is_no_registrys(domain):
    assert not is_public_suffix(domain)


@settings(deadline=None)
@given(st.text(max_size=20) | st.from_regex(r"(xn--[a-z0-9-]{0,9}\.?){1,3}", fullmatch=True))
def test_no_garbage_raises(host):
    is_public_suffix(host)
    site_of(host)
