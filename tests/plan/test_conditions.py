"""Thresholds and guards: what is read, what is written, what is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from loadgen.plan.conditions import Condition, Guard, Threshold
from loadgen.plan.limits import MAX_COUNT
from loadgen.plan.measures import COUNTED, LATENCY, MAX_WINDOW_S, SELECTORS, Metric, Operator
from loadgen.plan.tokens import MAX_CONDITION_CHARS, ConditionError
from loadgen.units import MAX_DURATION_S, MAX_RATE

READ = [
    ("p(99) < 800ms", Metric.PERCENTILE, 99.0, (), 0.8),
    ("p(95){step:payment} < 1.5s", Metric.PERCENTILE, 95.0, (("step", "payment"),), 1.5),
    (
        'p(99.9){name:"GET /product/{slug}", journey:Browser} <= 2s',
        Metric.PERCENTILE,
        99.9,
        (("journey", "Browser"), ("name", "GET /product/{slug}")),
        2.0,
    ),
    ("mean<300ms", Metric.MEAN, None, (), 0.3),
    ("max < 5s", Metric.MAX, None, (), 5.0),
    ("error_rate < 1%", Metric.ERROR_RATE, None, (), 0.01),
    ("error_rate{step:payment} < 0.5%", Metric.ERROR_RATE, None, (("step", "payment"),), 0.005),
    ("error_rate < 0.02", Metric.ERROR_RATE, None, (), 0.02),
    ("rate(requests) > 500/s", Metric.RATE, "requests", (), 500.0),
    ("rate(failures){method:POST} < 300/min", Metric.RATE, "failures", (("method", "POST"),), 5.0),
    ("rate(arrivals) >= 10/s", Metric.RATE, "arrivals", (), 10.0),
    ("count(requests) > 1000", Metric.COUNT, "requests", (), 1000.0),
    ("count(dropped) < 1", Metric.COUNT, "dropped", (), 1.0),
    ("  max  <  1 h 30 m  ", Metric.MAX, None, (), 5400.0),
]


@pytest.mark.parametrize(("text", "metric", "argument", "selector", "limit"), READ)
def test_a_threshold_is_read_into_base_units(
    text: str, metric: Metric, argument: float | str | None, selector: tuple[tuple[str, str], ...], limit: float
) -> None:
    threshold = Threshold.model_validate(text)

    assert (threshold.metric, threshold.argument, threshold.selector) == (metric, argument, selector)
    assert threshold.limit == pytest.approx(limit)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("p(99.0)<.8s".replace("<.8", "<0.8"), "p(99) < 800ms"),
        ("p(50){ name : home , journey:B }<=90s", "p(50){journey:B, name:home} <= 1m30s"),
        ("error_rate < 0.07", "error_rate < 7%"),
        ("rate(requests)>6000/min", "rate(requests) > 100/s"),
        ('max{name:"plain"} < 1s', "max{name:plain} < 1s"),
        (r'max{name:"a \"b\" \\c"} < 1s', r'max{name:"a \"b\" \\c"} < 1s'),
        ("p(99){clock:due} < 1s", "p(99){clock:due} < 1s"),
        ("p(99){clock:sent} < 1s", "p(99) < 1s"),
    ],
)
def test_the_canonical_text_is_one_for_all_ways_to_write_a_condition(text: str, canonical: str) -> None:
    assert str(Threshold.model_validate(text)) == canonical


def test_latency_since_due_is_a_clock_and_no_label() -> None:
    threshold = Threshold.model_validate("p(99){clock:due, step:payment} < 1s")

    assert threshold.since_due
    assert threshold.selector == (("step", "payment"),)
    assert threshold.quantile == pytest.approx(0.99)


def test_a_guard_has_a_condition_a_window_and_an_action() -> None:
    guard = Guard.model_validate("error_rate{step:payment} > 20% for 1m30s:stop")

    assert guard.condition == Condition.model_validate("error_rate{step:payment} > 20%")
    assert guard.window_s == 90
    assert str(guard) == "error_rate{step:payment} > 20% for 1m30s: stop"


def test_unavailable_is_compared_with_nothing() -> None:
    guard = Guard.model_validate("unavailable for 5s: stop")

    assert (guard.condition.metric, guard.condition.operator, guard.condition.limit) == (
        Metric.UNAVAILABLE,
        None,
        None,
    )


_METRIC_HINT = "expected a metric (p(95), mean, max, error_rate, rate(…) or count(…)); "
REFUSED_THRESHOLDS = [
    ("", f"{_METRIC_HINT}got the end at column 1"),
    ("p95 < 800ms", f"{_METRIC_HINT}got 'p95' at column 1 (did you mean p(95)?)"),
    ("error_rat < 1%", f"{_METRIC_HINT}got 'error_rat' at column 1 (did you mean error_rate?)"),
    ("avg < 1s", f"{_METRIC_HINT}got 'avg' at column 1 (did you mean mean?)"),
    ('"mean" < 1s', f'{_METRIC_HINT}got "mean" at column 1 (did you mean mean?)'),
    ("p < 1s", "expected a percentile in brackets, as in p(95); got '<' at column 3"),
    ("p(95 < 1s", "expected a closing bracket; got '<' at column 6"),
    ("p(100) < 1s", "expected a percentile above 0 and below 100; got '100' at column 3 (did you mean max?)"),
    ("p(0) < 1s", "expected a percentile above 0 and below 100; got '0' at column 3"),
    ("p(p95) < 1s", "expected a percentile above 0 and below 100; got 'p95' at column 3 (did you mean p(95)?)"),
    ("mean(1) < 2s", "expected no brackets after mean; got '(' at column 5"),
    ("rate > 5/s", "expected what to count in brackets, as in rate(requests); got '>' at column 6"),
    (
        "rate(request) > 5/s",
        "expected one of requests, failures, arrivals; got 'request' at column 6 (did you mean requests?)",
    ),
    ("p(95) 800ms", "expected a comparison (<, <=, > or >=); got '800ms' at column 7"),
    ("p(95) == 1s", "expected a comparison (<, <=, > or >=); got '==' at column 7"),
    ("p(95) <", "expected a duration with its unit such as 800ms or 1.5s; got the end at column 8"),
    ("p(95) < 800", "expected a duration with its unit such as 800ms or 1.5s; got '800' without a unit at column 9"),
    ("p(95) < -1s", "expected a duration with its unit such as 800ms or 1.5s; got '-1s' at column 9"),
    (
        "error_rate < 1",
        "expected a percentage such as 1% or a share below 1 such as 0.01; got '1' at column 14",
    ),
    (
        "error_rate < 200%",
        "expected a percentage such as 1% or a share below 1 such as 0.01; got '200%', more than 100% at column 14",
    ),
    ("rate(requests) > 500", "expected a rate such as 500/s or 6000/min; got '500' at column 18"),
    ("count(requests) > 1.5", "expected a whole number such as 1000; got '1.5' at column 19"),
    ("p(95) < 0s", "'< 0ms' can never hold at column 9"),
    ("error_rate > 100%", "'> 100%' can never hold at column 14"),
    ("error_rate <= 100%", "'<= 100%' always holds at column 15"),
    ("count(late) >= 0", "'>= 0' always holds at column 16"),
    (
        "p(95){stp:payment} < 1s",
        "expected a selector (step, journey, name, method, clock); got 'stp' at column 7 (did you mean step?)",
    ),
    ("p(95){} < 1s", "expected a selector (step, journey, name, method, clock); got '}' at column 7"),
    ("p(95){step payment} < 1s", "expected a colon and a value, as in step:payment; got 'payment' at column 12"),
    (
        "p(95){name:/p/{slug}} < 1s",
        "expected a comma or a closing brace; got '{' at column 15 (put names with other marks in quotes)",
    ),
    ("p(95){step:a, step:b} < 1s", "'step' is selected twice at column 15"),
    ('p(95){name:"x} < 1s', 'a quoted name is not closed with " at column 12'),
    ("p(95){clock:dew} < 1s", "expected sent or due; got 'dew' at column 13 (did you mean due?)"),
    (
        "error_rate{clock:due} < 1%",
        "expected a selector (step, journey, name, method); got 'clock' at column 12",
    ),
    ("count(dropped){step:x} < 1", "dropped takes no selector: it covers the whole run at column 15"),
    ("p(95) < 1s!", "'!' has no meaning here at column 11"),
    (
        "p(95) < 1s for 5s: stop",
        "expected the end; got 'for' at column 12 (a condition with a window belongs under guards)",
    ),
    (
        "unavailable",
        (
            "'unavailable' is judged second by second, so only a guard can use it at column 1 "
            "(write it under guards as 'unavailable for 5s: stop')"
        ),
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED_THRESHOLDS)
def test_a_wrong_threshold_is_refused_with_its_column(text: str, message: str) -> None:
    assert _refusal(Threshold, text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "error_rate > 20%: stop",
            (
                "expected 'for' and a duration; got ':' at column 17 "
                "(a guard ends like 'for 10s: stop', a threshold has no window)"
            ),
        ),
        (
            "unavailable < 5 for 5s: stop",
            "expected 'for' and a duration ('unavailable' is compared with nothing); got '<' at column 13",
        ),
        ("unavailable{step:x} for 5s: stop", "unavailable takes no selector: it covers the whole run at column 12"),
        ("unavailable for : stop", "expected whole seconds such as 10s, at most 1h; got ':' at column 17"),
        ("unavailable for 5: stop", "expected whole seconds such as 10s, at most 1h; got '5' at column 17"),
        ("unavailable for 500ms: stop", "expected whole seconds such as 10s, at most 1h; got '500ms' at column 17"),
        ("unavailable for 2h: stop", "expected whole seconds such as 10s, at most 1h; got '2h' at column 17"),
        ("unavailable for 5s", "expected a colon and the action, as in ': stop'; got the end at column 19"),
        (
            "unavailable for 5s: hold",
            "expected the action 'stop'; got 'hold' at column 21 (stop is the only action)",
        ),
        ("unavailable for 5s: stop now", "expected the end; got 'now' at column 26"),
    ],
)
def test_a_wrong_guard_is_refused_with_its_column(text: str, message: str) -> None:
    assert _refusal(Guard, text) == message


def test_a_condition_longer_than_any_sensible_one_is_refused() -> None:
    text = f"p(95){{name:{'x' * MAX_CONDITION_CHARS}}} < 1s"

    assert "cannot be longer than 2000 characters" in _refusal(Threshold, text)


@pytest.mark.parametrize(
    "fields",
    [
        {"metric": "p", "operator": "<", "limit": 1.0},
        {"metric": "p", "argument": 99.0},
        {"metric": "mean", "argument": 99.0, "operator": "<", "limit": 1.0},
        {"metric": "count", "argument": "horses", "operator": "<", "limit": 1.0},
        {"metric": "count", "argument": "requests", "operator": "<", "limit": 1.5},
        {"metric": "error_rate", "operator": "<", "limit": 1.5},
        {"metric": "error_rate", "since_due": True, "operator": "<", "limit": 0.5},
        {"metric": "mean", "selector": (("step", "a\nb"),), "operator": "<", "limit": 1.0},
        {"metric": "mean", "selector": (("step", "a"), ("name", "b")), "operator": "<", "limit": 1.0},
        {"metric": "unavailable", "limit": 1.0},
    ],
)
def test_a_condition_made_in_code_is_checked_too(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Condition.model_validate(fields)


_names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30)


@st.composite
def _conditions(draw: st.DrawFn) -> Condition:
    metric = draw(st.sampled_from([metric for metric in Metric if metric is not Metric.UNAVAILABLE]))
    argument: float | str | None = None
    if metric is Metric.PERCENTILE:
        argument = draw(st.floats(0.001, 99.999))
    elif metric in COUNTED:
        argument = draw(st.sampled_from(COUNTED[metric]))
    selects = argument not in {"arrivals", "dropped", "missed", "late"}
    selector = draw(st.dictionaries(st.sampled_from(SELECTORS), _names)) if selects else {}
    limits = {
        Metric.ERROR_RATE: st.floats(1e-9, 1 - 1e-9),
        Metric.RATE: st.floats(1e-9, MAX_RATE),
        Metric.COUNT: st.integers(1, int(MAX_COUNT) - 1).map(float),
    }
    return Condition(
        metric=metric,
        argument=argument,
        selector=tuple(sorted(selector.items())),
        since_due=draw(st.booleans()) if metric in LATENCY else False,
        operator=draw(st.sampled_from(Operator)),
        limit=draw(limits.get(metric, st.floats(1e-9, MAX_DURATION_S))),
    )


@settings(deadline=None)
@given(_conditions())
def test_reading_the_text_of_a_condition_gives_the_condition(condition: Condition) -> None:
    assert Condition.model_validate(str(condition)) == condition


@settings(deadline=None)
@given(_conditions(), st.integers(1, MAX_WINDOW_S))
def test_reading_the_text_of_a_guard_gives_the_guard(condition: Condition, window_s: int) -> None:
    guard = Guard(condition=condition, window_s=window_s)

    assert Guard.model_validate(str(guard)) == guard


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_column_inside_it(text: str) -> None:
    try:
        Threshold.model_validate(text)
    except ValidationError as error:
        cause = error.errors()[0]["ctx"]["error"]
        assert not isinstance(cause, ConditionError) or 1 <= cause.column <= len(text) + 1


@pytest.mark.parametrize(
    ("operator", "below", "equal", "above"),
    [("<", True, False, False), ("<=", True, True, False), (">", False, False, True), (">=", False, True, True)],
)
def test_an_operator_compares_as_it_is_written(operator: str, below: bool, equal: bool, above: bool) -> None:
    compare = Operator(operator).holds

    assert (compare(1, 2), compare(2, 2), compare(3, 2)) == (below, equal, above)


def _refusal(model: type[Threshold | Guard], text: str) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(text)
    return str(caught.value.errors()[0]["ctx"]["error"])
