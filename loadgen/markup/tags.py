"""Reads the tags of a page as a browser's tokenizer does (https://html.spec.whatwg.org/#tokenization), and no more.

::

    <!-- <img> --> <a title="<img>"> <script>"<img>"</script> <template><img></template> <IMG SRC=a.png>
    passed over    passed over       passed over             passed over              ("img", {"src": "a.png"})

No tree is built. Whoever builds one must mend what authors misnest, at a cost that grows with the square of the depth:
a megabyte of ``<div>`` takes minutes, in which no shopper of the process moves. Here the time grows with the length
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.entities import html5
from typing import Final, NamedTuple

from loadgen.markup.possessive import possessive

MAX_CHARS: Final = 2 * 1024 * 1024
"""Characters of a page that are read; the rest of a longer one is not looked at."""

_BLANK: Final = r"\t\n\f\r "

_ATTRIBUTE: Final = rf"""[^{_BLANK}/>][^{_BLANK}/>=]*+
    (?:[{_BLANK}]*+=[{_BLANK}]*+(?:"[^"]*+"|'[^']*+'|[^{_BLANK}>"'][^{_BLANK}>]*+)?+)?+"""

_ATTRIBUTES: Final = rf"(?:[{_BLANK}/]++|{_ATTRIBUTE})*+"

_UNWANTED: Final = rf"""
      [^<]++
    | <(?!/?(?:NAMES)[{_BLANK}/>])
      (?: /?[a-z][^<>"'=]*+(?:="[^"<>]*+"[^<>"'=]*+)*+>    # a tag without anything odd in it: nearly all of them
        | !--(?:-?>|.*?(?:--!?>|\Z))                       # a comment
        | /?[a-z][^{_BLANK}/>]*+{_ATTRIBUTES}(?:>|\Z)      # any tag
        | [!?/][^>]*+>?                                    # doctype, processing instruction, slip of the pen
        | )                                                # just this character
"""

_PARTS: Final = re.compile(
    possessive(rf"""([^{_BLANK}/>][^{_BLANK}/>=]*+)
    (?:[{_BLANK}]*+=[{_BLANK}]*+(?:"([^"]*+)"|'([^']*+)'|([^{_BLANK}>"'][^{_BLANK}>]*+))?+)?+"""),
    re.VERBOSE,
)

_REFERENCE: Final = re.compile(r"&(#[0-9]++|#[xX][0-9a-fA-F]++|[A-Za-z][A-Za-z0-9]*+)(;?)")

_ENDS: Final = {
    name: re.compile(rf"</{name}(?=[{_BLANK}/>])".encode())
    for name in ("script", "style", "textarea", "title", "noscript", "iframe", "noembed", "noframes", "xmp")
}
"""Elements whose content is text whatever it looks like, where scripts run."""

_ALWAYS: Final = (*_ENDS, "template", "svg")
"""Tags that change what others mean."""


_WITH_TEXT: Final = frozenset({"style", "textarea", "option"})


class Tag(NamedTuple):
    """A start tag or an end tag.

    Attributes:
        name: in lower case.
        is_end: whether it is an end tag.
        attributes: by name in lower case, decoded; those without a value have an empty one.
        text: content of a ``style`` as it stands, of a ``textarea`` or ``option`` decoded; empty for others.
    """

    name: str
    is_end: bool
    attributes: dict[str, str]
    text: str


class TagReader:
    """Finds the tags of some names.

    Args:
        names: of the wanted tags, in lower case. Those whose content is text are found too.
    """

    def __init__(self, *names: str) -> None:
        wanted = "|".join({*names, *_ALWAYS})
        unwanted = _UNWANTED.replace("NAMES", wanted)
        pattern = possessive(rf"(?:{unwanted})*+<(/?)({wanted})(?=[{_BLANK}/>])({_ATTRIBUTES})>")
        self._next = re.compile(pattern.encode(), re.VERBOSE | re.DOTALL)

    def read(self, html: str) -> Iterator[Tag]:
        """The tags of a page in their order. Never raises."""
        page = html[:MAX_CHARS].encode(errors="replace")
        lowered = page.lower()
        at = templates = svgs = 0
        while found := self._next.match(lowered, at):
            name, is_end, at = found[2].decode(), bool(found[1]), found.end()
            if name == "template":
                templates = max(templates + (-1 if is_end else 1), 0)
            elif name == "svg":
                svgs = max(svgs + (-1 if is_end else 1), 0)
            begin = at
            if name in _ENDS and not is_end and not (svgs and found[3].endswith(b"/")):
                end = _ENDS[name].search(lowered, at)
                at = end.start() if end else len(page)
            if not templates:
                text = _text(page, begin, at) if name in _WITH_TEXT and not is_end else ""
                yield Tag(name, is_end, _attributes(page[found.start(3) : found.end(3)].decode(errors="replace")), text)


def decoded(text: str) -> str:
    """Undo character references as in an attribute: ``?a=1&copy=2`` stays what its author meant."""
    return _REFERENCE.sub(_referred, text) if "&" in text else text


def _text(page: bytes, begin: int, end: int) -> str:
    """The content of an element; if its end is not known, what comes before the next tag."""
    if begin == end:
        end = page.find(b"<", begin)
    return page[begin : end if end >= 0 else len(page)].decode(errors="replace")


def _attributes(written: str) -> dict[str, str]:
    """Attributes as they stand in a tag; of those with the same name the first counts."""
    found = _PARTS.findall(written)
    found.reverse()
    return {name.lower(): decoded(one or other or bare) for name, one, other, bare in found}


def _referred(reference: re.Match[str]) -> str:
    name, end = reference.groups()
    if name[0] == "#":
        return unescape(reference[0])
    followed_by = reference.string[reference.end() : reference.end() + 1]
    return reference[0] if not end and followed_by == "=" else html5.get(name + end, reference[0])
