"""A body as text, decoded as a browser decodes it (https://encoding.spec.whatwg.org, and HTML's prescan).

The first that speaks decides::

    byte order mark ─▶ Content-Type's charset ─▶ <meta charset> (HTML) or <?xml encoding?> (XML, XHTML)
                    ─▶ UTF-8; a page or text that is none, and says nothing, is windows-1252

JSON is UTF-8. Labels mean what they mean on the web: ``iso-8859-1`` is windows-1252, ``ks_c_5601-1987`` is EUC-KR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple

import webencodings

from loadgen.markup.possessive import possessive

PRESCAN_BYTES: Final = 1024
"""Where a page has to name its encoding (HTML, 4.2.5.4)."""

_BYTE_ORDER_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))

_CHARSET_PARAMETER: Final = re.compile(r""";\s*charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^;\s]+))""", re.IGNORECASE)

_TAG: Final = re.compile(
    possessive(r"""<!--(?:-?>|.*?(?:-->|\Z))  # what a comment holds does not count
       | <(?:(meta)(?=[\s/])|[a-z/!?])((?:[^>"']|"[^"]*"|'[^']*')*+)""").encode(),
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(rb"""([^\s/>="']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?""")
_CHARSET_IN_CONTENT: Final = re.compile(rb"""charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;"']+))""", re.IGNORECASE)
_XML_DECLARATION: Final = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']""")

_Kind = Literal["html", "xml", "text", "other"]


class _Declared(NamedTuple):
    """What a Content-Type tells."""

    kind: _Kind
    encoding: webencodings.Encoding | None


def text_of(content: bytes, content_type: str) -> str:
    """Decode a body.

    Args:
        content: unpacked.
        content_type: the value of Content-Type; empty if there is none.

    Returns:
        The text, with U+FFFD for what cannot be decoded. Nothing is raised, whatever the bytes are.
    """
    for mark, codec in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(codec, "replace")
    kind, encoding = _declared(content_type)
    if encoding is None and kind in ("html", "xml"):
        encoding = _named_inside(content[:PRESCAN_BYTES], kind)
    if encoding is webencodings.UTF8:
        return content.decode("utf-8", "replace")
    if encoding is not None:
        return encoding.codec_info.decode(content, "replace")[0]
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("windows-1252" if kind in ("html", "text") else "utf-8", "replace")


@lru_cache(maxsize=256)
def _declared(content_type: str) -> _Declared:
    parameter = _CHARSET_PARAMETER.search(content_type)
    label = (parameter[1] or parameter[2] or parameter[3]) if parameter else ""
    return _Declared(_kind_of(content_type.partition(";")[0].strip().lower()), _encoding(label or ""))


def _kind_of(media_type: str) -> _Kind:
    if media_type in ("", "text/html"):
        return "html"
    if media_type.endswith(("/xml", "+xml")):
        return "xml"
    if media_type.startswith("text/") and not media_type.endswith("/json"):
        return "text"
    return "other"


def _encoding(label: str) -> webencodings.Encoding | None:
    return webencodings.lookup(label) if label.isascii() else None


@lru_cache(maxsize=1024)  # many shoppers look at the same pages: 6 µs a page
def _named_inside(head: bytes, kind: _Kind) -> webencodings.Encoding | None:
    """The encoding that a document names itself. It can be read as ASCII, so UTF-16 it is not, whatever it says."""
    for label in _labels_inside(head, kind):
        encoding = _encoding(label.decode("latin-1"))
        if encoding is not None:
            renamed = {"utf-16le": "utf-8", "utf-16be": "utf-8", "x-user-defined": "windows-1252"}.get(encoding.name)
            return _encoding(renamed) if renamed else encoding
    return None


def _labels_inside(head: bytes, kind: _Kind) -> Iterator[bytes]:
    """What a document calls its encoding, the most telling first."""
    if kind == "html" and b"charset" in head.lower():
        for tag in _TAG.finditer(head):
            if tag[1] is not None:
                yield from _label_in_meta(tag[2])
    declaration = _XML_DECLARATION.match(head)
    if declaration:
        yield declaration[1]


def _label_in_meta(tag: bytes) -> Iterator[bytes]:
    attributes: dict[bytes, bytes] = {}
    for name, *values in _ATTRIBUTE.findall(tag):
        attributes.setdefault(name.lower(), b"".join(values))
    if b"charset" in attributes:
        yield attributes[b"charset"]
    elif attributes.get(b"http-equiv", b"").lower() == b"content-type":
        content = _CHARSET_IN_CONTENT.search(attributes.get(b"content", b""))
        if content:
            yield content[1] or content[2] or content[3] or b""
