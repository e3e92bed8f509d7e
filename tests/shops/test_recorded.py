"""A purchase recorded on a real shop is made there again, by the journey that was written from the recording.

No line of it is changed.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from recording.taping import Tape
from shops.walks import buy_at_oscar, buy_at_vendure

from loadgen.children import loadgen_command

pytestmark = pytest.mark.timeout(600)  # on a fresh machine, the first test waits for PyPI or npm


def call(*words: str) -> str:
    done = subprocess.run(loadgen_command(*words), capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def makes_it_again(shop, buy: Callable[[Tape], None], folder: Path) -> str:
    """Record a purchase, make it again, and return the text of the journey."""
    tape = Tape(shop.url)
    buy(tape)
    tape.close()
    har, journey = tape.save(folder / "shop.har"), folder / "guest.py"
    call("journey", "record", str(har), "-o", str(journey), "--name", "Guest")
    before = shop.orders()
    assert before, "the recorded purchase was none"

    tried = call("journey", "try", str(journey), "--host", shop.url, "--think", "0")

    assert "orders: 1" in tried
    assert len(shop.orders()) == len(before) + 1
    return journey.read_text(encoding="utf-8")


def test_on_django_oscar(oscar, tmp_path: Path) -> None:
    text = makes_it_again(oscar, buy_at_oscar, tmp_path)
    assert "csrfmiddlewaretoken" not in text
    assert 'self.send(cart, "", {"form-0-quantity": "2"}, having="form-0-quantity")' in text


def test_on_vendure(vendure, tmp_path: Path) -> None:
    text = makes_it_again(vendure, buy_at_vendure, tmp_path)
    assert 'self.headers["Authorization"] = f"Bearer {answer.headers[\'vendure-auth-token\']}"' in text
    assert '"method": payment_methods["eligiblePaymentMethods"][0]["code"]' in text
