"""The same scripts through Locust's FastHttpUser and ours: the server receives the same, the author sees the same.

What differs on purpose is in ``DIFFERENCES``, each with what both do, and in docs/http-client.md with its reason.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from journey.http.players import Player, Script, error_of, players


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def send(method: str, url: str, **options: Any) -> Script:
    return lambda player: getattr(player.client, method)(url, **options)


def in_turn(*scripts: Script) -> Script:
    """One after the other; the last one's answer counts."""
    return lambda player: [script(player) for script in scripts][-1]


def renamed(*scripts: Script) -> Script:
    def script(player: Player) -> object:
        with player.client.rename_request("a group"):
            return in_turn(*scripts)(player)

    return script


def absolute(path: str, **options: Any) -> Script:
    return lambda player: player.client.get(player.mirror.url + path, **options)


def rest(
    method: str, url: str, check: Callable[[Any], object] = lambda response: response.js, **options: Any
) -> Script:
    def script(player: Player) -> object:
        with player.user.rest(method, url, **options) as response:
            return check(response)

    return script


def rest_(player: Player) -> object:
    """The time that is appended to the address differs; it must be there, and not in the name."""
    with player.user.rest_("GET", "/json?a=1") as response:
        seen = response.js
    (request,) = player.mirror.take()
    return seen, request.target.partition("&_=")[0], player.fired.pop()["name"]


def must_be_cheap(response: Any) -> None:
    assert response.js["price"] < 5, "too expensive,"


def stumble(_: Any) -> None:
    raise LookupError("nowhere")


