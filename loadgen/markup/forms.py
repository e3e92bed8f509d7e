"""Read the forms of a page, to send them back as a browser would: hidden fields, tokens and defaults included."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import unescape
from typing import Final

from loadgen.markup.tags import Tag, TagReader

_TAGS: Final = TagReader("form", "input", "select", "option")

_UNSENT: Final = {"submit", "button", "reset", "image", "file"}
"""Inputs that a browser sends only when they are pressed or filled."""


@dataclass(slots=True)
class Form:
    """A form as it stands on the page.

    Attributes:
        action: where it is sent; "" for the page itself.
        method: GET or POST.
        fields: names and values that it would send untouched.
        buttons: the same of what is sent only when it is pressed, or filled.
    """

    action: str = ""
    method: str = "GET"
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)


def forms_of(html: str) -> list[Form]:
    """All forms of a page, in order."""
    forms: list[Form] = []
    form: Form | None = None
    select = ""
    for tag in _TAGS.read(html):
        if tag.name == "form":
            form = None
            if not tag.is_end:
                form = Form(tag.attributes.get("action", ""), (tag.attributes.get("method") or "GET").upper())
                forms.append(form)
        elif tag.name == "select":
            select = "" if tag.is_end or "disabled" in tag.attributes else tag.attributes.get("name", "")
        elif form is not None and not tag.is_end and "disabled" not in tag.attributes:
            _fill(form, tag, select)
    return forms


def _fill(form: Form, tag: Tag, select: str) -> None:
    given, fields = tag.attributes, form.fields
    name = given.get("name", "")
    if tag.name == "input" and name:
        kind = given.get("type", "text").lower()
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                fields[name] = given.get("value", "on")
        else:
            into = form.buttons if kind in _UNSENT else fields
            into[name] = given.get("value", "")
    elif tag.name == "textarea" and name:
        fields[name] = unescape(tag.text).removeprefix("\n")
    elif tag.name == "option" and select and ("selected" in given or select not in fields):
        fields[select] = given["value"] if "value" in given else " ".join(unescape(tag.text).split())
