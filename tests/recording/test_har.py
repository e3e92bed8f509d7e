"""Reading HAR files: what browsers write is taken, what is wrong is named with its place."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from recording.taping import entry, har_of

from loadgen.cli import cli
from loadgen.errors import UsageError
from loadgen.recording import exchanges_of, har, read_har


def good(**changes: Any) -> dict[str, Any]:
    return entry("GET", "http://shop.example/") | changes


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", ":1:1: no JSON: Expecting value"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
        (b"{", ":1:2: no JSON"),
        (b"[]", "the file: expected a JSON object"),
        (b"{}", "log: it is missing"),
        (b'{"log": 5}', "log: expected an object; got 'int'"),
        (b'{"log": {"entries": {}}}', "log.entries: expected a list; got 'dict'"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"log": {"entries": [5]}}', "log.entries[0]: expected a JSON object"),
    ],
)
def test_what_is_no_har_is_refused_with_its_place(content: bytes, says: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.har"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"shop\.har") as raised:
        read_har(file)
    assert says in raised.value.message
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"request": {}}, "log.entries[0].request.url: it is missing"),
        (
            {"request": {"url": "nonsense", "method": "GET"}},
            "request.url: expected an http or https address; got 'nonsense'",
        ),
        ({"request": {"url": "http://[x/", "method": "GET"}}, "request.url: expected an http"),
        ({"request": {"url": "http://x/", "method": "GET\r\nX: y"}}, "request.method: expected a method such as GET"),
        ({"startedDateTime": "yesterday"}, "startedDateTime: expected an instant"),
        ({"response": {"status": "200"}}, "response.status: expected a whole number; got '200'"),
        ({"response": {"status": 200, "content": 5}}, "response.content: expected an object"),
        (
            {"response": {"status": 200, "content": {"text": "a", "encoding": "base64"}}},
            "content.text: it is not in base64",
        ),
        ({"request": {"url": "http://x/", "method": "GET", "headers": 7}}, "request.headers: expected a list"),
        ({"request": {"url": "http://x/", "method": "GET", "postData": 7}}, "request.postData: expected an object"),
        (
            {"request": {"url": "http://x/" + "a" * 20_000, "method": "GET"}},
            "request.url: the address has 20009 characters",
        ),
    ],
)
def test_an_entry_that_is_wrong_is_named(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=r"^log") as raised:
        exchanges_of(har_of([good(**changed)]))
    assert says in str(raised.value)


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shop.har"
    file.write_text(json.dumps(har_of([good()])))
    monkeypatch.setattr(har, "MAX_FILE_BYTES", 10)
    with pytest.raises(UsageError, match="more than 10 B"):
        read_har(file)
    monkeypatch.setattr(har, "MAX_ENTRIES", 0)
    with pytest.raises(ValueError, match="more than 0"):
        exchanges_of(har_of([good()]))


def test_addresses_that_no_shop_answers_are_passed_over() -> None:
    odd = [
        good(request={"url": url, "method": "GET"})
        for url in ("data:,x", "blob:x", "chrome-extension://x/y", "wss://x/")
    ]
    assert exchanges_of(har_of(odd)) == []


def test_a_packed_body_is_unpacked_and_a_negative_time_is_none() -> None:
    packed = {
        "mimeType": "text/html; charset=utf-8",
        "text": base64.b64encode("größe".encode()).decode(),
        "encoding": "base64",
    }
    (read,) = exchanges_of(har_of([good(response={"status": 200, "content": packed}, time=-1)]))
    assert (read.text, read.mime, read.ended_s - read.started_s) == ("größe", "text/html", 0)


def test_exchanges_come_in_the_order_of_their_start() -> None:
    late, early = entry("GET", "http://x/late", at=5), entry("GET", "http://x/early", at=1)
    assert [one.path for one in exchanges_of(har_of([late, early]))] == ["/early", "/late"]


def test_bodies_are_told_apart() -> None:
    bodies = {
        "application/x-www-form-urlencoded": "a=1&b=%20",
        "application/json": '{"a": 1}',
        "text/plain": "hello",
        "text/plain;x": '{"beacon": true}',
    }
    entries = [entry("POST", "http://x/", headers={"Content-Type": mime}, body=body) for mime, body in bodies.items()]
    read = [one.body for one in exchanges_of(har_of(entries))]
    assert [body.kind for body in read] == ["form", "json", "text", "json"]
    assert (read[0].fields, read[1].json, read[2].text) == ((("a", "1"), ("b", " ")), {"a": 1}, "hello")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["missing.har"], "does not exist"),
        (["shop.har", "--host", "shop.example"], "expected a URL such as https://shop.example"),
        (["shop.har", "--name", "1st"], "expected the name of a class"),
        (["shop.har", "--name", "Shopper"], "expected the name of a class"),
        (["shop.har", "-o", "no/where/x.py"], "cannot be written"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(
    words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.har").write_text(json.dumps(har_of([good()])))
    done = CliRunner().invoke(cli, ["journey", "record", *words])
    assert says in done.output + str(getattr(done.exception, "message", ""))
    assert getattr(done.exception, "exit_code", done.exit_code) == 2
