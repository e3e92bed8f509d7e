import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.plan.conditions import Condition
from loadgen.report.wording import clock, count, counter, figure, percent, rate, rounded, seconds


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (None, "–"),
        (0.0, "0 ms"),
        (0.0000123, "0.012 ms"),
        (0.00085, "0.85 ms"),
        (0.0742, "74.2 ms"),
        (0.742, "742 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (1.2399, "1.24 s"),
        (12.44, "12.4 s"),
        (124.4, "124 s"),
    ],
)
def test_times_have_three_digits(time_s: float | None, text: str) -> None:
    assert seconds(time_s) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "–"),
        (0, "0%"),
        (0.00013, "0.013%"),
        (0.005, "0.5%"),
        (0.01, "1.0%"),
        (0.123, "12.3%"),
        (0.9997, "99.97%"),
        (0.999999, "99.99%"),
        (1, "100%"),
        (1.2, "120.0%"),
    ],
)
def test_shares_are_percentages(share: float | None, text: str) -> None:
    assert percent(share) == text


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_share_is_never_rounded_to_none_or_all(share: float) -> None:
    assert percent(share) not in ("0%", "100%", "0.0%", "100.0%")


@pytest.mark.parametrize(
    ("per_second", "text"), [(None, "–"), (0, "0/s"), (0.5, "0.50/s"), (12.34, "12.3/s"), (1234.4, "1,234/s")]
)
def test_rates_are_per_second(per_second: float | None, text: str) -> None:
    assert rate(per_second) == text


@pytest.mark.parametrize(
    ("time_s", "text"), [(0, "0:00"), (65.4, "1:05"), (3723, "1:02:03"), (-3, "-0:03"), (-0.5, "0:00")]
)
def test_moments_read_like_a_clock(time_s: float, text: str) -> None:
    assert clock(time_s) == text


def test_counts_are_grouped() -> None:
    assert (count(None), count(1234567)) == ("–", "1,234,567")


@pytest.mark.parametrize(("number", "said"), [(2244, 2240), (37.4, 37), (123456, 123000)])
def test_large_numbers_are_said_with_three_digits(number: float, said: int) -> None:
    assert rounded(number) == said


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("p(95) < 1s", 0.742, "742 ms"),
        ("error_rate < 1%", 0.05, "5.0%"),
        ("rate(requests) > 1/s", 122.0, "122/s"),
        ("count(missed) < 5", 3.0, "3"),
        ("p(95) < 1s", None, "no data"),
    ],
)
def test_a_figure_is_written_in_the_unit_of_its_condition(text: str, value: float | None, written: str) -> None:
    assert figure(Condition.model_validate(text), value) == written


@pytest.mark.parametrize(
    ("name", "number", "written"),
    [("orders", 1234, ("orders", "1,234")), ("revenue_cents", 2873172, ("revenue", "28,731.72"))],
)
def test_amounts_in_cents_are_written_in_whole_units(name: str, number: int, written: tuple[str, str]) -> None:
    assert counter(name, number) == written
