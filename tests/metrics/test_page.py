from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.metrics.page import MAX_LABEL_LENGTH, label_value
from loadgen.stats import Tally


def test_what_fits_passes_unchanged() -> None:
    assert label_value("/produit/{id}/détail") == "/produit/{id}/détail"
    assert label_value("x" * MAX_LABEL_LENGTH) == "x" * MAX_LABEL_LENGTH
    assert label_value("") == ""


@given(st.text(st.characters(), max_size=400), st.text(st.characters(), max_size=400))
def test_a_label_is_short_and_printable_and_what_was_distinct_stays_distinct(one: str, two: str) -> None:
    shown = label_value(one)
    assert len(shown) <= MAX_LABEL_LENGTH
    assert shown.isprintable()
    assert (label_value(one) == label_value(two)) == (one == two)


@pytest.mark.parametrize("name", ['"quoted" \\ and\nbroken', "x" * 300, "\x00\ud800", "naïve 商品"])
def test_any_name_makes_a_page_that_can_be_read(make: SimpleNamespace, name: str) -> None:
    tally = Tally(series={make.key(name=name): make.series([1]), make.key(name=name + "!"): make.series([2])})
    page = make.scrape(make.cluster(make.run([make.row(0, tally=tally)])))
    names = {sample.labels["name"] for sample in page if sample.name == "loadgen_requests_total"}
    assert names == {label_value(name), label_value(name + "!")}
    assert page.openmetrics_families
