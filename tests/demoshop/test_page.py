"""HTML with holes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.demoshop.page import Page, escaped, euros, hole


def test_holes_are_filled_in_one_go_or_one_after_the_other() -> None:
    page = Page(f"<a>{hole('x')}</a>{hole('y')}{hole('x')}".encode())
    assert page.fill({"x": b"1", "y": b"2"}) == b"<a>1</a>21"
    assert page.partly({"x": b"1"}).fill({"y": b"3"}) == b"<a>1</a>31"
    with pytest.raises(KeyError):
        page.fill({"x": b"1"})


@settings(deadline=None)
@given(text=st.text())
def test_escaped_text_closes_no_tag_and_no_quote(text: str) -> None:
    assert not set(escaped(text)) & set(b"<>\"'")


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00 €"), (5, "0.05 €"), (1290, "12.90 €"), (100_000, "1000.00 €")])
def test_amounts_are_written_for_people(cents: int, text: str) -> None:
    assert euros(cents) == text.encode()
