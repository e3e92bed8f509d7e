"""The links and forms of a recorded page.

``Shopper.form`` will look at the shop's pages when the journey runs; here the recorded ones are looked at in the same
way, to know what it will find. Tags are read one by one, with bounds on their length, so that the time grows with
the length of the page alone, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from typing import Final

_TAG: Final = re.compile(
    r"""<(/?)(a|form|input|select|option|textarea)(?=[\s/>])
    ((?:[^>"']{1,2000}+|"[^"]{0,8000}+"|'[^']{0,8000}+'){0,200}+)>([^<]{0,8000}+)""",
    re.VERBOSE | re.IGNORECASE,
)
_ATTRIBUTE: Final = re.compile(r"""([^\s=>"'/]{1,200}+)(?:\s{0,9}+=\s{0,9}+(?:"([^"]*+)"|'([^']*+)'|([^\s>"']++)))?""")

REMEMBERED: Final = 4096
"""Pages whose forms and links are read once: each is looked at for every request behind it."""

_UNSENT: Final = frozenset({"submit", "button", "reset", "image", "file"})
"""Inputs that a browser sends only when they are pressed or filled."""


@dataclass(slots=True)
class Form:
    """A form as it stands on a page.

    Attributes:
        action: where it is sent, as written; "" for the page itself.
        method: GET or POST.
        fields: names and values that it would send untouched.
        buttons: the same of what is sent only when it is pressed.
    """

    action: str = ""
    method: str = "GET"
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=REMEMBERED)
def forms_of(page: str) -> tuple[Form, ...]:
    """All forms of a page, in order. They are shared: nobody may change them."""
    forms: list[Form] = []
    form: Form | None = None
    select = ""
    for name, is_end, given, text in _tags(page):
        if name == "form":
            form = None
            if not is_end:
                form = Form(given.get("action", ""), (given.get("method") or "GET").upper())
                forms.append(form)
        elif name == "select":
            select = "" if is_end or "disabled" in given else given.get("name", "")
        elif form is not None and not is_end and "disabled" not in given:
            _fill(form, name, given, text, select)
    return tuple(forms)


def _fill(form: Form, tag: str, given: dict[str, str], text: str, select: str) -> None:
    name = given.get("name", "")
    if tag == "input" and name:
        kind = given.get("type", "text").lower()
        if kind in _UNSENT:
            form.buttons[name] = given.get("value", "")
        elif kind not in ("checkbox", "radio") or "checked" in given:
            form.fields[name] = given.get("value", "on" if kind in ("checkbox", "radio") else "")
    elif tag == "textarea" and name:
        form.fields[name] = text.removeprefix("\n")
    elif tag == "option" and select and ("selected" in given or select not in form.fields):
        form.fields[select] = given["value"] if "value" in given else " ".join(text.split())


@lru_cache(maxsize=REMEMBERED)
def links_of(page: str) -> tuple[str, ...]:
    """Where the links of a page lead, as written, in order."""
    tags = _tags(page)
    return tuple(given["href"] for name, is_end, given, _ in tags if name == "a" and not is_end and "href" in given)


def _tags(page: str) -> Iterator[tuple[str, bool, dict[str, str], str]]:
    for found in _TAG.finditer(_visible(page)):
        written = _ATTRIBUTE.findall(found[3])
        attributes = {name.lower(): unescape(one or other or bare) for name, one, other, bare in reversed(written)}
        yield found[2].lower(), bool(found[1]), attributes, unescape(found[4])


def _visible(page: str) -> str:
    """The page without comments, scripts and templates, in which tags mean nothing."""
    for begin, end in (("<!--", "-->"), ("<script", "</script"), ("<template", "</template")):
        page = _without(page, begin, end)
    return page


def _without(page: str, begin: str, end: str) -> str:
    lowered, at, kept = page.lower(), 0, []
    while (start := lowered.find(begin, at)) >= 0:
        kept.append(page[at:start])
        stop = lowered.find(end, start + len(begin))
        if stop < 0:
            return "".join(kept)
        at = stop + len(end)
    return "".join([*kept, page[at:]])
