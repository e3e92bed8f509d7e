"""How each exchange of a recording is asked for again: one statement of the journey, or a few.

::

    a page                        home = self.must(self.page("/"))
    a page that a link led to     product = self.must(self.page(self.follow(home, PRODUCT), name="/product/{slug}"))
    a form of a page              where = self.send(product, "/cart/add", {"quantity": "2"})
    the page it leads to          cart = self.must(self.page(where))
    GraphQL                       search = self.ask("Search", SEARCH, {"term": "lamp"})
    anything else                 cart = self.must(self.client.post("/api/cart", json={…})).json()
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from loadgen.markup import Form
from loadgen.recording import graphql
from loadgen.recording.answers import Answers
from loadgen.recording.code import Attr, Call, Dict, Item, Joined, List, Lit, Name, Node, literal
from loadgen.recording.exchange import Exchange
from loadgen.recording.html import forms_of, links_of
from loadgen.recording.references import References
from loadgen.recording.secrets import looks_made
from loadgen.recording.templates import Templates, varies
from loadgen.recording.values import Values
from loadgen.recording.vocabulary import step_of_path, words_of
from loadgen.stats import template_of

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Statement:
    """``target = node``, or the node alone.

    Attributes:
        exchange: whose it is; None for what stands between them.
        node: what is done.
        suffix: how the value is got from it: ``json`` for ``.json()``.
        fixed: name of the target, where it does not depend on who needs it.
    """

    exchange: Exchange | None
    node: Node
    suffix: str = ""
    fixed: str = ""


class Requests:
    """Writes the requests of a recording.

    Args:
        home: origin of the shop's pages.
        templates: of its paths.
        answers: what came before; each exchange must be added when it is written.
        references: makes expressions of it.
        values: writes what is sent.
        followed: numbers of those whose redirect a later one follows.
        has_headers: whether API requests carry headers of their own.
    """

    def __init__(
        self,
        home: str,
        templates: Templates,
        answers: Answers,
        references: References,
        values: Values,
        *,
        followed: Collection[int],
        has_headers: bool,
    ) -> None:
        self._followed = followed
        self._home, self._templates, self._answers = home, templates, answers
        self._references, self._values, self._has_headers = references, values, has_headers
        self._documents: dict[str, str] = {}
        self.endpoint = ""
        """Where GraphQL is asked for; empty if nowhere."""

    def write(self, exchange: Exchange) -> list[Statement]:
        """The statements of one exchange."""
        if graphql.is_graphql(exchange) and self.endpoint in ("", self._path(exchange)) and exchange.method == "POST":
            return [self._asked(exchange)]
        if exchange.method == "GET" and exchange.is_page:
            return [self._page(exchange)]
        if exchange.method == "POST" and exchange.body.kind in ("form", "multipart", "none") and not exchange.is_json:
            sent = self._form(exchange)
            if sent:
                return sent
        method, args, named = self._request(exchange)
        if exchange.method in _METHODS:
            call = Call(Name(f"self.client.{method.lower()}"), args, named)
        else:
            call = Call(Name("self.client.request"), [Lit(method), *args], named)
        suffix = "json" if self._answers.read(exchange) is not None else ""
        checked = Call(Name("self.must"), [call])
        if exchange.number in self._followed:
            where = Item(Attr(Name("answer"), "headers"), ("Location",))
            return [Statement(exchange, checked, fixed="answer"), Statement(None, where, fixed="where")]
        return [Statement(exchange, checked, suffix)]

    def in_batch(self, exchange: Exchange) -> Node:
        """One of several requests at once."""
        method, args, named = self._request(exchange)
        if not named and method == "GET":
            return args[0]
        options = [Dict([(Lit(name), value) for name, value in named])] if named else []
        return List([Lit(method), args[0], *options], is_tuple=True)

    # -- where

    def name_of(self, exchange: Exchange) -> str:
        """What a request is counted under, if its path does not fold to that by itself."""
        template = self._templates(exchange.path)
        return self._values.cleaned(template) if template != template_of(exchange.path) else ""

    def _path(self, exchange: Exchange) -> str:
        return exchange.path if exchange.origin == self._home else exchange.origin + exchange.path

    def _target(self, exchange: Exchange) -> tuple[Node, list[tuple[str, Node]]]:
        """The path with what varies in it from earlier answers, and the query."""
        base = "" if exchange.origin == self._home else exchange.origin
        written = exchange.path.split("/")
        folded = self._templates(exchange.path).split("/")
        parts: list[str | Name] = [base]
        for at, (segment, decoded) in enumerate(zip(written, exchange.segments, strict=True)):
            parts.append("/" if at else "")
            looked_up = _varies(folded, at) or self._values.is_secret(decoded)
            name = self._in_path(decoded, exchange.segments[:at], exchange) if looked_up else None
            parts.append(name if name is not None else segment)
        texts, query = _joined(parts), exchange.query
        if not query:
            return self._as_node(texts), []
        params = self._values.form(exchange.parameters, exchange)
        if isinstance(params, Dict) and _as_recorded(params, exchange):
            return self._as_node(_joined([*texts, f"?{query}"])), []
        return self._as_node(texts), [("params", params)]

    def _as_node(self, parts: Sequence[str | Name]) -> Node:
        if len(parts) == 1 and isinstance(parts[0], str):
            return self._values.text(parts[0], "path")
        return Joined([part for part in parts if part != ""])

    def _in_path(self, segment: str, before: Sequence[str], exchange: Exchange) -> Name | None:
        holder = next((one for one in reversed(before) if one), "")
        words = words_of(holder)
        source = self._answers.find(segment, words, exchange, in_path=True)
        if source is not None:
            leaf = next((key for key in reversed(source.path) if isinstance(key, str)), "") or "value"
            self._references.correlated.append(leaf)
            return self._references.as_name(source, leaf)
        if looks_made(holder, segment) or self._values.is_secret(segment):
            node = self._values.of(f"{holder}_id", segment, exchange)
            return node if isinstance(node, Name) else None
        told = f"{exchange.method} {self._templates(exchange.path)}"
        self._references.doubts.append(f"{told} is asked for as it was recorded: nothing before it names that address")
        return None

    # -- pages

    def _page(self, exchange: Exchange) -> Statement:
        target, named = self._where(exchange)
        name = self.name_of(exchange)
        if name:
            named = [("name", Lit(name)), *named]
        return Statement(exchange, Call(Name("self.must"), [Call(Name("self.page"), [target], named)]))

    def _where(self, exchange: Exchange) -> tuple[Node, list[tuple[str, Node]]]:
        if exchange.follows is not None and exchange.follows.location == exchange.url:
            return Name("where"), []
        template = self._templates(exchange.path)
        if not any(map(varies, template.split("/"))) or exchange.origin != self._home:
            return self._target(exchange)
        for page in self._answers.pages():
            if urlsplit(page.landed).path == exchange.path and page.is_page:
                seen = Attr(self._references.page(page), "url")
                self._references.correlated.append("the same page")
                if not exchange.query:
                    return seen, []
                self._references.used.add("urljoin")
                return Call(Name("urljoin"), [seen, Lit(f"?{exchange.query}")]), []
            found = None if exchange.query else self._link(page, exchange, template)
            if found:
                self._references.used.add("follow")
                self._references.correlated.append("link")
                step = step_of_path("GET", template)
                constant = self._references.pattern(found, f"{step}_link")
                return Call(Name("self.follow"), [self._references.page(page), Name(constant)]), []
        return self._target(exchange)

    def _link(self, page: Exchange, exchange: Exchange, template: str) -> str:
        """A pattern for the links of a page that are of the same kind as the one that was followed."""
        tail = exchange.path.rstrip("/").rpartition("/")[2]
        links = [one for one in links_of(page.text) if tail in one and _leads_to(page.landed, one, exchange.url)]
        written = next((link for link in links if link.startswith(("/", "http"))), "")
        if not written or not exchange.path.isascii():
            return ""
        host = "" if written.startswith("/") else r"https?://[^/\"'\s]+".replace(r"\"'", '"')
        segments = zip(urlsplit(written).path.split("/"), template.split("/"), strict=False)
        path = "/".join(_segment(own, folded) for own, folded in segments)
        for quote in ('"', "'"):
            pattern = f"href={quote}({host}{path})[?#{quote}]".replace('[^/"', f"[^/{quote}")
            if re.search(pattern, page.text):
                return pattern
        return ""

    # -- forms

    def _form(self, exchange: Exchange) -> list[Statement]:
        """A form that stood on an earlier page."""
        for page in self._answers.pages():
            forms = forms_of(page.text)
            matching = [form for form in forms if _is_sent(form, page, exchange)]
            if not matching:
                continue
            pairs = exchange.body.fields
            best = max(matching, key=lambda form: _likeness(form, exchange))
            begin = _beginning(best.action, self._templates)
            if not set(best.fields) & {name for name, _ in pairs}:
                return []
            self._references.correlated.extend(
                name for name, value in pairs if value and best.fields.get(name) == value and looks_made(name, value)
            )
            typed = [(name, value) for name, value in pairs if best.fields.get(name) != value]
            return [self._sent(exchange, page, begin, typed, _telling(best, begin, forms, [name for name, _ in typed]))]
        return []

    def _sent(
        self, exchange: Exchange, page: Exchange, begin: str, typed: Sequence[tuple[str, str]], telling: str
    ) -> Statement:
        helper = "send" if exchange.number in self._followed else "fill"
        self._references.used.update(("fill", "urljoin", helper))
        variable = self._references.page(page)
        action: Node = Lit(begin)
        if "://" in begin:
            action = Call(Name("urljoin"), [Attr(variable, "url"), Lit(urlsplit(begin).path)])
        fields = [self._values.form(typed, exchange)] if typed else []
        name = self.name_of(exchange)
        named: list[tuple[str, Node]] = [("name", Lit(name))] if name else []
        if telling:
            self._references.used.add("having")
            named.append(("having", Lit(telling)))
        sent = Call(Name(f"self.{helper}"), [variable, action, *fields], named)
        return Statement(exchange, sent, fixed="where" if exchange.number in self._followed else "")

    # -- everything else

    def _request(self, exchange: Exchange) -> tuple[str, list[Node], list[tuple[str, Node]]]:
        target, named = self._target(exchange)
        body = exchange.body
        if body.kind == "json":
            named.append(("json", self._values.of_json(body.json, exchange)))
        elif body.kind == "form":
            named.append(("data", self._values.form(body.fields, exchange)))
        elif body.kind == "multipart":
            none = Lit(None)
            parts = [
                (Lit(name), List([none, self._values.of(name, value, exchange)], is_tuple=True))
                for name, value in body.fields
            ]
            named.append(("files", Dict(parts)))
        elif body.kind == "text":
            self._references.doubts.append(f"the body of {exchange.method} {exchange.path} is sent as it was recorded")
            named.append(("data", Name(self._values.document("body", body.text))))
        if exchange.location:
            named.append(("allow_redirects", Lit(False)))
        name = self.name_of(exchange)
        operation = graphql.operation_of(exchange)
        if operation:
            name = self._values.cleaned(f"{exchange.path} {operation}")
        if name:
            named.append(("name", Lit(name)))
        if self._has_headers:
            named.append(("headers", Name("self.headers")))
        return exchange.method, [target], named

    def _asked(self, exchange: Exchange) -> Statement:
        self._references.used.add("ask")
        self.endpoint = self._path(exchange)
        asked: Mapping[str, Any] = exchange.body.json
        operation = graphql.operation_of(exchange)
        document = asked["query"]
        if document not in self._documents:
            self._documents[document] = self._values.document(operation, document)
        args: list[Node] = [Lit(operation), Name(self._documents[document])]
        variables = asked.get("variables")
        if variables:
            args.append(self._values.of_json(variables, exchange, also=graphql.arguments_of(document)))
        outcome = graphql.outcome_of(exchange, self._answers.read(exchange))
        named = [("expect", literal(outcome))] if outcome else []
        return Statement(exchange, Call(Name("self.ask"), args, named))


def _varies(folded: Sequence[str], at: int) -> bool:
    return at < len(folded) and varies(folded[at])


def _as_recorded(params: Dict, exchange: Exchange) -> bool:
    """Whether all of a query is written as it was."""
    written = [value.value for _, value in params.pairs if isinstance(value, Lit)]
    return bool(written) and written == [value for _, value in exchange.parameters]


def _joined(parts: Sequence[str | Name]) -> list[str | Name]:
    """Parts with texts that stand side by side as one."""
    joined: list[str | Name] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _leads_to(page: str, link: str, url: str) -> bool:
    try:
        return urljoin(page, link).partition("#")[0].partition("?")[0] == url
    except ValueError:
        return False


def _segment(own: str, folded: str) -> str:
    if not varies(folded):
        return re.escape(own).replace("\\-", "-")
    if own.isdecimal():
        return r"\d+"
    ending = r"_\d+" if re.search(r"_\d+$", own) else r"\.html" if own.endswith(".html") else ""
    return f'[^/"?#]+{ending}'


def _is_sent(form: Form, page: Exchange, exchange: Exchange) -> bool:
    tail = exchange.path.rstrip("/").rpartition("/")[2]
    if form.method != "POST" or (form.action.startswith(("/", "http")) and tail not in form.action):
        return False
    try:
        where = urljoin(page.landed, form.action)
    except ValueError:
        return False
    return where.partition("?")[0] == exchange.url.partition("?")[0]


def _likeness(form: Form, exchange: Exchange) -> tuple[int, int]:
    """How many of the fields that were sent a form has, and how many of them as they were sent."""
    pairs = exchange.body.fields
    held = sum(name in form.fields or name in form.buttons for name, _ in pairs)
    return held, sum(form.fields.get(name) == value for name, value in pairs)


def _telling(wanted: Form, begin: str, forms: Sequence[Form], typed: Sequence[str]) -> str:
    """A field that tells a form from those before it; empty if it is the first, or like the first."""
    before = forms[: forms.index(wanted)]
    alike = [form for form in before if form.action.startswith(begin)]
    if not alike or alike[0].fields.keys() == wanted.fields.keys():
        return ""
    own = [name for name in wanted.fields if not any(name in form.fields for form in alike)]
    return next((name for name in typed if name in own), own[0] if own else "")


def _beginning(action: str, templates: Templates) -> str:
    """The beginning of a form's action that is the same for all articles."""
    parts = urlsplit(action)
    if not parts.path.startswith("/"):
        return action.partition("?")[0]
    folded = templates(parts.path).split("/")
    literal_until = next((at for at, segment in enumerate(folded) if varies(segment)), len(folded))
    path = "/".join(parts.path.split("/")[:literal_until]) + ("/" if literal_until < len(folded) else "")
    return f"{parts.scheme}://{parts.netloc}{path}" if parts.netloc else path
