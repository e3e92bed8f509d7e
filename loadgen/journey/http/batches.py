"""Several requests sent at once, as the scripts of a page do: ``batch([("GET", "/a"), {"method": "POST", …}])``.

==============================================  ===============================================
a call                                          is sent as
==============================================  ===============================================
``"/a"``                                        ``GET /a``
``("POST", "/b")``                              ``POST /b``
``("POST", "/b", {"json": {}, "name": "b"})``   the same, with options of ``Client.request``
``{"method": "POST", "url": "/b", …}``          the same; GET if no method is named
==============================================  ===============================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from loadgen.journey.http.parallel import Parallel
from loadgen.journey.http.response import Response
from loadgen.journey.http.wires import Origin

Call = str | tuple[Any, ...] | Mapping[str, Any]


class _Call(NamedTuple):
    number: int
    method: str
    url: str
    options: Mapping[str, Any]


def send_all(
    calls: Iterable[Call],
    request: Callable[..., Response],
    origin_of: Callable[[str], Origin],
    places: Callable[[Origin], int],
) -> list[Response]:
    """Send some requests, as many at once as a browser would.

    Args:
        calls: see the module.
        request: sends one.
        origin_of: where a URL leads.
        places: how many exchanges at once with a host.

    Returns:
        The responses, in the order of the calls.

    Raises:
        ValueError: a call is none, then nothing was sent; or one cannot be sent, then all others were.
        ShopperGone: the shopper was stopped.
    """
    wanted = [_read(number, call) for number, call in enumerate(calls)]
    responses: dict[int, Response] = {}

    def send(call: _Call) -> None:
        responses[call.number] = request(call.method, call.url, **call.options)

    parallel = Parallel(send, places)
    for call in wanted:
        parallel.add(origin_of(call.url), 0, call)
    parallel.run()
    return [responses[call.number] for call in wanted]


def _read(number: int, call: Call) -> _Call:
    method: Any = "GET"
    url: Any = None
    options: Any = {}
    if isinstance(call, str):
        url = call
    elif isinstance(call, Mapping):
        method, url = call.get("method", "GET"), call.get("url")
        options = {name: value for name, value in call.items() if name not in ("method", "url")}
    elif isinstance(call, (tuple, list)) and len(call) in (2, 3):
        method, url = call[:2]
        options = call[2] if len(call) == 3 else {}
    if not (isinstance(method, str) and isinstance(url, str) and isinstance(options, Mapping)):
        raise ValueError(
            f"call {number + 1} of the batch is {call!r:.200}; it must be a URL, (method, URL), (method, URL, options)"
            " or a mapping with a url"
        )
    return _Call(number, method, url, options)
