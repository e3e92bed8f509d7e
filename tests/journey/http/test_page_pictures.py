"""Of several files of a picture the one is taken that suits the screen, as browsers do it."""

from __future__ import annotations

import math
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.journey.http.pages.screen import Screen, holds
from loadgen.journey.http.pages.sizes import size_of
from loadgen.journey.http.pages.srcset import choose

DESK = Screen(1366, 768)
PHONE = Screen(390, 844, 3)


@pytest.mark.parametrize(
    ("query", "on_desk", "on_phone"),
    [
        ("", True, True),
        ("  ", True, True),
        ("all", True, True),
        ("screen", True, True),
        ("ONLY Screen", True, True),
        ("print", False, False),
        ("not print", True, True),
        ("not screen", False, False),
        ("print, screen", True, True),
        ("(min-width: 48em)", True, False),
        ("(max-width:600px)", False, True),
        ("screen and (min-width: 600px) and (max-width: 2000px)", True, False),
        ("not screen and (min-width: 600px)", False, True),
        ("not (min-width: 600px)", False, True),
        ("screen and not (min-width: 600px)", False, True),
        ("(min-width: 2000px) or (orientation: landscape)", True, False),
        ("(width >= 600px)", True, False),
        ("(400px <= width <= 1400px)", True, False),
        ("(1400px > width > 400px)", True, False),
        ("(390px = width)", False, True),
        ("(width)", True, True),
        ("(height: 768px)", True, False),
        ("(orientation: portrait)", False, True),
        ("(min-aspect-ratio: 2/1)", False, False),
        ("(min-aspect-ratio: 1/1)", True, False),
        ("(min-resolution: 2dppx)", False, True),
        ("(min-resolution: 192dpi)", False, True),
        ("(hover)", True, False),
        ("(hover: none)", False, True),
        ("(any-pointer: fine)", True, False),
        ("(prefers-reduced-motion)", False, False),
        ("(prefers-reduced-motion: no-preference)", True, True),
        ("(prefers-color-scheme: dark)", False, False),
        ("(color)", True, True),
        ("(unheard-of)", False, False),
        ("(unheard-of: 1px)", False, False),
        ("(unheard-of < 1px)", False, False),
        ("(min-width: many)", False, False),
        ("(min-aspect-ratio: 1/0)", False, False),
        ("(min-width: 1px", False, False),
        ("width", False, False),
        ("((min-width: 1px))", False, False),
        ("and", False, False),
    ],
)
def test_a_media_query_holds_or_not(query: str, on_desk: bool, on_phone: bool) -> None:
    assert (holds(query, DESK), holds(query, PHONE)) == (on_desk, on_phone)


@pytest.mark.parametrize(
    ("sizes", "width_px"),
    [
        ("", 1366),
        ("100vw", 1366),
        ("50vw", 683),
        ("300px", 300),
        ("20em", 320),
        ("(max-width: 600px) 100vw, 50vw", 683),
        ("(min-width: 1200px) 400px, (min-width: 600px) 50vw, 100vw", 400),
        ("(min-width: 1200px) calc((1200px - 100px) / 4), 50vw", 275),
        ("calc(100vw - 2rem)", 1334),
        ("calc(50vw + 10px * 2)", 703),
        ("min(100vw, 500px)", 500),
        ("max(10vw, 500px)", 500),
        ("clamp(100px, 50vw, 400px)", 400),
        ("(min-width: 600px)and (orientation:landscape) 200px", 200),
        ("auto, 300px", 300),
        ("calc(1px / 0), 300px", 300),
        ("clamp(1px, 2px), 300px", 300),
        ("calc(1px - nonsense), 300px", 300),
        ("0px", 1366),
        ("(min-width: 600px)", 1366),
        ("),((", 1366),
    ],
)
def test_the_width_of_a_picture_is_what_its_sizes_say(sizes: str, width_px: float) -> None:
    assert size_of(sizes, DESK) == pytest.approx(width_px)


@pytest.mark.parametrize(
    ("srcset", "sizes", "on_desk", "on_phone"),
    [
        ("", "", "", ""),
        ("a", "", "a", "a"),
        ("a 1x, b 2x, c 3x", "", "a", "c"),
        ("a 1x, b 2x", "", "a", "b"),
        ("a, b 1.5x", "", "a", "b"),
        ("b 2x, a 1x", "", "a", "b"),
        ("s 480w, m 960w, l 1920w", "100vw", "l", "m"),
        ("s 480w, m 960w, l 1920w", "50vw", "m", "s"),
        ("s 480w, m 960w", "", "m", "m"),
        ("\n s\t480w ,\n m 960w,\n", "10vw", "s", "s"),
        ("/w_300,h_200/a.jpg 300w, /w_600,h_400/a.jpg 600w", "300px", "/w_300,h_200/a.jpg", "/w_600,h_400/a.jpg"),
        ("a,b 2x", "", "a,b", "a,b"),
        ("a, b", "", "a", "a"),
        ("a 0x, b 0w, c 2q, d", "", "d", "d"),
        ("a 1x 2x", "", "", ""),
    ],
)
def test_the_file_is_chosen_by_density(srcset: str, sizes: str, on_desk: str, on_phone: str) -> None:
    assert (choose(srcset, sizes, DESK), choose(srcset, sizes, PHONE)) == (on_desk, on_phone)


@given(
    st.lists(st.integers(1, 5000), min_size=1, max_size=8, unique=True),
    st.floats(0.1, 4),
    st.floats(100, 4000),
)
def test_a_coarser_file_is_never_taken_where_the_next_is_nearer(widths: list[int], ratio: float, window: float) -> None:
    screen = Screen(window, 768, ratio)
    taken = int(choose(", ".join(f"{width} {width}w" for width in widths), "", screen))
    finer = [width for width in widths if width > taken]
    coarser = [width for width in widths if width < taken]
    if finer and taken / window < ratio:
        assert math.sqrt(taken * min(finer)) / window > ratio * 0.999
    if coarser:
        assert max(coarser) / window < ratio * 1.001


TEXTS = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            ["(", ")", ",", " ", "calc(", "min(", "100vw", "1px", " - ", "/", "*", "0", "1e9px", "nan", "inf"]
        )
        | st.sampled_from(["and", "not", "or", "min-width", ":", "<=", "=", "9" * 400, "2x", "100w", "http://a"]),
    ),
    max_size=12,
).map("".join)


@given(TEXTS, TEXTS)
def test_any_attribute_is_read(one: str, other: str) -> None:
    assert isinstance(holds(one, DESK), bool)
    assert 0 < size_of(one, DESK) < math.inf
    assert choose(one, other, PHONE) in one


@pytest.mark.parametrize("piece", ["(", ")", "((", ",", "a ", "calc(", "a 1x,", "1px - ", "<", "not ", "a,", "(a:"])
def test_the_time_grows_with_the_attribute_and_no_faster(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    begun = process_time()
    holds(text[:1000], DESK)
    size_of(text, DESK)
    choose(text, text, DESK)
    assert process_time() - begun < 1  # of a second
