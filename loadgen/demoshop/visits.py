"""Wrappers of handlers: recognise the visitor, check the form token, turn a refusal into a page or into JSON."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from http import HTTPStatus

from loadgen.demoshop.answers import Answer, as_json, html
from loadgen.demoshop.fields import Fields
from loadgen.demoshop.page import escaped
from loadgen.demoshop.refusals import Refusal
from loadgen.demoshop.request import Request
from loadgen.demoshop.sessions import Session
from loadgen.demoshop.shop import Shop

Handler = Callable[[Shop, Request], Answer]
PageHandler = Callable[[Shop, Request, Session], Answer]
FieldsHandler = Callable[[Shop, Session, Fields], Answer]

_COOKIE = b"Set-Cookie: sid=%b; Path=/; HttpOnly; SameSite=Lax\r\n"


def page(handle: PageHandler) -> Handler:
    """A page: a new visitor gets a session cookie with it."""

    def answer(shop: Shop, request: Request) -> Answer:
        known = shop.sessions.find(request.token())
        session = known or shop.sessions.create()
        try:
            made = handle(shop, request, session)
        except Refusal as refusal:
            made = refused_page(shop, session, refusal)
        return made if known else made.with_header(_COOKIE % session.token)

    return answer


def form(handle: FieldsHandler) -> Handler:
    """A form that was sent: its hidden token must be the visitor's own."""

    def checked(shop: Shop, request: Request, session: Session) -> Answer:
        fields = request.form()
        given = fields.text("csrf", default="-").encode()
        if not hmac.compare_digest(given, session.csrf):
            problem = "This form is not yours or too old. Load the page again."
            raise Refusal(HTTPStatus.FORBIDDEN, "csrf", problem)
        return handle(shop, session, fields)

    return page(checked)


def api_page(handle: PageHandler) -> Handler:
    """A JSON answer: a new visitor gets the session's token with it, as a cookie and in ``X-Session``."""

    def answer(shop: Shop, request: Request) -> Answer:
        known = shop.sessions.find(request.token())
        session = known or shop.sessions.create()
        try:
            made = handle(shop, request, session)
        except Refusal as refusal:
            made = refused_json(refusal)
        return made if known else made.with_header(_COOKIE % session.token + b"X-Session: %b\r\n" % session.token)

    return answer


def api_call(handle: FieldsHandler) -> Handler:
    """An API call with a JSON object."""
    return api_page(lambda shop, request, session: handle(shop, session, request.json()))


def refused_page(shop: Shop, session: Session, refusal: Refusal) -> Answer:
    """A refusal for people."""
    body = shop.templates.personal(
        "message.html",
        session,
        heading=escaped(refusal.status.phrase),
        code=refusal.code.encode(),
        message=escaped(refusal.message),
    )
    return html(body, refusal.status.value)


def refused_json(refusal: Refusal) -> Answer:
    """A refusal for programs."""
    return as_json({"error": {"code": refusal.code, "message": refusal.message}}, refusal.status.value)


def refused(path: bytes, refusal: Refusal) -> Answer:
    """A refusal outside of any visit: JSON under ``/api/`` and ``/_shop/``, otherwise a bare page."""
    if path.startswith((b"/api/", b"/_shop")):
        return refused_json(refusal)
    heading, code, message = escaped(refusal.status.phrase), refusal.code.encode(), escaped(refusal.message)
    body = b'<!DOCTYPE html>\n<title>%b</title>\n<h1>%b</h1>\n<p class="message" data-code="%b">%b</p>\n' % (
        heading,
        heading,
        code,
        message,
    )
    return html(body, refusal.status.value)
