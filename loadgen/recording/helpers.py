"""Methods that a written journey has below its steps, each only if it is used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from loadgen.recording.answers import Source
from loadgen.recording.code import quoted

_FOLLOW: Final = '''\
    def follow(self, page: Page, links: re.Pattern[str]) -> str:
        """One of the links of a page; a visitor who finds none leaves."""
        found = links.findall(page.text or "")
        if not found:
            self.give_up("will")
        return unescape(self.pick(found))
'''

_FILL: Final = '''\
        """Fill in a form of the page and send it as a browser does; what was not typed stays as the page has it."""
        form = {form}
        sent = {{**form.fields, **(fields or {{}})}}
        referer = {{"Referer": page.url}}
        url = urljoin(page.url, form.action)
        return self.must(self.client.post(url, sent, name=name, headers=referer, allow_redirects=False))
'''

_SEND: Final = '''\
        """The same with a form that leads to another page; returns where."""
        answer = self.fill(page, action, fields, name{having})
        if "Location" not in answer.headers:
            raise ValueError(f"the shop did not take the form for {{action}}: it answered with a page")
        return urljoin(page.url, answer.headers["Location"])
'''

_FIND: Final = '''\
    def find(self, page: Any, what: re.Pattern[str]) -> str:
        """What stands on a page behind something that is always there."""
        found = what.search(page.text or "")
        if found is None:
            raise ValueError(f"the page {page.url} has nothing like {what.pattern}")
        return unescape(found[1])
'''

_ASK_HEAD: Final = '''\
    def ask(self, operation: str, document: str, variables: dict[str, Any] | None = None, expect: str = "") -> Any:
        """Ask the shop's GraphQL API. A refusal, with status 200 too, is a failed request and ends the journey."""
        asked = {"operationName": operation, "query": document, "variables": variables or {}}
        options: dict[str, Any] = {"name": f"{self.endpoint} {operation}", "catch_response": True}
'''

_ASK_TAIL: Final = """\
            said = answer.json() if answer.ok and answer.content else {}
            given = next(iter((said.get("data") or {}).values()), None)
            refused = said.get("errors") or (expect and (given or {}).get("__typename") != expect)
            if refused:
                answer.failure(f"{operation} was refused: {str(said.get('errors') or given)[:200]}")
        if refused:
            self.give_up("error")
        self.must(answer)
"""


_CHOSEN: Final = "self.form(page, action, having=having)"


def helpers(used: Collection[str], tokens: Mapping[str, Source], *, has_headers: bool) -> list[str]:
    """The methods in use, as text.

    Args:
        used: their names.
        tokens: headers that answers to GraphQL give, by the name under which they are sent.
        has_headers: whether requests carry ``self.headers``.
    """
    having = "having" in used
    texts = {
        "follow": _FOLLOW,
        "fill": _head("fill", "Any", having=having)
        + _FILL.format(form=_CHOSEN if having else "self.form(page, action)"),
        "send": _head("send", "str", having=having) + _SEND.format(having=", having" if having else ""),
        "find": _FIND,
        "ask": _ask(tokens, has_headers=has_headers),
    }
    return [text for name, text in texts.items() if name in used]


def _head(helper: str, gives: str, *, having: bool) -> str:
    arguments = "self, page: Page, action: str, fields: dict[str, Any] | None = None, name: str | None = None"
    if having:
        return f'    def {helper}(\n        {arguments}, having: str = ""\n    ) -> {gives}:\n'
    return f"    def {helper}({arguments}) -> {gives}:\n"


def _ask(tokens: Mapping[str, Source], *, has_headers: bool) -> str:
    headers = ", headers=self.headers" if has_headers else ""
    call = f"        with self.client.post(self.endpoint, json=asked{headers}, **options) as answer:\n"
    taken = [
        f"        if {quoted(source.key)} in answer.headers:\n"
        f'            self.headers[{quoted(name)}] = f"{source.before}{{answer.headers[{_single(source.key)}]}}"\n'
        for name, source in tokens.items()
    ]
    return _ASK_HEAD + call + _ASK_TAIL + "".join(taken) + '        return said["data"]\n'


def _single(text: str) -> str:
    """A header's name in single quotes, to stand inside an f-string; it has letters, digits and dashes only."""
    return f"'{text}'"
