"""What URLs are read as, how they are shown, and which make no sense."""

from __future__ import annotations

import pytest
from bus.refusing import PASSWORD, refused
from hypothesis import given
from hypothesis import strategies as st

from loadgen.bus.connection import _hosts, _without_secrets, urlsplit
from loadgen.errors import UsageError


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost:6379",
        "redis://localhost:port",
        "redis://localhost:99999",
        "redis://localhost/first",
        "redis://[::1",
        "redis://localhost?timeout=5",
        "redis://localhost?socket_timeout=soon",
        "redis://localhost?protocol=7",
        "rediss://localhost?ssl_cert_reqs=sometimes",
        "redis+sentinel://localhost:26379",
        "redis+sentinel://localhost/m/first",
        "redis+sentinel:///m",
        "redis+cluster://",
        "redis+cluster://a,,b",
        "redis+cluster://a:b",
        f"redis://user:{PASSWORD}/more@localhost",
        f"{PASSWORD}@localhost",
        f"user:{PASSWORD}@localhost",
        "redis\x00://\x1b[31m",
    ],
)
def test_a_url_that_makes_no_sense_is_a_usage_error(url):
    assert isinstance(refused(url), UsageError)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis://user:pass@host", "redis://user:***@host"),
        ("redis://:pass@host", "redis://:***@host"),
        ("redis://pass@host", "redis://:***@host"),
        ("redis://user:pa@ss@host", "redis://user:***@host"),
        ("redis://user:pa/ss@host/0", "redis://user:***@host/0"),
        ("redis://user:pa:ss@host", "redis://user:***@host"),
        ("redis://host?password=pass&db=1", "redis://host?password=***&db=1"),
        ("rediss://host?ssl_password=pass", "rediss://host?ssl_password=***"),
        ("unix://user:pass@/run/redis.sock?db=1", "unix://user:***@/run/redis.sock?db=1"),
        ("redis+sentinel://u:pass@a,b:1/m", "redis+sentinel://u:***@a,b:1/m"),
        ("user:pass@host", "user:***@host"),
        ("redis://ho\x1bst", "redis://ho�st"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url, shown):
    assert _without_secrets(url) == shown


@given(st.text(min_size=6), st.sampled_from(["redis://{}@h", "redis://u:{}@h", "redis://:{}@h/0", "{}@h", "u:{}@h:1"]))
def test_no_password_is_ever_shown(password, url):
    shown = _without_secrets(url.format(password))

    assert password not in shown or password in url


@pytest.mark.parametrize(
    ("place", "hosts"),
    [
        ("a", [("a", 26379)]),
        ("a:1", [("a", 1)]),
        ("a:1,b,c:3", [("a", 1), ("b", 26379), ("c", 3)]),
        ("user:pass@a,b:2", [("a", 26379), ("b", 2)]),
        ("[::1]", [("::1", 26379)]),
        ("[::1]:5,10.0.0.1:6", [("::1", 5), ("10.0.0.1", 6)]),
    ],
)
def test_several_hosts_are_read(place, hosts):
    assert _hosts(urlsplit(f"redis+sentinel://{place}/m"), 26379) == hosts


@pytest.mark.parametrize("query", ["password=x", "sentinel_password", "sentinel_passwort=x"])
def test_a_sentinel_url_with_an_unknown_option_is_a_usage_error(query):
    assert isinstance(refused(f"redis+sentinel://localhost/shop?{query}"), UsageError)
