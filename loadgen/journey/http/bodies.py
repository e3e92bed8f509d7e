"""The bodies of requests: forms, JSON, multipart; and the parameters of a query, which are written like a form.

Files, generators and other bodies that are sent in pieces do not pass here. Each function gives the body and what its
Content-Type is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from secrets import token_hex
from typing import Any, Final
from urllib.parse import quote_plus

from urllib3.fields import RequestField
from urllib3.filepost import encode_multipart_formdata

from loadgen.journey.http.headers import check_field

FORM_TYPE: Final = "application/x-www-form-urlencoded"
JSON_TYPE: Final = "application/json"
TEXT_TYPE: Final = "text/plain; charset=utf-8"
BYTES_TYPE: Final = "application/octet-stream"

_ESCAPES: Final = {
    number: escape
    for number, escape in ((number, quote_plus(chr(number), safe="*").replace("~", "%7E")) for number in range(128))
    if escape != chr(number)
}
"""ASCII characters that do not stand for themselves in a form, and what does."""

Pairs = Mapping[Any, Any] | Iterable[tuple[Any, Any]]
"""Names and values. A value may be a list: its name is then repeated. A value of None is left out."""


def form(data: Pairs | str | bytes | bytearray) -> tuple[bytes, str]:
    """A form's fields as a browser sends them; text and bytes as they are, as Locust's FastHttpUser sends them.

    Args:
        data: the fields, or the body itself.

    Raises:
        ValueError: these are no names and values, or they hold half of a surrogate pair.
    """
    if isinstance(data, str):
        return data.encode(), TEXT_TYPE
    if isinstance(data, (bytes, bytearray)):
        return bytes(data), BYTES_TYPE
    return urlencode_params(data).encode("ascii"), FORM_TYPE


def json_body(value: Any) -> tuple[bytes, str]:
    """A value as JSON, written as Locust's FastHttpUser writes it.

    Args:
        value: what ``json.dumps`` takes.

    Raises:
        TypeError: JSON knows no such thing.
        ValueError: it holds itself.
    """
    return json.dumps(value).encode("ascii"), JSON_TYPE


def urlencode_params(params: Pairs | str | bytes) -> str:
    """Parameters in the form of a query (https://url.spec.whatwg.org/#urlencoded-serializing).

    Args:
        params: names and values; text and bytes are taken to be a query already.

    Raises:
        ValueError: see :func:`form`.
    """
    if isinstance(params, str):
        return params
    if isinstance(params, (bytes, bytearray)):
        return params.decode()
    return "&".join([f"{_coded(name)}={_coded(value)}" for name, value in _flat(params)])


def with_params(url: str, params: Pairs | str | bytes | None) -> str:
    """A URL with parameters behind those that it has.

    Args:
        url: absolute, or a path.
        params: see :func:`urlencode_params`.

    Raises:
        ValueError: see :func:`form`.
    """
    query = urlencode_params(params) if params else ""
    if not query:
        return url
    place, hash_sign, fragment = url.partition("#")
    path, _, present = place.partition("?")
    return f"{path}?{present}{'&' if present else ''}{query}{hash_sign}{fragment}"


def multipart(fields: Pairs | None, files: Pairs) -> tuple[bytes, str]:
    """A form with files, with the surface of ``files=`` in requests.

    Args:
        fields: the form's other fields; they come first.
        files: names, and for each the content (bytes, text, or an open file) or a tuple (file name, content),
            (file name, content, type) or (file name, content, type, headers).

    Raises:
        ValueError: fields or files are none, or would break the body apart.
    """
    if isinstance(fields, (str, bytes, bytearray)):
        raise ValueError("beside files, data must be names and values, not a body of its own")
    parts = [RequestField(_text(name), _bytes(value)) for name, value in _flat(fields or {})]
    for part in parts:
        part.make_multipart()
    for name, file in _pairs(files):
        parts += _file(_text(name), file)
    boundary = token_hex(16)
    while any(boundary.encode() in part.data for part in parts):
        boundary = token_hex(16)
    return encode_multipart_formdata(parts, boundary)


def _file(name: str, file: Any) -> Iterator[RequestField]:
    """A file's part; none if its content is None."""
    if isinstance(file, (tuple, list)):
        if not 2 <= len(file) <= 4:
            raise ValueError(f"file {name!r} must be (file name, content[, type[, headers]])")
        filename, content, content_type, headers = (*file, None, None)[:4]
    else:
        filename, content, content_type, headers = _name_of(file) or name, file, None, None
    if content is None:
        return
    data = content.read() if hasattr(content, "read") else content
    if not isinstance(data, (str, bytes, bytearray, memoryview)):
        raise ValueError(f"file {name!r} is neither bytes nor text nor an open file")
    if headers is not None and not isinstance(headers, Mapping):
        raise ValueError(f"the headers of file {name!r} must be a mapping")
    part = RequestField(name, _bytes(data), None if filename is None else _text(filename), headers)
    part.make_multipart(content_type=content_type)
    for header, value in part.headers.items():
        check_field(str(header), str(value or ""))
    yield part


def _name_of(file: Any) -> str | None:
    """The name under which an open file is known."""
    name = getattr(file, "name", None)
    if not isinstance(name, str) or name.startswith("<"):
        return None
    return PurePath(name).name


def _flat(pairs: Pairs) -> Iterator[tuple[Any, Any]]:
    """One name with one value at a time."""
    for name, value in _pairs(pairs):
        if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
            if value is not None:
                yield name, value
        elif isinstance(value, (bytearray, memoryview)):
            yield name, bytes(value)
        else:
            yield from ((name, item) for item in value if item is not None)


def _coded(text: Any) -> str:
    if isinstance(text, str) and text.isascii():
        return text.translate(_ESCAPES)  # a tenth of what quote_plus takes
    return quote_plus(text if isinstance(text, (str, bytes)) else str(text), safe="*").replace("~", "%7E")


def _pairs(pairs: Pairs) -> Iterator[tuple[Any, Any]]:
    for pair in pairs.items() if isinstance(pairs, (dict, Mapping)) else pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(f"expected names and values, a mapping or pairs, but there is {pair!r:.80}")
        yield pair[0], pair[1]


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else str(value).encode()
