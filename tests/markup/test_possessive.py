from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.markup.possessive import atomic, possessive

PATTERNS = (
    r"""(?:a|b"[^"]*"|[()\]]c)*+(d?)""",
    r"""x(?:(?:a+?|b)?+c)++""",
    r"""[]()"]*(?:\(|[^)]\))?+$""",
    r"""(?:[ab]|(?:c|\\.)*+)*+end""",
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("(?:a|b)*+c", "(?>(?:a|b)*)c"),
        ("((?:a(?:b|c)?+)++)", "((?>(?:a(?>(?:b|c)?))+))"),
        (r"[(*+]\)*+(?:x)+", r"[(*+]\)*+(?:x)+"),
        ("[])*+]a*+", "[])*+]a*+"),
    ],
)
def test_groups_become_atomic_and_nothing_else_changes(written: str, meant: str) -> None:
    assert atomic(written) == meant
    assert possessive(written, rightly=True) == written
    assert possessive(written, rightly=False) == meant


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.text('abcdx"()]\\', max_size=14))
def test_both_forms_match_the_same(pattern: str, text: str) -> None:
    """On a Python that matches the first one rightly; on others they are the same."""
    one, other = re.match(possessive(pattern), text), re.match(atomic(pattern), text)
    assert (one and one.span()) == (other and other.span())


def test_a_group_that_captures_is_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        atomic("(a)*+")
