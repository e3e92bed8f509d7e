"""A client of the page's server."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPResponse

from web.conftest import TOKEN

BEARER = {"Authorization": f"Bearer {TOKEN}"}
JSON = {"Content-Type": "application/json"}


def ask(server, path, body=None, **headers) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        if body is None:
            connection.request("GET", path, headers=named)
        else:
            connection.request("POST", path, json.dumps(body), headers={**JSON, **named})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()