SAME: dict[str, Script] = {
    **{method: send(method, "/a/b?x=1") for method in ("get", "post", "put", "patch", "delete", "head", "options")},
    "another method": lambda player: player.client.request("PROPFIND", "/a"),
    "a form": send("post", "/p", data={"name": "Grüße & mehr", "n": 5, "yes": True}),
    "a form with a type of its own": send("put", "/p", data={"a": "1"}, headers={"content-TYPE": "own/type"}),
    "text": send("post", "/p", data="Grüße"),
    "bytes": send("patch", "/p", data=b"\0\xff"),
    "no data": send("post", "/p", data=""),
    "a body in pieces": lambda player: player.client.post("/p", data=iter([b"one", b"two"])),
    "an open file": lambda player: player.client.post("/p", data=io.BytesIO(b"content")),
    "json": send("post", "/p", json={"name": "Grüße", "list": [1, None, True]}),
    "json that is a list": send("put", "/p", json=[1]),
    "json that is empty": send("patch", "/p", json={}),
    "json with GET": send("get", "/p", json={"query": 1}),
    "json beside data": send("post", "/p", data={"a": 1}, json={"b": 2}),
    "json with headers of its own": send("post", "/p", json=1, headers={"accept": "a/b", "content-type": "c/d"}),
    "files": send("post", "/p", files={"f": ("n.txt", b"data", "text/plain")}, data={"a": "b"}),
    "DELETE with data": send("delete", "/p", data="which"),
    "headers": send("get", "/p", headers={"X-Own": "1", "uSER-aGENT": "me", "Accept-Encoding": "identity"}),
    "a host header": send("get", "/p", headers={"Host": "other.example"}),
    "auth": send("get", "/private", auth=("user", "pass:word")),
    "auth in bytes": send("get", "/private", auth=(b"user", b"\xff")),
    "no auth": send("get", "/private"),
    "a path and query in other scripts": send("get", "/straße/ö b?q=ü x&y=%20"),
    "an encoded path": send("get", "/a%2Fb/%C3%BC+[1]"),
    "a fragment": send("get", "/a#b"),
    "an absolute URL": absolute("/abs?x=1"),
    "an absolute URL without path": absolute(""),
    "a URL that is none": send("get", "http://127.0.0.1:port/"),
    **{
        f"{code} after {method}": send(method, f"/redirect/{code}?to=/target", data=data)
        for code in (301, 302, 303, 307, 308)
        for method, data in (("get", None), ("head", None), ("post", {"a": "1"}))
    },
    **{
        f"{code} not followed": send("get", f"/redirect/{code}?to=/target", allow_redirects=False)
        for code in (301, 302, 303, 307, 308)
    },
    "a redirect to another path": send("get", "/redirect/302?to=../target%3Fa=1"),
    "redirects in a row": send("get", "/redirect/302?to=/redirect/303%3Fto=/x"),
    "a redirect keeps headers": send("get", "/redirect/302?to=/x", headers={"X-Own": "1"}, auth=("a", "b")),
    "a redirect with a name": send("get", "/redirect/302?to=/x", name="named"),
    "a redirect to elsewhere": send("get", "/redirect/302?to=ftp://files.example/"),
    "endless redirects": send("get", "/loop"),
    "cookies": in_turn(send("get", "/cookie?a=1"), send("get", "/cookie?b=2"), send("get", "/x")),
    "cookies of a redirect": in_turn(send("get", "/redirect/302?to=/cookie%3Fc=3"), send("post", "/x")),
    **{
        f"status {status}": send("get", f"/status/{status}")
        for status in (200, 201, 204, 206, 226, 299, 300, 304, 400, 401, 404, 418, 429, 500, 503)
    },
    "a charset that is named": send("get", "/text?charset=latin-1"),
    "windows-1252": send("get", "/text?charset=cp1252"),
    "JSON that comes": send("get", "/json"),
    "JSON that is none": send("get", "/none-json"),
    "lines": lambda player: list(player.client.iter_lines("/lines/3")),
    "lines of a failure": lambda player: list(player.client.iter_lines("/status/404")),
    "a stream": lambda player: b"".join(
        player.client.get("/lines/3", stream=True).iter_content(5, decode_content=False)
    ),
    "a stream's size": send("get", "/x", stream=True),
    "a name": send("get", "/a/5", name="/a/{id}"),
    "a context": send("get", "/a", context={"trace": 1}),
    "renamed": renamed(send("get", "/a/5")),
    "renamed, and named": renamed(send("get", "/a/5", name="its own")),
    "renamed no more": in_turn(renamed(send("get", "/a")), send("get", "/b")),
    "rest": rest("GET", "/json"),
    "rest with a body": rest("POST", "/json", json={"a": 1}),
    "rest with headers": rest("POST", "/json", data="<a/>", headers={"Content-Type": "text/xml"}),
    "rest that gets no JSON": rest("GET", "/none-json"),
    "rest of a failure": rest("GET", "/status/500"),
    "rest that asserts": rest("GET", "/json", check=must_be_cheap),
    "rest that stumbles": rest("GET", "/json", check=stumble),
    "rest_": rest_,
    "request of the response": lambda player: player.client.post("/p", json=1).request.method,
    "headers in any case": lambda player: player.client.get("/json").headers["content-TYPE"],
    "a with-block without a verdict": lambda player: player.client.get("/json").__enter__().status_code,
    "a verdict without a with-block": lambda player: player.client.get("/json").success(),
}

BASES = {
    "a path": "/base",
    "a query in the path": "/base?x=",
}


