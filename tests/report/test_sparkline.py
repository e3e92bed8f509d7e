from hypothesis import given
from hypothesis import strategies as st

from loadgen.report.sparkline import sampled, sparkline


def test_levels_are_drawn_in_eighths_of_the_top() -> None:
    assert sparkline([0, 0.1, 25, 50, 100, 120, None], 100) == " ▁▂▄██ "


@given(st.dictionaries(st.integers(0, 300), st.floats(0, 1e6)), st.floats(1, 300), st.integers(1, 100))
def test_there_is_one_slice_a_column_within_what_was_seen(
    levels: dict[int, float], duration_s: float, columns: int
) -> None:
    slices = sampled(levels, duration_s, columns)
    assert len(slices) == columns
    assert all(level is None or min(levels.values()) <= level <= max(levels.values()) * (1 + 1e-9) for level in slices)


def test_what_is_not_known_yet_is_left_blank() -> None:
    assert sampled({0: 4.0, 1: 6.0}, 4, 2) == [5.0, None]


def test_a_slice_shorter_than_a_second_shows_its_second() -> None:
    assert sampled({0: 4.0, 1: 6.0}, 2, 4) == [4.0, 4.0, 6.0, 6.0]
