"""Read the forms of a page, to send them back as a browser would: hidden fields, tokens and defaults included."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_UNSENT = {"submit", "button", "reset", "image", "file"}
"""Inputs that a browser sends only when they are pressed or filled."""


@dataclass(slots=True)
class Form:
    """A form as it stands on the page.

    Attributes:
        action: where it is sent; "" for the page itself.
        method: GET or POST.
        fields: names and values that it would send untouched.
    """

    action: str = ""
    method: str = "GET"
    fields: dict[str, str] = field(default_factory=dict)


def forms_of(html: str) -> list[Form]:
    """All forms of a page, in order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), (given.get("method") or "GET").upper())
            self.forms.append(self._form)
        elif self._form is not None and "disabled" not in given:
            self._field(self._form, tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._textarea:
            self._form.fields[self._textarea] += data

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "input" and name:
            kind = given.get("type", "text").lower()
            if kind in ("checkbox", "radio"):
                if "checked" in given:
                    form.fields[name] = given.get("value", "on")
            elif kind not in _UNSENT:
                form.fields[name] = given.get("value", "")
        elif tag == "textarea" and name:
            self._textarea = name
            form.fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in form.fields):
            form.fields[self._select] = given.get("value", "")