def played(script: Script, **attributes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    with players(**attributes) as (locusts, ours):
        return locusts.play(script), ours.play(script)


@pytest.mark.parametrize("name", SAME)
def test_a_script_does_the_same_with_both(name: str) -> None:
    theirs, ours = played(SAME[name], max_redirects=2)

    assert ours == theirs


def test_default_headers_are_sent_unless_a_request_has_its_own() -> None:
    script = in_turn(send("get", "/a"), send("get", "/b", headers={"x-shop": "mine"}))
    theirs, ours = played(script, default_headers={"X-Shop": "all", "Accept": "text/html"})

    assert ours == theirs


@pytest.mark.parametrize("base", BASES.values(), ids=BASES)
def test_a_base_url_stands_before_the_path(base: str) -> None:
    seen = []
    with players() as pair:
        for player in pair:
            with closing(player.before(player.mirror.url + base)) as again:
                seen.append(again.play(in_turn(send("get", "/ü"), send("get", "/x?y=1"))))

    assert seen[0] == seen[1]


def test_credentials_in_the_host_are_sent_with_each_request_and_not_shown() -> None:
    seen = []
    with players() as pair:
        for player in pair:
            host = player.mirror.url.replace("//", "//us%40er:pa%3Ass@")
            with closing(player.before(host)) as again:
                twice = in_turn(send("get", "/private"), send("get", "/private", auth=("other", "one")))
                seen.append(again.play(twice))

    assert seen[0] == seen[1]
    assert "pa%3Ass" not in str(seen[1])


def test_a_connection_that_is_refused_gives_a_response_with_an_error() -> None:
    url = f"http://127.0.0.1:{unused_port()}/x"
    theirs, ours = played(send("get", url))

    assert ours == theirs
    assert ours["seen"]["status"] == 0
    assert ours["seen"]["content"] is ours["seen"]["headers"] is ours["seen"]["text"] is None
    assert ours["seen"]["error"] == "a failure"


def test_rest_tells_of_a_connection_that_is_refused() -> None:
    url = f"http://127.0.0.1:{unused_port()}/x"
    theirs, ours = played(rest("GET", url))

    assert ours == theirs


# -- with-blocks


def nothing(_: Any) -> None:
    pass


def succeed(response: Any) -> None:
    response.success()


def fail(response: Any) -> None:
    response.failure("not as it should be")


def fail_with_error(response: Any) -> None:
    response.failure(ValueError("wrong"))


def change_mind(response: Any) -> None:
    response.failure("no")
    response.success()


def raise_for_status(response: Any) -> None:
    response.raise_for_status()


def fail_and_stumble(response: Any) -> None:
    response.failure("no")
    raise LookupError("nowhere")


def ask_after_verdict(response: Any) -> str:
    response.failure("no")
    return error_of(_raised(response.raise_for_status))


def _raised(call: Callable[[], object]) -> Exception | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - what it is, is the question
        return error
    return None


def test_a_with_block_may_change_how_a_request_is_counted() -> None:
    def script(player: Player) -> object:
        with player.client.get("/x", catch_response=True, context={"a": 1}) as response:
            meta = response.request_meta
            seen = {key: meta[key] for key in ("request_type", "name", "context", "response_length", "exception")}
            meta.update(name="another", request_type="OWN", context={"b": 2}, response_time=1234.5, response_length=7)
        return seen, player.fired[0]["response_time"]

    theirs, ours = played(script)

    assert ours == theirs


def test_a_request_that_is_counted_has_no_meta_any_more() -> None:
    theirs, ours = played(lambda player: hasattr(player.client.get("/x"), "request_meta"))

    assert ours == theirs


@pytest.mark.parametrize("status", [200, 404, 0])
@pytest.mark.parametrize(
    "judge",
    [nothing, succeed, fail, fail_with_error, change_mind, raise_for_status, fail_and_stumble, ask_after_verdict],
)
def test_a_with_block_judges_the_same(judge: Callable[[Any], object], status: int) -> None:
    url = f"/status/{status}" if status else f"http://127.0.0.1:{unused_port()}/"

    def script(player: Player) -> object:
        with player.client.get(url, catch_response=True) as response:
            return judge(response)
        return "went on"

    theirs, ours = played(script)
    if judge is raise_for_status and status != 200:
        # see DIFFERENCES: Locust does not count this request at all
        assert (len(theirs["counted"]), len(ours["counted"])) == (0, 1)
        theirs["counted"] = ours["counted"]
        ours["seen"] = theirs["seen"]

    assert ours == theirs
