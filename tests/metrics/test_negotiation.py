from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.metrics.negotiation import OPENMETRICS, PROTOBUF, TEXT, chosen, takes_gzip

MESSAGE = f"{PROTOBUF};proto=io.prometheus.client.MetricFamily;encoding=delimited"
TEXTS = f"{OPENMETRICS};version=1.0.0;q=0.8,{OPENMETRICS};version=0.0.1;q=0.75,{TEXT};version=0.0.4;q=0.5,*/*;q=0.1"


@pytest.mark.parametrize(
    ("accept", "format_"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT),
        ("text/*", TEXT),
        ("application/*", OPENMETRICS),
        (f"{MESSAGE},{TEXTS}", PROTOBUF),  # Prometheus 2.42 with native histograms
        (TEXTS, OPENMETRICS),
        (f"{MESSAGE};q=0.6,{OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.2", PROTOBUF),
        (f"{MESSAGE};q=0.2,{OPENMETRICS};q=0.3", OPENMETRICS),
        (f"{MESSAGE};q=0, */*", TEXT),
        (f"{PROTOBUF}", PROTOBUF),
        (f'{PROTOBUF.upper()}; Proto="io.prometheus.client.MetricFamily"; Q=1.000', PROTOBUF),
        (f"{PROTOBUF};proto=io.prometheus.client.MetricFamily;encoding=text,{TEXT};q=0.1", TEXT),
        (f"{PROTOBUF};proto=some.other.Message", TEXT),
        (f"{OPENMETRICS};version=0.0.1", TEXT),
        (f"{OPENMETRICS};version=nonsense", TEXT),
        (f"{TEXT};version=0.0.4;q=0.9,{OPENMETRICS};q=0.5", TEXT),
        (f"{TEXT};version=0.0.4;q=0.3,{TEXT};version=1.0.0;escaping=values", TEXT),
        (f"{OPENMETRICS};q=0,{TEXT};q=0", TEXT),
        ("image/png", TEXT),
        (f"{OPENMETRICS},{MESSAGE}", OPENMETRICS),  # the first of equals
        (f"*/*,{MESSAGE}", PROTOBUF),  # equal, but it is named
        (f"*/*;q=1,{TEXT};q=0.1", OPENMETRICS),  # a name has the last word on its own quality
        (f"{MESSAGE};q=high", PROTOBUF),
        (" , ;q=0.5,", TEXT),
    ],
)
def test_the_format_is_the_one_accepted_most(accept: str, format_: str) -> None:
    assert chosen(accept) == format_


@given(st.text(st.sampled_from('*/;,=q01.abtextplin -"'), max_size=60))
def test_any_header_gets_an_answer(accept: str) -> None:
    assert chosen(accept) in {TEXT, OPENMETRICS, PROTOBUF}


@pytest.mark.parametrize(
    ("accept", "packed"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("GZIP; q=1.0", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*", True),
        ("identity", False),
        ("br", False),
    ],
)
def test_an_answer_is_packed_where_that_is_accepted(accept: str, packed: bool) -> None:
    assert takes_gzip(accept) == packed
