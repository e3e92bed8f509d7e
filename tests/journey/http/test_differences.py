"""Where our FastHttpUser differs from Locust's on purpose: what both do, held to, and told in docs/http-client.md."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from journey.http.mirror import PAGE
from journey.http.players import Player, clear_away, players
from locust.contrib.fasthttp import FastHttpUser as LocustsFastHttpUser

from loadgen.errors import JourneyError
from loadgen.journey import FastHttpUser, JourneyEnvironment, PlanContext, Shopper
from loadgen.journey.http.settings import ClientSettings, PageSettings, TlsSettings

DOC = Path(__file__).parents[3] / "docs" / "http-client.md"


class Difference(NamedTuple):
    """What differs.

    Attributes:
        told: how docs/http-client.md names it.
        look: plays with a client and gives what is to be seen.
        locusts: what it gives with Locust's.
        ours: what it gives with ours.
    """

    told: str
    look: Callable[[Player], object]
    locusts: object
    ours: object


def received(player: Player) -> Any:
    return player.mirror.take()[-1]


def header(name: str, **options: Any) -> Callable[[Player], object]:
    def look(player: Player) -> object:
        player.client.post("/p", **options)
        return received(player).by_name.get(name, "")

    return look


def body(**options: Any) -> Callable[[Player], object]:
    def look(player: Player) -> object:
        try:
            player.client.post("/p", **options)
        except AttributeError:
            return "AttributeError"
        return received(player).body

    return look


def requests_of(method: str, url: str, **options: Any) -> Callable[[Player], object]:
    def look(player: Player) -> object:
        try:
            player.client.request(method, url, **options)
        except ValueError:
            return "ValueError"
        return [f"{request.method} {request.target}" for request in player.mirror.take()]

    return look


def answer(url: str, look: Callable[[Any], object], method: str = "GET", **options: Any) -> Callable[[Player], object]:
    return lambda player: look(player.client.request(method, url, **options))


def counted(
    what: str, url: str, method: str = "GET", refused: bool = False, **options: Any
) -> Callable[[Player], object]:
    def look(player: Player) -> object:
        try:
            player.client.request(method, url, **options)
        except ValueError:
            assert refused
        told = [str(fired[what]).replace(player.mirror.url, "") for fired in player.fired]
        return len(told) if refused else told

    return look


def raised_in_a_block(player: Player) -> object:
    try:
        with player.client.get("/x", catch_response=True):
            {}["nowhere"]
    except KeyError:
        return [str(fired["exception"]) for fired in player.fired]


def base_with_slash(player: Player) -> object:
    again = player.before(player.mirror.url + "/base/")
    again.client.get("/x")
    again.close()
    return received(player).target


def cookie_by_hand(player: Player) -> object:
    try:
        player.client.cookiejar.set("a", "1")
    except AttributeError:
        return "AttributeError"
    player.client.get("/x")
    return received(player).by_name["cookie"]


def unknown_option(player: Player) -> object:
    try:
        player.client.get("/x", timeout=3)
    except TypeError:
        return "TypeError"
    return received(player).target


DIFFERENCES = [
    Difference(
        "User-Agent",
        header("user-agent"),
        "python/gevent-http-client-2.6.1",
        "Mozilla/5.0 (compatible; loadgen)",
    ),
    Difference("Accept-Encoding", header("accept-encoding"), "gzip, deflate, br", "gzip, deflate, br, zstd"),
    Difference("Accept", header("accept"), "", "*/*"),
    Difference(
        "Content-Type of forms",
        header("content-type", data={"a": "1"}),
        "application/x-www-form-urlencoded; charset=utf-8",
        "application/x-www-form-urlencoded",
    ),
    Difference("lists in a form", body(data={"a": ["x", "y"]}), b"a=%5B%27x%27%2C+%27y%27%5D", b"a=x&a=y"),
    Difference("None in a form", body(data={"a": None, "b": 1}), b"a=None&b=1", b"b=1"),
    Difference("pairs as data", body(data=[("a", 1), ("a", 2)]), "AttributeError", b"a=1&a=2"),
    Difference(
        "credentials beyond ASCII",
        header("authorization", auth=("u", "ü")),
        "Basic dTr8",
        "Basic dTrDvA==",
    ),
    Difference("dot segments", requests_of("GET", "/a/../b"), ["GET /a/../b"], ["GET /b"]),
    Difference("characters in paths", requests_of("GET", "/a|b"), ["GET /a%7Cb"], ["GET /a|b"]),
    Difference("two slashes", requests_of("GET", "//a"), "ValueError", ["GET //a"]),
    Difference("a host with a slash at its end", base_with_slash, "/base//x", "/base/x"),
    Difference(
        "redirects of PUT and DELETE",
        requests_of("DELETE", "/redirect/302?to=/x"),
        ["DELETE /redirect/302?to=/x", "GET /x"],
        ["DELETE /redirect/302?to=/x", "DELETE /x"],
    ),
    Difference(
        "history of failures",
        answer("/redirect/302?to=/status/404", lambda response: len(response.history)),
        0,
        1,
    ),
    Difference("size of packed bodies", counted("response_length", "/packed/br"), [str(len(PAGE))], ["54"]),
    Difference(
        "HEAD of a packed page",
        counted("exception", "/packed/gzip", "HEAD"),
        ["Error -5 while decompressing data: incomplete or truncated stream"],
        ["None"],
    ),
    Difference(
        "streams of packed bodies",
        answer("/packed/gzip", lambda response: b"".join(response.iter_content(9, False))[:2], stream=True),
        b"\x1f\x8b",
        b"Gr",
    ),
    Difference(
        "file-like streams",
        answer("/x", lambda response: hasattr(response.stream, "readline"), stream=True),
        True,
        False,
    ),
    Difference(
        "pages that do not name their charset",
        answer("/text?mute=1&charset=utf-8", lambda response: response.text[:7]),
        "GrÃ¼Ã\x9fe",
        "Grüße, ",
    ),
    Difference(
        "answers that are cut off",
        answer("/cut", lambda response: (response.status_code, response.content)),
        (200, b"half"),
        (0, None),
    ),
    Difference(
        "several Set-Cookie",
        answer("/cookie?a=1&b=2", lambda response: response.headers["set-cookie"]),
        ["a=1", "b=2"],
        "a=1\nb=2",
    ),
    Difference("body of the request", answer("/p", lambda response: response.request.body, "POST", json=1), "1", b"1"),
    Difference(
        "headers of the request",
        answer("/p", lambda response: sorted(map(str.lower, response.request.headers)), headers={"X-Own": "1"}),
        ["accept-encoding", "user-agent", "x-own"],
        ["x-own"],
    ),
    Difference("cookies by hand", cookie_by_hand, "AttributeError", "a=1"),
    Difference("inner parts of the client", lambda player: hasattr(player.client, "client"), True, False),
    Difference("method in small letters", counted("request_type", "/x", "get"), ["get"], ["GET"]),
    Difference("address with params", counted("url", "/x", params={"a": 1}), ["/x"], ["/x?a=1"]),
    Difference("headers that nobody may send", counted("name", "/x", refused=True, headers={"X": "a\nb"}), 0, 1),
    Difference("unknown options", unknown_option, "/x?timeout=3", "TypeError"),
    Difference("exceptions in a with-block", raised_in_a_block, [], ["'nowhere'"]),
    Difference(
        "kinds of errors",
        answer("/status/404", lambda response: type(response.error).__name__),
        "LocustBadStatusCode",
        "BadStatus",
    ),
]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=[difference.told for difference in DIFFERENCES])
def test_a_difference_is_as_it_is_told(difference: Difference) -> None:
    with players() as (locusts, ours):
        assert (difference.look(locusts), difference.look(ours)) == (difference.locusts, difference.ours)
    clear_away()


def rows(heading: str) -> dict[str, str]:
    """First cell and rest of each row of the first table below a heading of the page."""
    section = DOC.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| (.+?) \|(.+)\|$", section, re.MULTILINE))


def test_the_page_tells_every_difference_and_no_other() -> None:
    told = rows("Where it differs from Locust's, and why")
    refused = {"client_pool, ssl_context_factory, max_retries", "certificates"}

    assert set(told) - {"what", "---"} == {difference.told for difference in DIFFERENCES} | refused


def test_the_page_names_every_attribute_of_the_class() -> None:
    own = {name for name in vars(FastHttpUser) if not name.startswith("_")} - {"abstract", "tasks"}
    locusts = {name for name in vars(LocustsFastHttpUser) if not name.startswith("_")} - {"abstract", "tasks"}
    page = DOC.read_text(encoding="utf-8")

    assert locusts <= own
    assert [name for name in sorted(own) if f"`{name}`" not in page and name not in page] == []


def test_the_page_names_every_setting_with_its_default() -> None:
    table = rows("Limits and timeouts")
    for settings in (ClientSettings, TlsSettings, PageSettings):
        for field in dataclasses.fields(settings):
            assert f"`{field.name}`" in table, field.name


@pytest.mark.parametrize(
    ("name", "value"), [("client_pool", object()), ("ssl_context_factory", object), ("max_retries", 1)]
)
def test_what_this_client_has_not_is_refused(name: str, value: object) -> None:
    user_class = type("Visitor", (FastHttpUser,), {"host": "http://shop.example", name: value})

    with pytest.raises(JourneyError, match=name):
        user_class(JourneyEnvironment(PlanContext()))


def test_a_shopper_is_careful_and_a_locustfile_is_not() -> None:
    assert (Shopper.insecure, FastHttpUser.insecure, LocustsFastHttpUser.insecure) == (False, True, True)
