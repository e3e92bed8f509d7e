"""What a shopper's browser keeps, and for how long, is what RFC 9111 and the browsers' own habits say."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.journey.http.pages.cache import MAX_ENTRIES, Cache
from loadgen.journey.http.pages.freshness import LONGEST_S, age_s, directives, lifetime_s, may_be_kept
from loadgen.journey.http.pages.stylesheet import Sheet

NOW_S = 1_800_000_000.0
DAY_S = 86_400
URL = "https://shop.example/app.css"

INSTANTS = st.integers(0, 4_000_000_000)
SPANS = st.integers(0, 10**9)


def date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


def kept(*lines: str, status: int = 200, said: dict[str, str] | None = None, cache: Cache | None = None) -> Cache:
    """A cache that was given an answer with these headers, now."""
    cache = Cache() if cache is None else cache
    headers = [(name.encode(), b" " + value.encode()) for name, _, value in (line.partition(": ") for line in lines)]
    cache.keep(URL, status, headers, said or {}, NOW_S, NOW_S)
    return cache


def fresh_for_s(cache: Cache, said: dict[str, str] | None = None) -> float | None:
    """How long the answer may be used; None if there is none."""
    entry = cache.get(URL)
    if entry is None:
        return None
    left_s = entry.fresh_until_s - NOW_S
    assert entry.is_fresh(said or {}, NOW_S + left_s - 0.01) or left_s <= 0
    assert not entry.is_fresh(said or {}, NOW_S + max(left_s, 0))
    return left_s


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        ("", {}),
        ("max-age=60", {"max-age": "60"}),
        ("Max-Age=60 , NO-CACHE", {"max-age": "60", "no-cache": ""}),
        ('max-age="60"', {"max-age": "60"}),
        ("max-age = 60", {"max-age": "60"}),
        ("max-age=1, max-age=2", {"max-age": "1"}),
        ('no-cache="set-cookie, x", public', {"no-cache": "set-cookie, x", "public": ""}),
        (",,;= =", {}),
        ("max-age=", {"max-age": ""}),
    ],
)
def test_directives_are_read(control: str, expected: dict[str, str]) -> None:
    assert directives(control) == expected


@pytest.mark.parametrize(
    ("lines", "left_s"),
    [
        (["Cache-Control: max-age=60"], 60),
        (["Cache-Control: public, max-age=31536000, immutable"], 31536000),
        (["Cache-Control: max-age=60, s-maxage=9"], 60),
        (["Cache-Control: s-maxage=9"], 0),
        (["Cache-Control: private, max-age=60"], 60),
        (["Cache-Control: max-age=60, must-revalidate"], 60),
        (["Cache-Control: max-age=60, no-cache"], 0),
        (['Cache-Control: no-cache="x", max-age=60'], 0),
        (["Cache-Control: max-age=0"], 0),
        (["Cache-Control: max-age=-1"], 0),
        (["Cache-Control: max-age=soon"], 0),
        (["Cache-Control: max-age=1e9"], 0),
        ([f"Cache-Control: max-age={'9' * 5000}"], LONGEST_S),
        (["Cache-Control: max-age=60", "Cache-Control: no-cache"], 0),
        (["Cache-Control: max-age=60", f"Expires: {date(NOW_S - DAY_S)}"], 60),
        (["Pragma: no-cache", f"Expires: {date(NOW_S + 60)}"], 0),
        (["Pragma: no-cache", "Cache-Control: max-age=60"], 60),
        ([f"Expires: {date(NOW_S + 60)}"], 60),
        ([f"Expires: {date(NOW_S + 60)}", f"Date: {date(NOW_S)}"], 60),
        ([f"Expires: {date(NOW_S + 60)}", f"Date: {date(NOW_S - 40)}"], 60),
        (["Expires: 0"], 0),
        (["Expires: Thursday"], 0),
        (["Cache-Control: max-age=60", "Age: 45"], 15),
        (["Cache-Control: max-age=60", "Age: 90"], -30),
        (["Cache-Control: max-age=60", "Age: old"], 60),
        (["Cache-Control: max-age=60", "Age: 45, 50"], 15),
        (["Cache-Control: max-age=60", f"Date: {date(NOW_S - 45)}"], 15),
        (["Cache-Control: max-age=60", f"Date: {date(NOW_S - 45)}", "Age: 50"], 10),
        (["Cache-Control: max-age=60", f"Date: {date(NOW_S + 999)}"], 60),
        ([f"Last-Modified: {date(NOW_S - 10 * DAY_S)}"], DAY_S),
        ([f"Last-Modified: {date(NOW_S - 10 * DAY_S)}", "Cache-Control: public"], DAY_S),
        ([f"Last-Modified: {date(NOW_S - 10 * DAY_S)}", "Cache-Control: must-revalidate"], 0),
        ([f"Last-Modified: {date(NOW_S - 11 * DAY_S)}", f"Date: {date(NOW_S - DAY_S)}"], 0),
        ([f"Last-Modified: {date(NOW_S + DAY_S)}"], 0),
        (["ETag: x"], 0),
        ([], 0),
        (["Cache-Control: no-store"], None),
        (["Cache-Control: max-age=60, no-store"], None),
        (["cache-control: NO-STORE"], None),
    ],
)
def test_an_answer_is_fresh_for_as_long_as_its_headers_say(lines: list[str], left_s: float | None) -> None:
    assert fresh_for_s(kept(*lines)) == left_s


@pytest.mark.parametrize(
    ("status", "lines", "left_s"),
    [
        (404, ["Cache-Control: max-age=60"], 60),
        (404, [f"Last-Modified: {date(NOW_S - DAY_S)}"], 0),
        (301, [], LONGEST_S),
        (410, [], LONGEST_S),
        (301, ["Cache-Control: max-age=60"], 60),
        (302, ["Cache-Control: max-age=60"], 60),
        (206, ["Cache-Control: max-age=60"], None),
        (0, ["Cache-Control: max-age=60"], None),
    ],
)
def test_other_statuses_are_kept_where_they_may(status: int, lines: list[str], left_s: float | None) -> None:
    assert fresh_for_s(kept(*lines, status=status)) == left_s


def test_the_time_on_the_way_counts_as_age() -> None:
    assert age_s({"age": "5"}, NOW_S, NOW_S + 2.5) == 7.5
    assert age_s({}, NOW_S, NOW_S + 2.5) == 2.5
    assert age_s({}, NOW_S, NOW_S - 2.5) == 0  # a clock that was set back


@given(made=INSTANTS, asked=INSTANTS, delay=st.integers(0, 1000), told=SPANS, term=SPANS, kept_for=SPANS)
def test_freshness_is_the_formula_of_rfc_9111(
    made: int, asked: int, delay: int, told: int, term: int, kept_for: int
) -> None:
    cache = Cache()
    answered = asked + delay
    headers = [(b"Date", date(made).encode()), (b"Age", b"%d" % told), (b"Cache-Control", b"max-age=%d" % term)]
    cache.keep(URL, 200, headers, {}, asked, answered)
    entry = cache.get(URL)
    assert entry is not None
    apparent_age = max(0, answered - made)
    corrected_initial_age = max(apparent_age, told + delay)
    current_age = corrected_initial_age + kept_for
    assert entry.is_fresh({}, answered + kept_for) == (term > current_age)


@given(made=INSTANTS, expires=INSTANTS, modified=INSTANTS, answered=INSTANTS)
def test_terms_are_told_or_guessed_and_never_endless(made: int, expires: int, modified: int, answered: int) -> None:
    told = lifetime_s(200, {"date": date(made), "expires": date(expires), "last-modified": date(modified)}, answered)
    guessed = lifetime_s(200, {"date": date(made), "last-modified": date(modified)}, answered)
    assert told == min(expires - made, LONGEST_S)
    assert guessed == pytest.approx(max(made - modified, 0) / 10)


HEADERS = st.dictionaries(
    st.sampled_from(["age", "cache-control", "date", "etag", "expires", "last-modified", "pragma", "vary"]),
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(["max-age=", "max-age=5,no-cache", "*", "cookie", "0", "-1", date(0), date(NOW_S), "9" * 99]),
    ),
)


@given(HEADERS, st.integers(0, 700), INSTANTS, INSTANTS)
def test_any_headers_are_taken(fields: dict[str, str], status: int, asked: int, answered: int) -> None:
    cache = Cache()
    raw = [(name.encode(), value.encode("latin-1", errors="replace")) for name, value in fields.items()]
    for _ in range(2):
        cache.keep(URL, status, raw, {}, asked, answered)
        cache.keep(URL, 304, raw, {}, asked, answered)
    entry = cache.get(URL)
    if entry is not None:
        assert may_be_kept(status, entry.fields)
        assert entry.fresh_until_s <= answered + LONGEST_S
        entry.conditions({})


@pytest.mark.parametrize(
    ("vary", "said", "says", "is_alike"),
    [
        ("", {"cookie": "a"}, {"cookie": "b"}, True),
        ("Accept-Encoding", {"accept-encoding": "gzip"}, {"accept-encoding": "gzip", "cookie": "b"}, True),
        ("Accept-Encoding", {"accept-encoding": "gzip"}, {"accept-encoding": "br"}, False),
        ("accept-encoding, COOKIE", {"cookie": "a"}, {"cookie": "a"}, True),
        ("accept-encoding, COOKIE", {"cookie": "a"}, {"cookie": "b"}, False),
        ("Cookie", {}, {"cookie": "b"}, False),
        ("Cookie", {"cookie": "a"}, {}, False),
        ("X-Unheard-Of", {}, {}, True),
        ("*", {}, {}, False),
        ("Accept, *", {"accept": "a"}, {"accept": "a"}, False),
    ],
)
def test_an_answer_is_used_for_requests_that_are_alike(
    vary: str, said: dict[str, str], says: dict[str, str], is_alike: bool
) -> None:
    cache = kept("Cache-Control: max-age=60", f"Vary: {vary}", said=said)
    entry = cache.get(URL)
    assert entry is not None
    assert entry.is_fresh(says, NOW_S) is is_alike


def test_several_vary_headers_are_one() -> None:
    entry = kept("Vary: Cookie", "Vary: Accept", "Cache-Control: max-age=9", said={"cookie": "a"}).get(URL)
    assert entry is not None
    assert not entry.is_fresh({"cookie": "b"}, NOW_S)


def test_a_stale_answer_is_asked_about_with_all_that_is_known() -> None:
    entry = kept('ETag: W/"1"', f"Last-Modified: {date(NOW_S)}").get(URL)
    assert entry is not None
    assert entry.conditions({}) == {"If-None-Match": 'W/"1"', "If-Modified-Since": date(NOW_S)}


def test_another_variant_is_asked_about_by_its_tag_alone() -> None:
    entry = kept("ETag: 1", f"Last-Modified: {date(NOW_S)}", "Vary: Cookie", said={"cookie": "a"}).get(URL)
    assert entry is not None
    assert entry.conditions({"cookie": "b"}) == {"If-None-Match": "1"}


def test_a_confirmed_answer_goes_on_as_if_it_were_new() -> None:
    sheet = Sheet()
    cache = Cache()
    headers = [(b"Cache-Control", b"max-age=60"), (b"ETag", b"1"), (b"Age", b"59"), (b"Date", date(NOW_S).encode())]
    cache.keep(URL, 200, headers, {}, NOW_S, NOW_S, sheet)
    assert fresh_for_s(cache) == 1
    cache.keep(URL, 304, [(b"ETag", b"2")], {}, NOW_S, NOW_S)
    entry = cache.get(URL)
    assert entry is not None
    assert (fresh_for_s(cache), entry.status, entry.sheet, entry.fields["etag"]) == (60, 200, sheet, "2")


def test_a_confirmation_may_change_the_term() -> None:
    cache = kept("Cache-Control: max-age=60", "ETag: 1")
    assert fresh_for_s(kept("Cache-Control: no-cache", status=304, cache=cache)) == 0
    assert fresh_for_s(kept("Cache-Control: no-store", status=304, cache=cache)) is None
    assert fresh_for_s(kept("Cache-Control: max-age=9", status=304, cache=cache)) is None


def test_an_answer_that_may_not_be_kept_takes_the_place_of_one_that_was() -> None:
    cache = kept("Cache-Control: max-age=60")
    assert fresh_for_s(kept("Cache-Control: no-store", cache=cache)) is None


def test_a_shop_in_trouble_makes_nothing_forgotten() -> None:
    cache = kept("Cache-Control: max-age=60", "ETag: 1")
    entry = cache.get(URL)
    kept("Cache-Control: no-store", status=503, cache=cache)
    assert cache.get(URL) is entry


def test_what_was_written_to_is_forgotten() -> None:
    cache = kept("Cache-Control: max-age=60")
    cache.forget(URL)
    cache.forget(URL)
    assert (cache.get(URL), len(cache)) == (None, 0)


def test_the_oldest_make_room() -> None:
    cache = Cache()
    for number in range(MAX_ENTRIES + 2):
        cache.keep(f"{URL}?{number}", 200, [], {}, NOW_S, NOW_S)
    assert len(cache) == MAX_ENTRIES
    assert cache.get(f"{URL}?1") is None
    assert cache.get(f"{URL}?2") is not None


def test_shoppers_who_keep_the_same_share_it() -> None:
    lines = ("Cache-Control: max-age=60", "ETag: 1", "Vary: Accept-Encoding", f"Date: {date(NOW_S)}")
    one, other = (kept(*lines, said={"accept-encoding": "gzip"}).get(URL) for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.fields is other.fields
    assert one.asked_with is other.asked_with
