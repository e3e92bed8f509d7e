"""What pages load besides themselves: style sheet, script, pictures. No session, cacheable, with ETag."""

from __future__ import annotations

from http import HTTPStatus

from loadgen.demoshop.answers import Answer, Precomputed
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.shop import Shop
from loadgen.demoshop.visits import refused


def file(shop: Shop, request: Request) -> Answer:
    """The style sheet, the script, the ornament or the icon."""
    return _choose(shop.files.by_name.get(request.argument), request)


def image(shop: Shop, request: Request) -> Answer:
    """The picture of a product."""
    slug, dot, suffix = request.argument.rpartition(".")
    return _choose(shop.showroom.image(slug) if dot and suffix == "svg" else None, request)


def _choose(asset: Precomputed | None, request: Request) -> Answer:
    if asset is None:
        return refused(request.path, Refusal(HTTPStatus.NOT_FOUND, "not_found", "There is no such file."))
    headers = request.headers
    return asset.answer(headers.get(b"accept-encoding", b""), headers.get(b"if-none-match", b""))
