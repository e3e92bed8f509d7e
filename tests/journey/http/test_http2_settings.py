"""Who speaks HTTP/2 is for a class to say, and for a plan to overrule; it leaves nothing behind."""

from __future__ import annotations

import gc
import ssl
import weakref
from typing import Any

import pytest
from h2.connection import H2Connection
from journey.http.far_ends import Certificates
from journey.http.http2_shop import Peer, http2_shop, serve

from loadgen.errors import JourneyError
from loadgen.journey import FastHttpUser, JourneyEnvironment, PlanContext, Shopper
from loadgen.journey.http.certificates import context_of
from loadgen.journey.http.settings import TlsSettings


@pytest.mark.parametrize("base", [FastHttpUser, Shopper])
@pytest.mark.parametrize(
    ("own", "plan", "spoken"),
    [(None, None, "1.1"), ("2", None, "2"), (None, "2", "2"), ("2", "1.1", "1.1"), ("1.1", "2", "2"), ("2", "2", "2")],
)
def test_the_plans_word_stands_above_the_classes(base: Any, own: str | None, plan: str | None, spoken: str) -> None:
    user_class = type("Speaker", (base,), {"host": "https://shop.test", **({"http": own} if own else {})})
    user: Any = JourneyEnvironment(PlanContext(http=plan)).new_user(user_class)
    assert user.client.settings.http == spoken


@pytest.mark.parametrize("wrong", ["3", "1.0", "", 2, 1.1, None])
def test_any_other_version_is_refused_with_a_hint(wrong: Any) -> None:
    user_class = type("Speaker", (FastHttpUser,), {"host": "https://shop.test", "http": wrong})
    with pytest.raises(JourneyError, match=r"Speaker sets http to .+, which is no version") as caught:
        JourneyEnvironment().new_user(user_class)
    assert caught.value.hint == 'write http = "1.1" or http = "2", as text'


def test_tls_is_not_negotiated_anew() -> None:
    assert context_of(TlsSettings(), "2").options & ssl.OP_NO_RENEGOTIATION


def failing(peer: Peer) -> None:
    peer.reset(peer.hear(), 2)
    peer.raw(b"nonsense " * 10)


@pytest.mark.parametrize("script", [serve, failing])
def test_a_shopper_is_freed_as_it_leaves(stage: Any, certificates: Certificates, script: Any) -> None:
    left: list[Any] = []

    def journey(shopper: Any) -> None:
        for _ in range(2):
            shopper.client.get("/")
            shopper.client.get("/", stream=True)
        left.append(weakref.ref(shopper))

    user_class = type("Leaver", (Shopper,), {"journey": journey, "http": "2", "ca_file": certificates.ca_file})
    with http2_shop(certificates, script) as server:
        stage.environment.host = server.url
        stage.run(user_class)  # what is made once is made now
        gc.collect()
        known = {id(each) for each in gc.get_objects() if isinstance(each, H2Connection)}
        gc.disable()
        try:
            stage.run(user_class)
            assert [reference() for reference in left] == [None, None]
            new = [each for each in gc.get_objects() if isinstance(each, H2Connection) and id(each) not in known]
            assert [each for each in new if each.config.client_side] == []
        finally:
            gc.enable()
