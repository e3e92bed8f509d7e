"""What a visitor was known by is never written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from recording.taping import entry

SHOP = "https://shop.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SECRET = "Hx72kQ0pLm4491zzT"


def post(path: str, at: float = 2, **more: Any) -> dict[str, Any]:
    return entry("POST", SHOP + path, at=at, mime="application/json", text="{}", **more)


HOME = entry("GET", f"{SHOP}/", text="<h1>x</h1>", headers={"Cookie": f"sid={SECRET}"})


@pytest.mark.parametrize(
    "sent",
    [
        {"headers": FORM, "body": f"user=joe&password={SECRET}"},
        {"headers": FORM, "body": f"session={SECRET}"},
        {"body": {"deep": [{"userPassword": SECRET}]}},
        {"body": {"note": f"I am {SECRET}, hello"}},
        {"body": {SECRET: 1}},
        {"headers": {"Authorization": f"Bearer {SECRET}"}},
        {"headers": {"X-Api-Key": SECRET}},
        {"headers": {"Content-Type": "text/plain"}, "body": f"token={SECRET}"},
        {"body": {"query": f'mutation {{ login(name: "x", password: "{SECRET}") {{ id }} }}'}},
        {"body": {"query": "mutation L($p: String) { login(password: $p) { id } }", "variables": {"p": SECRET}}},
    ],
)
@pytest.mark.parametrize("path", ["/login", f"/a/{SECRET}/b", f"/a?token={SECRET}", f"/a;jsessionid={SECRET}"])
def test_no_secret_is_written_wherever_it_stood(sent: dict[str, Any], path: str, record) -> None:
    assert SECRET not in record(HOME, post(path, **sent)).text


@pytest.mark.parametrize("card", ["5555555555554444", "5555 5555 5555 4444", "378282246310005"])
def test_cards_become_the_test_card(card: str, record) -> None:
    for body in ({"pan": card}, {"payment": {"x": card}}, {"cardNumber": int(card.replace(" ", ""))}):
        text = record(HOME, post("/pay", body=body)).text
        assert card not in text
        assert card.replace(" ", "") not in text
        assert 'CARD = "4111111111111111"' in text


def test_the_check_number_goes_too(record) -> None:
    assert "737" not in record(HOME, post("/pay?cvc=737", body={"cvv": "737", "securityCode": 737})).text


def test_who_logs_in_is_told_by_the_environment(record) -> None:
    written = record(HOME, post("/login", headers=FORM, body="username=joe&password=demo"))
    assert '{"username": USERNAME, "password": PASSWORD}' in written.text.replace("LOGIN", "USERNAME")
    assert 'PASSWORD = os.environ.get("SHOP_PASSWORD", "")' in written.text
    assert "SHOP_PASSWORD" in written.told
    assert "joe" not in written.text


def test_who_opens_an_account_is_somebody_new_each_time(record) -> None:
    account = {"email": "anna@real.example", "password": "geheim123", "repeatPassword": "geheim123"}
    login = {"email": "anna@real.example", "password": "geheim123"}
    text = record(HOME, post("/register", body=account), post("/login", 5, body=login)).text
    assert 'email = f"shopper-{uuid4().hex[:12]}@example.test"' in text
    assert text.count('{"email": email, "password": password') == 2
    assert "os.environ" not in text


def test_an_id_that_the_browser_made_up_is_made_up_anew(record) -> None:
    made = "0b54ae2c-9f4e-4a8e-8f0d-6d5a3c7e9b11"
    text = record(HOME, post("/api/a", body={"visitorId": made}), post("/api/b", 4, body={"visitorId": made})).text
    assert made not in text
    assert "visitor_id = str(uuid4())" in text
    assert text.count('{"visitorId": visitor_id}') == 2


def test_a_token_from_nowhere_is_told(record) -> None:
    written = record(HOME, post("/api/a", body={"recaptchaToken": SECRET * 3}))
    assert "recaptchaToken came from no answer: a script of the page makes it" in written.told
    assert SECRET not in written.text


def test_a_short_cookie_is_a_choice_and_no_secret(record) -> None:
    choosing = entry("GET", f"{SHOP}/", text="x", headers={"Cookie": "currency=EUR"})
    assert '{"currency": "EUR"}' in record(choosing, post("/api/a", body={"currency": "EUR"})).text


def test_credentials_in_an_address_are_left_out(record) -> None:
    text = record(entry("GET", f"https://joe:{SECRET}@shop.example/", text="x")).text
    assert 'host = "https://shop.example"' in text
    assert SECRET not in text
    assert json.dumps("joe") not in text
