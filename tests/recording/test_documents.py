"""OpenAPI and GraphQL documents name what a recording alone does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recording.taping import entry, har_of

from loadgen.errors import UsageError
from loadgen.recording import exchanges_of, name_operations, path_templates, script_of, sort, write

OPENAPI = """\
openapi: 3.1.0
servers: [{url: "https://shop.example/api/v2/"}]
paths:
  /carts/{cartId}/lines: {post: {}}
  /carts/mine: {get: {}}
  /carts/{cart key}: {get: {}}
"""


def test_paths_of_openapi_are_templates_behind_the_path_of_the_server(tmp_path: Path) -> None:
    file = tmp_path / "api.yaml"
    file.write_text(OPENAPI)
    known = ["/api/v2/carts/{cartId}/lines", "/api/v2/carts/mine", "/api/v2/carts/{cartkey}"]
    assert path_templates(file) == known
    file.write_text(json.dumps({"openapi": "3.0.0", "paths": {"/a/{b}": {}}}))
    assert path_templates(file) == ["/a/{b}"]


def test_requests_are_named_by_them(tmp_path: Path) -> None:
    file = tmp_path / "api.yaml"
    file.write_text(OPENAPI)
    asked = [
        entry("GET", "https://shop.example/api/v2/carts/mine", mime="application/json", text="{}"),
        entry("POST", "https://shop.example/api/v2/carts/red/lines", at=2, body={}, mime="application/json", text="{}"),
    ]
    exchanges = exchanges_of(har_of(asked))
    recording = sort(exchanges)
    script = script_of(recording, exchanges, path_templates(file))
    text = write(script, host=recording.home, user="Visitor", source="shop.har")
    assert 'name="/api/v2/carts/{cartId}/lines"' in text
    assert 'self.client.get("/api/v2/carts/mine")' in text


def test_operations_without_a_name_get_the_one_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "shop.graphql"
    file.write_text("query Menu {\n  menu { id, name }\n}\nmutation Pay($m: String!) { pay(method: $m) { id } }\n")
    queries = [
        "{ menu { id name } }",
        "mutation($m: String!) { pay(method: $m) { id } }",
        "{ other }",
        "query Mine { menu }",
    ]
    asked = [entry("POST", "https://x.example/g", at=number, body={"query": one}) for number, one in enumerate(queries)]
    exchanges = exchanges_of(har_of(asked))

    name_operations(exchanges, file)

    assert [one.body.json.get("operationName") for one in exchanges] == ["Menu", "Pay", None, None]
    assert exchanges[0].body.json["query"] == "query Menu { menu { id name } }"
    assert exchanges[1].body.json["query"] == "mutation Pay ($m: String!) { pay(method: $m) { id } }"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("swagger: 2.0", "is no OpenAPI 3 document"),
        ("[]", "is no OpenAPI 3 document"),
        ("{", ":1:2: no JSON"),
        ("a: [", ":2:1: not valid YAML"),
        ("{" * 99_999, "no JSON"),
    ],
)
def test_what_is_no_description_is_refused(content: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "api.yaml"
    file.write_text(content)
    with pytest.raises(UsageError) as raised:
        path_templates(file)
    assert says in raised.value.message


def test_a_file_without_operations_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.graphql"
    file.write_text("type Query { menu: String }")
    with pytest.raises(UsageError, match="has no operation with a name"):
        name_operations([], file)
    with pytest.raises(UsageError, match="there is no file"):
        name_operations([], tmp_path / "missing")
