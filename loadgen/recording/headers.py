"""Headers of a shop's API that matter: not the browser's own, but tokens, channels and languages of the shop's making.

They stand in ``self.headers`` of the journey. What an answer gave is put there as soon as it was given::

    self.headers = {"X-Channel": "de"}
    …
    session = self.must(self.client.post("/api/session", headers=self.headers)).json()
    self.headers["Authorization"] = f"Bearer {token}"
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from loadgen.recording.answers import Answers, Source
from loadgen.recording.code import Item, Joined, Lit, Name, Node
from loadgen.recording.exchange import Exchange
from loadgen.recording.graphql import is_graphql
from loadgen.recording.references import References
from loadgen.recording.values import Values
from loadgen.recording.vocabulary import words_of

_BROWSERS: Final = re.compile(
    r"cookie|user-agent|accept(-.*)?|sec-.*|connection|host|content-(length|type|encoding)|origin|referer|pragma|te"
    r"|cache-control|upgrade.*|dnt|priority|if-.*|range|purpose|x-client-data|trace(parent|state)|baggage|sentry-trace"
    r"|x-(request|correlation|amzn-trace)-id|x-b3-.*|x-datadog-.*|newrelic|x-newrelic-.*|save-data|ect|rtt|downlink"
    r"|alt-used|keep-alive|transfer-encoding|expect|proxy-.*|apollo.*-preflight.*|idempotency-key"
)
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,60}")


def headers_that_matter(exchange: Exchange) -> dict[str, str]:
    """Of a request of a script; pages have none."""
    if exchange.is_page:
        return {}
    found = {
        name: value
        for name, value in exchange.headers.items()
        if _NAME.fullmatch(name) and value and not _BROWSERS.fullmatch(name)
    }
    accept = exchange.headers.get("accept", "")
    if exchange.method == "GET" and re.fullmatch(r"application/[\w.+-]{1,60}", accept):
        found["accept"] = accept
    return found


class Headers:
    """Follows the headers of a journey.

    Args:
        exchanges: all that the shopper does.
        answers: what came before.
        references: makes expressions of it.
        values: writes what no answer gave.
    """

    def __init__(self, exchanges: Iterable[Exchange], answers: Answers, references: References, values: Values) -> None:
        self._answers, self._references, self._values = answers, references, values
        self.exist = any(headers_that_matter(exchange) for exchange in exchanges)
        self.first: dict[str, Node] = {}
        """What they are from the beginning, by name."""
        self.from_ask: dict[str, Source] = {}
        """Those that answers to GraphQL give, by name."""
        self._now: dict[str, Source | None] = {}

    def note(self, exchange: Exchange) -> None:
        """Take over the headers of the next request."""
        for name, value in headers_that_matter(exchange).items():
            source = self._answers.find(value, words_of(name), exchange)
            if source is not None and self._now.get(name) == source:
                continue
            written = "Authorization" if name == "authorization" else name
            if source is not None:
                self._give(written, source)
            elif name not in self._now:
                self.first[written] = self._values.of(name, value, exchange)
            self._now[name] = source

    def _give(self, name: str, source: Source) -> None:
        self._references.correlated.append(name)
        if source.how == "header" and is_graphql(source.exchange):
            self.from_ask[name] = source
            return
        node: Node = self._references.of(source)
        if source.before:
            node = Joined([source.before, self._references.as_name(source, "token")])
        target = Item(Name("self.headers"), (name,))
        self._references.needs[source.exchange.number].then.append((target, node))


def initial(headers: Headers) -> list[tuple[Node, Node]]:
    """The pairs of ``self.headers`` at the beginning of the journey."""
    return [(Lit(name), node) for name, node in headers.first.items()]
